//! What the server spends its time on: flamegraphs of the loads whose rows are hardest.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::agents::Team;
use super::sides::Side;
use super::storm::Comeback;
use super::traffic::PERIOD;
use super::{Size, log};
use crate::fleet::Phase;
use crate::perf::{Recording, Seen};
use crate::stage::Stage;

/// Storms in one picture: each is short.
const STORMS: usize = 3;

/// Returns to a big log in one picture, one after the other.
const RETURNS: usize = 5_000;

/// perf looks by then.
const START: Duration = Duration::from_millis(500);

/// Draws the server under each load into a file in `folder`.
///
/// # Errors
/// When perf is not there or not allowed, or the load goes wrong.
pub(crate) async fn draw(size: Size, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let title = "the most messages of 100 visitors";
    flow(size, 100, Phase::Busy, title, &folder.join("max_100.svg")).await?;
    let title = "the most messages of 1,000 visitors";
    let file = folder.join("max_1000.svg");
    flow(size, 1_000, Phase::Busy, title, &file).await?;
    let title = "2,000 messages a second of 1,000 visitors";
    let phase = Phase::Paced(PERIOD);
    flow(size, 1_000, phase, title, &folder.join("rtt.svg")).await?;
    let file = folder.join("agents_200.svg");
    let title = "2,000 messages a second, each to 200 agents";
    let mut team = Team::gather(size).await?;
    let recording = watch(team.stage.gauge.pid()).await?;
    team.flow(size).await?;
    tell(&recording.draw(title, &file).await?, title, &file);
    drop(team);
    let file = folder.join("reconnect_10k_backlog.svg");
    let title = "10,000 visitors come back with 50 missed events each";
    let comeback = Comeback::prepare(size).await?;
    let recording = watch(comeback.stage.gauge.pid()).await?;
    for _ in 0..STORMS {
        comeback.storm_with_backlog().await?;
    }
    tell(&recording.draw(title, &file).await?, title, &file);
    drop(comeback);
    let file = folder.join("big_log_resume.svg");
    let title = "returns to a log of ten million events, each with 20 missed ones";
    let (data, who) = log::planted(log::big(size)).await?;
    let stage = Stage::start_on(data).await?;
    let recording = watch(stage.gauge.pid()).await?;
    for at in 0..size.people(RETURNS) {
        log::comes_back(&stage, &who, at).await?;
    }
    tell(&recording.draw(title, &file).await?, title, &file);
    Ok(())
}

async fn flow(size: Size, visitors: usize, phase: Phase, title: &str, file: &Path) -> Result<()> {
    let mut side = Side::holdfast(size.people(visitors)).await?;
    let recording = watch(side.gauge.pid()).await?;
    side.flow(phase, size.span * 2).await?;
    tell(&recording.draw(title, file).await?, title, file);
    Ok(())
}

async fn watch(pid: u32) -> Result<Recording> {
    let recording = Recording::start(pid)?;
    tokio::time::sleep(START).await;
    Ok(recording)
}

fn tell(seen: &Seen, title: &str, file: &Path) {
    println!(
        "{title}: {}\n  {} samples of {}, {:.0} % of them in the kernel",
        file.display(),
        seen.samples,
        seen.event,
        seen.in_kernel
    );
    for (thread, percent) in seen.threads.iter().take(4) {
        println!("  {percent:5.1} % {thread}");
    }
}
