//! What a visitor costs who does nothing: memory, and the heartbeat.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Result;

use super::{CROWD, Size, float};
use crate::baseline::Disk;
use crate::fleet::{Agents, Answers, Dialect, Fleet, Phase};
use crate::gauge::Gauge;
use crate::report::Report;
use crate::stage::{Relay, Stage, strangers};

/// What was allocated for handshakes is given back, or not, by then.
const SETTLE: Duration = Duration::from_secs(1);

/// Exchanges of a message and its answer that make a conversation of 50.
const EXCHANGES: u32 = 25;

/// Visitors who come at once.
const WAVE: usize = 500;

const SITES: usize = 2;

pub(super) async fn measure(size: Size, report: &mut Report) -> Result<()> {
    let (some, many) = (size.people(9_000), size.people(19_000));
    let stage = Stage::start(1).await?;
    let at_rest = stage.gauge.memory_kib()?;
    let (ours, fleet) = grow(Dialect::Holdfast, &stage, some, many).await?;
    drop(fleet);
    drop(stage);
    let relay = Relay::start(Disk::None).await?;
    let (bare, fleet) = grow_bare(&relay, some, many).await?;
    drop(fleet);
    report.add(
        "idle_kib_9k",
        ours.0,
        "KiB",
        bare.0,
        "bare axum WebSocket, small buffers",
    );
    report.add(
        "idle_kib_19k",
        ours.1,
        "KiB",
        bare.1,
        "bare axum WebSocket, small buffers",
    );
    report.add("rest_mib", at_rest / 1024.0, "MiB", 15.0, "the budget");
    open(size, report).await
}

/// KiB of the whole process for each visitor, at both counts.
async fn grow(
    dialect: Dialect,
    stage: &Stage,
    some: usize,
    many: usize,
) -> Result<((f64, f64), Vec<Fleet>)> {
    grow_to(dialect, stage.server.http(), stage.gauge, some, many).await
}

async fn grow_bare(relay: &Relay, some: usize, many: usize) -> Result<((f64, f64), Vec<Fleet>)> {
    grow_to(Dialect::Bare, relay.address, relay.gauge, some, many).await
}

async fn grow_to(
    dialect: Dialect,
    server: SocketAddr,
    gauge: Gauge,
    some: usize,
    many: usize,
) -> Result<((f64, f64), Vec<Fleet>)> {
    let mut fleets = Vec::new();
    let mut costs = Vec::new();
    for (count, total) in [(some, some), (many - some, many)] {
        fleets.extend(gather_crowd(dialect, server, count, 1).await?);
        tokio::time::sleep(SETTLE).await;
        costs.push(gauge.memory_kib()? / float(total));
    }
    let last = costs.pop().unwrap_or_default();
    Ok(((costs.pop().unwrap_or_default(), last), fleets))
}

/// Visitors who come one wave after the other: what a storm costs is another row.
pub(super) async fn gather_crowd(
    dialect: Dialect,
    server: SocketAddr,
    count: usize,
    sites: usize,
) -> Result<Vec<Fleet>> {
    let mut crowd = Vec::new();
    let mut left = count;
    while left > 0 {
        let wave = left.min(WAVE);
        left -= wave;
        let fleet = Fleet::launch(dialect, server, strangers(wave, sites));
        fleet.welcomed(CROWD).await?;
        crowd.push(fleet);
    }
    Ok(crowd)
}

/// Visitors who had a conversation, and still look on.
async fn open(size: Size, report: &mut Report) -> Result<()> {
    let count = size.people(4_000);
    let stage = Stage::start(SITES).await?;
    let before = stage.gauge.memory_kib()?;
    let addresses = stage.agents(SITES).await?;
    let agents = addresses.into_iter().map(|address| (address, Answers::ALL));
    let agents = Agents::launch(agents.collect());
    agents.welcomed(CROWD).await?;
    let fleet = Fleet::launch(
        Dialect::Holdfast,
        stage.server.http(),
        strangers(count, SITES),
    );
    fleet.welcomed(CROWD).await?;
    fleet.tell(Phase::Count(EXCHANGES));
    let all = fleet.len();
    fleet
        .score
        .reaches("conversations", |score| &score.done, all, CROWD)
        .await?;
    drop(agents);
    tokio::time::sleep(SETTLE).await;
    let cost = (stage.gauge.memory_kib()? - before) / float(count);
    let troubles = fleet.score.troubles.load(Ordering::Relaxed);
    anyhow::ensure!(troubles == 0, "{troubles} troubles");
    report.add("open_kib", cost, "KiB", 8.0, "the budget");
    Ok(())
}
