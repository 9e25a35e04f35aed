//! The agent's client: a terminal interface, or JSON lines for bots.

mod args;
mod pipe;
mod stop;
mod terminal;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;

use anyhow::{Context, Result, bail};
use clap::Parser;
use holdfast_agent::address::Address;
use holdfast_agent::shell::{Config, Cursor};
use holdfast_agent::state::{self, StateFile};
use tracing_subscriber::EnvFilter;

use args::Args;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("holdfast-agent: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<ExitCode> {
    if let Some(path) = &args.log {
        start_log(path)?;
    }
    let has_terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    if !args.json && !has_terminal {
        bail!("stdin or stdout is no terminal; use --json in scripts");
    }
    let address = args.find_address()?;
    let config = open(args, address)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("can't start")?;
    let code = if args.json {
        runtime.block_on(pipe::run(config, args))
    } else {
        runtime.block_on(terminal::run(config, args))
    };
    // A thread may still wait for a slow disk or a reader of stdout; whatever it writes is written whole or not.
    runtime.shutdown_background();
    code
}

fn open(args: &Args, address: Address) -> Result<Config> {
    let path: PathBuf = match &args.state {
        Some(path) => path.clone(),
        None => state::default_path(&address)?,
    };
    if args.reset_state
        && let Some(aside) = StateFile::reset(&path)?
    {
        eprintln!(
            "holdfast-agent: the damaged state file now lies at {}",
            aside.display()
        );
    }
    let (file, saved) = StateFile::open(path)?;
    Ok(Config {
        address,
        storage: Some(file),
        saved,
        cursor: if args.json {
            Cursor::Kept
        } else {
            Cursor::Fresh
        },
    })
}

fn start_log(path: &std::path::Path) -> Result<()> {
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("can't open the log {}", path.display()))?;
    let filter = EnvFilter::try_from_env("HOLDFAST_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .init();
    Ok(())
}
