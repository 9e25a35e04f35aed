//! Puts the server together, and takes it apart again.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::{self, Clock};
use crate::config::Config;
use crate::folder::{Folder, ServeLock};
use crate::link::Shared;
use crate::link::board::{self, Board};
use crate::listen::tls::Identity;
use crate::listen::{self, Capacity, agents, http};
use crate::log::{Log, LogOptions};
use crate::presence::Presence;
use crate::secret;
use crate::store::Store;

/// Who waits for a stop (a person, a service manager) waits no longer than this for the connections.
const STOP: Duration = Duration::from_secs(5);

/// The site of the demo shop.
const DEMO_SITE: &str = "demo";

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    /// The visitors' address, as bound.
    pub http: SocketAddr,
    /// The agents' address, as bound.
    pub agents: SocketAddr,
    shared: Arc<Shared>,
    tasks: TaskTracker,
    /// Ends when the log's writer has ended.
    keeper: JoinHandle<()>,
    _lock: ServeLock,
}

/// Runs the server until it is told to stop.
///
/// # Errors
/// When it can't start; the error says what to change.
pub fn run(config: Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut server = Server::start(config)?;
        println!("ready http={} agents={}", server.http, server.agents);
        let is_told = tokio::select! {
            _ = interrupt.recv() => true,
            _ = terminate.recv() => true,
            _ = &mut server.keeper => false,
        };
        tracing::info!("stopping");
        server.stop().await;
        ensure!(
            is_told,
            "the log's writer has ended by itself; start the server again"
        );
        Ok(())
    })
}

impl Server {
    /// Starts a server.
    ///
    /// # Errors
    /// When the data folder is in use, a port is taken, or a file can't be read.
    pub fn start(config: Config) -> anyhow::Result<Self> {
        let folder = Folder::open(&config.data)?;
        let lock = folder.lock()?;
        let http_listener = listen::bind(config.http, "--http")?;
        let agents_listener = listen::bind(config.agents, "--agents")?;
        let (http, agents) = (
            listen::bound(&http_listener)?,
            listen::bound(&agents_listener)?,
        );
        let identity = Identity::open(&folder, config.tls.as_ref())?;
        tracing::info!(
            fingerprint = identity.fingerprint(),
            "the agents' certificate"
        );
        let tls = identity.server_config()?;
        let shared = Arc::new(share(&config, &folder)?);
        let public = config.agents_public.clone();
        folder.set_agents_address(&public.unwrap_or_else(|| reachable(agents).to_string()))?;

        let (tasks, capacity) = (TaskTracker::new(), Capacity::of_process());
        let keeper = tokio::spawn(shared.log.clone().keep());
        tasks.spawn(board::run(shared.clone()));
        tasks.spawn(http::serve(
            http_listener,
            shared.clone(),
            capacity.clone(),
            tasks.clone(),
            config.demo,
        ));
        tasks.spawn(agents::serve(
            agents_listener,
            tls,
            shared.clone(),
            capacity,
            tasks.clone(),
        ));
        Ok(Self {
            http,
            agents,
            shared,
            tasks,
            keeper,
            _lock: lock,
        })
    }

    /// Tells all readers, commits what was accepted, and ends.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(STOP, self.tasks.wait()).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        self.shared.log.stop().await;
    }
}

fn share(config: &Config, folder: &Folder) -> anyhow::Result<Shared> {
    let random = secret::draw_u64()?;
    let mut store = Store::open(folder.path(), random)
        .with_context(|| format!("in the data folder {}", folder.path().display()))?;
    if config.demo {
        store.add_site(DEMO_SITE)?;
    }
    let options = LogOptions {
        retain: config.retain,
        wall: clock::wall,
    };
    let clock = Clock::new(clock::wall);
    Ok(Shared {
        log: Log::start(store, options)?,
        presence: Presence::new(config.grace, clock),
        board: Board::default(),
        clock,
        draw_token: secret::draw,
        heartbeat: config.heartbeat,
        handshake: config.handshake,
        stop: CancellationToken::new(),
    })
}

/// An address that a client on this machine can dial: "any" is none.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, address.port())
}
