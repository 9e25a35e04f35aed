//! Servers under the same flow of messages, one after the other, each with visitors and agents of its own.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{CROWD, Size, float};
use crate::baseline::Work;
use crate::fleet::{AGENTS, Agents, Answers, Dialect, Fleet, Phase, Samples, Texts};
use crate::gauge::{Gauge, median, quantile};
use crate::peers::{self, Peer};
use crate::stage::{Relay, Stage, strangers};

/// A flow is under way by then.
const RAMP: Duration = Duration::from_millis(700);

/// What one round of a flow says.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow {
    pub(super) messages_per_s: f64,
    pub(super) cpu_s_per_100k: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
    /// The worst visitor's p99 as a multiple of the median visitor's.
    pub(super) starving: f64,
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
    let gathered = fleet.gather().await;
    let troubles = fleet.score.troubles.load(Ordering::Relaxed);
    ensure!(troubles == 0, "{troubles} troubles");
    let messages = 2.0 * float(usize::try_from(after - before)?);
    let mut visitors: Vec<Samples> = gathered.into_iter().map(|(samples, _)| samples).collect();
    let mut worst: Vec<f64> = visitors
        .iter_mut()
        .map(|samples| quantile(samples, 0.99))
        .collect();
    let typical = median(&mut worst);
    let mut all: Samples = visitors.concat();
    Ok(Flow {
        messages_per_s: messages / seconds.as_secs_f64(),
        cpu_s_per_100k: cpu / messages * 100_000.0,
        p50: median(&mut all),
        p99: quantile(&mut all, 0.99),
        starving: worst.last().copied().unwrap_or_default() / typical,
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
        let relay = Relay::start(Work::SyncedRelay).await?;
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
            gauge,
            _server: server,
            flows: Vec::new(),
        })
    }

    /// One round.
    pub(super) async fn flow(&mut self, phase: Phase, span: Duration) -> Result<Flow> {
        flow(&mut self.fleet, self.gauge, phase, span).await
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
