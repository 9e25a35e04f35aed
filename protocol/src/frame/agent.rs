//! The frames between an agent's client and the server.

use serde::{Deserialize, Serialize};

use super::{GoingAway, Heartbeat, Refusal, Rejected, Resume, Typing};
use crate::event::{AgentEvent, Page, Receipt, VisitorFacts};
use crate::id::{AgentId, ConversationId, Epoch, EventId};
use crate::time::Millis;

/// From an agent's client to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentUp {
    /// Always the first frame, and only then; the server says nothing before it.
    Login(Login),
    /// A message to the visitor. Its event is its acknowledgement, as with every frame that has an `id`.
    Send {
        /// Made by the client before the first transmission.
        id: EventId,
        /// Where.
        conversation: ConversationId,
        /// What the agent wrote.
        text: String,
    },
    /// A note for colleagues, which the visitor never sees. Ends as a `note` event.
    Note {
        /// Made by the client before the first transmission.
        id: EventId,
        /// Where.
        conversation: ConversationId,
        /// What the agent wrote.
        text: String,
    },
    /// Makes the conversation this agent's. Ends as an `assigned` event.
    Claim {
        /// Made by the client before the first transmission.
        id: EventId,
        /// Which one.
        conversation: ConversationId,
    },
    /// Hands the conversation to a colleague. Ends as an `assigned` event.
    Transfer {
        /// Made by the client before the first transmission.
        id: EventId,
        /// Which one.
        conversation: ConversationId,
        /// To whom.
        to: AgentId,
    },
    /// Closes the conversation until somebody writes in it again. Ends as a `closed` event.
    Close {
        /// Made by the client before the first transmission.
        id: EventId,
        /// Which one.
        conversation: ConversationId,
    },
    /// How far this client has come in a conversation. Sent when it grows and after every welcome.
    Seen {
        /// Which one.
        conversation: ConversationId,
        /// How far, by `seq`.
        seen: Receipt,
    },
    /// The agent is typing in a conversation, or has stopped.
    Typing(Typing),
    /// Asks for a conversation's events before an offset, also those that visitors may not see.
    History {
        /// Which one.
        conversation: ConversationId,
        /// Events with a smaller `offset` are wanted.
        before: u64,
    },
    /// Are you there? Answered by `pong` with the same number.
    Ping {
        /// Any number.
        n: u64,
    },
    /// The answer to the server's `ping`.
    Pong {
        /// The number of that ping.
        n: u64,
    },
}

/// The first frame of an agent's client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// [`crate::limits::VERSION`].
    pub version: u32,
    /// The secret of the agent's address.
    pub token: String,
    /// Where to read on; absent in a client that has nothing yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
}

/// From the server to an agent's client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentDown {
    /// The answer to `login`: the client is taken in.
    Welcome(AgentWelcome),
    /// The answer to `login`, or to a frame that breaks the rules: the line is closed after it.
    Refused(Refusal),
    /// The open conversations, where the welcome said `snapshot`. Every frame but the last has `more`.
    Snapshot {
        /// At most [`crate::limits::SNAPSHOT_CONVERSATIONS`].
        conversations: Vec<Conversation>,
        /// Whether another snapshot frame follows. The cursor is the welcome's `after` from the one
        /// without it on, and not before.
        more: bool,
    },
    /// The next events after the reader's cursor, in the log's order.
    Events {
        /// At most [`crate::limits::CHUNK_EVENTS`]. An event whose `offset` is not above the cursor is
        /// one that the client sent again: it acknowledges, and is not shown twice.
        events: Vec<AgentEvent>,
    },
    /// A message or command was not accepted.
    Rejected(Rejected),
    /// The answer to `history`.
    History {
        /// Of which conversation.
        conversation: ConversationId,
        /// In the log's order, at most [`crate::limits::HISTORY_EVENTS`].
        events: Vec<AgentEvent>,
        /// Whether events before these are kept.
        more: bool,
    },
    /// How a conversation stands, apart from its events: said when it changes, and for every open
    /// conversation after a welcome without a snapshot.
    Status(Status),
    /// The visitor or a colleague is typing, or has stopped.
    Typing(Typing),
    /// Who else works here: said when it changes.
    Colleagues {
        /// All agents of the site.
        colleagues: Vec<Colleague>,
    },
    /// The server's heartbeat. Answered by `pong`.
    Ping {
        /// Any number.
        n: u64,
    },
    /// The answer to the client's `ping`.
    Pong {
        /// The number of that ping.
        n: u64,
    },
    /// The server stops. The line is closed after it.
    GoingAway(GoingAway),
}

/// The server's answer to `login`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentWelcome {
    /// [`crate::limits::VERSION`].
    pub version: u32,
    /// The log's life.
    pub epoch: Epoch,
    /// Who has logged in: the author of the events that acknowledge.
    pub agent: AgentId,
    /// Their name.
    pub name: String,
    /// Their site.
    pub site: String,
    /// Reading goes on after this `offset`.
    pub after: u64,
    /// The site's newest `offset`.
    pub last: u64,
    /// Whether snapshot frames come before the first events: what the client shows is dropped, its outbox
    /// is kept.
    pub snapshot: bool,
    /// The times of the heartbeat; agents are always watched strictly.
    pub heartbeat: Heartbeat,
    /// Who works here.
    pub colleagues: Vec<Colleague>,
}

/// An agent of the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colleague {
    /// Which one.
    pub id: AgentId,
    /// Their name.
    pub name: String,
    /// Whether they are here.
    pub online: bool,
}

/// An open conversation in a snapshot. It may be newer than the snapshot's offset: events that are not
/// above `last_offset` are already in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Which one.
    pub conversation: ConversationId,
    /// What is known of the visitor now.
    pub visitor: VisitorFacts,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned: Option<AgentId>,
    /// Its newest `seq`.
    pub last_seq: u64,
    /// The `offset` of its newest event of any kind.
    pub last_offset: u64,
    /// Its newest event that the visitor may see, for a list of conversations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<AgentEvent>,
    /// How it stands otherwise.
    pub status: Status,
}

/// How a conversation stands, apart from its events. The newest value holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Which one.
    pub conversation: ConversationId,
    /// How far the visitor has come.
    pub visitor: Receipt,
    /// How far the agents have come, all together.
    pub agents: Receipt,
    /// Whether the visitor is here; a cut shorter than the grace does not show.
    pub present: bool,
    /// When the visitor was last here, in milliseconds since the Unix epoch; absent where the server has
    /// not seen them since it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Millis>,
    /// The page that the visitor looks at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<Page>,
    /// What their page has tracked last, oldest first; at most [`crate::limits::TRAIL`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trail: Vec<Tracked>,
}

/// Something that a visitor's page has tracked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracked {
    /// When the server heard of it, in milliseconds since the Unix epoch.
    pub at: Millis,
    /// What it was.
    pub name: String,
    /// More of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}
