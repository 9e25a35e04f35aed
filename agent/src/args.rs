//! The command line.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Parser;
use holdfast_agent::address::Address;

/// Answer the visitors of a site from a terminal.
///
/// What you write is kept on disk until the server has it: a lost line, a crash or a restart costs
/// nothing.
#[derive(Debug, Parser)]
#[command(name = "holdfast-agent", version)]
pub(crate) struct Args {
    /// Where the server is and who you are, as `holdfast agent add` printed it:
    /// holdfast://SECRET@HOST:PORT/#sha256=HEX. Between quotes, because of the #.
    #[arg(value_name = "ADDRESS", conflicts_with_all = ["address", "address_file"])]
    positional: Option<String>,

    /// The same as an option.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "address_file")]
    address: Option<String>,

    /// A file whose first line is the address. Without any of the three, the environment variable
    /// HOLDFAST_ADDRESS is taken.
    #[arg(long, value_name = "FILE")]
    address_file: Option<PathBuf>,

    /// One JSON object a line on stdin and stdout, for bots and scripts.
    #[arg(long)]
    pub(crate) json: bool,

    /// Where unsent messages are kept [default: a file per address in $XDG_STATE_HOME/holdfast].
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,

    /// Move a damaged state file aside and begin a new one.
    #[arg(long)]
    pub(crate) reset_state: bool,

    /// With --json: wait at most so long for unsent commands once stdin has ended [default: no limit].
    #[arg(long, value_name = "SECONDS", requires = "json")]
    pub(crate) timeout: Option<u64>,

    /// With --json: go on when stdin has ended.
    #[arg(long, requires = "json")]
    pub(crate) follow: bool,

    /// With --json: a message counts as read when its line is written.
    #[arg(long, requires = "json")]
    pub(crate) read: bool,

    /// Ring the terminal's bell when a visitor writes.
    #[arg(long, conflicts_with = "json")]
    pub(crate) bell: bool,

    /// Append this program's own log to a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
}

const VARIABLE: &str = "HOLDFAST_ADDRESS";

impl Args {
    /// The address from the first place that has one.
    pub(crate) fn find_address(&self) -> Result<Address> {
        let given = self.positional.as_ref().or(self.address.as_ref());
        let text = match (given, &self.address_file) {
            (Some(text), _) => text.clone(),
            (None, Some(path)) => std::fs::read_to_string(path)
                .with_context(|| format!("can't read the address file {}", path.display()))?
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
            (None, None) => match std::env::var(VARIABLE) {
                Ok(text) => text,
                Err(_) => bail!(
                    "no address was given. `holdfast agent add SITE NAME` on the server prints it; give it as \
                     the argument, by --address-file FILE, or in {VARIABLE}"
                ),
            },
        };
        Ok(text.parse()?)
    }
}
