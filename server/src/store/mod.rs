//! What is kept on disk. SQL lives here and nowhere else.
//!
//! [`Store`] is the one writer, [`StoreReader`] reads beside it. Both are synchronous: their callers
//! in [`crate::log`] give them threads.

mod error;
mod progress;
mod read;
mod retain;
mod site;
mod sqlite;
mod staff;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod upgrade;
mod version;
mod walk;
mod write;

use std::sync::Arc;

use holdfast_protocol::event::{AgentEvent, Author, Receipt, VisitorFacts};
use holdfast_protocol::id::{AgentId, ConversationId};

pub use crate::key::{SiteId, VisitorId};
pub use error::StoreError;
pub use progress::{Ahead, BEHIND, Progress};
pub use read::{LogBounds, StoreReader, Stored};
pub use site::Site;
pub use sqlite::Store;
pub use staff::AgentRow;
pub use walk::History;
pub use write::Batch;

/// How far both sides of a conversation have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The visitor's tabs, all together.
    pub visitor: Receipt,
    /// The agents, all together.
    pub agents: Receipt,
}

/// A conversation as it stands after its newest event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which one.
    pub id: ConversationId,
    /// Its site.
    pub site: SiteId,
    /// Whose it is.
    pub visitor: VisitorId,
    /// The smallest `seq` that is still kept; `last_seq + 1` where none is.
    pub first_seq: u64,
    /// The newest `seq`, 0 before the first.
    pub last_seq: u64,
    /// The `offset` of its newest event of any kind, 0 before the first.
    pub last_offset: u64,
    /// The place of that event, 0 before the first.
    pub last_place: u64,
    /// The place of its newest event that the visitor may see, 0 before the first.
    pub newest_place: u64,
    /// How many events of all kinds it ever had.
    pub events: u64,
    /// Whether it waits for somebody to answer or to close it.
    pub is_open: bool,
    /// Whose work it is.
    pub assigned: Option<AgentId>,
    /// What is known of the visitor. Shared, since heads are copied with every message.
    pub facts: Arc<VisitorFacts>,
    /// How far both sides have come.
    pub seen: Seen,
}

impl Head {
    /// A conversation before its first event.
    #[must_use]
    pub fn new(id: ConversationId, site: SiteId, visitor: VisitorId, facts: VisitorFacts) -> Self {
        Self {
            id,
            site,
            visitor,
            first_seq: 1,
            last_seq: 0,
            last_offset: 0,
            last_place: 0,
            newest_place: 0,
            events: 0,
            is_open: true,
            assigned: None,
            facts: Arc::new(facts),
            seen: Seen::default(),
        }
    }
}

/// Where a site's log ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogEnd {
    /// The `offset` of its newest event, 0 before the first.
    pub offset: u64,
    /// The place of that event, 0 before the first.
    pub place: u64,
}

/// An event with its place and its links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The event.
    pub event: AgentEvent,
    /// Its number in the order in which the events of all sites were accepted. Starts at 1 and is never used again.
    pub place: u64,
    /// The place of the conversation's previous event, 0 where it is the first.
    pub prev: u64,
    /// The place of the site's previous event, 0 where it is the first.
    pub site_prev: u64,
}

/// Every so many events of a conversation, and of a site, get a mark, where a walk along the links may begin: a read
/// of what is old then costs at most so many steps more than it yields.
pub const MARK_EVERY: u64 = 64;

/// The author's number on disk: -1 the server, 0 the visitor, otherwise the agent.
pub(crate) fn author_number(author: &Author) -> i64 {
    match author {
        Author::System {} => -1,
        Author::Visitor {} => 0,
        Author::Agent { id, .. } => i64::try_from(id.0).unwrap_or(i64::MAX),
    }
}
