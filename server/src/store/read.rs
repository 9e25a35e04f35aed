//! Reads: heads, the site's log after a cursor, a conversation along its links.

use std::sync::Arc;

use holdfast_protocol::event::{AgentEvent, Author, Receipt};
use holdfast_protocol::id::{AgentId, ConversationId, EventId};
use holdfast_protocol::time::Millis;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::value::RawValue;

use super::{Ahead, Head, Row, Seen, SiteId, StoreError, VisitorId};

/// The numbers that a site's log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogBounds {
    /// The smallest that is still kept; `last + 1` where nothing is.
    pub first: u64,
    /// The newest, 0 where there is none yet.
    pub last: u64,
}

/// Older events of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// In the log's order.
    pub events: Vec<AgentEvent>,
    /// Whether events before these are kept.
    pub more: bool,
}

/// An event as it is read for many: its body stays the JSON that it is on disk, which is the same for all audiences.
#[derive(Debug)]
pub struct Stored {
    /// The place in the site's log.
    pub offset: u64,
    /// The conversation.
    pub conversation: ConversationId,
    /// The place in the conversation; absent where the visitor may not see it.
    pub seq: Option<u64>,
    /// The name that its writer gave it.
    pub id: EventId,
    /// When it was accepted.
    pub at: Millis,
    /// Who wrote it.
    pub author: Author,
    /// What happened.
    pub body: Box<RawValue>,
    prev: u64,
}

impl Stored {
    /// The event with its body as a value.
    ///
    /// # Errors
    /// When the body is none that this program knows.
    pub fn into_event(self) -> Result<AgentEvent, StoreError> {
        Ok(AgentEvent {
            offset: self.offset,
            conversation: self.conversation,
            seq: self.seq,
            id: self.id,
            at: self.at,
            author: self.author,
            body: serde_json::from_str(self.body.get())?,
        })
    }
}

/// A connection that only reads.
#[derive(Debug)]
pub struct StoreReader {
    pub(super) connection: Connection,
    ahead: Ahead,
}

impl StoreReader {
    pub(super) const fn new(connection: Connection, ahead: Ahead) -> Self {
        Self { connection, ahead }
    }

