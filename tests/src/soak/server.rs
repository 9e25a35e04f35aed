//! The server of a soak: killed again and again, and its database looked at each time by a foreign program.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;

use super::network::{Network, Place};
use super::program::{Launch, Program};
use crate::address::Address;
use crate::process::Signal;
use crate::server::operator;

/// The database and what SQLite keeps beside it. Not the `-shm`, which a crash of the machine would not leave either.
const DATABASE: [&str; 2] = ["holdfast.db", "holdfast.db-wal"];

/// The server, on a data folder that somebody else cares for.
pub struct Server {
    program: Program,
    data: PathBuf,
    /// Where copies of the database are looked at, on a disk that is not full.
    desk: PathBuf,
    /// The visitors' port.
    pub http: SocketAddr,
    /// The agents' port.
    pub agents: SocketAddr,
    /// How often the database was looked at and found whole.
    pub checks: usize,
}

impl Server {
    /// Starts it, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn start(network: &Network, data: &Path, desk: &Path) -> Result<Self> {
        let http = network.address(Place::Server, 8080)?;
        let agents = network.address(Place::Server, 8443)?;
        let launch = Launch::ours(network, Place::Server, "holdfast")?
            .with(["serve", "--demo", "--data"])
            .with([data])
            .with(["--http", &http.to_string()])
            .with(["--agents", &agents.to_string()]);
        std::fs::create_dir_all(desk)?;
        let server = Self {
            program: Program::start(launch)?,
            data: data.to_owned(),
            desk: desk.to_owned(),
            http,
            agents,
            checks: 0,
        };
        server.ready().await?;
        Ok(server)
    }

    /// Kills it as a power cut does, and looks at its database.
    ///
    /// # Errors
    /// When the database is not whole.
    pub async fn kill(&mut self) -> Result<()> {
        self.program.kill().await?;
        self.check().await
    }

    /// Starts it again; returns when it is ready.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn start_again(&mut self) -> Result<()> {
        self.program.start_again()?;
        self.ready().await
    }

    /// Freezes it, or lets it go on.
    ///
    /// # Errors
    /// When it is gone.
    pub fn freeze(&self, is_frozen: bool) -> Result<()> {
        self.program.signal(if is_frozen {
            Signal::STOP
        } else {
            Signal::CONT
        })
    }

    /// How many lines of its log, since its last start, are errors.
    #[must_use]
    pub fn errors(&self) -> usize {
        let log = self.program.log();
        log.iter().filter(|line| line.contains("ERROR")).count()
    }

    /// Takes on an agent, as an operator does.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn add_agent(&self, name: &str) -> Result<Address> {
        let printed = operator(&self.data, &["agent", "add", "demo", name]).await?;
        let line = printed.lines().find(|line| line.starts_with("holdfast://"));
        let address: Address = line.context("no address")?.parse()?;
        Ok(address.at(self.agents))
    }

    /// What the operator reads in the log since the last start.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.program.log()
    }

    async fn ready(&self) -> Result<()> {
        self.program
            .hear("the server's ready line", |line| {
                line.starts_with("ready ").then_some(())
            })
            .await
    }

    /// SQLite's own check, by its own program, on a copy: opening the original would mend what the server is to mend.
    async fn check(&mut self) -> Result<()> {
        for name in DATABASE {
            let copy = self.desk.join(name);
            match std::fs::copy(self.data.join(name), &copy) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    let _ = std::fs::remove_file(&copy);
                }
                copied => drop(copied.context("copy the database")?),
            }
        }
        let output = Command::new("sqlite3")
            .arg(self.desk.join(DATABASE[0]))
            .arg("PRAGMA integrity_check")
            .kill_on_drop(true)
            .output()
            .await
            .context("start sqlite3; it is in the package of the same name")?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.success() && said.trim() == "ok",
            "SQLite's integrity_check says: {said} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        self.checks += 1;
        Ok(())
    }
}
