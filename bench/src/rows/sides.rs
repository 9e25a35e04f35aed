//! Servers under the same flow of messages, one after the other, each with visitors and agents of its own.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{CROWD, Size, float};
use crate::baseline::Work;
use crate::fleet::{AGENTS, Agents, Answers, Dialect, Fleet, Phase, Samples, Texts, Told};
use crate::gauge::{Gauge, median, quantile};
use crate::peers::{self, Peer};
use crate::stage::{Relay, Stage, strangers};

/// A flow is under way by then.
const RAMP: Duration = Duration::from_millis(700);

/// What one round of a flow says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    pub(super) messages_per_s: f64,
    pub(super) cpu_s_per_100k: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
    /// The worst visitor's p99 as a multiple of the median visitor's.
    pub(super) starving: f64,
    /// When the visitors were told to stop.
    pub(super) ended: Instant,
}

/// How long answers take, all visitors considered.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Waits {
    p50: f64,
    p99: f64,
    starving: f64,
}

/// Lets the fleet do `phase` for `span`.
pub(super) async fn flow(
    fleet: &mut Fleet,
    gauge: Gauge,
    phase: Phase,
    span: Duration,
) -> Result<Flow> {
    fleet.tell(phase);
    tokio::time::sleep(RAMP.min(span)).await;
    let count = || fleet.score.answered.load(Ordering::Relaxed);
    let (began, cpu, before) = (Instant::now(), gauge.cpu_s()?, count());
    tokio::time::sleep(span).await;
    let (seconds, cpu, after) = (began.elapsed(), gauge.cpu_s()? - cpu, count());
    let ended = Instant::now();
    let gathered = fleet.gather().await;
    let troubles = fleet.score.troubles.load(Ordering::Relaxed);
    ensure!(troubles == 0, "{troubles} troubles");
    let messages = 2.0 * float(usize::try_from(after - before)?);
    let waits = judge(gathered, fleet.len())?;
    Ok(Flow {
        messages_per_s: messages / seconds.as_secs_f64(),
        cpu_s_per_100k: cpu / messages * 100_000.0,
        p50: waits.p50,
        p99: waits.p99,
        starving: waits.starving,
        ended,
    })
}

/// What the visitors' samples say. Who still waits has waited for at least so long, as far as starving goes.
///
/// # Errors
/// When somebody is missing, or got not one answer: they would not show in any figure.
fn judge(told: Vec<Told>, visitors: u64) -> Result<Waits> {
    let count = told.len() as u64;
    ensure!(
        count == visitors,
        "{count} of {visitors} visitors told what they measured"
    );
    let unanswered = told.iter().filter(|told| told.samples.is_empty()).count();
    ensure!(
        unanswered == 0,
        "{unanswered} of {visitors} visitors got not one answer"
    );
    let mut all = Samples::new();
    let mut longest = Vec::new();
    for Told {
        mut samples,
        waiting,
    } in told
    {
        longest.push(quantile(&mut samples, 0.99).max(waiting.unwrap_or_default()));
        all.append(&mut samples);
    }
    let typical = median(&mut longest);
    Ok(Waits {
        p50: median(&mut all),
        p99: quantile(&mut all, 0.99),
        starving: quantile(&mut longest, 1.0) / typical,
    })
}

/// The middle of some rounds.
pub(super) fn middle(flows: &[Flow], value: impl Fn(&Flow) -> f64) -> f64 {
    median(&mut flows.iter().map(value).collect::<Vec<_>>())
}

/// A server with its visitors and agents.
pub(super) struct Side {
    // Dropped in this order: no line breaks before its own end lets go.
    fleet: Fleet,
    _agents: Agents,
    pub(super) address: SocketAddr,
    pub(super) gauge: Gauge,
    _server: Server,
    /// Those of the last rounds.
    flows: Vec<Flow>,
}

/// What is kept so that it goes on.
#[expect(dead_code, reason = "dropping it is what ends the server")]
enum Server {
    Holdfast(Stage),
    Relay(Relay),
    Peer(peers::Running),
}

impl Side {
    /// Holdfast with an agent on each site.
    pub(super) async fn holdfast(visitors: usize) -> Result<Self> {
        let stage = Stage::start(AGENTS).await?;
        let addresses = stage.agents(AGENTS).await?;
        let answers = addresses.into_iter().map(|address| (address, Answers::ALL));
        let agents = Agents::launch(answers.collect());
        let (address, gauge) = (stage.server.http(), stage.gauge);
        let server = Server::Holdfast(stage);
        Self::gather(Dialect::Holdfast, address, gauge, server, agents, visitors).await
    }

