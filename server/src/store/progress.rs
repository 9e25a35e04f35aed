//! How far conversations have come where their rows don't say so yet: rows are written now and then, and memory and the
//! log know better meanwhile.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holdfast_protocol::id::ConversationId;
use rusqlite::TransactionBehavior;

use super::{Head, Seen, Store, StoreError};

/// The events that conversations' rows may be behind the log, all sites together: at its start a server reads so many
/// of each site anew, which takes some milliseconds. A later version may let them be more, never fewer, behind.
pub const BEHIND: u64 = 8192;

/// What every message changes in a [`Head`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    last_seq: u64,
    last_offset: u64,
    newest_offset: u64,
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
            newest_offset: self.newest_offset,
            events: self.events,
            seen: self.seen,
        }
    }

    /// Moves on to `progress`, as far as that is ahead.
    pub(super) fn advance(&mut self, progress: Progress) {
        if progress.events > self.events {
            self.last_seq = progress.last_seq;
            self.last_offset = progress.last_offset;
            self.newest_offset = progress.newest_offset;
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

/// The conversations that have come further than their rows. The writer fills it, after the commit and before anybody is
/// woken; a reader asks it before it begins to read, and so finds all events that it names.
#[derive(Clone, Debug, Default)]
pub struct Ahead(Arc<Mutex<HashMap<ConversationId, Progress>>>);

impl Ahead {
    /// How far a conversation has come, if that is further than its row.
    #[must_use]
    pub fn get(&self, id: ConversationId) -> Option<Progress> {
        self.lock().get(&id).copied()
    }

    /// All of it, as of one moment.
    #[must_use]
    pub fn all(&self) -> BTreeMap<ConversationId, Progress> {
        let ahead = self.lock();
        ahead.iter().map(|(id, ahead)| (*id, *ahead)).collect()
    }

    /// Whether all rows are as far as their conversations.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// These conversations have come further than their rows.
    pub fn put<'h>(&self, heads: impl Iterator<Item = &'h Head>) {
        let mut ahead = self.lock();
        ahead.extend(heads.map(|head| (head.id, head.progress())));
    }

    /// All rows were written.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// No code panics while it holds this, and the values would be whole if it did.
    fn lock(&self) -> MutexGuard<'_, HashMap<ConversationId, Progress>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// What is known of conversations beyond their rows, shared with all readers of this store.
    #[must_use]
    pub const fn ahead(&self) -> &Ahead {
        &self.ahead
    }

    /// Brings the conversations' rows up to the log, where the process before this one did not come to it. To be done
    /// before anything is read for others. Receipts are as old as the rows were.
    ///
    /// # Errors
    /// When the database can't be read or written.
    pub fn catch_up(&mut self) -> Result<(), StoreError> {
        let sites = self.reader()?.sites()?;
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        for site in sites {
            // A row's own last offset says from where on events were not counted. A cross join, so that the newest events
            // are read once, and their rows are looked up.
            tx.execute(
                "UPDATE conversation SET
                     last_seq = max(last_seq, ifnull(missed.seq, 0)), last_offset = missed.last,
                     newest_offset = max(newest_offset, ifnull(missed.newest, 0)),
                     events = events + missed.count
                 FROM (SELECT conversation, max(seq) AS seq, max(offset) AS last,
                           max(iif(seq IS NULL, NULL, offset)) AS newest, count(*) AS count
                       FROM event CROSS JOIN conversation AS row ON row.id = event.conversation
                       WHERE place > max(?1, (SELECT max(place) FROM event WHERE place <= ?2) - ?3)
                           AND place <= ?2 AND offset > row.last_offset
                       GROUP BY conversation) AS missed
                 WHERE conversation.id = missed.conversation",
                [site.id.place(0), site.id.place(u64::MAX), BEHIND],
            )?;
        }
        Ok(tx.commit()?)
    }
}
