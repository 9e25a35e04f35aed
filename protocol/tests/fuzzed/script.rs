//! Bytes as the steps that a shell, a person, a clock and a server take with a client.

use arbitrary::Arbitrary;

/// One step. Lines are named by their place among the newest ones, whether they are still there or not.
#[derive(Debug, Arbitrary)]
pub(crate) enum Step {
    /// The server takes a line in, at once and as it should.
    GoOnline,
    Opened(u8),
    Closed(u8),
    Hear(u8, Frame),
    /// What is no frame, most likely.
    HearText(u8, Vec<u8>),
    /// Several texts were read before the outputs were carried out.
    HearMany(u8, Vec<Frame>),
    /// Something late of a line that is gone.
    HearLate(Late),
    WaitUntilDue,
    Wait(u16),
    WaitLong(u32),
    JumpBack(u32),
    Hint,
    Look(bool),
    Pause,
    Resume,
    Send(Text),
    Retry(u8),
    Discard(u8),
    SendLossy,
    Reidentify,
    /// Only what was saved is left.
    Reload(u16),
}

#[derive(Debug, Arbitrary)]
pub(crate) enum Late {
    Opened,
    Closed,
    Heard(Frame),
    Garbage,
}

#[derive(Debug, Arbitrary)]
pub(crate) enum Text {
    Short(u8),
    Blank,
    Longest,
    TooLong,
    Any(String),
}

/// A frame from the server, in words that mean something to the client that gets it.
#[derive(Debug, Arbitrary)]
pub(crate) enum Frame {
    Welcome(Welcome),
    Refused(u8),
    Events(Vec<Event>),
    /// Only agents have one; visitors hear of a receipt instead.
    Snapshot {
        more: bool,
    },
    Rejected(Name),
    History(Vec<Event>),
    Typing,
    Ping(u64),
    /// The answer to the newest probe, or any number.
    Pong(Option<u64>),
    GoingAway(u64),
}

#[derive(Debug, Arbitrary)]
pub(crate) struct Welcome {
    pub after: Number,
    pub is_other_epoch: bool,
    pub snapshot: bool,
    pub heartbeat: Option<[u64; 4]>,
}

#[derive(Debug, Arbitrary)]
pub(crate) struct Event {
    pub number: Number,
    pub name: Name,
    pub author: Author,
}

/// Relative to what the client expects next, so that most of a script is plausible.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(crate) enum Number {
    Next,
    Behind(u8),
    Ahead(u8),
    BelowMax(u8),
    Any(u64),
}

#[derive(Clone, Copy, Debug, Arbitrary)]
pub(crate) enum Name {
    /// The first that waits, or the nth.
    First,
    Waiting(u8),
    Fresh(u8),
}

#[derive(Clone, Copy, Debug, Arbitrary)]
pub(crate) enum Author {
    Me,
    Other,
    System,
}

impl Number {
    /// The number itself, where `next` is expected.
    pub(crate) fn value(self, next: u64) -> u64 {
        match self {
            Self::Next => next,
            Self::Behind(by) => next.saturating_sub(1 + u64::from(by)),
            Self::Ahead(by) => next.saturating_add(1 + u64::from(by)),
            Self::BelowMax(by) => u64::MAX - u64::from(by),
            Self::Any(value) => value,
        }
    }
}

impl Text {
    pub(crate) fn written(&self) -> String {
        use holdfast_protocol::limits::TEXT_BYTES;
        match self {
            Self::Short(len) => "x".repeat(1 + usize::from(*len)),
            Self::Blank => " \u{2003}\n".to_owned(),
            Self::Longest => "x".repeat(TEXT_BYTES),
            Self::TooLong => "x".repeat(TEXT_BYTES + 1),
            Self::Any(text) => text.clone(),
        }
    }
}
