//! `cargo xtask soak` starts this. See `holdfast_tests::soak`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;
use holdfast_tests::soak::{self, Options};
use tokio::signal::unix::{SignalKind, signal};

#[derive(clap::Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

/// As a shell says of a program that Ctrl-C has ended.
const INTERRUPTED: u8 = 130;

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let options = Cli::parse().options;
    let mut terminate = signal(SignalKind::terminate())?;
    let report = tokio::select! {
        report = soak::run(options) => report?,
        // What the soak had, it takes down as it is dropped here.
        _ = tokio::signal::ctrl_c() => return Ok(ExitCode::from(INTERRUPTED)),
        _ = terminate.recv() => return Ok(ExitCode::from(INTERRUPTED)),
    };
    println!("{report}");
    Ok(if report.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
