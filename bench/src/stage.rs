//! The two servers under test: Holdfast with its sites and agents, and the relays.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, Result};
use holdfast_tests::address::Address;
use holdfast_tests::process::{Process, binary};
use holdfast_tests::server::{Server, operator};
use tempfile::TempDir;

use crate::baseline::Work;
use crate::fleet::Identity;
use crate::gauge::Gauge;

/// A server with its data.
pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) gauge: Gauge,
    folder: TempDir,
}

impl Stage {
    /// A server on a fresh folder, with sites `s0`, `s1`, …
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) async fn start(sites: usize) -> Result<Self> {
        let folder = folder()?;
        prepare(folder.path(), sites).await?;
        Self::start_on(folder).await
    }

    /// A server on a folder that was filled before.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) async fn start_on(folder: TempDir) -> Result<Self> {
        let server = Server::start_in(folder.path(), &[]).await?;
        Ok(Self {
            gauge: Gauge::new(server.pid()),
            server,
            folder,
        })
    }

    /// Takes an agent on.
    ///
    /// # Errors
    /// When the operator's command fails.
    pub(crate) async fn agent(&self, site: &str, name: &str) -> Result<Address> {
        let printed = operator(self.folder.path(), &["agent", "add", site, name]).await?;
        let line = printed.lines().find(|line| line.starts_with("holdfast://"));
        let address: Address = line.context("no address")?.parse()?;
        Ok(address.at(self.server.agents()))
    }

    /// One agent for each of the first `sites` sites.
    ///
    /// # Errors
    /// When the operator's command fails.
    pub(crate) async fn agents(&self, sites: usize) -> Result<Vec<Address>> {
        let mut agents = Vec::new();
        for site in 0..sites {
            agents.push(self.agent(&format!("s{site}"), "Ana").await?);
        }
        Ok(agents)
    }
}

/// Makes a data folder with sites.
///
/// # Errors
/// When the operator's command fails.
pub(crate) async fn prepare(data: &Path, sites: usize) -> Result<()> {
    for site in 0..sites {
        operator(data, &["site", "add", &format!("s{site}")]).await?;
    }
    Ok(())
}

/// A folder on the disk that is measured: beside the programs, since /tmp may be memory.
///
/// # Errors
/// When it can't be made.
pub(crate) fn folder() -> Result<TempDir> {
    let this = std::env::current_exe()?;
    let place = this.parent().context("this program's folder")?;
    Ok(tempfile::Builder::new()
        .prefix("bench-")
        .tempdir_in(place)?)
}

/// New visitors, shared out among the first `sites` sites.
pub(crate) fn strangers(count: usize, sites: usize) -> Vec<Identity> {
    let stranger = |number: usize| Identity {
        site: format!("s{}", number % sites),
        ..Identity::default()
    };
    (0..count).map(stranger).collect()
}

/// A baseline's server.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    pub(crate) gauge: Gauge,
    _process: Process,
    _folder: TempDir,
}

impl Relay {
    /// Starts a server that does this.
    ///
    /// # Errors
    /// When it does not get ready.
    pub(crate) async fn start(work: Work) -> Result<Self> {
        let folder = folder()?;
        let path = folder.path().display().to_string();
        let args = ["baseline", "--work", work.name(), "--folder", &path];
        let process = Process::start(binary("holdfast-bench")?, args)?;
        let address = process.stdout.wait_for("the baseline's address", |lines| {
            lines.first()?.strip_prefix("ready ")?.parse().ok()
        });
        Ok(Self {
            address: address.await?,
            gauge: Gauge::new(process.id()),
            _process: process,
            _folder: folder,
        })
    }
}
