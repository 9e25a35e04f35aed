//! A TCP proxy with a bad temper: it stands between a client and the server and does to the line what
//! tunnels, lifts, sleeping phones and forgetful routers do.
//!
//! | call | what the two ends notice |
//! | --- | --- |
//! | [`Proxy::stall`] | nothing: no byte moves, no close event comes; after [`Proxy::heal`] the bytes flow |
//! | [`Proxy::lose`] | nothing: bytes vanish; the connection can never be used again |
//! | [`Proxy::reset`] | a TCP reset, at once |
//! | [`Proxy::refuse`] | new connections are refused until the line is healed |
//! | [`Proxy::withhold`] | a TCP reset, where one of some files is asked for, until the line is healed |
//! | [`Proxy::delay`] | every byte comes that much later, in order |
//! | [`Proxy::cut_after`] | a reset in the middle of a frame |

mod line;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result};
use socket2::{Domain, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

/// A way along the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// Both ways at once.
pub const BOTH: [Way; 2] = [Way::Up, Way::Down];

/// What becomes of connections whose bytes were lost, when the line heals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgotten {
    /// Both ends get a reset, as from a router that lost its table and says so.
    Reset,
    /// They stay open and silent for ever, as behind a router that says nothing.
    Silent,
}

/// Which connections the temper applies to; the others always pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every connection.
    All,
    /// WebSockets only, told by their first request: pages still load while the chat's line is cut.
    WebSockets,
}

/// What has happened on the line so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that came, within the [`Scope`].
    pub accepted: usize,
    /// Connections that are open now, within the [`Scope`].
    pub open: usize,
    /// Bytes that arrived at the proxy from the client.
    pub up: usize,
    /// Bytes that arrived at the proxy from the server.
    pub down: usize,
}

/// The running proxy and its control handle. Dropping it closes everything.
pub struct Proxy {
    shared: Arc<Shared>,
    addr: SocketAddr,
    door: mpsc::Sender<(Door, oneshot::Sender<()>)>,
    accepting: JoinHandle<()>,
    // Bound and never listening: keeps the port ours while it refuses.
    _reservation: Socket,
}

impl Proxy {
    /// Starts a proxy on a free port of the loopback interface, for every connection.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(upstream: SocketAddr) -> Result<Self> {
        Self::start_for(upstream, Scope::All).await
    }

    /// Starts a proxy whose temper applies to `scope` only.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start_for(upstream: SocketAddr, scope: Scope) -> Result<Self> {
        let reservation = reserve(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let addr = reservation
            .local_addr()?
            .as_socket()
            .context("the proxy's own address")?;
        let listener = TcpListener::bind(addr).await.context("bind the proxy")?;
        let shared = Arc::new(Shared {
            upstream,
            scope,
            conditions: watch::Sender::new(Conditions::default()),
            counts: watch::Sender::new(Counts::default()),
            fates: Mutex::default(),
            budget: Mutex::default(),
            withheld: Mutex::default(),
        });
        let (door, commands) = mpsc::channel(1);
        let accepting = tokio::spawn(accept(shared.clone(), addr, listener, commands));
        Ok(Self {
            shared,
            addr,
            door,
            accepting,
            _reservation: reservation,
        })
    }

    /// Where clients connect.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Holds every byte and every close event that goes one of these ways, until [`Proxy::heal`].
    /// New connections are accepted and held too.
    pub fn stall(&self, ways: &[Way]) {
        self.set(ways, Flow::Stall);
    }

    /// Forgets every byte and every close event that goes one of these ways. Connections that
    /// are open, or come before [`Proxy::heal`], are spoiled for good.
    pub fn lose(&self, ways: &[Way]) {
        self.set(ways, Flow::Lose);
        for fate in self.shared.fates().values() {
            fate.send_modify(|fate| fate.spoil(ways));
        }
    }

    /// Makes the line whole again. Stalled bytes flow on; spoiled connections meet `forgotten`.
    ///
    /// # Errors
    /// When the proxy refused and its port can't be opened again.
    pub async fn heal(&self, forgotten: Forgotten) -> Result<()> {
        lock(&self.shared.withheld).take();
        self.open_or_shut(Door::Open).await?;
        self.shared.conditions.send_modify(|now| {
            now.up.flow = Flow::Pass;
            now.down.flow = Flow::Pass;
        });
        if forgotten == Forgotten::Reset {
            for fate in self.shared.fates().values() {
                fate.send_if_modified(|fate| {
                    fate.reset |= fate.is_spoiled();
                    fate.reset
                });
            }
        }
        Ok(())
    }

    /// Resets every open connection, at both ends.
    pub fn reset(&self) {
        for fate in self.shared.fates().values() {
            fate.send_modify(|fate| fate.reset = true);
        }
    }

    /// Resets what is open and refuses what comes, until [`Proxy::heal`].
    ///
    /// # Errors
    /// When the proxy has died.
    pub async fn refuse(&self) -> Result<()> {
        self.open_or_shut(Door::Shut).await?;
        self.reset();
        Ok(())
    }

    /// Resets each connection on which a file is asked for that has this in its path, whatever the [`Scope`], until
    /// [`Proxy::heal`].
    pub fn withhold(&self, part: &str) {
        *lock(&self.shared.withheld) = Some(part.to_owned());
    }

    /// Delays what arrives from now on, each way by its own time.
    pub fn delay(&self, up: Duration, down: Duration) {
        self.shared.conditions.send_modify(|now| {
            now.up.delay = up;
            now.down.delay = down;
        });
    }

    /// Resets the connection that carries the `bytes`-th byte from now on this way, right after it.
    pub fn cut_after(&self, way: Way, bytes: usize) {
        *lock(&self.shared.budget) = Some((way, bytes));
    }

    /// What has happened so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        *self.shared.counts.borrow()
    }

    /// Waits until `wanted` holds for the counts.
    ///
    /// # Errors
    /// When it does not within [`crate::wait::PATIENCE`].
    pub async fn wait_for(&self, what: &str, wanted: impl FnMut(&Counts) -> bool) -> Result<()> {
        let mut counts = self.shared.counts.subscribe();
        tokio::time::timeout(crate::wait::PATIENCE, counts.wait_for(wanted))
            .await
            .with_context(|| format!("the line never saw {what}: {:?}", self.counts()))?
            .context("the proxy has died")?;
        Ok(())
    }

    fn set(&self, ways: &[Way], flow: Flow) {
        self.shared.conditions.send_modify(|now| {
            for &way in ways {
                now.of_mut(way).flow = flow;
            }
        });
    }

    async fn open_or_shut(&self, to: Door) -> Result<()> {
        let (done, is_done) = oneshot::channel();
        self.door.send((to, done)).await.context("the proxy died")?;
        is_done.await.context("the proxy can't open its port")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.reset();
    }
}

