//! `cargo xtask`: sets the machine up, builds, runs and tests Holdfast.
//!
//! Every command installs what it misses first, into `.tools` (or the folder that `HOLDFAST_TOOLS` names).

mod bench;
mod build;
mod checks;
mod gallery;
mod mutants;
mod pack;
mod repo;
mod run;
mod setup;
mod shell;
mod sizes;
mod soak;
mod tidy;
mod widget;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};

use crate::checks::Stage;
use crate::repo::Repo;

/// Sets up, builds, runs and tests Holdfast.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what is missing, say what and why.
    Setup {
        /// What the machine shall be able to do afterwards.
        #[arg(long = "for", value_enum, default_value_t = Purpose::Run)]
        purpose: Purpose,
    },
    /// Build the widget, the server and the agent's client.
    Build {
        /// Optimise the server and the agent's client too; the widget always is.
        #[arg(long)]
        release: bool,
    },
    /// Build everything, start a server with a demo site, print what to do next. Ctrl-C ends it.
    Run(run::Options),
    /// Open the terminal client of the demo agent that `run` has made.
    Agent {
        /// The folder that `run` was given.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Passed on to `holdfast-agent`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Run every check and test; with names of tests, run those tests only.
    Test {
        /// One stage only.
        #[arg(long, value_enum)]
        only: Option<Stage>,
        /// Run the tests whose names contain one of these, and no other stage.
        #[arg(conflicts_with = "only")]
        filters: Vec<String>,
    },
    /// Let everything go wrong for a while, and judge what is lost, doubled or out of order.
    Soak(soak::Options),
    /// Break the code on purpose, in each way of a list, and look which test notices.
    Mutants(mutants::Options),
    /// Measure how fast and how small it is, beside the machine's own limits; into target/bench.json.
    Bench(bench::Options),
    /// Take pictures of the widget in three engines, for people to look at; into target/gallery.
    Gallery {
        /// Measure, instead, what the tag costs a page on a slow phone.
        #[arg(long)]
        measure: bool,
    },
    /// Check the rules of the house that no compiler knows: import arrows, sizes, forbidden words.
    Tidy,
}

#[derive(Clone, Copy, ValueEnum)]
enum Purpose {
    Run,
    Test,
}

fn main() -> ExitCode {
    match dispatch(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<ExitCode> {
    let repo = Repo::find()?;
    match command {
        Command::Setup { purpose } => match purpose {
            Purpose::Run => setup::ensure(&repo, setup::FOR_RUN)?,
            Purpose::Test => setup::ensure(&repo, setup::FOR_TEST)?,
        },
        Command::Build { release } => {
            setup::ensure(&repo, setup::FOR_RUN)?;
            build::widget(&repo)?;
            build::binaries(&repo, release)?;
            sizes::report(&repo)?;
        }
        Command::Run(options) => return run::run(&repo, &options),
        Command::Agent { data, arguments } => return run::agent(&repo, data, &arguments),
        Command::Test { only, filters } => return checks::run(&repo, only, &filters),
        Command::Soak(options) => return soak::run(&repo, &options),
        Command::Mutants(options) => return mutants::run(&repo, &options),
        Command::Bench(options) => bench::run(&repo, &options)?,
        Command::Gallery { measure } => gallery::run(&repo, measure)?,
        Command::Tidy => return checks::report_tidy(&repo),
    }
    Ok(ExitCode::SUCCESS)
}
