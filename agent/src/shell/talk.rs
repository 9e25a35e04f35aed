//! What a connection is asked, and what it says.

use holdfast_protocol::client::{
    Agent, AgentCommand, AgentNews, Entry, Failure, Saved, SendError, Status,
};
use holdfast_protocol::event::{AgentEvent, Receipt};
use holdfast_protocol::frame::AgentWelcome;
use holdfast_protocol::id::{ConversationId, EventId};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::address::Address;
use crate::state::StateFile;

/// What a connection needs to begin.
#[derive(Debug)]
pub struct Config {
    /// Where to, and as whom.
    pub address: Address,
    /// Where the outbox is kept. Without a file it lives and dies with the program.
    pub storage: Option<StateFile>,
    /// What was kept: [`StateFile::open`] returns it.
    pub saved: Saved<Agent>,
    /// Whether the cursor outlives the program.
    pub cursor: Cursor,
}

/// Where reading begins in the next run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// Where this run stopped. Whoever takes the events is asked by [`Event::Barrier`] before the cursor
    /// moves past them.
    Kept,
    /// With a snapshot, so that a screen is complete. A cursor that is in the file stays as it is.
    Fresh,
}

/// What the program asks of the connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Into the outbox, from there to the server. Answered by [`Event::Queued`] or [`Event::NotQueued`].
    Command {
        /// From [`crate::clock::new_id`].
        id: EventId,
        /// What is to be done.
        command: AgentCommand,
    },
    /// Sends a rejected command again under a new name.
    Retry {
        /// The rejected one.
        id: EventId,
        /// Its new name.
        new: EventId,
    },
    /// Takes a rejected command out of the outbox.
    Discard(EventId),
    /// How far this client has come. Lost without a line.
    Seen {
        /// Where.
        conversation: ConversationId,
        /// How far.
        seen: Receipt,
    },
    /// Typing, or no longer. Lost without a line.
    Typing {
        /// Where.
        conversation: ConversationId,
        /// Whether.
        active: bool,
    },
    /// Asks for older events. Answered by [`AgentNews::History`] or [`Event::NoLine`].
    History {
        /// Of which conversation.
        conversation: ConversationId,
        /// Events with a smaller `offset` are wanted.
        before: u64,
    },
    /// The line may be back: look at once.
    Hint,
    /// [`Event::Drained`] is wanted once the outbox is empty: nothing waits to be sent or to be discarded.
    Drain,
}

/// What happens on the connection, in order.
#[derive(Debug)]
pub enum Event {
    /// How the connection stands.
    Status(Status),
    /// Why a line could not be opened or broke, in words; said once for the same words in a row.
    Trouble(String),
    /// The server took this client in; see [`holdfast_protocol::client::ClientEvent::Welcomed`].
    Welcomed {
        /// Its answer.
        welcome: AgentWelcome,
        /// Whether what is known of the log is to be dropped.
        restart: bool,
    },
    /// The log went on; see [`holdfast_protocol::client::ClientEvent::Events`].
    Events {
        /// Without a gap, each once.
        events: Vec<AgentEvent>,
        /// What left the outbox.
        acked: Vec<EventId>,
    },
    /// Snapshot, history, standing, typing, colleagues.
    News(AgentNews),
    /// What the outbox holds, said when that has changed and is on disk.
    Outbox(Vec<Entry<Agent>>),
    /// A command is on disk: from here on it arrives.
    Queued(EventId),
    /// A command was not taken; whoever wrote it still has it.
    NotQueued {
        /// Its name.
        id: EventId,
        /// The command itself.
        command: AgentCommand,
        /// Why, for its writer.
        error: SendError,
    },
    /// The server will never accept a command. It stays in the outbox until it is retried or discarded.
    Rejected {
        /// Its name.
        id: EventId,
        /// The command itself.
        command: AgentCommand,
        /// Why.
        failure: Failure,
    },
    /// A request for history was lost, since there is no line.
    NoLine(ConversationId),
    /// The outbox can't be written to disk, and why; or nothing, when it can again.
    Storage(Option<String>),
    /// The outbox is empty, as [`Request::Drain`] wanted to know.
    Drained,
    /// With [`Cursor::Kept`]: everything before this must be dealt with before it is answered.
    Barrier(Barrier),
}

/// A question for the taker of the events, to be answered by [`Barrier::pass`]. Dropped without an answer, the
/// connection ends and the cursor stays where it is.
#[derive(Debug)]
pub struct Barrier(pub(super) oneshot::Sender<()>);

impl Barrier {
    /// What came before was dealt with.
    pub fn pass(self) {
        // Where the connection is gone, nobody waits for it.
        let _ = self.0.send(());
    }
}

/// Asks things of a connection. The connection ends when the last handle is dropped.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) requests: mpsc::Sender<Request>,
}

/// Why a connection can't even be tried.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The TLS library does not take its own settings.
    #[error("TLS can't be set up: {0}")]
    Tls(#[from] tokio_rustls::rustls::Error),
    /// The system has no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

/// A request that was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PostError {
    /// Too many are waiting.
    #[error("the connection is busy; try again in a moment")]
    Busy,
    /// The connection has ended.
    #[error("the connection has ended")]
    Ended,
}

impl Handle {
    /// Asks without waiting: for whoever takes the events too, since the connection may be waiting for that.
    ///
    /// # Errors
    /// When too much is asked at once, or the connection has ended.
    pub fn post(&self, request: Request) -> Result<(), PostError> {
        self.requests
            .try_send(request)
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => PostError::Busy,
                mpsc::error::TrySendError::Closed(_) => PostError::Ended,
            })
    }

    /// Asks, and waits until there is room. Not for whoever takes the events.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn send(&self, request: Request) -> Result<(), PostError> {
        let sent = self.requests.send(request).await;
        sent.map_err(|_| PostError::Ended)
    }
}
