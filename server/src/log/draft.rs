//! One batch of appends on its way to the disk: what it reads, numbers and writes stays apart from what
//! the writer remembers until the commit has succeeded.

use std::collections::BTreeMap;

use holdfast_protocol::event::{AgentEvent, Author, Body, VisitorFacts};
use holdfast_protocol::id::{ConversationId, EventId};
use holdfast_protocol::time::Millis;

use super::heads::Heads;
use super::names::Names;
use super::{Append, AppendError, Appended, Identify, Place};
use crate::store::{Ahead, Batch, Head, SiteId, StoreError, VisitorId};

/// What an append ends as.
pub(super) type Answer = Result<Appended, AppendError>;

/// A batch in the making.
pub(super) struct Draft<'a> {
    batch: Batch<'a>,
    known: &'a Heads,
    changed: Heads,
    next: Next,
    at: Millis,
    events: Vec<(SiteId, VisitorId, AgentEvent)>,
    opened: Vec<ConversationId>,
    moved: BTreeMap<(SiteId, VisitorId), VisitorId>,
    names: &'a mut Names,
    persons: &'a mut Persons,
}

/// The numbers that are given next. What is not committed gives none away.
#[derive(Clone, Copy, Debug)]
pub(super) struct Next {
    pub(super) conversation: ConversationId,
    pub(super) place: u64,
}

/// Who wrote last as a person with which token, while the conversations of both stay apart. An older line of the token may
/// still hold what was sent again as the person; it ends with this process, and so may this.
pub(super) type Persons = BTreeMap<(SiteId, VisitorId), VisitorId>;

