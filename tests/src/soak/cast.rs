//! Everybody who takes part in a soak, on one network.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;

use super::Options;
use super::agents::Agent;
use super::board::{Board, Sight};
use super::network::Network;
use super::nginx::Nginx;
use super::recovery::PATIENCE;
use super::server::Server;
use super::visitors::{Invitation, Visitor};
use crate::disk::Disk;

/// How many visitors there are. The odd ones come by the proxy.
const VISITORS: usize = 4;

/// The visitor with a real browser, by the proxy. Agents write to it at heals alone: reading a long list out of a
/// browser again and again would keep a small machine busy.
pub const BROWSER: &str = "vb";

/// How many tabs each of the others has: the second reads what the first one writes.
const TABS: usize = 2;

/// How many agents there are, each with the whole site's stream on the screen.
const AGENTS: usize = 3;

/// How many milliseconds pass between two messages of a tab, on average: a dozen messages a second in all, so that a
/// SIGKILL at a random moment is one under load.
const TAB_EVERY: u64 = 800;

/// The same of an agent.
const AGENT_EVERY: u64 = 700;

/// The server's disk: enough for the longest run, and soon filled.
const DISK_MB: u32 = 64;

/// Everybody. Dropping it ends all programs and takes the network away.
pub struct Cast {
    /// The server.
    pub server: Server,
    /// Its disk, where this user may mount one.
    pub disk: Option<Disk>,
    /// The proxy.
    pub nginx: Nginx,
    /// The visitors.
    pub visitors: Vec<Visitor>,
    /// The agents.
    pub agents: Vec<Agent>,
    /// What the screens show.
    pub board: Arc<Board>,
    /// Fails when a program ends by itself.
    pub crew: JoinSet<Result<()>>,
    /// The cables. After the programs, so that what is left of them goes with it.
    pub network: Network,
}

impl Cast {
    /// Starts everybody, and lets each visitor be met by each agent.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn gather(folder: &Path, options: &Options) -> Result<Self> {
        let network = Network::lay(!options.without_network)?;
        let (disk, data) = if network.has_cables() {
            let place = tempfile::Builder::new()
                .prefix("disk-")
                .tempdir_in(folder)?;
            let disk = Disk::at(place, DISK_MB)?;
            let data = disk.path().join("data");
            (Some(disk), data)
        } else {
            (None, folder.join("data"))
        };
        let server = Server::start(&network, &data, &folder.join("copies")).await?;
        let nginx = Nginx::start(&network, server.http, &folder.join("nginx")).await?;
        let mut cast = Self {
            server,
            disk,
            nginx,
            visitors: Vec::new(),
            agents: Vec::new(),
            board: Arc::new(Board::new(&folder.join("timeline"))?),
            crew: JoinSet::new(),
            network,
        };
        cast.hire(&folder.join("agents")).await?;
        cast.invite(&folder.join("visitors"), !options.without_browser)?;
        cast.greet().await?;
        Ok(cast)
    }

    /// Everything that `text` must be seen on when a visitor's tab writes it.
    pub fn screens_for(&self, visitor: &Visitor) -> impl Iterator<Item = String> {
        let agents = self.agents.iter().map(|agent| agent.name.clone());
        visitor.tab_names().into_iter().chain(agents)
    }

    async fn hire(&mut self, folder: &Path) -> Result<()> {
        for number in 0..AGENTS {
            let name = format!("a{number}");
            let address = self.server.add_agent(&name).await?;
            self.agents.push(Agent::start(
                &self.network,
                (&name, &address),
                &folder.join(&name),
                AGENT_EVERY,
                self.board.clone(),
                &mut self.crew,
            )?);
        }
        // A client that comes later begins with a snapshot, and its screen is not the whole stream.
        for agent in &self.agents {
            agent.online().await?;
        }
        Ok(())
    }

    fn invite(&mut self, folder: &Path, with_browser: bool) -> Result<()> {
        for number in 0..VISITORS {
            let by_proxy = number % 2 == 1;
            let place = if by_proxy {
                self.nginx.address
            } else {
                self.server.http
            };
            let url = format!("ws://{place}/ws");
            self.invite_one(folder, format!("v{number}"), url, Some(TAB_EVERY))?;
        }
        if with_browser {
            let url = format!("http://{}/", self.nginx.address);
            self.invite_one(folder, BROWSER.to_owned(), url, None)?;
        }
        Ok(())
    }

    fn invite_one(
        &mut self,
        folder: &Path,
        name: String,
        url: String,
        every: Option<u64>,
    ) -> Result<()> {
        let folder: PathBuf = folder.join(&name);
        let invitation = Invitation {
            name,
            tabs: if every.is_some() { TABS } else { 1 },
            url,
            folder: &folder,
            every,
        };
        let board = self.board.clone();
        let visitor = Visitor::start(&self.network, invitation, board, &mut self.crew)?;
        self.visitors.push(visitor);
        Ok(())
    }

    async fn greet(&self) -> Result<()> {
        let mut sights = Vec::new();
        for visitor in &self.visitors {
            let text = format!("{}t0 hello", visitor.name);
            sights.extend(self.screens_for(visitor).map(|screen| Sight {
                screen,
                text: text.clone(),
            }));
        }
        self.board.expect(sights);
        for visitor in &self.visitors {
            visitor
                .write(0, format!("{}t0 hello", visitor.name))
                .await?;
        }
        let met = self.board.complete(PATIENCE).await;
        met.map_err(|missing| anyhow::anyhow!("the greetings did not arrive: {missing:?}"))?;
        let rooms: BTreeSet<u64> = self.board.rooms().into_values().collect();
        (rooms.len() == self.visitors.len())
            .then_some(())
            .context("two visitors in one conversation")
    }
}
