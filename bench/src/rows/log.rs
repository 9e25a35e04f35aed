//! A big log: it answers as fast as a small one.

use std::time::Instant;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use super::{CROWD, Size, spread};
use crate::fleet::{Dialect, Fleet, Identity};
use crate::gauge::median;
use crate::report::Report;
use crate::seed::{Seed, plant};
use crate::stage::{Stage, folder, prepare};

/// Returns to each log that are measured, one after the other, in turn.
const RETURNS: usize = 200;

/// Events that each of them has missed.
const MISSED: u64 = 20;

pub(super) async fn measure(size: Size, report: &mut Report) -> Result<()> {
    let small = Seed {
        visitors: 10,
        messages: 99,
        are_waiting: false,
    };
    let (small, few) = planted(small).await?;
    let (big, many) = planted(big(size)).await?;
    let small = Stage::start_on(small).await?;
    let began = Instant::now();
    let big = Stage::start_on(big).await?;
    let start = began.elapsed().as_secs_f64();
    let (mut of_big, mut of_small) = (Vec::new(), Vec::new());
    for at in 0..RETURNS {
        of_big.push(comes_back(&big, &many, at).await?);
        of_small.push(comes_back(&small, &few, at).await?);
    }
    let words = "a log of a thousand events";
    report.add(
        "big_log_resume",
        median(&mut of_big),
        "ms",
        median(&mut of_small),
        words,
    );
    report.add("big_log_start", start, "s", 2.0, "the budget");
    Ok(())
}

/// Ten million events.
pub(super) fn big(size: Size) -> Seed {
    Seed {
        visitors: size.people(100_000) as u64,
        messages: 99,
        are_waiting: false,
    }
}

/// A data folder with conversations in it, and who their visitors are.
pub(super) async fn planted(seed: Seed) -> Result<(TempDir, Vec<Identity>)> {
    let folder = folder()?;
    prepare(folder.path(), 1).await?;
    let who = plant(folder.path(), "s0", seed)?;
    Ok((folder, who))
}

/// Milliseconds from dialling until what was missed is read, of one of the visitors from all over the log.
pub(super) async fn comes_back(stage: &Stage, who: &[Identity], at: usize) -> Result<f64> {
    let mut who = spread(who, at).context("nobody was planted")?.clone();
    if let Some(resume) = &mut who.resume {
        resume.after -= MISSED;
    }
    let began = Instant::now();
    let fleet = Fleet::launch(Dialect::Holdfast, stage.server.http(), vec![who]);
    let score = &fleet.score;
    let is_read = score.reaches("caught up", |score| &score.caught_up, 1, CROWD);
    is_read.await?;
    let ended = score.first_caught_up.get().context("nobody was timed")?;
    Ok(ended.duration_since(began).as_secs_f64() * 1000.0)
}
