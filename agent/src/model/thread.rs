//! One conversation, as far as it is known here.

use std::collections::BTreeMap;

use holdfast_protocol::event::Receipt;
use holdfast_protocol::event::{AgentEvent, Author, Body, VisitorFacts};
use holdfast_protocol::frame::{Conversation, Status, Typing};
use holdfast_protocol::id::{AgentId, ConversationId};
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;

/// One conversation: its summary, and the newest part of its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Which one.
    pub id: ConversationId,
    /// What is known of the visitor.
    pub facts: VisitorFacts,
    /// Whose it is.
    pub assigned: Option<AgentId>,
    /// Whether it was not closed after its newest message.
    pub is_open: bool,
    /// Its newest `seq`.
    pub last_seq: u64,
    /// The `offset` of its newest event.
    pub last_offset: u64,
    /// Its newest event that the visitor may see.
    pub newest: Option<AgentEvent>,
    /// Receipts and presence.
    pub status: Status,
    /// Who is typing, and until when that holds; no name for the visitor.
    pub typing: Vec<(Option<String>, Millis)>,
    /// What the visitor has typed so far, where the site shows it; holds as long as their typing.
    pub unsent: Option<String>,
    /// Since when the visitor waits for an answer, as far as the loaded events tell.
    pub waits_since: Option<Millis>,
    /// Loaded events by `offset`: all of the conversation from `complete_from` on.
    events: BTreeMap<u64, AgentEvent>,
    complete_from: u64,
    has_older: bool,
    is_asked: bool,
    /// The newest `seq` that an agent wrote: who answers has read.
    answered: u64,
}

/// How far a message of an agent has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The log has it.
    Sent,
    /// It reached a screen of the visitor.
    Delivered,
    /// It was in the visitor's sight.
    Read,
}

/// Above every `offset`, and exact in every JSON reader.
const NEWEST: u64 = (1 << 53) - 1;

/// Events that are kept of a conversation that is not in sight. The server has the rest.
const EVENTS_KEPT: usize = 200;

impl Thread {
    /// A conversation of which only the number is known.
    #[must_use]
    pub fn new(id: ConversationId) -> Self {
        Self {
            id,
            facts: VisitorFacts::default(),
            assigned: None,
            is_open: false,
            last_seq: 0,
            last_offset: 0,
            newest: None,
            status: Status {
                conversation: id,
                visitor: Receipt::default(),
                agents: Receipt::default(),
                present: false,
                last_seen: None,
                page: None,
                trail: Vec::new(),
            },
            typing: Vec::new(),
            unsent: None,
            waits_since: None,
            events: BTreeMap::new(),
            complete_from: NEWEST,
            has_older: true,
            is_asked: false,
            answered: 0,
        }
    }

