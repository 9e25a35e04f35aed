//! What the machine itself can do: baselines that other rows only lean on, as rows of their own.

use std::time::Duration;

use anyhow::Result;

use super::idle::{SETTLE, gather_crowd};
use super::{Size, float};
use crate::baseline::{Work, append_and_sync};
use crate::fleet::{Dialect, MESSAGE_BYTES, Texts};
use crate::gauge::median;
use crate::report::Report;
use crate::seed;
use crate::stage::{Relay, folder, strangers};

/// How long the disk, and the store on it, are measured in each round.
const SPAN: Duration = Duration::from_millis(400);

/// Lines to an echo. With the buffers that axum chooses they take 270 MB.
const LINES: usize = 2_000;

pub(super) async fn measure(size: Size, report: &mut Report) -> Result<()> {
    disk(size, report)?;
    let small = echo(Work::SmallEcho, size).await?;
    let default = echo(Work::DefaultEcho, size).await?;
    let words = "the same with the buffers that axum chooses";
    report.add("echo_kib", small, "KiB", default, words);
    Ok(())
}

/// One who appends and syncs, beside one who commits rows one by one.
fn disk(size: Size, report: &mut Report) -> Result<()> {
    let (mut took, mut rows) = (Vec::new(), Vec::new());
    for _ in 0..size.rounds {
        let folder = folder()?;
        took.extend(append_and_sync(folder.path(), MESSAGE_BYTES, SPAN)?);
        rows.push(seed::rows_per_second(folder.path(), 1, SPAN)?);
    }
    let rows = median(&mut rows);
    let words = "a row into the same SQLite schema, 1 a commit";
    let syncs = 1000.0 * float(took.len()) / took.iter().sum::<f64>();
    report.add(
        "disk_sync_ms",
        median(&mut took),
        "ms",
        1000.0 / rows,
        words,
    );
    report.add("disk_syncs", syncs, "syncs/s", rows, words);
    Ok(())
}

/// KiB by which the process grows with each line on which one text was echoed.
async fn echo(work: Work, size: Size) -> Result<f64> {
    let lines = size.people(LINES);
    let server = Relay::start(work).await?;
    let at_rest = server.gauge.memory_kib()?;
    let people = strangers(lines, 1);
    let crowd = gather_crowd(Dialect::Texts(Texts::Bare), server.address, people).await?;
    tokio::time::sleep(SETTLE).await;
    let cost = (server.gauge.memory_kib()? - at_rest) / float(lines);
    drop(crowd);
    Ok(cost)
}
