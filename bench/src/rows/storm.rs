//! Ten thousand visitors come back at once.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{CROWD, Size, float};
use crate::baseline::Work;
use crate::fleet::{Dialect, Fleet, Identity, Texts};
use crate::gauge::{Gauge, listen_overflows, median};
use crate::report::Report;
use crate::seed::{Seed, plant};
use crate::stage::{Relay, Stage, folder, prepare};

/// Messages of each visitor's conversation; with the first one read, 50 are missed.
const MESSAGES: u64 = 51;

/// The sockets of the storm before are gone by then, at both ends.
const CALM: Duration = Duration::from_millis(1500);

/// What a storm took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Storm {
    /// Until the last one was taken in.
    seconds: f64,
    /// The server's processor time.
    cpu_s: f64,
    /// How often the kernel's queue of those who wait to be accepted was full.
    overflows: u64,
}

/// A server with visitors who know it.
pub(super) struct Comeback {
    pub(super) stage: Stage,
    /// Who has read everything.
    who: Vec<Identity>,
    /// The same, who have missed 50 events each.
    behind: Vec<Identity>,
    retries: AtomicU64,
}

impl Comeback {
    /// Starts it.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) async fn prepare(size: Size) -> Result<Self> {
        let folder = folder()?;
        prepare(folder.path(), 1).await?;
        let seed = Seed {
            visitors: size.people(10_000) as u64,
            messages: MESSAGES,
            are_waiting: false,
        };
        let who = plant(folder.path(), "s0", seed)?;
        let behind = who.iter().cloned();
        Ok(Self {
            behind: behind.map(Identity::missing_all_but_one).collect(),
            who,
            stage: Stage::start_on(folder).await?,
            retries: AtomicU64::new(0),
        })
    }

    /// A storm.
    async fn storm(&self) -> Result<Storm> {
        let (server, gauge) = (self.stage.server.http(), self.stage.gauge);
        self.run(Dialect::Holdfast, server, gauge, &self.who).await
    }

    /// The same where much was missed.
    pub(super) async fn storm_with_backlog(&self) -> Result<Storm> {
        let (server, gauge) = (self.stage.server.http(), self.stage.gauge);
        self.run(Dialect::Holdfast, server, gauge, &self.behind)
            .await
    }

    /// The same at a baseline's server.
    async fn bare_storm(&self, relay: &Relay) -> Result<Storm> {
        let dialect = Dialect::Texts(Texts::Bare);
        self.run(dialect, relay.address, relay.gauge, &self.who)
            .await
    }

    /// Lets all of them come at once, until everybody is taken in and has read what was missed.
    async fn run(
        &self,
        dialect: Dialect,
        server: SocketAddr,
        gauge: Gauge,
        who: &[Identity],
    ) -> Result<Storm> {
        let (who, count) = (who.to_vec(), who.len() as u64);
        let (began, cpu) = (Instant::now(), gauge.cpu_s()?);
        let overflows = listen_overflows()?;
        let fleet = Fleet::launch(dialect, server, who);
        let score = &fleet.score;
        match dialect {
            Dialect::Texts(_) => fleet.welcomed(CROWD).await?,
            Dialect::Holdfast => {
                score
                    .reaches("caught up", |score| &score.caught_up, count, CROWD)
                    .await?;
            }
        }
        let seconds = began.elapsed().as_secs_f64();
        let cpu_s = gauge.cpu_s()? - cpu;
        let troubles = score.troubles.load(Ordering::Relaxed);
        ensure!(
            troubles == 0,
            "{troubles} troubles in a storm of {seconds:.2} s"
        );
        // On a machine that others use too, an attempt may hang long enough to be joined by another.
        let retries = score.retries.load(Ordering::Relaxed);
        self.retries.fetch_add(retries, Ordering::Relaxed);
        drop(fleet);
        tokio::time::sleep(CALM).await;
        Ok(Storm {
            seconds,
            cpu_s,
            overflows: listen_overflows()? - overflows,
        })
    }
}

pub(super) async fn measure(size: Size, report: &mut Report) -> Result<()> {
    let comeback = Comeback::prepare(size).await?;
    let relay = Relay::start(Work::Relay).await?;
    let (mut ours, mut backlog, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..size.rounds {
        bare.push(comeback.bare_storm(&relay).await?);
        ours.push(comeback.storm().await?);
        backlog.push(comeback.storm_with_backlog().await?);
    }
    let words = "bare relay: connect and hello";
    let (seconds, cpu_s) = (|storm: &Storm| storm.seconds, |storm: &Storm| storm.cpu_s);
    for (name, storms) in [
        ("reconnect_10k", &ours),
        ("reconnect_10k_backlog", &backlog),
    ] {
        report.add(
            name,
            middle(storms, seconds),
            "s",
            middle(&bare, seconds),
            words,
        );
    }
    for (name, storms) in [
        ("reconnect_cpu", &ours),
        ("reconnect_cpu_backlog", &backlog),
    ] {
        report.add(
            name,
            middle(storms, cpu_s),
            "CPU s",
            middle(&bare, cpu_s),
            words,
        );
    }
    let all = 2 * size.rounds * comeback.who.len();
    let retries = comeback.retries.into_inner();
    let full = |storms: &[Storm]| storms.iter().map(|storm| storm.overflows).sum::<u64>();
    let (plain, long, relay) = (full(&ours), full(&backlog), full(&bare));
    eprintln!(
        "  the kernel's queue of those who wait to be accepted was full {plain} times in plain storms, {long} with a backlog, {relay} at the relay"
    );
    for (name, count) in [
        ("reconnect_retries", retries),
        ("reconnect_overflows", plain + long),
    ] {
        let count = float(usize::try_from(count)?);
        report.add(name, count, "", float(all), "attempts");
    }
    Ok(())
}

/// The middle of some storms.
fn middle(storms: &[Storm], value: impl Fn(&Storm) -> f64) -> f64 {
    median(&mut storms.iter().map(value).collect::<Vec<_>>())
}
