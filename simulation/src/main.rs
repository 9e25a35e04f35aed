//! Runs many histories and says what they came to: `cargo xtask soak --histories N` calls this.

use std::process::ExitCode;

use clap::Parser;
use holdfast_simulation::{Flaw, report, run};

/// Simulates Holdfast: real clients and the real server over a network and a disk that fail.
#[derive(Parser)]
struct Cli {
    /// How many histories.
    #[arg(long, default_value_t = 10_000)]
    histories: u64,
    /// The first one's seed.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// End with the first history in which something is wrong.
    #[arg(long)]
    until_wrong: bool,
    /// Replay the history of this seed only.
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(seed) = cli.seed {
        let outcome = run(seed, Flaw::default());
        println!("{outcome:#?}");
        return exit(outcome.wrong.is_empty());
    }
    let seeds = cli.first..cli.first.saturating_add(cli.histories);
    let report = if cli.until_wrong {
        report::run_until_wrong(seeds)
    } else {
        report::run_all(seeds)
    };
    println!("{report}");
    exit(report.is_good())
}

fn exit(is_good: bool) -> ExitCode {
    if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
