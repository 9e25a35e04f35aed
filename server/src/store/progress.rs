//! How far conversations and sites have come where their rows don't say so yet: rows are written now and then, and memory
//! and the log know better meanwhile.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holdfast_protocol::id::ConversationId;
use rusqlite::TransactionBehavior;

use super::{Head, LogEnd, Seen, SiteId, Store, StoreError};

/// The events that the rows of conversations and sites may be behind the log, all together: at its start a server reads so
/// many anew, which takes some milliseconds. A later version may let them be more, never fewer, behind.
pub const BEHIND: u64 = 8192;

/// What every message changes in a [`Head`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    last_seq: u64,
    last_offset: u64,
    last_place: u64,
    newest_place: u64,
    events: u64,
    seen: Seen,
}

impl Head {
    /// How far the conversation has come.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        Progress {
            last_seq: self.last_seq,
            last_offset: self.last_offset,
            last_place: self.last_place,
            newest_place: self.newest_place,
            events: self.events,
            seen: self.seen,
        }
    }

    /// Moves on to `progress`, as far as that is ahead.
    pub(super) fn advance(&mut self, progress: Progress) {
        if progress.events > self.events {
            self.last_seq = progress.last_seq;
            self.last_offset = progress.last_offset;
            self.last_place = progress.last_place;
            self.newest_place = progress.newest_place;
            self.events = progress.events;
        }
        self.seen = Seen {
            visitor: self.seen.visitor.max(progress.seen.visitor),
            agents: self.seen.agents.max(progress.seen.agents),
        };
    }

    /// Whether this differs from `row` in its progress alone, so that the row may be behind it for a while.
    #[must_use]
    pub fn is_only_ahead_of(&self, row: &Self) -> bool {
        (self.site, self.visitor, self.first_seq) == (row.site, row.visitor, row.first_seq)
            && (self.is_open, self.assigned) == (row.is_open, row.assigned)
            && self.facts == row.facts
    }
}

/// The conversations and the sites' logs that have come further than their rows. The writer fills it, after the commit and
/// before anybody is woken; a reader asks it before it begins to read, and so finds all events that it names.
#[derive(Clone, Debug, Default)]
pub struct Ahead(Arc<Mutex<Beyond>>);

#[derive(Debug, Default)]
struct Beyond {
    conversations: HashMap<ConversationId, Progress>,
    ends: HashMap<SiteId, LogEnd>,
}

impl Ahead {
    /// How far a conversation has come, if that is further than its row.
    #[must_use]
    pub fn get(&self, id: ConversationId) -> Option<Progress> {
        self.lock().conversations.get(&id).copied()
    }

    /// Where a site's log ends, if that is further than its row says.
    #[must_use]
    pub fn end(&self, site: SiteId) -> Option<LogEnd> {
        self.lock().ends.get(&site).copied()
    }

    /// All conversations, as of one moment.
    #[must_use]
    pub fn all(&self) -> BTreeMap<ConversationId, Progress> {
        let ahead = self.lock();
        let all = ahead.conversations.iter();
        all.map(|(id, ahead)| (*id, *ahead)).collect()
    }

    /// All ends of logs, as of one moment.
    #[must_use]
    pub fn ends(&self) -> BTreeMap<SiteId, LogEnd> {
        let ahead = self.lock();
        ahead.ends.iter().map(|(site, end)| (*site, *end)).collect()
    }

    /// Whether all rows are as far as their conversations, and their sites' logs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let ahead = self.lock();
        ahead.conversations.is_empty() && ahead.ends.is_empty()
    }

    /// These conversations have come further than their rows.
    pub fn put<'h>(&self, heads: impl Iterator<Item = &'h Head>) {
        let heads = heads.map(|head| (head.id, head.progress()));
        self.lock().conversations.extend(heads);
    }

    /// These sites' logs have come further than their rows.
    pub fn put_ends(&self, ends: impl Iterator<Item = (SiteId, LogEnd)>) {
        self.lock().ends.extend(ends);
    }

    /// All rows were written.
    pub fn clear(&self) {
        *self.lock() = Beyond::default();
    }

    /// No code panics while it holds this, and the values would be whole if it did.
    fn lock(&self) -> MutexGuard<'_, Beyond> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// What is known of conversations and sites beyond their rows, shared with all readers of this store.
    #[must_use]
    pub const fn ahead(&self) -> &Ahead {
        &self.ahead
    }

    /// Brings the rows of conversations and sites up to the log, where the process before this one did not come to it. To
    /// be done before anything is read for others. Receipts are as old as the rows were.
    ///
    /// # Errors
    /// When the database can't be read or written.
    pub fn catch_up(&mut self) -> Result<(), StoreError> {
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        // A row's own last place says from where on events were not counted. A cross join, so that the newest events are
        // read once, and their rows are looked up.
        tx.execute(
            "UPDATE conversation SET
                 last_seq = max(last_seq, ifnull(missed.seq, 0)), last_offset = missed.offset,
                 last_place = missed.place, newest_place = max(newest_place, ifnull(missed.newest, 0)),
                 events = events + missed.count
             FROM (SELECT conversation, max(seq) AS seq, max(offset) AS offset, max(place) AS place,
                       max(iif(seq IS NULL, NULL, place)) AS newest, count(*) AS count
                   FROM event CROSS JOIN conversation AS row ON row.id = event.conversation
                   WHERE place > (SELECT max(place) FROM event) - ?1 AND place > row.last_place
                   GROUP BY conversation) AS missed
             WHERE conversation.id = missed.conversation",
            [BEHIND],
        )?;
        tx.execute(
            "UPDATE site SET last_offset = missed.offset, last_place = missed.place
             FROM (SELECT site, max(offset) AS offset, max(place) AS place FROM event
                   WHERE place > (SELECT max(place) FROM event) - ?1 GROUP BY site) AS missed
             WHERE site.id = missed.site AND missed.place > site.last_place",
            [BEHIND],
        )?;
        Ok(tx.commit()?)
    }
}
