//! `cargo xtask bench`: how fast and how small, beside the machine's own limits, in one run; and what takes the time.

use anyhow::Result;
use clap::Args;

use crate::build;
use crate::repo::Repo;
use crate::setup;
use crate::shell;

/// What to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// These groups of rows only; into target/bench-only.json, so that the last run of everything stays
    #[arg(long, value_name = "GROUP", value_parser = GROUPS)]
    only: Vec<String>,
    /// A hundredth of the load: shows that every row is produced, and measures nothing
    #[arg(long)]
    tiny: bool,
    /// Measure nothing, but draw what the server spends its time on in the busiest rows; into target/flamegraphs
    #[arg(long, conflicts_with = "only")]
    profile: bool,
}

/// The bench's groups of rows, which has the last word on them.
const GROUPS: [&str; 12] = [
    "program", "machine", "idle", "pace", "most", "crowd", "queue", "storm", "agents", "log",
    "widget", "peers",
];

/// cargo's profile of the server that is drawn: the released one, with names.
const PROFILING: &str = "profiling";

/// Stacks are read by frame pointers, which is quick; cargo adds this to the flags of `.cargo/config.toml`.
const FRAME_POINTERS: &str = r#"build.rustflags=["-Cforce-frame-pointers=yes"]"#;

/// Builds what people run, measures it, prints the table and writes `target/bench.json`; of some groups alone, or of a
/// tiny load, `target/bench-only.json`.
///
/// # Errors
/// When something can't be installed or built, or goes wrong while it is measured.
pub(crate) fn run(repo: &Repo, options: &Options) -> Result<()> {
    setup::ensure(repo, setup::FOR_GALLERY)?;
    build::widget(repo)?;
    if options.profile {
        return profile(repo, options);
    }
    build(repo, &["holdfast", "holdfast-bench"])?;
    let mut bench = repo.command(repo.binary("holdfast-bench", true));
    bench.arg("run");
    let is_all = options.only.is_empty() && !options.tiny;
    let json = if is_all {
        "bench.json"
    } else {
        "bench-only.json"
    };
    bench.arg("--json").arg(repo.generated().join(json));
    bench.args(options.only.iter().flat_map(|name| ["--only", name]));
    if options.tiny {
        bench.arg("--tiny");
    }
    shell::open(&mut bench)
}

/// Builds the server once more, with names and frame pointers, and draws it at work.
fn profile(repo: &Repo, options: &Options) -> Result<()> {
    build(repo, &["holdfast-bench"])?;
    let mut cargo = repo.cargo(&["build", "--profile", PROFILING, "--package", "holdfast"]);
    shell::open(cargo.args(["--config", FRAME_POINTERS]))?;
    let mut bench = repo.command(repo.binary("holdfast-bench", true));
    bench.env("HOLDFAST_BIN_DIR", repo.binaries(PROFILING));
    bench.arg("profile").arg("--folder");
    bench.arg(repo.generated().join("flamegraphs"));
    if options.tiny {
        bench.arg("--tiny");
    }
    shell::open(&mut bench)
}

fn build(repo: &Repo, packages: &[&str]) -> Result<()> {
    let mut cargo = repo.cargo(&["build", "--release"]);
    cargo.args(packages.iter().flat_map(|name| ["--package", name]));
    shell::open(&mut cargo)
}
