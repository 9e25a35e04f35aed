//! One transaction of the writer.

use holdfast_protocol::event::{AgentEvent, Author};
use holdfast_protocol::id::{ConversationId, EventId};
use rusqlite::{Transaction, TransactionBehavior, params};

use super::read;
use super::{Head, LogEnd, MARK_EVERY, Row, SiteId, Store, StoreError, VisitorId, author_number};

pub(super) const INSERT_EVENT: &str = "INSERT INTO event (place, site, offset, site_prev, conversation, seq, prev, id, author, \
     name, at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

pub(super) const INSERT_MARK: &str =
    "INSERT INTO mark (conversation, offset, place, seq) VALUES (?1, ?2, ?3, ?4)";

pub(super) const INSERT_SITE_MARK: &str =
    "INSERT INTO site_mark (site, offset, place) VALUES (?1, ?2, ?3)";

impl Store {
    /// Begins a transaction. Dropped without [`Batch::commit`], nothing of it exists.
    ///
    /// # Errors
    /// When the database is locked or can't be written.
    pub fn begin(&mut self) -> Result<Batch<'_>, StoreError> {
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        Ok(Batch { tx })
    }
}

/// One transaction of the writer: its own reads see what it wrote.
#[derive(Debug)]
pub struct Batch<'s> {
    tx: Transaction<'s>,
}

impl Batch<'_> {
    /// The conversation of a number.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn head(&self, id: ConversationId) -> Result<Option<Head>, StoreError> {
        read::head(&self.tx, id)
    }

    /// The conversation of a visitor.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn head_of(&self, site: SiteId, visitor: VisitorId) -> Result<Option<Head>, StoreError> {
        read::head_of(&self.tx, site, visitor)
    }

    /// Where a site's log ends by its row.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn end(&self, site: SiteId) -> Result<LogEnd, StoreError> {
        let (_, end) = read::kept(&self.tx, site)?;
        Ok(end)
    }

    /// The event that this author named `id` in this conversation, if there is one.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn find(
        &self,
        conversation: ConversationId,
        author: &Author,
        id: EventId,
    ) -> Result<Option<AgentEvent>, StoreError> {
        read::find(&self.tx, conversation, author_number(author), id)
    }

    /// Writes an event, and the marks where some are due. `head` is the conversation after this event.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn insert(&self, site: SiteId, row: &Row, head: &Head) -> Result<(), StoreError> {
        let event = &row.event;
        let name = match &event.author {
            Author::Agent { name, .. } => Some(name.as_str()),
            Author::Visitor {} | Author::System {} => None,
        };
        self.tx.prepare_cached(INSERT_EVENT)?.execute(params![
            row.place,
            site.0,
            event.offset,
            row.site_prev,
            event.conversation.0,
            event.seq,
            row.prev,
            event.id.0.to_be_bytes(),
            author_number(&event.author),
            name,
            event.at.0,
            serde_json::to_string(&event.body)?,
        ])?;
        if head.events.is_multiple_of(MARK_EVERY) {
            self.tx.prepare_cached(INSERT_MARK)?.execute(params![
                head.id.0,
                event.offset,
                row.place,
                head.last_seq
            ])?;
        }
        if event.offset.is_multiple_of(MARK_EVERY) {
            self.tx
                .prepare_cached(INSERT_SITE_MARK)?
                .execute([site.0, event.offset, row.place])?;
        }
        Ok(())
    }

    /// Writes a conversation as it stands now.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn put_head(&self, head: &Head) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "INSERT INTO conversation (id, site, visitor, first_seq, last_seq, last_offset,
                     last_place, newest_place, events, is_open, assigned, facts, visitor_delivered,
                     visitor_read, agents_delivered, agents_read)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
                 ON CONFLICT (id) DO UPDATE SET
                     first_seq = excluded.first_seq, last_seq = excluded.last_seq,
                     last_offset = excluded.last_offset, last_place = excluded.last_place,
                     newest_place = excluded.newest_place, events = excluded.events, is_open = excluded.is_open,
                     assigned = excluded.assigned, facts = excluded.facts,
                     visitor_delivered = excluded.visitor_delivered,
                     visitor_read = excluded.visitor_read,
                     agents_delivered = excluded.agents_delivered,
                     agents_read = excluded.agents_read",
            )?
            .execute(params![
                head.id.0,
                head.site.0,
                head.visitor.0,
                head.first_seq,
                head.last_seq,
                head.last_offset,
                head.last_place,
                head.newest_place,
                head.events,
                head.is_open,
                head.assigned.map(|agent| agent.0),
                serde_json::to_string(head.facts.as_ref())?,
                head.seen.visitor.delivered,
                head.seen.visitor.read,
                head.seen.agents.delivered,
                head.seen.agents.read,
            ])?;
        Ok(())
    }

    /// Writes where a site's log ends now.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn put_end(&self, site: SiteId, end: LogEnd) -> Result<(), StoreError> {
        self.tx
            .prepare_cached("UPDATE site SET last_offset = ?2, last_place = ?3 WHERE id = ?1")?
            .execute([site.0, end.offset, end.place])?;
        Ok(())
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
        read::alias_of(&self.tx, site, visitor)
    }

    /// Makes a token's conversation a person's, who has none, and remembers that the token leads there.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn hand_over(&self, head: &Head, person: VisitorId) -> Result<(), StoreError> {
        self.tx
            .prepare_cached("UPDATE conversation SET visitor = ?2 WHERE id = ?1")?
            .execute(params![head.id.0, person.0])?;
        self.tx
            .prepare_cached("INSERT INTO alias (site, visitor, person) VALUES (?1, ?2, ?3)")?
            .execute(params![head.site.0, head.visitor.0, person.0])?;
        Ok(())
    }

    /// Makes all of it durable: it has reached the disk when this returns.
    ///
    /// # Errors
    /// When it has not; nothing of it exists then.
    pub fn commit(self) -> Result<(), StoreError> {
        Ok(self.tx.commit()?)
    }
}
