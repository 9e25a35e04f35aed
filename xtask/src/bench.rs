//! `cargo xtask bench`: how fast and how small, beside the machine's own limits, in one run.

use anyhow::Result;
use clap::Args;

use crate::build;
use crate::repo::Repo;
use crate::setup;
use crate::shell;

/// What to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// These groups of rows only: program, machine, idle, pace, most, peers, crowd, queue, storm, agents, log, widget
    #[arg(long, value_name = "GROUP")]
    only: Vec<String>,
    /// A hundredth of the load: shows that every row is produced, and measures nothing
    #[arg(long)]
    tiny: bool,
}

/// Builds what people run, measures it, prints the table and writes `target/bench.json`.
///
/// # Errors
/// When something can't be installed or built, or goes wrong while it is measured.
pub(crate) fn run(repo: &Repo, options: &Options) -> Result<()> {
    setup::ensure(repo, setup::FOR_GALLERY)?;
    build::widget(repo)?;
    let packages = ["holdfast", "holdfast-bench"];
    let mut cargo = repo.cargo(&["build", "--release"]);
    cargo.args(packages.iter().flat_map(|name| ["--package", name]));
    shell::open(&mut cargo)?;
    let mut bench = repo.command(repo.binary("holdfast-bench", true));
    bench.arg("run");
    bench.arg("--json").arg(repo.generated().join("bench.json"));
    bench.args(options.only.iter().flat_map(|name| ["--only", name]));
    if options.tiny {
        bench.arg("--tiny");
    }
    shell::open(&mut bench)
}
