//! The two ports: visitors' WebSockets and the pages on one, agents' lines over TLS on the other.

pub mod agents;
mod assets;
mod encoding;
pub mod http;
pub mod lines;
mod socket;
pub mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections that the kernel holds until they are accepted: a storm of reconnects overflows the usual 128,
/// and who falls out waits a second for the next try.
const BACKLOG: u32 = 4096;

/// Files that are not connections: the database, its readers, logs, and what a library opens for a moment.
const OTHER_FILES: u64 = 128;

/// Connections that may be open beyond those that are served, so that who is refused can be told why.
const REFUSED: usize = 64;

/// A process without a limit of open files is no reason to take in more than this.
const CONNECTIONS_MAX: u64 = 1_000_000;

/// When the machine can't accept, a pause keeps the log readable.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How many connections this process serves at once, over both ports. Each is an open file.
#[derive(Clone, Debug)]
pub struct Capacity {
    sockets: Arc<Semaphore>,
    links: Arc<Semaphore>,
}

impl Capacity {
    /// As many as the process may open files.
    #[must_use]
    pub fn of_process() -> Self {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        let files = limit.current.unwrap_or(CONNECTIONS_MAX);
        let sockets = files.saturating_sub(OTHER_FILES).clamp(8, CONNECTIONS_MAX);
        Self::new(usize::try_from(sockets).unwrap_or(usize::MAX))
    }

    fn new(sockets: usize) -> Self {
        let links = sockets - REFUSED.min(sockets / 2);
        Self {
            sockets: Arc::new(Semaphore::new(sockets)),
            links: Arc::new(Semaphore::new(links)),
        }
    }

    /// A place for one more socket, as soon as there is one.
    async fn socket(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.sockets).acquire_owned().await.ok()
    }

    /// A place for one more reader, if there is one.
    fn link(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.links).try_acquire_owned().ok()
    }
}

/// Words for a reader for whom there is no place.
const FULL: &str = "the server has as many connections as it can hold; it is tried again";

/// Listens on an address. `option` is the flag that chooses another.
///
/// # Errors
/// When the address is taken or not this machine's; the error names the option.
pub fn bind(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A restart must not wait for the old connections' last packets.
    socket.set_reuseaddr(true)?;
    let bound = socket.bind(address).and_then(|()| socket.listen(BACKLOG));
    bound.map_err(|error| {
        let cause = if error.kind() == std::io::ErrorKind::AddrInUse {
            "is taken by another program".to_owned()
        } else {
            format!("can't be used ({error})")
        };
        anyhow::anyhow!("{option} {address} {cause}; choose another with {option} ADDR")
    })
}

/// The address that was bound, which differs from the wanted one where its port was 0.
///
/// # Errors
/// When the system does not tell.
pub fn bound(listener: &TcpListener) -> anyhow::Result<SocketAddr> {
    listener
        .local_addr()
        .context("can't tell the bound address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_told_with_its_option() {
        let taken = bind("127.0.0.1:0".parse().unwrap(), "--http").unwrap();
        let address = bound(&taken).unwrap();
        let error = bind(address, "--http").unwrap_err().to_string();
        assert!(error.contains("choose another with --http ADDR"), "{error}");
    }

    #[tokio::test]
    async fn a_full_server_has_sockets_left_to_say_so() {
        let capacity = Capacity::new(8);
        let links: Vec<_> = std::iter::from_fn(|| capacity.link()).collect();
        assert_eq!(links.len(), 4);
        assert!(capacity.socket().await.is_some());
        drop(links);
        assert!(capacity.link().is_some());
    }
}
