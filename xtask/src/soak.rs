//! `cargo xtask soak`: lets everything go wrong for as long as one likes, and judges what is left.

use std::process::{ExitCode, ExitStatus};

use anyhow::{Result, bail};
use clap::{ArgGroup, Args};

use crate::build;
use crate::repo::Repo;
use crate::setup::{self, Need};
use crate::shell;

/// What to soak, and for how long.
#[derive(Args)]
#[command(group(ArgGroup::new("level").required(true)))]
pub(crate) struct Options {
    /// Real processes over real sockets, and faults for so many minutes. Needs root, for network namespaces
    #[arg(long, group = "level", value_name = "N")]
    minutes: Option<f64>,
    /// So many simulated histories, on all cores
    #[arg(long, group = "level", value_name = "N")]
    histories: Option<u64>,
    /// Draws the faults; with --histories, the first one's number; without it one is drawn and printed
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// With --minutes, for people who are not root: no cable is pulled, no disk filled
    #[arg(long)]
    without_network: bool,
}

/// Soaks; the code is not 0 when anything was lost, doubled, out of order, or stayed unrecovered.
pub(crate) fn run(repo: &Repo, options: &Options) -> Result<ExitCode> {
    match (options.histories, options.minutes) {
        (Some(histories), _) => simulate(repo, options, histories),
        (None, Some(minutes)) => endure(repo, options, minutes),
        (None, None) => bail!("say --minutes N or --histories N"),
    }
}

fn simulate(repo: &Repo, options: &Options, histories: u64) -> Result<ExitCode> {
    setup::ensure(repo, &[Need::CCompiler, Need::Libclang])?;
    let package = ["--package", "holdfast-simulation"];
    // What a history runs is optimised in this profile too, and the tests have compiled it already.
    shell::open(repo.cargo(&["build", "--quiet"]).args(package))?;
    let mut simulation = repo.command(repo.binary("holdfast-simulation", false));
    simulation.args(["--histories", &histories.to_string()]);
    if let Some(seed) = options.seed {
        simulation.args(["--first", &seed.to_string()]);
    }
    Ok(exit_code(shell::status(&mut simulation)?))
}

fn endure(repo: &Repo, options: &Options, minutes: f64) -> Result<ExitCode> {
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
    Ok(exit_code(shell::status(&mut soak)?))
}

fn exit_code(status: ExitStatus) -> ExitCode {
    if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