    /// The conversation of a number.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn head(&self, id: ConversationId) -> Result<Option<Head>, StoreError> {
        // Asked for first: the row may be newer, and what is read later holds all events that this names.
        let progress = self.ahead.get(id);
        let mut head = head(&self.connection, id)?;
        if let (Some(head), Some(progress)) = (&mut head, progress) {
            head.advance(progress);
        }
        Ok(head)
    }

    /// The conversation of a visitor.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn head_of(&self, site: SiteId, visitor: VisitorId) -> Result<Option<Head>, StoreError> {
        let mut head = head_of(&self.connection, site, visitor)?;
        if let Some(head) = &mut head
            && let Some(progress) = self.ahead.get(head.id)
        {
            head.advance(progress);
        }
        Ok(head)
    }

    /// Whose a token's conversation has become, where it has become a person's.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn alias_of(
        &self,
        site: SiteId,
        visitor: VisitorId,
    ) -> Result<Option<VisitorId>, StoreError> {
        alias_of(&self.connection, site, visitor)
    }

    /// What the site's log holds.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn site_bounds(&self, site: SiteId) -> Result<LogBounds, StoreError> {
        site_bounds(&self.connection, site)
    }

    /// At most `count` events of a site after `after`, in the log's order.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn site_after(
        &self,
        site: SiteId,
        after: u64,
        count: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM event WHERE place > ?1 AND place <= ?2 ORDER BY place LIMIT ?3"
        ))?;
        let mut rows = statement.query(params![site.place(after), site.place(u64::MAX), count])?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            events.push(read_stored(row)?);
        }
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
        // One transaction, so that retention can't cut the chain under the walk.
        let tx = self.connection.unchecked_transaction()?;
        let Some(head) = self.head(conversation)? else {
            return Ok(Vec::new());
        };
        let until = after.saturating_add(count).min(head.last_seq);
        let start = self.mark(conversation, "seq", until)?;
        let mut at = start.unwrap_or(head.last_offset);
        let mut events = Vec::new();
        let mut statement = tx.prepare_cached(EVENT_AT)?;
        while at > 0 {
            let mut rows = statement.query([head.site.place(at)])?;
            let Some(row) = rows.next()? else { break };
            let event = read_stored(row)?;
            at = event.prev;
            match event.seq {
                Some(seq) if seq <= after => break,
                Some(seq) if seq <= until => events.push(event),
                Some(_) | None => {}
            }
        }
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
        let start = self.mark(conversation, "seq", before.saturating_sub(1))?;
        self.walk_back(conversation, start, count, |event| {
            event.seq.is_some_and(|seq| seq < before)
        })
    }

    /// At most `count` events of any kind with an `offset` below `before`; nothing where the
    /// conversation is not the site's.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn agent_history(
        &self,
        conversation: ConversationId,
        before: u64,
        count: u64,
    ) -> Result<History, StoreError> {
        let start = self.mark(conversation, "offset", before.saturating_sub(1))?;
        self.walk_back(conversation, start, count, |event| event.offset < before)
    }

    /// A page of a site's open conversations: at most `count`, with numbers above `above`, each with
    /// its newest event that the visitor may see.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn open_conversations(
        &self,
        site: SiteId,
        above: ConversationId,
        count: usize,
    ) -> Result<Vec<(Head, Option<AgentEvent>)>, StoreError> {
        let ahead = self.ahead.all();
        let tx = self.connection.unchecked_transaction()?;
        let mut statement = tx.prepare_cached(&format!(
            "SELECT {HEAD_COLUMNS} FROM conversation
             WHERE site = ?1 AND is_open = 1 AND id > ?2 ORDER BY id LIMIT ?3"
        ))?;
        let mut rows = statement.query(params![site.0, above.0, count])?;
        let mut conversations = Vec::new();
        while let Some(row) = rows.next()? {
            let mut head = read_head(row)?;
            if let Some(progress) = ahead.get(&head.id) {
                head.advance(*progress);
            }
            let newest = row_at(&tx, site, head.newest_offset)?.map(|row| row.event);
            conversations.push((head, newest));
        }
        Ok(conversations)
    }

    /// The mark nearest above a place, from which a walk back passes it.
    fn mark(
        &self,
        conversation: ConversationId,
        column: &str,
        place: u64,
    ) -> Result<Option<u64>, StoreError> {
        let place = i64::try_from(place).unwrap_or(i64::MAX);
        Ok(self
            .connection
            .prepare_cached(&format!(
                "SELECT offset FROM mark WHERE conversation = ?1 AND {column} >= ?2
                 ORDER BY offset LIMIT 1"
            ))?
            .query_row(params![conversation.0, place], |row| row.get(0))
            .optional()?)
    }

    fn walk_back(
        &self,
        conversation: ConversationId,
        start: Option<u64>,
        count: u64,
        is_wanted: impl Fn(&AgentEvent) -> bool,
    ) -> Result<History, StoreError> {
        let tx = self.connection.unchecked_transaction()?;
        let Some(head) = self.head(conversation)? else {
            return Ok(History {
                events: Vec::new(),
                more: false,
            });
        };
        let mut at = start.unwrap_or(head.last_offset);
        let mut events = Vec::new();
        let mut more = false;
        while let Some(Row { event, prev }) = row_at(&tx, head.site, at)? {
            if is_wanted(&event) {
                if events.len() as u64 == count {
                    more = true;
                    break;
                }
                events.push(event);
            }
            at = prev;
        }
        events.reverse();
        Ok(History { events, more })
    }
}

const COLUMNS: &str = "offset, conversation, seq, prev, id, author, name, at, body";

const EVENT_AT: &str = "SELECT offset, conversation, seq, prev, id, author, name, at, body FROM event \
     WHERE place = ?1";

const HEAD_COLUMNS: &str = "id, site, visitor, first_seq, last_seq, last_offset, newest_offset, \
     events, is_open, assigned, facts, visitor_delivered, visitor_read, agents_delivered, agents_read";

pub(super) fn head(
    connection: &Connection,
    id: ConversationId,
) -> Result<Option<Head>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {HEAD_COLUMNS} FROM conversation WHERE id = ?1"
    ))?;
    let id = i64::try_from(id.0).unwrap_or(i64::MAX);
    let mut rows = statement.query([id])?;
    rows.next()?.map(read_head).transpose()
}

