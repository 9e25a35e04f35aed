//! Connections in memory, over a real log.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test waits for one kind of frame and passes over all others"
)]

mod agents;
mod identity;
mod lines;
mod people;
mod visitors;

use std::sync::Arc;
use std::time::Duration;

use holdfast_protocol::event::{AgentEvent, VisitorEvent};
use holdfast_protocol::frame::{
    AgentDown, AgentUp, AgentWelcome, Heartbeat, Hello, Login, Pace, Resume, VisitorDown,
    VisitorUp, VisitorWelcome,
};
use holdfast_protocol::id::{AgentId, EventId};
use holdfast_protocol::limits;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::*;
use crate::clock;
use crate::key::SiteId;
use crate::log::LogOptions;
use crate::presence::Grace;
use crate::secret;
use crate::store::Store;

/// What the test waits for at most before it says that it never came.
const PATIENCE: Duration = Duration::from_secs(60);

struct Place {
    shared: Arc<Shared>,
    site: SiteId,
    folder: tempfile::TempDir,
}

/// The server's end of a connection in memory.
struct Pipe {
    from_peer: mpsc::Receiver<Incoming>,
    to_peer: mpsc::Sender<String>,
}

/// The other end.
struct Peer {
    to_server: mpsc::Sender<Incoming>,
    from_server: mpsc::Receiver<String>,
    task: JoinHandle<()>,
}

impl Transport for Pipe {
    async fn recv(&mut self) -> Incoming {
        self.from_peer.recv().await.unwrap_or(Incoming::Closed)
    }

    async fn send(&mut self, frame: String) -> Result<(), Gone> {
        self.to_peer.send(frame).await.map_err(|_| Gone)
    }

    async fn ping(&mut self) -> Result<(), Gone> {
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        Ok(())
    }

    async fn close(&mut self) {}
}

impl Place {
    fn new() -> Self {
        Self::with(Heartbeat::default())
    }

    fn with(heartbeat: Heartbeat) -> Self {
        Self::build(heartbeat, || Millis(0), clock::wall)
    }

    /// By another clock on the wall than the machine's.
    fn by(wall: fn() -> Millis) -> Self {
        Self::build(Heartbeat::default(), || Millis(0), wall)
    }

    /// Every read and every commit waits for the disk so long.
    fn on_disk(wait: fn() -> Millis) -> Self {
        Self::build(Heartbeat::default(), wait, clock::wall)
    }

    fn build(heartbeat: Heartbeat, wait: fn() -> Millis, wall: fn() -> Millis) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path(), 1 << 20).unwrap();
        let site = store.add_site("shop").unwrap().unwrap().id;
        let options = LogOptions {
            retain: Millis::from_secs(86_400),
            wall,
        };
        let clock = Clock::new(wall);
        let grace = Grace {
            visitor: Millis(0),
            agent: Millis(0),
        };
        // Without threads of its own, for which a clock that is moved by the runtime does not wait.
        let (log, writer) = Log::start_inline(store, options, wait).unwrap();
        tokio::spawn(writer);
        let shared = Arc::new(Shared {
            log,
            presence: Presence::new(grace, clock),
            board: Board::default(),
            clock,
            draw_token: secret::draw,
            heartbeat,
            handshake: limits::HANDSHAKE,
            stop: CancellationToken::new(),
        });
        tokio::spawn(board::run(shared.clone()));
        tokio::spawn(shared.log.clone().keep());
        Self {
            shared,
            site,
            folder,
        }
    }

    /// Somebody's address, as an administrator beside the server makes it.
    fn agent(&self, name: &str) -> (AgentId, String) {
        let mut store = Store::open(self.folder.path(), 0).unwrap();
        let token = secret::draw().unwrap();
        let hash = secret::hash(&token);
        let id = store.add_agent(self.site, name, hash).unwrap();
        (id, token)
    }

    /// Changes a site as an administrator beside the server does, and lets the server look.
    async fn administer(&self, change: impl FnOnce(&mut Store, SiteId)) {
        let mut store = Store::open(self.folder.path(), 0).unwrap();
        change(&mut store, self.site);
        self.shared.log.refresh_sites().await.unwrap();
    }

    fn connect_visitor(&self) -> Peer {
        let (pipe, to_server, from_server) = pipe();
        let task = tokio::spawn(visitor::run(pipe, self.shared.clone(), ()));
        Peer {
            to_server,
            from_server,
            task,
        }
    }

    fn connect_agent(&self) -> Peer {
        let (pipe, to_server, from_server) = pipe();
        let task = tokio::spawn(agent::run(pipe, self.shared.clone(), ()));
        Peer {
            to_server,
            from_server,
            task,
        }
    }

    async fn visitor(&self, token: Option<&str>, resume: Option<Resume>) -> (Peer, VisitorWelcome) {
        self.visitor_who(hello(token, resume)).await
    }

    async fn visitor_who(&self, hello: Hello) -> (Peer, VisitorWelcome) {
        let mut peer = self.connect_visitor();
        peer.say(&VisitorUp::Hello(hello)).await;
        match peer.hear().await {
            VisitorDown::Welcome(welcome) => (peer, welcome),
            other => panic!("{other:?}"),
        }
    }

    async fn agent_in(&self, token: &str, resume: Option<Resume>) -> (Peer, AgentWelcome) {
        let mut peer = self.connect_agent();
        peer.say(&login(token, resume)).await;
        match peer.hear().await {
            AgentDown::Welcome(welcome) => (peer, welcome),
            other => panic!("{other:?}"),
        }
    }
}

