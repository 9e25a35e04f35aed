//! What the frames of both audiences are made of.

use serde::{Deserialize, Serialize};

use crate::id::{ConversationId, Epoch, EventId};
use crate::time::Millis;

/// Where a reader wants to read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// The log's life in which the cursor was taken.
    pub epoch: Epoch,
    /// The cursor: the last number that the reader has taken in.
    pub after: u64,
}

/// How closely both ends watch each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// A person is waiting: a visible page with an open conversation, or an agent.
    Strict,
    /// Nobody would notice for a while.
    #[default]
    Calm,
}

/// The times of both paces, as the server is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Where a person is waiting.
    pub strict: Beat,
    /// Elsewhere.
    pub calm: Beat,
}

impl Heartbeat {
    /// The times of one pace.
    #[must_use]
    pub const fn of(&self, pace: Pace) -> Beat {
        match pace {
            Pace::Strict => self.strict,
            Pace::Calm => self.calm,
        }
    }
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self {
            strict: Beat {
                every_ms: Millis::from_secs(3),
                dead_ms: Millis::from_secs(9),
            },
            calm: Beat {
                every_ms: Millis::from_secs(25),
                dead_ms: Millis::from_secs(40),
            },
        }
    }
}

/// The times of one pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// The server says `ping` so often.
    pub every_ms: Millis,
    /// A peer of whom nothing was heard for so long is dead.
    pub dead_ms: Millis,
}

/// The server does not take the reader in; the line is closed after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Why, for programs.
    pub code: RefusalCode,
    /// Why, for people: it says what to do.
    pub message: String,
}

/// Why a reader is refused or a line is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// The other end speaks another version of the protocol.
    Version,
    /// No site of that name is on this server.
    UnknownSite,
    /// The token is not one that this server gives. A visitor says `hello` again without one.
    BadToken,
    /// The visitor's identity is not the one that the site's server vouched for, or lacks the proof that the
    /// site asks for. Only the site's owner can mend it, so a client tries rarely and keeps its outbox.
    BadIdentity,
    /// A frame that is malformed, too long, or not expected at this point.
    BadFrame,
    /// The handshake took too long.
    TooLate,
    /// The server has as many connections as it can hold.
    Full,
}

/// A message or command that was not accepted, and will not be as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Which one.
    pub id: EventId,
    /// Why, for programs.
    pub code: RejectionCode,
    /// Why, for its writer.
    pub message: String,
}

/// Why a message or command was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionCode {
    /// Blank text.
    Blank,
    /// Text over the limit.
    TooLong,
    /// A rating that is not 1, 2, 3, 4 or 5.
    BadScore,
    /// No conversation of that number on this site, or none yet of this visitor.
    UnknownConversation,
    /// No agent of that number on this site.
    UnknownAgent,
}

/// The server stops, or can't write to its disk; the line is closed after it. Nothing is lost: what has
/// no event yet stays in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoingAway {
    /// Come back after so many milliseconds.
    pub retry_after_ms: Millis,
    /// Why, for people.
    pub message: String,
}

/// Somebody is typing, or has stopped. Holds for [`crate::limits::TYPING_LIFE`] unless said again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    /// Where: set towards and from agents, absent with visitors, who have but one conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// Whether they are.
    pub active: bool,
    /// Who, by name; absent for a visitor and in what a client sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What a visitor has typed so far and not sent, at most [`crate::limits::PREVIEW_BYTES`]; only where the
    /// site has switched the preview on, otherwise the server drops it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}
