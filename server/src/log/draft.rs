//! One batch of appends on its way to the disk: what it reads, numbers and writes stays apart from what
//! the writer remembers until the commit has succeeded.

use holdfast_protocol::event::{AgentEvent, Author, Body, VisitorFacts};
use holdfast_protocol::id::{ConversationId, EventId};
use holdfast_protocol::time::Millis;

use super::heads::Heads;
use super::{Append, AppendError, Appended, Place};
use crate::store::{Batch, Head, SiteId, StoreError, VisitorId};

/// What an append ends as.
pub(super) type Answer = Result<Appended, AppendError>;

/// A batch in the making.
pub(super) struct Draft<'a> {
    batch: Batch<'a>,
    known: &'a Heads,
    changed: Heads,
    next_conversation: ConversationId,
    at: Millis,
    events: Vec<(SiteId, VisitorId, AgentEvent)>,
    opened: Vec<ConversationId>,
}

/// A batch that has reached the disk.
pub(super) struct Committed {
    pub(super) changed: Heads,
    pub(super) next_conversation: ConversationId,
    pub(super) events: Vec<(SiteId, VisitorId, AgentEvent)>,
    pub(super) opened: Vec<ConversationId>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        batch: Batch<'a>,
        known: &'a Heads,
        next_conversation: ConversationId,
        at: Millis,
    ) -> Self {
        Self {
            batch,
            known,
            changed: Heads::default(),
            next_conversation,
            at,
            events: Vec::new(),
            opened: Vec::new(),
        }
    }

    /// Appends one event, unless its author has named another so.
    pub(super) fn append(&mut self, append: &Append) -> Result<Answer, StoreError> {
        if append.lane.has_failed() {
            return Ok(Err(AppendError::Storage));
        }
        let head = match &append.place {
            Place::Visitor { visitor, .. } => self.head_of(append.site, *visitor)?,
            Place::Conversation(id) => match self.head(*id)? {
                Some(head) if head.site == append.site => Some(head),
                Some(_) | None => return Ok(Err(AppendError::UnknownConversation)),
            },
        };
        if let Some(head) = &head
            && let Some(event) = self.batch.find(head.id, &append.author, append.id)?
        {
            return Ok(Ok(Appended::Duplicate(Box::new(event))));
        }
        let body = match &append.body {
            Ok(body) => body.clone(),
            Err(rejected) => return Ok(Err(AppendError::Rejected(Box::new(rejected.clone())))),
        };
        let mut head = match (head, &append.place) {
            (Some(head), _) => head,
            // Nothing but a message begins a conversation.
            (None, Place::Visitor { visitor, facts }) if matches!(body, Body::Message { .. }) => {
                self.open(append.site, *visitor, facts, append.id)?
            }
            (None, Place::Visitor { .. } | Place::Conversation(_)) => {
                return Ok(Err(AppendError::UnknownConversation));
            }
        };
        self.insert(&mut head, append.id, append.author.clone(), body)?;
        self.changed.put(head);
        Ok(Ok(Appended::New))
    }

    /// Writes a conversation's receipts along.
    pub(super) fn put_head(&self, head: &Head) -> Result<(), StoreError> {
        self.batch.put_head(head)
    }

    /// Makes all of it durable.
    pub(super) fn commit(self) -> Result<Committed, StoreError> {
        self.batch.commit()?;
        Ok(Committed {
            changed: self.changed,
            next_conversation: self.next_conversation,
            events: self.events,
            opened: self.opened,
        })
    }

    /// Writes what the heads have become, once for all events of the batch.
    pub(super) fn put_heads(&self, ids: &[ConversationId]) -> Result<(), StoreError> {
        for id in ids {
            if let Some(head) = self.changed.get(*id) {
                self.batch.put_head(head)?;
            }
        }
        Ok(())
    }

    /// The conversations that have grown, each once.
    pub(super) fn grown(&self) -> Vec<ConversationId> {
        let mut ids: Vec<_> = self
            .events
            .iter()
            .map(|(_, _, event)| event.conversation)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    fn head(&self, id: ConversationId) -> Result<Option<Head>, StoreError> {
        match self.changed.get(id).or_else(|| self.known.get(id)) {
            Some(head) => Ok(Some(head.clone())),
            None => self.batch.head(id),
        }
    }

    fn head_of(&self, site: SiteId, visitor: VisitorId) -> Result<Option<Head>, StoreError> {
        let changed = self.changed.of(site, visitor);
        match changed.or_else(|| self.known.of(site, visitor)) {
            Some(head) => Ok(Some(head.clone())),
            None => self.batch.head_of(site, visitor),
        }
    }

    fn open(
        &mut self,
        site: SiteId,
        visitor: VisitorId,
        facts: &VisitorFacts,
        id: EventId,
    ) -> Result<Head, StoreError> {
        let mut head = Head::new(self.next_conversation, site, visitor, facts.clone());
        self.next_conversation.0 += 1;
        // The row must stand before its events, and gets its final form with the batch's other heads.
        self.batch.put_head(&head)?;
        let body = Body::Opened {
            visitor: facts.clone(),
        };
        self.insert(&mut head, id, Author::System {}, body)?;
        self.opened.push(head.id);
        Ok(head)
    }

    fn insert(
        &mut self,
        head: &mut Head,
        id: EventId,
        author: Author,
        body: Body,
    ) -> Result<(), StoreError> {
        let known = self.changed.last_offset(head.site);
        let last = match known.or_else(|| self.known.last_offset(head.site)) {
            Some(last) => last,
            None => self.batch.site_bounds(head.site)?.last,
        };
        let row = head.push(AgentEvent {
            offset: last + 1,
            conversation: head.id,
            seq: None,
            id,
            at: self.at,
            author,
            body,
        });
        self.batch.insert(head.site, &row, head)?;
        self.changed.put_last_offset(head.site, last + 1);
        self.events.push((head.site, head.visitor, row.event));
        Ok(())
    }
}