    /// The baseline that syncs.
    pub(super) async fn relay(visitors: usize) -> Result<Self> {
        Self::baseline(Work::SyncedRelay, visitors).await
    }

    /// The one that has no disk.
    pub(super) async fn bare_relay(visitors: usize) -> Result<Self> {
        Self::baseline(Work::Relay, visitors).await
    }

    async fn baseline(work: Work, visitors: usize) -> Result<Self> {
        let relay = Relay::start(work).await?;
        let (address, gauge) = (relay.address, relay.gauge);
        Self::texts(Texts::Bare, address, gauge, Server::Relay(relay), visitors).await
    }

    /// Somebody else's server.
    pub(super) async fn peer(peer: &Peer, visitors: usize) -> Result<Self> {
        let running = peer.start().await?;
        let (address, gauge) = (running.address, running.gauge);
        let server = Server::Peer(running);
        Self::texts(peer.kind.texts(), address, gauge, server, visitors).await
    }

    async fn texts(
        texts: Texts,
        address: SocketAddr,
        gauge: Gauge,
        server: Server,
        visitors: usize,
    ) -> Result<Self> {
        let agents = Agents::launch_texts(texts, address);
        Self::gather(
            Dialect::Texts(texts),
            address,
            gauge,
            server,
            agents,
            visitors,
        )
        .await
    }

    async fn gather(
        dialect: Dialect,
        address: SocketAddr,
        gauge: Gauge,
        server: Server,
        agents: Agents,
        visitors: usize,
    ) -> Result<Self> {
        agents.welcomed(CROWD).await?;
        let fleet = Fleet::launch(dialect, address, strangers(visitors, AGENTS));
        fleet.welcomed(CROWD).await?;
        Ok(Self {
            fleet,
            _agents: agents,
            address,
            gauge,
            _server: server,
            flows: Vec::new(),
        })
    }

    /// One round.
    pub(super) async fn flow(&mut self, phase: Phase, span: Duration) -> Result<Flow> {
        flow(&mut self.fleet, self.gauge, phase, span).await
    }

    /// The greatest of the last rounds.
    pub(super) fn greatest(&self, value: impl Fn(&Flow) -> f64) -> f64 {
        self.flows.iter().map(value).fold(0.0, f64::max)
    }

    /// The middle of the last rounds.
    pub(super) fn middle(&self, value: impl Fn(&Flow) -> f64) -> f64 {
        middle(&self.flows, value)
    }
}

/// All in turn, so that what disturbs one disturbs the others.
pub(super) async fn rounds(sides: &mut [Side], size: Size, phase: Phase) -> Result<()> {
    for side in &mut *sides {
        side.flows.clear();
    }
    for _ in 0..size.rounds {
        for side in &mut *sides {
            let flow = side.flow(phase, size.span).await?;
            side.flows.push(flow);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Told, Waits, judge};

    fn told(samples: &[f64], waiting: Option<f64>) -> Told {
        Told {
            samples: samples.to_vec(),
            waiting,
        }
    }

    #[test]
    fn a_visitor_who_waits_longer_than_the_others_shows() {
        let even = || told(&[2.0, 2.0], None);
        let all = vec![told(&[2.0, 8.0], None), even(), even()];
        let expected = Waits {
            p50: 2.0,
            p99: 8.0,
            starving: 4.0,
        };
        assert_eq!(judge(all, 3).unwrap(), expected);
        let all = vec![even(), even(), told(&[2.0], Some(12.0))];
        let starving = judge(all, 3).unwrap().starving;
        assert!((starving - 6.0).abs() < 0.01, "{starving}");
    }

    #[test]
    fn a_visitor_who_got_no_answer_or_says_nothing_is_no_good_figure() {
        let all = vec![told(&[2.0], None), told(&[], Some(4000.0))];
        let error = judge(all, 2).unwrap_err().to_string();
        assert_eq!(error, "1 of 2 visitors got not one answer");
        let error = judge(vec![told(&[2.0], None)], 2).unwrap_err().to_string();
        assert_eq!(error, "1 of 2 visitors told what they measured");
    }
}
