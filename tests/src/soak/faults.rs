//! What goes wrong: each fault has a beginning and an end.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context as _, Result};

use super::cast::Cast;
use super::network::Place;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server dies by SIGKILL.
    ServerKilled,
    /// The server is frozen by SIGSTOP.
    ServerFrozen,
    /// The server's disk is full.
    DiskFull,
    /// The cable of a place is pulled: no carrier.
    Cable(Place),
    /// The interface of a place is taken down.
    Interface(Place),
    /// A visitor's process dies by SIGKILL, with all tabs.
    VisitorKilled(usize),
    /// An agent's client dies by SIGKILL.
    AgentKilled(usize),
    /// The proxy dies by SIGKILL.
    ProxyKilled,
}

impl Fault {
    /// Whether it needs the namespaces or the small disk, which only root can make.
    #[must_use]
    pub fn needs_root(self) -> bool {
        match self {
            Self::DiskFull | Self::Cable(_) | Self::Interface(_) => true,
            Self::ServerKilled
            | Self::ServerFrozen
            | Self::VisitorKilled(_)
            | Self::AgentKilled(_)
            | Self::ProxyKilled => false,
        }
    }

    /// Lets it begin.
    ///
    /// # Errors
    /// When it can't, or when it shows that the database is not whole.
    pub async fn begin(self, cast: &mut Cast) -> Result<()> {
        match self {
            Self::ServerKilled => cast.server.kill().await,
            Self::ServerFrozen => cast.server.freeze(true),
            Self::DiskFull => cast.disk.as_ref().context("no small disk")?.fill(),
            Self::Cable(place) => cast.network.plug(place, false),
            Self::Interface(place) => cast.network.switch(place, false),
            Self::VisitorKilled(number) => cast.visitors[number].kill().await,
            Self::AgentKilled(number) => cast.agents[number].kill().await,
            Self::ProxyKilled => cast.nginx.kill().await,
        }
    }

    /// Ends it; returns when nothing of it is in the way any more.
    ///
    /// # Errors
    /// When it can't.
    pub async fn end(self, cast: &mut Cast) -> Result<()> {
        match self {
            Self::ServerKilled => cast.server.start_again().await,
            Self::ServerFrozen => cast.server.freeze(false),
            Self::DiskFull => cast.disk.as_ref().context("no small disk")?.make_room(),
            Self::Cable(place) => cast.network.plug(place, true),
            Self::Interface(place) => cast.network.switch(place, true),
            Self::VisitorKilled(number) => cast.visitors[number].start_again().await,
            Self::AgentKilled(number) => cast.agents[number].start_again().await,
            Self::ProxyKilled => cast.nginx.start_again().await,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServerKilled => f.write_str("server killed"),
            Self::ServerFrozen => f.write_str("server frozen"),
            Self::DiskFull => f.write_str("disk full"),
            Self::Cable(place) => write!(f, "cable pulled ({})", place.name()),
            Self::Interface(place) => write!(f, "interface down ({})", place.name()),
            Self::VisitorKilled(_) => f.write_str("visitor killed"),
            Self::AgentKilled(_) => f.write_str("agent killed"),
            Self::ProxyKilled => f.write_str("proxy killed"),
        }
    }
}

/// How often each kind was let loose.
#[derive(Clone, Debug, Default)]
pub struct Tally(BTreeMap<String, usize>);

impl Tally {
    /// Counts one.
    pub fn count(&mut self, fault: Fault) {
        *self.0.entry(fault.to_string()).or_default() += 1;
    }

    /// How many of one kind there were.
    #[must_use]
    pub fn of(&self, fault: Fault) -> usize {
        self.0.get(&fault.to_string()).copied().unwrap_or(0)
    }

    /// Every kind with its count.
    pub fn all(&self) -> impl Iterator<Item = (&str, usize)> {
        self.0.iter().map(|(kind, count)| (kind.as_str(), *count))
    }
}