fn pipe() -> (Pipe, mpsc::Sender<Incoming>, mpsc::Receiver<String>) {
    let (to_server, from_peer) = mpsc::channel(64);
    let (to_peer, from_server) = mpsc::channel(4);
    let pipe = Pipe { from_peer, to_peer };
    (pipe, to_server, from_server)
}

fn hello(token: Option<&str>, resume: Option<Resume>) -> Hello {
    Hello {
        version: limits::VERSION,
        site: "shop".to_owned(),
        token: token.map(str::to_owned),
        resume,
        page: None,
        locale: Some("en".to_owned()),
        identity: None,
        profile: None,
        pace: Pace::Strict,
    }
}

fn login(token: &str, resume: Option<Resume>) -> AgentUp {
    AgentUp::Login(Login {
        version: limits::VERSION,
        token: token.to_owned(),
        resume,
    })
}

fn said(id: u128, text: &str) -> VisitorUp {
    VisitorUp::Send {
        id: EventId(id),
        text: text.to_owned(),
    }
}

impl Peer {
    async fn say<F: Serialize>(&self, frame: &F) {
        self.say_text(&serde_json::to_string(frame).unwrap()).await;
    }

    async fn say_text(&self, text: &str) {
        let text = Incoming::Text(text.to_owned());
        self.to_server.send(text).await.unwrap();
    }

    async fn hear_text(&mut self) -> Option<String> {
        tokio::time::timeout(PATIENCE, self.from_server.recv())
            .await
            .expect("it never came")
    }

    async fn hear<F: DeserializeOwned>(&mut self) -> F {
        let text = self.hear_text().await.expect("the server has closed");
        serde_json::from_str(&text).expect(&text)
    }

    /// Returns when the server has taken in all that a visitor has said.
    async fn pong(&mut self) {
        self.say(&VisitorUp::Ping { n: 1 }).await;
        self.until(|down| matches!(down, VisitorDown::Pong { .. }).then_some(()))
            .await;
    }

    /// The first frame of which `pick` makes something; what comes before it is passed over.
    async fn until<F: DeserializeOwned, R>(&mut self, pick: impl Fn(F) -> Option<R>) -> R {
        loop {
            if let Some(picked) = pick(self.hear().await) {
                return picked;
            }
        }
    }

    async fn visitor_events(&mut self) -> Vec<VisitorEvent> {
        self.until(|down| match down {
            VisitorDown::Events { events } => Some(events),
            _ => None,
        })
        .await
    }

    async fn agent_events(&mut self) -> Vec<AgentEvent> {
        self.until(|down| match down {
            AgentDown::Events { events } => Some(events),
            _ => None,
        })
        .await
    }

    /// As many of a site's events, however they are divided.
    async fn agent_event_count(&mut self, count: usize) -> Vec<AgentEvent> {
        let mut events = Vec::new();
        while events.len() < count {
            events.extend(self.agent_events().await);
        }
        events
    }

    /// Returns when the server has closed the connection.
    async fn closed(mut self) {
        drop(self.to_server);
        let rest = async { while self.from_server.recv().await.is_some() {} };
        tokio::time::timeout(PATIENCE, rest).await.unwrap();
        tokio::time::timeout(PATIENCE, self.task)
            .await
            .unwrap()
            .unwrap();
    }
}
