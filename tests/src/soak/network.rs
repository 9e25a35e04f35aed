//! The network of a soak: one namespace for each place, joined by a bridge in a namespace of its own, so that
//! nothing of it touches the machine's network and a cable can really be pulled.
//!
//! Everything bears the number of the process that made it. It is removed when the [`Network`] is dropped, also after
//! a failure; what a killed run has left behind is removed by the next one.

use std::ffi::OsString;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use rustix::process::geteuid;

/// What the names of our namespaces begin with.
const PREFIX: &str = "holdfast-soak-";

/// Where the programs of a soak stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The server.
    Server,
    /// The visitors.
    Visitors,
    /// The agents.
    Agents,
    /// The proxy between some visitors and the server.
    Proxy,
}

/// All places.
const PLACES: [Place; 4] = [Place::Server, Place::Visitors, Place::Agents, Place::Proxy];

impl Place {
    /// For names and people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Visitors => "visitors",
            Self::Agents => "agents",
            Self::Proxy => "proxy",
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::Server => 1,
            Self::Visitors => 2,
            Self::Agents => 3,
            Self::Proxy => 4,
        }
    }
}

/// The network, laid.
#[derive(Debug)]
pub enum Network {
    /// Real cables.
    Cables(Cables),
    /// Everything on this machine's loopback, for people who are not root: no cable can be pulled.
    Loopback,
}

/// Namespaces and the links between them. Dropping it removes them, and ends what runs in them.
#[derive(Debug)]
pub struct Cables {
    owner: u32,
}

impl Network {
    /// Lays real cables, or none.
    ///
    /// # Errors
    /// When namespaces can't be made here, with what to do.
    pub fn lay(with_cables: bool) -> Result<Self> {
        if !with_cables {
            return Ok(Self::Loopback);
        }
        if !geteuid().is_root() {
            bail!(
                "needs root for network namespaces: run it as root, or use `--without-network`, which leaves out the \
                 pulled cables and the full disk"
            );
        }
        Ok(Self::Cables(Cables::lay().context(
            "can't make network namespaces here (is iproute2 installed, and is this a container that may?); \
             `--without-network` leaves out the pulled cables and the full disk",
        )?))
    }

    /// Whether there are cables to be pulled.
    #[must_use]
    pub fn has_cables(&self) -> bool {
        matches!(self, Self::Cables(_))
    }

    /// An address for a program at `place` that will listen on `port`.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn address(&self, place: Place, port: u16) -> Result<SocketAddr> {
        Ok(match self {
            Self::Cables(_) => SocketAddr::new(ip(place), port),
            Self::Loopback => TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?,
        })
    }

    /// How `program` is started at `place`.
    #[must_use]
    pub fn command(&self, place: Place, program: &Path) -> (OsString, Vec<OsString>) {
        match self {
            Self::Cables(cables) => {
                let words = ["netns", "exec", &cables.namespace(place.name())].map(OsString::from);
                let mut words = words.to_vec();
                words.push(program.into());
                ("ip".into(), words)
            }
            Self::Loopback => (program.into(), Vec::new()),
        }
    }

    /// Pulls the cable of a place (its interface sees no carrier), or plugs it in again.
    ///
    /// # Errors
    /// When `ip` fails.
    pub fn plug(&self, place: Place, is_in: bool) -> Result<()> {
        let Self::Cables(cables) = self else {
            bail!("there are no cables");
        };
        let hub = cables.namespace("hub");
        ip_command(&[
            "-n",
            &hub,
            "link",
            "set",
            place.name(),
            if is_in { "up" } else { "down" },
        ])
    }

    /// Takes the interface of a place down, as its owner does, or up again.
    ///
    /// # Errors
    /// When `ip` fails.
    pub fn switch(&self, place: Place, is_on: bool) -> Result<()> {
        let Self::Cables(cables) = self else {
            bail!("there are no cables");
        };
        let namespace = cables.namespace(place.name());
        ip_command(&[
            "-n",
            &namespace,
            "link",
            "set",
            "eth0",
            if is_on { "up" } else { "down" },
        ])
    }
}

impl Cables {
    fn lay() -> Result<Self> {
        remove_leftovers();
        let cables = Self {
            owner: std::process::id(),
        };
        let hub = cables.namespace("hub");
        ip_command(&["netns", "add", &hub])?;
        ip_command(&["-n", &hub, "link", "add", "bridge", "type", "bridge"])?;
        ip_command(&["-n", &hub, "link", "set", "bridge", "up"])?;
        for place in PLACES {
            let (name, space) = (place.name(), cables.namespace(place.name()));
            let address = format!("{}/24", ip(place));
            ip_command(&["netns", "add", &space])?;
            let link = ["-n", &hub, "link", "add", name, "type", "veth"];
            ip_command(&[&link[..], &["peer", "name", "eth0", "netns", &space]].concat())?;
            ip_command(&["-n", &hub, "link", "set", name, "master", "bridge", "up"])?;
            ip_command(&["-n", &space, "addr", "add", &address, "dev", "eth0"])?;
            ip_command(&["-n", &space, "link", "set", "eth0", "up"])?;
            ip_command(&["-n", &space, "link", "set", "lo", "up"])?;
        }
        Ok(cables)
    }

    fn namespace(&self, name: &str) -> String {
        format!("{PREFIX}{}-{name}", self.owner)
    }
}

impl Drop for Cables {
    fn drop(&mut self) {
        remove(self.owner);
    }
}

fn ip(place: Place) -> IpAddr {
    Ipv4Addr::new(10, 77, 0, place.number()).into()
}

/// Removes the namespaces of runs whose process is gone, and ends what still runs in them.
fn remove_leftovers() {
    for owner in owners() {
        let is_alive = Path::new("/proc").join(owner.to_string()).exists();
        if !is_alive || owner == std::process::id() {
            remove(owner);
        }
    }
}

fn owners() -> Vec<u32> {
    let mut owners: Vec<u32> = namespaces().iter().filter_map(|name| owner(name)).collect();
    owners.dedup();
    owners
}

fn owner(namespace: &str) -> Option<u32> {
    let (owner, _) = namespace.strip_prefix(PREFIX)?.split_once('-')?;
    owner.parse().ok()
}

fn namespaces() -> Vec<String> {
    let entries = fs::read_dir("/run/netns").into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

fn remove(of: u32) {
    for name in namespaces().iter().filter(|name| owner(name) == Some(of)) {
        let inhabitants = Command::new("ip").args(["netns", "pids", name]).output();
        for pid in inhabitants.iter().flat_map(|out| {
            let pids = String::from_utf8_lossy(&out.stdout).into_owned();
            pids.split_whitespace()
                .filter_map(|pid| rustix::process::Pid::from_raw(pid.parse().ok()?))
                .collect::<Vec<_>>()
        }) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        let _ = ip_command(&["netns", "del", name]);
    }
}

fn ip_command(words: &[&str]) -> Result<()> {
    let output = Command::new("ip")
        .args(words)
        .output()
        .context("start `ip`; it is in the package iproute2")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`ip {}` failed: {}", words.join(" "), said.trim());
    }
    Ok(())
}
