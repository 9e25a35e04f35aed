//! `cargo xtask soak`: lets everything go wrong for as long as one likes, and judges what is left.

use std::process::ExitCode;

use anyhow::Result;
use clap::{ArgGroup, Args};

use crate::build;
use crate::repo::Repo;
use crate::setup;
use crate::shell;

/// What to soak, and for how long.
#[derive(Args)]
#[command(group(ArgGroup::new("level").required(true)))]
pub(crate) struct Options {
    /// Real processes over real sockets, and faults for so many minutes. Needs root, for network namespaces
    #[arg(long, group = "level", value_name = "N")]
    minutes: Option<f64>,
    /// Draws the faults; without it one is drawn and printed
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// With --minutes, for people who are not root: no cable is pulled, no disk filled
    #[arg(long)]
    without_network: bool,
}

/// Soaks; the code is not 0 when anything was lost, doubled, out of order, or stayed unrecovered.
pub(crate) fn run(repo: &Repo, options: &Options) -> Result<ExitCode> {
    let Some(minutes) = options.minutes else {
        return Ok(ExitCode::FAILURE);
    };
    setup::ensure(repo, setup::FOR_SOAK)?;
    build::widget(repo)?;
    let packages = ["holdfast", "holdfast-agent", "holdfast-tests"];
    let mut cargo = repo.cargo(&["build", "--bins"]);
    cargo.args(packages.iter().flat_map(|name| ["--package", name]));
    shell::open(&mut cargo)?;
    let mut soak = repo.command(repo.binary("holdfast-soak", false));
    soak.args(["--minutes", &minutes.to_string()]);
    if let Some(seed) = options.seed {
        soak.args(["--seed", &seed.to_string()]);
    }
    if options.without_network {
        soak.arg("--without-network");
    }
    let status = shell::status(&mut soak)?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
