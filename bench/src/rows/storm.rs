//! Ten thousand visitors come back at once.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{CROWD, Size, float};
use crate::baseline::Work;
use crate::fleet::{Dialect, Fleet, Identity, Texts};
use crate::gauge::median;
use crate::report::Report;
use crate::seed::{Seed, plant};
use crate::stage::{Relay, Stage, folder, prepare};

/// Messages of each visitor's conversation; with the first one read, 50 are missed.
const MESSAGES: u64 = 51;

/// The sockets of the storm before are gone by then, at both ends.
const CALM: Duration = Duration::from_millis(1500);

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

    /// Seconds of a storm.
    async fn storm(&self) -> Result<f64> {
        let (server, who) = (self.stage.server.http(), self.who.clone());
        storm(Dialect::Holdfast, server, who, &self.retries).await
    }

    /// The same where much was missed.
    pub(super) async fn storm_with_backlog(&self) -> Result<f64> {
        let (server, who) = (self.stage.server.http(), self.behind.clone());
        storm(Dialect::Holdfast, server, who, &self.retries).await
    }

    /// The same at a baseline's server.
    async fn bare_storm(&self, server: SocketAddr) -> Result<f64> {
        let dialect = Dialect::Texts(Texts::Bare);
        storm(dialect, server, self.who.clone(), &self.retries).await
    }
}

pub(super) async fn measure(size: Size, report: &mut Report) -> Result<()> {
    let comeback = Comeback::prepare(size).await?;
    let relay = Relay::start(Work::Relay).await?;
    let (mut ours, mut backlog, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..size.rounds {
        bare.push(comeback.bare_storm(relay.address).await?);
        ours.push(comeback.storm().await?);
        backlog.push(comeback.storm_with_backlog().await?);
    }
    let bare = median(&mut bare);
    let words = "bare relay: connect and hello";
    report.add("reconnect_10k", median(&mut ours), "s", bare, words);
    report.add(
        "reconnect_10k_backlog",
        median(&mut backlog),
        "s",
        bare,
        words,
    );
    let all = 2 * size.rounds * comeback.who.len();
    let retries = comeback.retries.into_inner();
    report.add(
        "reconnect_retries",
        float(usize::try_from(retries)?),
        "",
        float(all),
        "attempts",
    );
    Ok(())
}

/// Seconds until everybody is taken in and has read what was missed.
async fn storm(
    dialect: Dialect,
    server: SocketAddr,
    who: Vec<Identity>,
    retries: &AtomicU64,
) -> Result<f64> {
    let count = who.len() as u64;
    let began = Instant::now();
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
    let troubles = score.troubles.load(Ordering::Relaxed);
    ensure!(
        troubles == 0,
        "{troubles} troubles in a storm of {seconds:.2} s"
    );
    // On a machine that others use too, an attempt may hang long enough to be joined by another.
    retries.fetch_add(score.retries.load(Ordering::Relaxed), Ordering::Relaxed);
    drop(fleet);
    tokio::time::sleep(CALM).await;
    Ok(seconds)
}
