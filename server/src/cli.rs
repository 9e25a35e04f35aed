//! The command line.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use holdfast_protocol::id::AgentId;
use tracing_subscriber::EnvFilter;

use crate::admin::Admin;
use crate::config::{Config, Settings};
use crate::serve;

/// Live customer chat that loses nothing.
#[derive(Debug, Parser)]
#[command(name = "holdfast", version)]
struct Cli {
    /// The data folder; made where there is none [default: ./data]
    #[arg(long, global = true, env = "HOLDFAST_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// A TOML file with settings; flags and environment are stronger
    #[arg(long, global = true, env = "HOLDFAST_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(Box<Settings>),
    /// The sites that are served
    #[command(subcommand)]
    Site(SiteCommand),
    /// The people who answer
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Void all clients' cursors; to be run after the data folder was restored from a backup
    NewEpoch,
}

#[derive(Debug, Subcommand)]
enum SiteCommand {
    /// Make a site
    Add {
        /// As in the tag's data-site: letters, digits, `-`, `_`, `.`
        name: String,
    },
    /// List the sites, one a line
    List,
    /// Show what is set for a site, as a file for `site set`
    Show {
        /// The site
        name: String,
    },
    /// Set opening hours, greeting, pre-chat form and the like; a running server follows within seconds
    Set {
        /// The site
        name: String,
        /// A TOML file, which takes the place of all that was set before; `-` reads standard input
        file: PathBuf,
    },
    /// Print the key under which your own server vouches for visitors; made when it is first asked for
    Identity(Identity),
}

#[derive(Debug, Args)]
struct Identity {
    /// The site
    name: String,
    /// From now on take an identity only with its hash
    #[arg(long, conflicts_with = "optional")]
    require: bool,
    /// From now on take an identity without a hash too, as a claim
    #[arg(long)]
    optional: bool,
    /// Draw another key first: hashes under the old one are refused from then on
    #[arg(long)]
    renew: bool,
}

#[derive(Debug, Subcommand)]
enum AgentCommand {
    /// Take somebody on; prints their address, which is shown this once
    Add {
        /// The site that they work for
        site: String,
        /// Their name, as visitors see it
        name: String,
        /// The agents' port as agents reach it [default: where the server listened last]
        #[arg(long, env = "HOLDFAST_AGENTS_PUBLIC", value_name = "HOST:PORT")]
        agents_public: Option<String>,
    },
    /// List who works here, one a line: number, site, name
    List {
        /// Of this site only
        site: Option<String>,
    },
    /// End somebody's access, also that of clients that are connected
    Remove {
        /// The site that they work for
        site: String,
        /// Their number, as `agent list` shows it
        id: u64,
    },
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("holdfast: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let file = match &cli.config {
        Some(path) => Settings::read(path)?,
        None => Settings::default(),
    };
    start_logging()?;
    let resolve =
        |settings: Settings| -> anyhow::Result<Config> { settings.or(file).resolve(cli.data) };
    match cli.command {
        Command::Serve(settings) => serve::run(resolve(*settings)?),
        Command::Site(command) => run_site(command, resolve(Settings::default())?),
        Command::Agent(command) => run_agent(command, resolve(Settings::default())?),
        Command::NewEpoch => {
            let mut admin = Admin::open(resolve(Settings::default())?)?;
            println!("epoch {}", admin.renew_epoch()?.0);
            Ok(())
        }
    }
}

fn run_site(command: SiteCommand, config: Config) -> anyhow::Result<()> {
    let mut admin = Admin::open(config)?;
    match command {
        SiteCommand::Add { name } => admin.add_site(&name)?,
        SiteCommand::List => admin.sites()?.iter().for_each(|site| println!("{site}")),
        SiteCommand::Show { name } => print!("{}", admin.settings(&name)?),
        SiteCommand::Set { name, file } => {
            let text = read(&file).with_context(|| format!("can't read {}", file.display()))?;
            let set = admin.set_settings(&name, &text);
            set.with_context(|| format!("in {}", file.display()))?;
        }
        SiteCommand::Identity(identity) => {
            let is_required = (identity.require || identity.optional).then_some(identity.require);
            let (key, is_required) = admin.identity(&identity.name, identity.renew, is_required)?;
            println!("{key}");
            if is_required {
                eprintln!("an identity is taken only with its hash");
            } else {
                eprintln!(
                    "an identity without a hash is taken too, as a claim; --require changes that"
                );
            }
        }
    }
    Ok(())
}

fn read(file: &Path) -> std::io::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    std::fs::read_to_string(file)
}

fn run_agent(command: AgentCommand, mut config: Config) -> anyhow::Result<()> {
    match command {
        AgentCommand::Add {
            site,
            name,
            agents_public,
        } => {
            config.agents_public = agents_public.or(config.agents_public);
            println!("{}", Admin::open(config)?.add_agent(&site, &name)?);
        }
        AgentCommand::List { site } => {
            let agents = Admin::open(config)?.agents(site.as_deref())?;
            agents.iter().for_each(|agent| println!("{agent}"));
        }
        AgentCommand::Remove { site, id } => {
            Admin::open(config)?.remove_agent(&site, AgentId(id))?;
        }
    }
    Ok(())
}

fn start_logging() -> anyhow::Result<()> {
    let filter = EnvFilter::builder()
        .with_env_var("HOLDFAST_LOG")
        .with_default_directive(tracing::Level::INFO.into())
        .from_env()?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    Ok(())
}
