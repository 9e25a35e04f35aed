//! `holdfast-bench`: measures the server beside the machine's own limits, in one run.
//!
//! The server, the baselines and the load are three processes, as each may open 20,000 files. The load is the real
//! client half of the protocol on native sockets, tens of thousands of them in this process.

mod baseline;
mod fleet;
mod gauge;
mod peers;
mod perf;
mod report;
mod rows;
mod seed;
mod stage;

use std::path::PathBuf;

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};

use baseline::Work;
use report::Report;

#[derive(Parser)]
#[command(name = "holdfast-bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure everything, print the table, write it as JSON
    Run(Options),
    /// Draw what the server spends its time on, as flamegraphs
    Profile {
        /// Where the pictures go
        #[arg(long)]
        folder: PathBuf,
        /// A hundredth of the load
        #[arg(long)]
        tiny: bool,
    },
    /// Be a baseline's server
    Baseline {
        /// What it does with what comes
        #[arg(long, value_enum)]
        work: Work,
        /// Where it writes
        #[arg(long)]
        folder: PathBuf,
    },
}

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
struct Options {
    /// Where the rows go, as JSON
    #[arg(long)]
    json: PathBuf,
    /// These groups of rows only, as in --only idle --only pace
    #[arg(long, value_name = "GROUP", value_parser = PossibleValuesParser::new(rows::GROUPS))]
    only: Vec<String>,
    /// A hundredth of the load: shows that every row is produced, and measures nothing
    #[arg(long)]
    tiny: bool,
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    match Cli::parse().command {
        Command::Run(options) => runtime.block_on(run(options)),
        Command::Profile { folder, tiny } => {
            runtime.block_on(rows::profile::draw(rows::Size::of(tiny), &folder))
        }
        Command::Baseline { work, folder } => runtime.block_on(baseline::serve(work, &folder)),
    }
}

async fn run(options: Options) -> Result<()> {
    let mut report = Report::default();
    let size = rows::Size::of(options.tiny);
    for group in rows::GROUPS {
        if options.only.is_empty() || options.only.iter().any(|name| name == group) {
            let began = std::time::Instant::now();
            rows::measure(group, size, &mut report).await?;
            eprintln!("bench: {group} took {} s", began.elapsed().as_secs());
            report.write(&options.json)?;
        }
    }
    print!("{report}");
    Ok(())
}
