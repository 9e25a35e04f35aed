//! The relay itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use tokio::sync::mpsc;

use super::journal::Journal;
use super::small;

/// Messages that wait for a visitor's or an agent's socket.
const WAITING: usize = 4096;

#[derive(Debug, Default)]
struct Peers {
    visitors: HashMap<u64, mpsc::Sender<Utf8Bytes>>,
    agents: Vec<mpsc::Sender<Utf8Bytes>>,
}

#[derive(Debug)]
struct Relay {
    peers: Mutex<Peers>,
    journal: Option<Journal>,
}

/// Who a socket's other end is.
enum Peer {
    Visitor(u64),
    Agent,
}

/// The relay at `/ws`; with a journal, what is passed on was synced before.
pub(super) fn router(journal: Option<Journal>) -> Router {
    let relay = Arc::new(Relay {
        peers: Mutex::default(),
        journal,
    });
    Router::new().route("/ws", get(upgrade)).with_state(relay)
}

async fn upgrade(State(relay): State<Arc<Relay>>, upgrade: WebSocketUpgrade) -> Response {
    small(upgrade).on_upgrade(async move |socket| {
        // A task of its own, so that what the upgrade needed is freed.
        tokio::spawn(run(socket, relay));
    })
}

async fn run(mut socket: WebSocket, relay: Arc<Relay>) {
    let Some(Ok(Message::Text(hello))) = socket.recv().await else {
        return;
    };
    let (send, mut waiting) = mpsc::channel(1);
    let number = hello.strip_prefix("visitor ").map(str::parse);
    let peer = match number {
        Some(Ok(number)) => {
            relay.lock().visitors.insert(number, send);
            Peer::Visitor(number)
        }
        Some(Err(_)) => return,
        None => {
            let (send, all) = mpsc::channel(WAITING);
            waiting = all;
            relay.lock().agents.push(send);
            Peer::Agent
        }
    };
    if socket.send(Message::text("welcome")).await.is_err() {
        return;
    }
    loop {
        tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => pass(&relay, &peer, text).await,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            },
            Some(text) = waiting.recv() => {
                if socket.send(Message::Text(text)).await.is_err() {
                    break;
                }
            }
        }
    }
    if let Peer::Visitor(number) = peer {
        relay.lock().visitors.remove(&number);
    }
}

/// Passes a message on, once it is where the disk's rule wants it.
async fn pass(relay: &Relay, peer: &Peer, text: Utf8Bytes) {
    let to = match peer {
        Peer::Visitor(number) => {
            let peers = relay.lock();
            let count = peers.agents.len().max(1);
            let at = usize::try_from(*number).unwrap_or(0) % count;
            peers.agents.get(at).cloned()
        }
        Peer::Agent => {
            let number = text.get(..8).and_then(|text| text.parse().ok());
            number.and_then(|number: u64| relay.lock().visitors.get(&number).cloned())
        }
    };
    let Some(to) = to else { return };
    match &relay.journal {
        // Nobody has more than one message under way, so there is room.
        None => drop(to.try_send(text)),
        Some(journal) => journal.append((text, to)).await,
    }
}

impl Relay {
    fn lock(&self) -> MutexGuard<'_, Peers> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
