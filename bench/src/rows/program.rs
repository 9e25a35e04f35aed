//! The program itself: how large, how soon, and what the widget weighs.

use std::time::Instant;

use anyhow::Result;
use holdfast_tests::process::binary;

use super::float;
use crate::gauge::median;
use crate::report::Report;
use crate::stage::{Stage, folder, prepare};

/// Starts that are measured.
const STARTS: usize = 9;

pub(super) async fn measure(report: &mut Report) -> Result<()> {
    let bytes = std::fs::metadata(binary("holdfast")?)?.len();
    let megabytes = float(usize::try_from(bytes)?) / 1e6;
    report.add("binary_mb", megabytes, "MB", 20.0, "the budget");
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let folder = folder()?;
        prepare(folder.path(), 1).await?;
        let began = Instant::now();
        let stage = Stage::start_on(folder).await?;
        starts.push(began.elapsed().as_secs_f64() * 1000.0);
        drop(stage);
    }
    report.add("start_ms", median(&mut starts), "ms", 100.0, "the budget");
    Ok(())
}
