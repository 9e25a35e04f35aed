//! Reads by key: heads, what a site's log holds, and one event.

use std::sync::Arc;

use holdfast_protocol::event::{AgentEvent, Author, Receipt};
use holdfast_protocol::id::{AgentId, ConversationId, EventId};
use holdfast_protocol::time::Millis;
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use serde_json::value::RawValue;

use super::{Ahead, Head, LogEnd, Seen, SiteId, StoreError, VisitorId};

/// The numbers that a site's log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogBounds {
    /// The smallest that is still kept; `last + 1` where nothing is.
    pub first: u64,
    /// The newest, 0 where there is none yet.
    pub last: u64,
}

/// An event as it is read for many: its body stays the JSON that it is on disk, which is the same for all audiences.
#[derive(Debug)]
pub struct Stored {
    /// Its number in the site's log.
    pub offset: u64,
    /// The conversation.
    pub conversation: ConversationId,
    /// Its number in the conversation; absent where the visitor may not see it.
    pub seq: Option<u64>,
    /// The name that its writer gave it.
    pub id: EventId,
    /// When it was accepted.
    pub at: Millis,
    /// Who wrote it.
    pub author: Author,
    /// What happened.
    pub body: Box<RawValue>,
    /// The place of the conversation's previous event, 0 for none.
    pub(super) prev: u64,
    /// The place of the site's previous event, 0 for none.
    pub(super) site_prev: u64,
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
    pub(super) ahead: Ahead,
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
        // By its number, for what is ahead is to be asked for before the row is read. They may have become a person between
        // the looks.
        let head = match id_of(&self.connection, site, visitor)? {
            Some(id) => self.head(id)?,
            None => None,
        };
        Ok(head.filter(|head| head.visitor == visitor))
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
        let (first, end) = self.kept(site)?;
        let last = end.offset;
        Ok(LogBounds { first, last })
    }

    /// The smallest offset that a site's log keeps, and where it ends.
    pub(super) fn kept(&self, site: SiteId) -> Result<(u64, LogEnd), StoreError> {
        // Asked for first, as for a head.
        let ahead = self.ahead.end(site).unwrap_or_default();
        let (first, end) = kept(&self.connection, site)?;
        Ok((first, end.max(ahead)))
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
            let newest = event_at(&tx, head.newest_place)?;
            conversations.push((head, newest));
        }
        Ok(conversations)
    }
}

const COLUMNS: &str = "offset, site_prev, conversation, seq, prev, id, author, name, at, body";

const HEAD_COLUMNS: &str = "id, site, visitor, first_seq, last_seq, last_offset, last_place, newest_place, \
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
    match id_of(connection, site, visitor)? {
        Some(id) => head(connection, id),
        None => Ok(None),
    }
}

/// The number of a visitor's conversation. The index on it holds both.
fn id_of(
    connection: &Connection,
    site: SiteId,
    visitor: VisitorId,
) -> Result<Option<ConversationId>, StoreError> {
    let id = connection
        .prepare_cached("SELECT id FROM conversation WHERE site = ?1 AND visitor = ?2")?
        .query_row(params![site.0, visitor.0], |row| row.get(0))
        .optional()?;
    Ok(id.map(ConversationId))
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

/// A site's row: the smallest offset that its log keeps, and where it ends.
pub(super) fn kept(connection: &Connection, site: SiteId) -> Result<(u64, LogEnd), StoreError> {
    let row = connection
        .prepare_cached("SELECT first_offset, last_offset, last_place FROM site WHERE id = ?1")?
        .query_row([site.0], |row| {
            let (offset, place) = (row.get(1)?, row.get(2)?);
            Ok((row.get(0)?, LogEnd { offset, place }))
        })
        .optional()?;
    Ok(row.unwrap_or((1, LogEnd::default())))
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
    rows.next()?.map(read_event).transpose()
}

fn event_at(connection: &Connection, place: u64) -> Result<Option<AgentEvent>, StoreError> {
    let mut statement = at_a_place(connection)?;
    let mut rows = statement.query([place])?;
    rows.next()?.map(read_event).transpose()
}

/// The statement for the event at a place, to be read by [`read_stored`].
pub(super) fn at_a_place(connection: &Connection) -> Result<CachedStatement<'_>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM event WHERE place = ?1");
    Ok(connection.prepare_cached(&sql)?)
}

fn read_event(row: &rusqlite::Row<'_>) -> Result<AgentEvent, StoreError> {
    read_stored(row)?.into_event()
}

pub(super) fn read_stored(row: &rusqlite::Row<'_>) -> Result<Stored, StoreError> {
    let author: i64 = row.get(6)?;
    let author = match u64::try_from(author) {
        Err(_) => Author::System {},
        Ok(0) => Author::Visitor {},
        Ok(agent) => Author::Agent {
            id: AgentId(agent),
            name: row.get(7)?,
        },
    };
    let body: &RawValue = serde_json::from_str(text(row, 9)?)?;
    Ok(Stored {
        offset: row.get(0)?,
        conversation: ConversationId(row.get(2)?),
        seq: row.get(3)?,
        id: EventId(u128::from_be_bytes(row.get(5)?)),
        at: Millis(row.get(8)?),
        author,
        body: body.to_owned(),
        prev: row.get(4)?,
        site_prev: row.get(1)?,
    })
}

fn text<'r>(row: &'r rusqlite::Row<'_>, column: usize) -> Result<&'r str, StoreError> {
    let value = row.get_ref(column)?;
    Ok(value.as_str().map_err(rusqlite::Error::from)?)
}

fn read_head(row: &rusqlite::Row<'_>) -> Result<Head, StoreError> {
    let assigned: Option<u64> = row.get(10)?;
    Ok(Head {
        id: ConversationId(row.get(0)?),
        site: SiteId(row.get(1)?),
        visitor: VisitorId(row.get(2)?),
        first_seq: row.get(3)?,
        last_seq: row.get(4)?,
        last_offset: row.get(5)?,
        last_place: row.get(6)?,
        newest_place: row.get(7)?,
        events: row.get(8)?,
        is_open: row.get(9)?,
        assigned: assigned.map(AgentId),
        facts: Arc::new(serde_json::from_str(text(row, 11)?)?),
        seen: Seen {
            visitor: Receipt {
                delivered: row.get(12)?,
                read: row.get(13)?,
            },
            agents: Receipt {
                delivered: row.get(14)?,
                read: row.get(15)?,
            },
        },
    })
}
