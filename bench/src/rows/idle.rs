//! What a visitor costs who does nothing: memory, and the heartbeat.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Result;

use super::{CROWD, Size, float};
use crate::baseline::Work;
use crate::fleet::{Agents, Answers, Dialect, Fleet, Identity, Phase, Texts};
use crate::gauge::{Gauge, kernel_kib};
use crate::report::Report;
use crate::seed::{Seed, plant};
use crate::stage::{Relay, Stage, folder, prepare, strangers};

/// What was allocated for handshakes is given back, or not, by then.
pub(super) const SETTLE: Duration = Duration::from_secs(1);

/// Messages of a conversation that was begun on another day and is gone on with.
const MESSAGES: u64 = 50;

/// Exchanges of a message and its answer: enough for all that the server keeps of a conversation that is alive.
const EXCHANGES: u32 = 3;

/// Visitors who come at once.
const WAVE: usize = 500;

pub(super) async fn measure(size: Size, report: &mut Report) -> Result<()> {
    let (some, many) = (size.people(9_000), size.people(19_000));
    let unused = kernel_kib()?;
    let stage = Stage::start(1).await?;
    let at_rest = stage.gauge.memory_kib()?;
    let (server, gauge) = (stage.server.http(), stage.gauge);
    let crowds = [(some, SETTLE), (many - some, size.beat() + SETTLE)];
    let (ours, fleet) = grow(Dialect::Holdfast, server, gauge, crowds).await?;
    let kernel = kernel_kib()? - unused;
    drop(fleet);
    drop(stage);
    let relay = Relay::start(Work::Relay).await?;
    let dialect = Dialect::Texts(Texts::Bare);
    let crowds = [(some, SETTLE), (many - some, SETTLE)];
    let (bare, fleet) = grow(dialect, relay.address, relay.gauge, crowds).await?;
    let bare_kernel = kernel_kib()? - unused;
    drop(fleet);
    report.add(
        "idle_kib_9k",
        ours[0],
        "KiB",
        bare[0],
        "bare axum WebSocket, small buffers",
    );
    report.add(
        "idle_kib_19k",
        ours[1],
        "KiB",
        bare[1],
        "bare axum WebSocket, small buffers",
    );
    // Both ends of each line are on this machine.
    let ends = 2.0 * float(many);
    report.add(
        "kernel_kib",
        kernel / ends,
        "KiB",
        bare_kernel / ends,
        "bare axum WebSocket, small buffers",
    );
    report.add("rest_mib", at_rest / 1024.0, "MiB", 15.0, "the budget");
    open(size, report).await
}

/// KiB of the whole process for each visitor, so long after some have come, and after more have.
async fn grow(
    dialect: Dialect,
    server: SocketAddr,
    gauge: Gauge,
    crowds: [(usize, Duration); 2],
) -> Result<([f64; 2], Vec<Fleet>)> {
    let mut fleets = Vec::new();
    let mut costs = [0.0; 2];
    let mut total = 0;
    for (cost, (count, pause)) in costs.iter_mut().zip(crowds) {
        fleets.extend(gather_crowd(dialect, server, strangers(count, 1)).await?);
        tokio::time::sleep(pause).await;
        total += count;
        *cost = gauge.memory_kib()? / float(total);
    }
    Ok((costs, fleets))
}

/// Visitors who come one wave after the other: what a storm costs is another row.
pub(super) async fn gather_crowd(
    dialect: Dialect,
    server: SocketAddr,
    people: Vec<Identity>,
) -> Result<Vec<Fleet>> {
    let mut crowd = Vec::new();
    for wave in people.chunks(WAVE) {
        let fleet = Fleet::launch(dialect, server, wave.to_vec());
        fleet.welcomed(CROWD).await?;
        crowd.push(fleet);
    }
    Ok(crowd)
}

/// Visitors who come back to their conversation, read it, write and are answered, and look on.
async fn open(size: Size, report: &mut Report) -> Result<()> {
    let count = size.people(19_000);
    let folder = folder()?;
    prepare(folder.path(), 1).await?;
    let seed = Seed {
        visitors: count as u64,
        messages: MESSAGES,
        are_waiting: false,
    };
    let people = plant(folder.path(), "s0", seed)?;
    let people = people.into_iter().map(Identity::missing_all_but_one);
    let stage = Stage::start_on(folder).await?;
    let addresses = stage.agents(1).await?;
    let agents = addresses.into_iter().map(|address| (address, Answers::ALL));
    let agents = Agents::launch(agents.collect());
    agents.welcomed(CROWD).await?;
    let server = stage.server.http();
    let crowd = gather_crowd(Dialect::Holdfast, server, people.collect()).await?;
    for fleet in &crowd {
        let (score, all) = (&fleet.score, fleet.len());
        let is_read = score.reaches("caught up", |score| &score.caught_up, all, CROWD);
        is_read.await?;
        fleet.tell(Phase::Count(EXCHANGES));
        let is_done = score.reaches("conversations", |score| &score.done, all, CROWD);
        is_done.await?;
        let troubles = score.troubles.load(Ordering::Relaxed);
        anyhow::ensure!(troubles == 0, "{troubles} troubles");
    }
    drop(agents);
    tokio::time::sleep(SETTLE).await;
    let cost = stage.gauge.memory_kib()? / float(count);
    report.add("open_kib", cost, "KiB", 8.0, "the budget");
    Ok(())
}