    /// The loaded events, without a gap between them, in the log's order.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &AgentEvent> {
        self.events.values()
    }

    /// Whether there are events before the loaded ones.
    #[must_use]
    pub fn has_older(&self) -> bool {
        self.has_older
    }

    /// Whether the answer to a request for older events is awaited.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        self.is_asked
    }

    /// How far the message with this `seq` has come towards the visitor.
    #[must_use]
    pub fn delivery(&self, seq: u64) -> Delivery {
        if self.status.visitor.read >= seq {
            Delivery::Read
        } else if self.status.visitor.delivered >= seq {
            Delivery::Delivered
        } else {
            Delivery::Sent
        }
    }

    /// When something happened last that the visitor may see.
    #[must_use]
    pub fn last_at(&self) -> Option<Millis> {
        self.newest.as_ref().map(|event| event.at)
    }

    /// Who is typing at `unix` o'clock; no name for the visitor.
    pub fn typing_at(&self, unix: Millis) -> impl Iterator<Item = Option<&str>> {
        let holds = move |(_, until): &&(Option<String>, Millis)| *until > unix;
        self.typing
            .iter()
            .filter(holds)
            .map(|(name, _)| name.as_deref())
    }

    /// Visitor's messages after this `seq` that nobody answered. Those that are not loaded all count.
    pub(super) fn unread_after(&self, read: u64) -> u64 {
        let read = read.max(self.answered);
        let is_unread = |event: &&AgentEvent| {
            is_by_visitor(event) && is_message(event) && event.seq.is_some_and(|seq| seq > read)
        };
        let loaded = self.events.values().filter(is_unread).count() as u64;
        let first = self.events.values().find_map(|event| event.seq);
        let first = first.unwrap_or(self.last_seq + 1);
        loaded + first.saturating_sub(read + 1)
    }

    /// The next event of the log.
    pub(super) fn add(&mut self, event: AgentEvent) {
        if self.last_offset == 0 {
            self.complete_from = event.offset;
        }
        self.read_effects(&event);
        if event.offset >= self.complete_from {
            self.events.insert(event.offset, event);
        }
    }

    /// A snapshot's summary. Its newest event is shown in lists only: what stands between may be missing.
    pub(super) fn take_summary(&mut self, summary: Conversation) {
        self.facts = summary.visitor;
        self.assigned = summary.assigned;
        self.is_open = true;
        self.last_seq = summary.last_seq;
        self.last_offset = summary.last_offset;
        self.complete_from = summary.last_offset + 1;
        self.status = summary.status;
        if let Some(event) = &summary.newest {
            self.read_answer(event);
        }
        self.newest = summary.newest;
    }

    /// The events right before the loaded ones.
    pub(super) fn take_history(&mut self, events: Vec<AgentEvent>, more: bool) {
        self.is_asked = false;
        self.has_older = more;
        if let Some(first) = events.first() {
            self.complete_from = self.complete_from.min(first.offset);
        }
        for event in events {
            self.read_effects(&event);
            if let Body::Opened { visitor } = &event.body {
                self.facts = visitor.as_ref().clone();
            }
            self.events.insert(event.offset, event);
        }
        self.waits_since = self.find_waiting();
    }

    pub(super) fn ask_older(&mut self) -> Option<u64> {
        if self.is_asked || !self.has_older {
            return None;
        }
        self.is_asked = true;
        Some(self.complete_from)
    }

    pub(super) fn forget_asked(&mut self) {
        self.is_asked = false;
    }

    pub(super) fn trim(&mut self) {
        while self.events.len() > EVENTS_KEPT {
            self.events.pop_first();
            self.has_older = true;
            let first = self.events.first_key_value();
            self.complete_from = first.map_or(NEWEST, |(offset, _)| *offset);
        }
    }

    pub(super) fn set_typing(&mut self, typing: &Typing, unix: Millis) {
        self.typing
            .retain(|(name, until)| *name != typing.name && *until > unix);
        if typing.active {
            let until = unix + limits::TYPING_LIFE;
            self.typing.push((typing.name.clone(), until));
        }
        if typing.name.is_none() {
            self.unsent.clone_from(&typing.text);
        }
    }

    /// A snapshot may be newer than the events that follow it; those change nothing any more.
    fn read_effects(&mut self, event: &AgentEvent) {
        if event.offset <= self.last_offset {
            return;
        }
        self.last_offset = event.offset;
        match &event.body {
            Body::Message { .. } => {
                self.is_open = true;
                let writer = match &event.author {
                    Author::Visitor {} => None,
                    Author::Agent { name, .. } => Some(name.as_str()),
                    Author::System {} => Some(""),
                };
                self.typing.retain(|(name, _)| name.as_deref() != writer);
                self.read_answer(event);
            }
            Body::Closed {} => {
                self.is_open = false;
                self.read_answer(event);
            }
            Body::Opened { visitor } => {
                self.facts = visitor.as_ref().clone();
                self.has_older = self.complete_from < event.offset;
            }
            Body::Assigned { to } => self.assigned = Some(*to),
            Body::Facts { visitor } => self.facts = visitor.as_ref().clone(),
            Body::Rated { .. } | Body::Note { .. } => {}
        }
        if let Some(seq) = event.seq {
            self.last_seq = seq;
            self.newest = Some(event.clone());
        }
    }

    fn read_answer(&mut self, event: &AgentEvent) {
        if is_by_visitor(event) {
            self.waits_since.get_or_insert(event.at);
        } else {
            self.answered = self.answered.max(event.seq.unwrap_or(0));
            self.waits_since = None;
        }
    }

    fn find_waiting(&self) -> Option<Millis> {
        let spoken = self
            .events
            .values()
            .rev()
            .filter(|event| event.seq.is_some() && !is_rating(event));
        let unanswered = spoken.take_while(|event| is_by_visitor(event));
        unanswered.last().map(|event| event.at)
    }
}

fn is_by_visitor(event: &AgentEvent) -> bool {
    matches!(event.author, Author::Visitor {})
}

/// Nobody waits for an answer to it.
fn is_rating(event: &AgentEvent) -> bool {
    matches!(event.body, Body::Rated { .. })
}

fn is_message(event: &AgentEvent) -> bool {
    matches!(event.body, Body::Message { .. })
}
