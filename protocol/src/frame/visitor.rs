//! The frames between a visitor's tab and the server.

use serde::{Deserialize, Serialize};

use super::{GoingAway, Heartbeat, Pace, Refusal, Rejected, Resume, SiteState, Typing};
use crate::event::{Page, Receipt, VisitorEvent};
use crate::id::{Epoch, EventId};
use crate::profile::{Identity, Profile};

/// From a visitor's tab to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitorUp {
    /// Always the first frame, and only then.
    Hello(Hello),
    /// A message. Its event is its acknowledgement.
    Send {
        /// Made by the tab before the first transmission.
        id: EventId,
        /// What the visitor wrote.
        text: String,
    },
    /// How content the visitor was. Its event is its acknowledgement; it opens nothing that is closed.
    Rate {
        /// Made by the tab before the first transmission.
        id: EventId,
        /// From 1, the worst, to [`crate::limits::BEST_SCORE`].
        score: u32,
        /// In the visitor's words, as a message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// How far this tab has come. Sent when it grows and after every welcome.
    Seen(Receipt),
    /// The visitor is typing, or has stopped.
    Typing(Typing),
    /// The visitor looks at another page now (an application that changes its address by itself).
    Page(Page),
    /// What the page or the visitor says of the visitor has changed; every later hello says it again.
    Profile(Profile),
    /// The page has seen the visitor do something. May be lost.
    Track(Track),
    /// How closely this tab wants to be watched from now on.
    Pace {
        /// Strict while the page is visible and the conversation open.
        pace: Pace,
    },
    /// Asks for events before a number, newest first in importance, in the log's order on the wire.
    History {
        /// Events with a smaller `seq` are wanted.
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

/// The first frame of a visitor's tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`crate::limits::VERSION`].
    pub version: u32,
    /// The site's name, as in the tag's `data-site`.
    pub site: String,
    /// The visitor's token, from an earlier welcome; absent the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Where to read on; absent in a new tab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
    /// Where the visitor is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<Page>,
    /// The visitor's language, a BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Who the visitor is to the site. To be kept with the token and said in every hello until the visitor logs
    /// out: the conversation of a person is opened by their identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// What the page and the visitor have said of the visitor so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// How closely this tab wants to be watched.
    #[serde(default)]
    pub pace: Pace,
}

/// Something that a page has seen its visitor do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// What it was, at most [`crate::limits::TRACK_NAME_BYTES`]; the server cuts it there.
    pub name: String,
    /// More of it, at most [`crate::limits::TRACK_DETAIL_BYTES`]; the server cuts it there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// From the server to a visitor's tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitorDown {
    /// The answer to `hello`: the tab is taken in.
    Welcome(VisitorWelcome),
    /// The answer to `hello`, or to a frame that breaks the rules: the line is closed after it.
    Refused(Refusal),
    /// The next events after the reader's cursor, in the log's order.
    Events {
        /// At most [`crate::limits::CHUNK_EVENTS`]. An event whose `seq` is not above the cursor is
        /// one that the tab sent again: it acknowledges, and is not shown twice.
        events: Vec<VisitorEvent>,
    },
    /// A message was not accepted.
    Rejected(Rejected),
    /// The answer to `history`.
    History {
        /// In the log's order, at most [`crate::limits::HISTORY_EVENTS`].
        events: Vec<VisitorEvent>,
        /// Whether events before these are kept.
        more: bool,
    },
    /// How far the agents have come: said when it grows.
    Receipt(Receipt),
    /// An agent is typing, or has stopped.
    Typing(Typing),
    /// Who could answer: said when it changes.
    Staff(Staff),
    /// How the site stands: said when it changes.
    Site(SiteState),
    /// The server's heartbeat. Answered by `pong`.
    Ping {
        /// Any number.
        n: u64,
    },
    /// The answer to the tab's `ping`.
    Pong {
        /// The number of that ping.
        n: u64,
    },
    /// The server stops. The line is closed after it.
    GoingAway(GoingAway),
}

/// The server's answer to `hello`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorWelcome {
    /// [`crate::limits::VERSION`].
    pub version: u32,
    /// The visitor's token: to be kept, and to be shown in every later `hello`. Whoever has it is this
    /// visitor, so it stands in no address and in no log.
    pub token: String,
    /// The log's life.
    pub epoch: Epoch,
    /// Reading goes on after this `seq`. Where it is not the cursor that `hello` named, the tab
    /// starts afresh from it: what it shows is dropped, its outbox is kept.
    pub after: u64,
    /// The conversation's newest `seq`; 0 where there is no conversation yet.
    pub last: u64,
    /// The times of the heartbeat.
    pub heartbeat: Heartbeat,
    /// How far this visitor's tabs have come, all together.
    pub seen: Receipt,
    /// How far the agents have come.
    pub receipt: Receipt,
    /// Who could answer.
    pub staff: Staff,
    /// How the site stands.
    #[serde(default, skip_serializing_if = "SiteState::is_plain")]
    pub site: SiteState,
}

/// Who could answer a visitor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    /// The names of the agents who are here, at most ten.
    pub online: Vec<String>,
}
