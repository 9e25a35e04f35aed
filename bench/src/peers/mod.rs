//! Other servers that carry messages, where this machine has them: what the same work costs there.
//!
//! They stand on their own legs: a program of theirs on a free port, with hardly any configuration. None of them syncs to
//! disk before it acknowledges.

use std::env;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use holdfast_tests::foreign::tools;
use holdfast_tests::process::Process;
use holdfast_tests::proxy::reserve;
use tempfile::TempDir;

use crate::fleet::Texts;
use crate::gauge::Gauge;
use crate::stage::folder;

/// Where Debian keeps programs for root, which is not on everybody's search path.
const ROOTS_PROGRAMS: &str = "/usr/sbin";

/// The relay on Socket.IO, for `node -e`.
const SOCKET_IO: &str = include_str!("socket_io.js");

/// A server to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The MQTT broker.
    Mosquitto,
    /// npm's Socket.IO in Node.
    SocketIo,
}

/// A peer that this machine has.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) kind: Kind,
    program: PathBuf,
    /// npm's packages, of which Mosquitto needs none.
    packages: PathBuf,
}

/// A peer that serves. Dropping it ends it.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) gauge: Gauge,
    _process: Process,
    _folder: TempDir,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Mosquitto, Self::SocketIo];

    /// Looks for it on the search path, and in the folder of tools.
    ///
    /// # Errors
    /// One line that says how to get it, for who wants it.
    pub(crate) fn find(self) -> Result<Peer, &'static str> {
        let path = env::var_os("PATH").unwrap_or_default();
        let mut programs: Vec<PathBuf> = env::split_paths(&path).collect();
        programs.push(ROOTS_PROGRAMS.into());
        self.find_in(&programs, &tools().join("peers/node_modules"))
    }

    fn find_in(self, programs: &[PathBuf], packages: &Path) -> Result<Peer, &'static str> {
        let (name, has_packages, advice) = match self {
            Self::Mosquitto => (
                "mosquitto",
                true,
                "no Mosquitto on this machine; to measure beside it: apt-get install mosquitto",
            ),
            Self::SocketIo => (
                "node",
                packages.join("socket.io/package.json").is_file(),
                "no Socket.IO on this machine; to measure beside it: npm install --prefix .tools/peers socket.io",
            ),
        };
        let program = programs
            .iter()
            .map(|folder| folder.join(name))
            .find(|path| path.is_file())
            .filter(|_| has_packages)
            .ok_or(advice)?;
        Ok(Peer {
            kind: self,
            program,
            packages: packages.to_path_buf(),
        })
    }

    /// How the load speaks with it.
    pub(crate) fn texts(self) -> Texts {
        match self {
            Self::Mosquitto => Texts::Mqtt,
            Self::SocketIo => Texts::SocketIo,
        }
    }
}

impl Peer {
    /// Starts it, on a free port of loopback.
    ///
    /// # Errors
    /// When it does not get ready.
    pub(crate) async fn start(&self) -> Result<Running> {
        let folder = folder()?;
        let (process, address) = match self.kind {
            Kind::Mosquitto => self.start_mosquitto(folder.path()).await?,
            Kind::SocketIo => self.start_socket_io().await?,
        };
        Ok(Running {
            address,
            gauge: Gauge::new(process.id()),
            _process: process,
            _folder: folder,
        })
    }

    async fn start_mosquitto(&self, folder: &Path) -> Result<(Process, SocketAddr)> {
        let port = reserve(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = port.local_addr()?.as_socket().context("a port")?;
        let config = folder.join("mosquitto.conf");
        let listener = format!("listener {} {}", address.port(), address.ip());
        // Everything in memory, and no waiting for fuller packets.
        let text = format!(
            "{listener}\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\n\
             log_dest stderr\nlog_type information\nlog_type error\nconnection_messages false\n"
        );
        std::fs::write(&config, text)?;
        let process = Process::start(&self.program, [Path::new("-c"), &config])?;
        let ready = process.stderr.wait_for("Mosquitto is ready", |lines| {
            let line = lines.iter().find(|line| line.ends_with(" running"))?;
            // The time of day stands before it.
            line.split_once(": ").map(|(_, words)| words.to_owned())
        });
        eprintln!("  {}", ready.await?);
        Ok((process, address))
    }

    async fn start_socket_io(&self) -> Result<(Process, SocketAddr)> {
        let packages = self.packages.display().to_string();
        let process = Process::start(&self.program, ["-e", SOCKET_IO, &packages])?;
        let ready = process.stdout.wait_for("Socket.IO's address", |lines| {
            let (address, version) = lines.first()?.strip_prefix("ready ")?.split_once(' ')?;
            Some((address.parse().ok()?, version.to_owned()))
        });
        let (address, version) = ready.await?;
        eprintln!("  Socket.IO {version} running");
        Ok((process, address))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_not_there_is_told_with_the_way_to_get_it() {
        let empty = tempfile::tempdir().unwrap();
        for (kind, way) in [
            (Kind::Mosquitto, "apt-get install mosquitto"),
            (
                Kind::SocketIo,
                "npm install --prefix .tools/peers socket.io",
            ),
        ] {
            let advice = kind.find_in(&[empty.path().into()], empty.path());
            assert!(advice.unwrap_err().ends_with(way), "{kind:?}");
        }
    }

    #[test]
    fn node_alone_is_no_peer() {
        let folder = tempfile::tempdir().unwrap();
        let programs = [folder.path().to_path_buf()];
        fs::write(folder.path().join("node"), "").unwrap();
        assert!(Kind::SocketIo.find_in(&programs, folder.path()).is_err());
        fs::create_dir(folder.path().join("socket.io")).unwrap();
        fs::write(folder.path().join("socket.io/package.json"), "").unwrap();
        let found = Kind::SocketIo.find_in(&programs, folder.path()).unwrap();
        assert_eq!(found.program, folder.path().join("node"));
    }
}
