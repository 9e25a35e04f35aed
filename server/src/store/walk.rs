//! Reads along links, from a mark or from the end back: a site's log after a cursor, and a conversation.

use std::ops::ControlFlow;

use holdfast_protocol::event::AgentEvent;
use holdfast_protocol::id::ConversationId;
use rusqlite::OptionalExtension;

use super::read::{at_a_place, read_stored};
use super::{SiteId, StoreError, StoreReader, Stored};

/// Older events of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// In the log's order.
    pub events: Vec<AgentEvent>,
    /// Whether events before these are kept.
    pub more: bool,
}

/// The first mark of a site at an offset or above it.
const SITE_MARK: &str =
    "SELECT place FROM site_mark WHERE site = ?1 AND offset >= ?2 ORDER BY offset LIMIT 1";

/// The first mark of a conversation at a `seq` or above it.
const SEQ_MARK: &str =
    "SELECT place FROM mark WHERE conversation = ?1 AND seq >= ?2 ORDER BY offset LIMIT 1";

/// The first mark of a conversation at an offset or above it.
const OFFSET_MARK: &str =
    "SELECT place FROM mark WHERE conversation = ?1 AND offset >= ?2 ORDER BY offset LIMIT 1";

impl StoreReader {
    /// At most `count` events of a site after `after`, in the log's order.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn site_after(
        &self,
        site: SiteId,
        after: u64,
        count: u64,
    ) -> Result<Vec<Stored>, StoreError> {
        // One transaction, so that retention can't cut the chain under the walk. It begins with its first look.
        let _tx = self.connection.unchecked_transaction()?;
        let (_, end) = self.kept(site)?;
        let until = after.saturating_add(count).min(end.offset);
        let mut events = Vec::new();
        if until <= after {
            return Ok(events);
        }
        let start = self.mark(SITE_MARK, site.0, until)?;
        let link = |event: &Stored| event.site_prev;
        self.walk(start.unwrap_or(end.place), link, |event| {
            if event.offset <= after {
                return Ok(ControlFlow::Break(()));
            }
            if event.offset <= until {
                events.push(event);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        events.reverse();
        Ok(events)
    }

    /// At most `count` events that the visitor may see after `after`, in the log's order.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn conversation_after(
        &self,
        conversation: ConversationId,
        after: u64,
        count: u64,
    ) -> Result<Vec<Stored>, StoreError> {
        let _tx = self.connection.unchecked_transaction()?;
        let Some(head) = self.head(conversation)? else {
            return Ok(Vec::new());
        };
        let until = after.saturating_add(count).min(head.last_seq);
        let start = self.mark(SEQ_MARK, conversation.0, until)?;
        let mut events = Vec::new();
        let link = |event: &Stored| event.prev;
        self.walk(start.unwrap_or(head.last_place), link, |event| {
            match event.seq {
                Some(seq) if seq <= after => return Ok(ControlFlow::Break(())),
                Some(seq) if seq <= until => events.push(event),
                Some(_) | None => {}
            }
            Ok(ControlFlow::Continue(()))
        })?;
        events.reverse();
        Ok(events)
    }

    /// At most `count` events that the visitor may see with a `seq` below `before`.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn visitor_history(
        &self,
        conversation: ConversationId,
        before: u64,
        count: u64,
    ) -> Result<History, StoreError> {
        self.history(conversation, (SEQ_MARK, before), count, |event| {
            event.seq.is_some_and(|seq| seq < before)
        })
    }

    /// At most `count` events of any kind with an `offset` below `before`.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn agent_history(
        &self,
        conversation: ConversationId,
        before: u64,
        count: u64,
    ) -> Result<History, StoreError> {
        let below = (OFFSET_MARK, before);
        self.history(conversation, below, count, |event| event.offset < before)
    }

    /// The place of the mark nearest above a number, from which a walk back passes it.
    fn mark(&self, sql: &str, of: u64, number: u64) -> Result<Option<u64>, StoreError> {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row(rusqlite::params![of, number], |row| row.get(0));
        Ok(found.optional()?)
    }

    fn history(
        &self,
        conversation: ConversationId,
        (mark, before): (&str, u64),
        count: u64,
        is_wanted: impl Fn(&Stored) -> bool,
    ) -> Result<History, StoreError> {
        let _tx = self.connection.unchecked_transaction()?;
        let (mut events, mut more) = (Vec::new(), false);
        let Some(head) = self.head(conversation)? else {
            return Ok(History { events, more });
        };
        let start = self.mark(mark, conversation.0, before.saturating_sub(1))?;
        let link = |event: &Stored| event.prev;
        self.walk(start.unwrap_or(head.last_place), link, |event| {
            if is_wanted(&event) {
                if events.len() as u64 == count {
                    more = true;
                    return Ok(ControlFlow::Break(()));
                }
                events.push(event.into_event()?);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        events.reverse();
        Ok(History { events, more })
    }

    /// The event at a place, and those before it along a link, until `take` has enough or no more is kept.
    fn walk(
        &self,
        mut place: u64,
        link: impl Fn(&Stored) -> u64,
        mut take: impl FnMut(Stored) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = at_a_place(&self.connection)?;
        while place > 0 {
            let mut rows = statement.query([place])?;
            let Some(row) = rows.next()? else { break };
            let event = read_stored(row)?;
            let before = link(&event);
            if before >= place {
                // Of a damaged file; the walk would never end.
                let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
                let words = format!("the link of {place} leads on to {before}");
                return Err(rusqlite::Error::SqliteFailure(code, Some(words)).into());
            }
            place = before;
            if take(event)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}