/// A batch that has reached the disk.
pub(super) struct Committed {
    pub(super) changed: Heads,
    pub(super) next: Next,
    pub(super) events: Vec<(SiteId, VisitorId, AgentEvent)>,
    /// Conversations of which agents hear for the first time, or of another visitor than before.
    pub(super) opened: Vec<ConversationId>,
    /// Tokens' visitors whose conversation has become a person's.
    pub(super) moved: Vec<(SiteId, VisitorId)>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        batch: Batch<'a>,
        known: &'a Heads,
        names: &'a mut Names,
        persons: &'a mut Persons,
        next: Next,
        at: Millis,
    ) -> Self {
        Self {
            batch,
            known,
            changed: Heads::default(),
            next,
            at,
            events: Vec::new(),
            opened: Vec::new(),
            moved: BTreeMap::new(),
            names,
            persons,
        }
    }

    /// Appends one event, unless its author has named another so.
    pub(super) fn append(&mut self, append: Append) -> Result<Answer, StoreError> {
        if append.lane.has_failed() {
            return Ok(Err(AppendError::Storage));
        }
        let head = match &append.place {
            Place::Visitor { visitor, token, .. } => {
                self.of_person(append.site, *visitor, *token)?
            }
            Place::Conversation(id) => match self.head(*id)? {
                Some(head) if head.site == append.site => Some(head),
                Some(_) | None => return Ok(Err(AppendError::UnknownConversation)),
            },
        };
        if let Some(head) = &head
            && !self.names.is_new(head.id, &append.author, append.id)
            && let Some(event) = self.batch.find(head.id, &append.author, append.id)?
        {
            return Ok(Ok(Appended::Duplicate(Box::new(event))));
        }
        if let Some(event) = self.find_apart(&append, head.as_ref())? {
            return Ok(Ok(Appended::Apart(Box::new(event))));
        }
        let body = match append.body {
            Ok(body) => body,
            Err(rejected) => return Ok(Err(AppendError::Rejected(Box::new(rejected)))),
        };
        let mut head = match (head, append.place) {
            (Some(head), _) => head,
            // Nothing but a message begins a conversation.
            (None, Place::Visitor { visitor, facts, .. })
                if matches!(body, Body::Message { .. }) =>
            {
                self.open(append.site, visitor, facts, append.id)?
            }
            (None, Place::Visitor { .. } | Place::Conversation(_)) => {
                return Ok(Err(AppendError::UnknownConversation));
            }
        };
        self.insert(&mut head, append.id, append.author, body)?;
        self.changed.put(head);
        Ok(Ok(Appended::New))
    }

    /// Makes a token's conversation the person's, where there is one and they have none.
    pub(super) fn identify(&mut self, identify: &Identify) -> Result<(), StoreError> {
        let Identify {
            site,
            token,
            person,
        } = *identify;
        // A token that leads to somebody already is theirs for good.
        let Some(mut head) = self.head_of(site, token)? else {
            return Ok(());
        };
        if self.head_of(site, person)?.is_some() {
            return Ok(());
        }
        self.batch.hand_over(&head, person)?;
        head.visitor = person;
        self.opened.push(head.id);
        self.changed.put(head);
        self.moved.insert((site, token), person);
        Ok(())
    }

    /// Appends that something else is known of a visitor.
    pub(super) fn append_facts(
        &mut self,
        id: ConversationId,
        facts: &VisitorFacts,
    ) -> Result<(), StoreError> {
        let Some(mut head) = self.head(id)? else {
            return Ok(());
        };
        let visitor = Box::new(facts.clone());
        // Unlike any message's, whose id stands on its `opened`.
        let event = EventId::new(self.at, u128::from(head.events));
        self.insert(&mut head, event, Author::System {}, Body::Facts { visitor })?;
        self.changed.put(head);
        Ok(())
    }

    /// Makes all of it durable.
    pub(super) fn commit(self) -> Result<Committed, StoreError> {
        self.batch.commit()?;
        Ok(Committed {
            changed: self.changed,
            next: self.next,
            events: self.events,
            opened: self.opened,
            moved: self.moved.into_keys().collect(),
        })
    }

    /// How many events this batch appends.
    pub(super) fn events(&self) -> u64 {
        self.events.len() as u64
    }

    /// Writes the heads of which something else than their progress has changed, as the log can't tell that again.
    pub(super) fn put_changed_heads(&self) -> Result<(), StoreError> {
        for head in self.changed.iter() {
            let known = self.known.get(head.id);
            if !known.is_some_and(|known| head.is_only_ahead_of(known)) {
                self.batch.put_head(head)?;
            }
        }
        Ok(())
    }

    /// Writes what this batch has changed, and those heads and ends of logs that are `ahead` of their rows since earlier
    /// ones.
    pub(super) fn put_all(&self, ahead: &Ahead) -> Result<(), StoreError> {
        let mut ends = ahead.ends();
        ends.extend(self.changed.ends());
        for (site, end) in ends {
            self.batch.put_end(site, end)?;
        }
        for head in self.changed.iter() {
            self.batch.put_head(head)?;
        }
        for id in ahead.all().into_keys() {
            if self.changed.get(id).is_none()
                && let Some(head) = self.known.get(id)
            {
                self.batch.put_head(head)?;
            }
        }
        Ok(())
    }

    fn head(&self, id: ConversationId) -> Result<Option<Head>, StoreError> {
        match self.changed.get(id).or_else(|| self.known.get(id)) {
            Some(head) => Ok(Some(head.clone())),
            None => self.batch.head(id),
        }
    }

    /// The conversation of whoever writes. What their token wrote on an older line a moment ago, when it was not there
    /// yet at their hello, becomes theirs now.
    fn of_person(
        &mut self,
        site: SiteId,
        visitor: VisitorId,
        token: Option<VisitorId>,
    ) -> Result<Option<Head>, StoreError> {
        let head = self.resolved(site, visitor)?;
        let Some(token) = token.filter(|_| head.is_none()) else {
            return Ok(head);
        };
        self.identify(&Identify {
            site,
            token,
            person: visitor,
        })?;
        self.head_of(site, visitor)
    }

    /// The conversation of a visitor, or of the person whose theirs has become.
    fn resolved(&self, site: SiteId, visitor: VisitorId) -> Result<Option<Head>, StoreError> {
        if let Some(head) = self.head_of(site, visitor)? {
            return Ok(Some(head));
        }
        let person = match self.moved.get(&(site, visitor)) {
            Some(person) => Some(*person),
            None => self.batch.alias_of(site, visitor)?,
        };
        match person {
            Some(person) => self.head_of(site, person),
            None => Ok(None),
        }
    }

    /// The event of this name in the conversation of the writer's token, where that is another: what was written
    /// before the visitor said who they are, and was sent again after it. Or the other way round, where the older
    /// line is the slower one.
    fn find_apart(
        &mut self,
        append: &Append,
        head: Option<&Head>,
    ) -> Result<Option<AgentEvent>, StoreError> {
        let Place::Visitor { visitor, token, .. } = &append.place else {
            return Ok(None);
        };
        let other = match token {
            Some(token) => {
                self.persons.insert((append.site, *token), *visitor);
                Some(*token)
            }
            None => self.persons.get(&(append.site, *visitor)).copied(),
        };
        let Some(other) = other else {
            return Ok(None);
        };
        match self.head_of(append.site, other)? {
            Some(apart) if head.is_none_or(|head| head.id != apart.id) => {
                self.batch.find(apart.id, &append.author, append.id)
            }
            Some(_) | None => Ok(None),
        }
    }

    fn head_of(&self, site: SiteId, visitor: VisitorId) -> Result<Option<Head>, StoreError> {
        if self.moved.contains_key(&(site, visitor)) {
            return Ok(None);
        }
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
        facts: Option<Box<VisitorFacts>>,
        id: EventId,
    ) -> Result<Head, StoreError> {
        let facts = facts.unwrap_or_default();
        let mut head = Head::new(
            self.next.conversation,
            site,
            visitor,
            facts.as_ref().clone(),
        );
        self.next.conversation.0 += 1;
        let body = Body::Opened { visitor: facts };
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
        let known = self.changed.end(head.site);
        let mut end = match known.or_else(|| self.known.end(head.site)) {
            Some(end) => end,
            None => self.batch.end(head.site)?,
        };
        self.names.put(head.id, &author, id);
        let event = AgentEvent {
            offset: 0,
            conversation: head.id,
            seq: None,
            id,
            at: self.at,
            author,
            body,
        };
        let row = head.push(&mut end, self.next.place, event);
        self.next.place += 1;
        self.batch.insert(head.site, &row, head)?;
        self.changed.put_end(head.site, end);
        self.events.push((head.site, head.visitor, row.event));
        Ok(())
    }
}