pub(super) fn head_of(
    connection: &Connection,
    site: SiteId,
    visitor: VisitorId,
) -> Result<Option<Head>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {HEAD_COLUMNS} FROM conversation WHERE site = ?1 AND visitor = ?2"
    ))?;
    let mut rows = statement.query(params![site.0, visitor.0])?;
    rows.next()?.map(read_head).transpose()
}

pub(super) fn alias_of(
    connection: &Connection,
    site: SiteId,
    visitor: VisitorId,
) -> Result<Option<VisitorId>, StoreError> {
    let person = connection
        .prepare_cached("SELECT person FROM alias WHERE site = ?1 AND visitor = ?2")?
        .query_row(params![site.0, visitor.0], |row| row.get(0))
        .optional()?;
    Ok(person.map(VisitorId))
}

pub(super) fn site_bounds(connection: &Connection, site: SiteId) -> Result<LogBounds, StoreError> {
    let edge = |order: &str| {
        connection
            .prepare_cached(&format!(
                "SELECT offset FROM event WHERE place > ?1 AND place <= ?2 ORDER BY place {order} LIMIT 1"
            ))?
            .query_row([site.place(0), site.place(u64::MAX)], |row| row.get(0))
            .optional()
    };
    let last = edge("DESC")?.unwrap_or(0);
    Ok(LogBounds {
        first: edge("ASC")?.unwrap_or(last + 1),
        last,
    })
}

pub(super) fn find(
    connection: &Connection,
    conversation: ConversationId,
    author: i64,
    id: EventId,
) -> Result<Option<AgentEvent>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM event WHERE id = ?1 AND conversation = ?2 AND author = ?3"
    ))?;
    let mut rows = statement.query(params![id.0.to_be_bytes(), conversation.0, author])?;
    let row = rows.next()?.map(read_row).transpose()?;
    Ok(row.map(|row| row.event))
}

fn row_at(connection: &Connection, site: SiteId, offset: u64) -> Result<Option<Row>, StoreError> {
    if offset == 0 {
        return Ok(None);
    }
    let mut statement = connection.prepare_cached(EVENT_AT)?;
    let mut rows = statement.query([site.place(offset)])?;
    rows.next()?.map(read_row).transpose()
}

fn read_row(row: &rusqlite::Row<'_>) -> Result<Row, StoreError> {
    let stored = read_stored(row)?;
    let prev = stored.prev;
    let event = stored.into_event()?;
    Ok(Row { event, prev })
}

fn read_stored(row: &rusqlite::Row<'_>) -> Result<Stored, StoreError> {
    let author: i64 = row.get(5)?;
    let author = match u64::try_from(author) {
        Err(_) => Author::System {},
        Ok(0) => Author::Visitor {},
        Ok(agent) => Author::Agent {
            id: AgentId(agent),
            name: row.get(6)?,
        },
    };
    let body: &RawValue = serde_json::from_str(text(row, 8)?)?;
    Ok(Stored {
        offset: row.get(0)?,
        conversation: ConversationId(row.get(1)?),
        seq: row.get(2)?,
        id: EventId(u128::from_be_bytes(row.get(4)?)),
        at: Millis(row.get(7)?),
        author,
        body: body.to_owned(),
        prev: row.get(3)?,
    })
}

fn text<'r>(row: &'r rusqlite::Row<'_>, column: usize) -> Result<&'r str, StoreError> {
    let value = row.get_ref(column)?;
    Ok(value.as_str().map_err(rusqlite::Error::from)?)
}

fn read_head(row: &rusqlite::Row<'_>) -> Result<Head, StoreError> {
    let assigned: Option<u64> = row.get(9)?;
    Ok(Head {
        id: ConversationId(row.get(0)?),
        site: SiteId(row.get(1)?),
        visitor: VisitorId(row.get(2)?),
        first_seq: row.get(3)?,
        last_seq: row.get(4)?,
        last_offset: row.get(5)?,
        newest_offset: row.get(6)?,
        events: row.get(7)?,
        is_open: row.get(8)?,
        assigned: assigned.map(AgentId),
        facts: Arc::new(serde_json::from_str(text(row, 10)?)?),
        seen: Seen {
            visitor: Receipt {
                delivered: row.get(11)?,
                read: row.get(12)?,
            },
            agents: Receipt {
                delivered: row.get(13)?,
                read: row.get(14)?,
            },
        },
    })
}