/// Takes a port without listening on it, so that nobody else is given it.
///
/// # Errors
/// When the port is taken.
pub fn reserve(addr: SocketAddr) -> Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket
        .bind(&addr.into())
        .with_context(|| format!("reserve {addr}"))?;
    Ok(socket)
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Flow {
    #[default]
    Pass,
    Stall,
    Lose,
}

#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    flow: Flow,
    delay: Duration,
}

#[derive(Clone, Copy, Debug, Default)]
struct Conditions {
    up: Lane,
    down: Lane,
}

impl Conditions {
    fn of(&self, way: Way) -> Lane {
        match way {
            Way::Up => self.up,
            Way::Down => self.down,
        }
    }

    fn of_mut(&mut self, way: Way) -> &mut Lane {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }
}

/// What one connection has coming.
#[derive(Clone, Copy, Debug, Default)]
struct Fate {
    up_spoiled: bool,
    down_spoiled: bool,
    reset: bool,
}

impl Fate {
    fn spoil(&mut self, ways: &[Way]) {
        self.up_spoiled |= ways.contains(&Way::Up);
        self.down_spoiled |= ways.contains(&Way::Down);
    }

    fn is_spoiled(self) -> bool {
        self.up_spoiled || self.down_spoiled
    }

    fn has_spoiled(self, way: Way) -> bool {
        match way {
            Way::Up => self.up_spoiled,
            Way::Down => self.down_spoiled,
        }
    }
}

struct Shared {
    upstream: SocketAddr,
    scope: Scope,
    conditions: watch::Sender<Conditions>,
    counts: watch::Sender<Counts>,
    fates: Mutex<HashMap<u64, watch::Sender<Fate>>>,
    budget: Mutex<Option<(Way, usize)>>,
    /// In the path of what is not let through.
    withheld: Mutex<Option<String>>,
}

impl Shared {
    fn fates(&self) -> MutexGuard<'_, HashMap<u64, watch::Sender<Fate>>> {
        lock(&self.fates)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy, Debug)]
enum Door {
    Open,
    Shut,
}

async fn accept(
    shared: Arc<Shared>,
    addr: SocketAddr,
    listener: TcpListener,
    mut commands: mpsc::Receiver<(Door, oneshot::Sender<()>)>,
) {
    let mut listener = Some(listener);
    let mut next_id = 0;
    loop {
        tokio::select! {
            command = commands.recv() => {
                let Some((door, done)) = command else { return };
                listener = match door {
                    Door::Shut => None,
                    Door::Open if listener.is_some() => listener,
                    Door::Open => match TcpListener::bind(addr).await {
                        Ok(listener) => Some(listener),
                        // Dropping `done` tells the caller.
                        Err(_) => continue,
                    },
                };
                let _ = done.send(());
            }
            stream = next(listener.as_ref()) => {
                next_id += 1;
                tokio::spawn(line::carry(shared.clone(), next_id, stream));
            }
        }
    }
}

async fn next(listener: Option<&TcpListener>) -> TcpStream {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            return stream;
        }
    }
}
