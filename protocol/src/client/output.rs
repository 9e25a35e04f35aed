//! What a client tells its shell and its person.

use thiserror::Error;

use super::audience::Audience;
use super::lines::LineId;
use crate::event::TextError;
use crate::frame::{GoingAway, Refusal};
use crate::id::EventId;

/// What the shell is to do, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output<A: Audience> {
    /// Show it, and make it part of what [`Output::Save`] saves.
    Event(ClientEvent<A>),
    /// Write [`super::Client::saved`], together with what was shown, before the next output is carried out.
    /// Where the storage fails, go on: the client works in memory then.
    Save,
    /// Open a line; report [`super::Client::handle_opened`] or [`super::Client::handle_closed`].
    Dial(LineId),
    /// Send a frame.
    Transmit(LineId, A::Up),
    /// Close a line and forget it; nothing that it still yields is to be reported.
    Close(LineId),
}

/// What the person, or the program above, is told.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientEvent<A: Audience> {
    /// The connection stands otherwise than before.
    Status(Status),
    /// A line was taken in. With `restart` reading begins anew after the welcome's `after`: what is
    /// shown of the log is to be dropped, what waits in the outbox is not.
    Welcomed {
        /// The server's answer.
        welcome: A::Welcome,
        /// Whether the cursor was set anew.
        restart: bool,
    },
    /// The log went on.
    Events {
        /// The next events, without a gap, each exactly once.
        events: Vec<A::Event>,
        /// What left the outbox; some of it may be none of `events`, being further back in the log.
        acked: Vec<EventId>,
    },
    /// The outbox' entry is marked as failed: its writer can retry or discard it.
    Rejected(EventId),
    /// A frame that the state machine has no part in.
    News(A::News),
}

/// How the connection stands, for a person to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Closed on purpose.
    Paused,
    /// The first attempt is under way.
    Connecting,
    /// All is well.
    Online,
    /// The line does not answer; another is being tried beside it.
    Doubtful,
    /// There is no line; attempts go on.
    Offline,
    /// The server said that it stops; attempts go on.
    GoingAway(GoingAway),
    /// The server does not take this client in, and says why; attempts go on, rarely.
    Refused(Refusal),
}

/// A command that the outbox does not take. Nothing is lost: the writer still has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SendError {
    /// The text can't be a message.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Too much waits already.
    #[error("too many messages wait to be sent; they go out as soon as the line is back")]
    Full,
}
