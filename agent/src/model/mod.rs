//! What this client knows of its site. Pure: events and the time in, requests out.

mod thread;

use std::collections::BTreeMap;

use holdfast_protocol::client::{Agent, AgentNews, Entry, Status};
use holdfast_protocol::event::{AgentEvent, Author, Body, Receipt};
use holdfast_protocol::frame::{AgentWelcome, Colleague, Conversation, Typing};
use holdfast_protocol::id::{AgentId, ConversationId};
use holdfast_protocol::time::Millis;

pub use thread::{Delivery, Thread};

use crate::receipts::Receipts;
use crate::shell::{Event, Request};

/// What is known of a site.
#[derive(Debug)]
pub struct Model {
    /// Who this is, once the server has said so.
    pub me: Option<Me>,
    /// How the connection stands, and since when.
    pub connection: Connection,
    /// Who works here.
    pub colleagues: Vec<Colleague>,
    /// What waits for its event, or for its writer.
    pub outbox: Vec<Entry<Agent>>,
    /// The conversation in sight.
    chosen: Option<ConversationId>,
    threads: BTreeMap<ConversationId, Thread>,
    receipts: Receipts,
}

/// Who this client is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    /// By number.
    pub agent: AgentId,
    /// By name, as visitors see it.
    pub name: String,
    /// At which site.
    pub site: String,
}

/// How the connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// What the state machine says.
    pub status: Status,
    /// When there was a line last, by this machine's wall clock.
    pub since: Millis,
    /// Why there is none, in words.
    pub trouble: Option<String>,
    /// Why the outbox can't be written to disk.
    pub storage: Option<String>,
}

/// Closed conversations that stay in the list; the oldest go first.
const CLOSED_KEPT: usize = 30;

impl Model {
    /// Knows nothing yet, at `unix` o'clock.
    #[must_use]
    pub fn new(unix: Millis) -> Self {
        Self {
            me: None,
            connection: Connection {
                status: Status::Connecting,
                since: unix,
                trouble: None,
                storage: None,
            },
            colleagues: Vec::new(),
            outbox: Vec::new(),
            chosen: None,
            threads: BTreeMap::new(),
            receipts: Receipts::default(),
        }
    }

    /// All conversations that are known, by number.
    pub fn threads(&self) -> impl Iterator<Item = &Thread> {
        self.threads.values()
    }

    /// One conversation.
    #[must_use]
    pub fn thread(&self, id: ConversationId) -> Option<&Thread> {
        self.threads.get(&id)
    }

    /// The conversation in sight.
    #[must_use]
    pub fn chosen(&self) -> Option<&Thread> {
        self.threads.get(&self.chosen?)
    }

    /// Visitor's messages that no agent has read or answered.
    #[must_use]
    pub fn unread(&self, thread: &Thread) -> u64 {
        thread.unread_after(self.receipts.agents(thread.id).read)
    }

    /// What of the outbox belongs to a conversation, in the order in which it was written.
    pub fn pending(&self, id: ConversationId) -> impl Iterator<Item = &Entry<Agent>> {
        let is_here = move |entry: &&Entry<Agent>| entry.command.conversation() == id;
        self.outbox.iter().filter(is_here)
    }

    /// How many commands wait for the line.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let waits = |entry: &&Entry<Agent>| entry.failed.is_none();
        self.outbox.iter().filter(waits).count()
    }

    /// Whether that agent is this one.
    #[must_use]
    pub fn is_me(&self, agent: AgentId) -> bool {
        self.me.as_ref().is_some_and(|me| me.agent == agent)
    }

    /// An agent's name, as far as it is known.
    #[must_use]
    pub fn name_of(&self, agent: AgentId) -> String {
        let known = self.colleagues.iter().find(|one| one.id == agent);
        known.map_or_else(|| format!("agent {}", agent.0), |one| one.name.clone())
    }
}

/// What the person does.
impl Model {
    /// Brings a conversation into sight.
    pub fn choose(&mut self, id: ConversationId) {
        if let Some(left) = self.chosen.replace(id)
            && left != id
            && let Some(thread) = self.threads.get_mut(&left)
        {
            thread.trim();
        }
    }

    /// The person sees the end of the chosen conversation.
    pub fn look(&mut self) -> Option<Request> {
        let thread = self.chosen()?;
        let (conversation, seq) = (thread.id, thread.last_seq);
        let seen = Receipt {
            delivered: seq,
            read: seq,
        };
        self.say_seen(conversation, seen)
    }

    /// Older events of the chosen conversation are wanted, unless they were asked for already or there are none.
    pub fn want_older(&mut self) -> Option<Request> {
        if self.connection.status != Status::Online {
            return None;
        }
        let thread = self.threads.get_mut(&self.chosen?)?;
        let before = thread.ask_older()?;
        Some(Request::History {
            conversation: thread.id,
            before,
        })
    }
}

/// What happens.
impl Model {
    /// Takes in an event of the connection at `unix` o'clock. Returns the receipts that it calls for.
    pub fn apply(&mut self, event: Event, unix: Millis) -> Vec<Request> {
        match event {
            Event::Status(status) => {
                if self.connection.status == Status::Online {
                    self.connection.since = unix;
                }
                if status == Status::Online {
                    self.connection.trouble = None;
                }
                self.connection.status = status;
            }
            Event::Trouble(why) => self.connection.trouble = Some(why),
            Event::Welcomed { welcome, restart } => return self.welcomed(welcome, restart),
            Event::Events { events, acked } => {
                self.outbox.retain(|entry| !acked.contains(&entry.id));
                let receipts = events.into_iter().filter_map(|event| self.add(event));
                return receipts.collect();
            }
            Event::News(news) => return self.read_news(news, unix),
            Event::Outbox(outbox) => {
                for entry in &outbox {
                    let id = entry.command.conversation();
                    self.threads.entry(id).or_insert_with(|| Thread::new(id));
                }
                self.outbox = outbox;
            }
            Event::Storage(trouble) => self.connection.storage = trouble,
            Event::NoLine(conversation) => {
                if let Some(thread) = self.threads.get_mut(&conversation) {
                    thread.forget_asked();
                }
            }
            Event::Barrier(barrier) => barrier.pass(),
            // The outbox, which is said too, holds what these say.
            Event::Queued(_)
            | Event::NotQueued { .. }
            | Event::Rejected { .. }
            | Event::Drained => {}
        }
        Vec::new()
    }

    fn welcomed(&mut self, welcome: AgentWelcome, restart: bool) -> Vec<Request> {
        self.me = Some(Me {
            agent: welcome.agent,
            name: welcome.name,
            site: welcome.site,
        });
        self.colleagues = welcome.colleagues;
        if restart {
            self.receipts.clear();
            let is_kept = |id: &ConversationId| {
                let has_pending = |entry: &Entry<Agent>| entry.command.conversation() == *id;
                self.chosen == Some(*id) || self.outbox.iter().any(has_pending)
            };
            let kept: Vec<ConversationId> = self.threads.keys().copied().filter(is_kept).collect();
            self.threads = kept.into_iter().map(|id| (id, Thread::new(id))).collect();
        }
        for thread in self.threads.values_mut() {
            thread.forget_asked();
            thread.typing.clear();
        }
        let unconfirmed = self.receipts.unconfirmed();
        unconfirmed
            .map(|(conversation, seen)| Request::Seen { conversation, seen })
            .collect()
    }

    fn add(&mut self, event: AgentEvent) -> Option<Request> {
        let conversation = event.conversation;
        let by_visitor = matches!(event.author, Author::Visitor {});
        let is_message = matches!(event.body, Body::Message { .. });
        let is_closed = matches!(event.body, Body::Closed {});
        let seq = event.seq;
        let thread = self.threads.entry(conversation);
        let thread = thread.or_insert_with(|| Thread::new(conversation));
        thread.add(event);
        if self.chosen != Some(conversation) {
            thread.trim();
        }
        if is_closed {
            self.drop_old_closed();
        }
        let seen = Receipt {
            delivered: seq.filter(|_| by_visitor && is_message)?,
            read: 0,
        };
        self.say_seen(conversation, seen)
    }

    fn drop_old_closed(&mut self) {
        let has_pending = |id| self.pending(id).next().is_some();
        let mut closed: Vec<(u64, ConversationId)> = self
            .threads
            .values()
            .filter(|t| !t.is_open && self.chosen != Some(t.id) && !has_pending(t.id))
            .map(|thread| (thread.last_offset, thread.id))
            .collect();
        closed.sort_unstable();
        let surplus = closed.len().saturating_sub(CLOSED_KEPT);
        for (_, id) in closed.into_iter().take(surplus) {
            self.threads.remove(&id);
        }
    }

    fn say_seen(&mut self, conversation: ConversationId, seen: Receipt) -> Option<Request> {
        let seen = self.receipts.advance(conversation, seen)?;
        Some(Request::Seen { conversation, seen })
    }

    fn read_news(&mut self, news: AgentNews, unix: Millis) -> Vec<Request> {
        match news {
            AgentNews::Snapshot(conversations) => {
                let receipts = conversations.into_iter().filter_map(|one| self.take(one));
                return receipts.collect();
            }
            AgentNews::History {
                conversation,
                events,
                more,
            } => {
                if let Some(thread) = self.threads.get_mut(&conversation) {
                    thread.take_history(events, more);
                }
            }
            AgentNews::Status(status) => {
                self.receipts.confirm(status.conversation, status.agents);
                if let Some(thread) = self.threads.get_mut(&status.conversation) {
                    thread.status = status;
                }
            }
            AgentNews::Typing(typing) => self.read_typing(&typing, unix),
            AgentNews::Colleagues(colleagues) => self.colleagues = colleagues,
        }
        Vec::new()
    }

    fn take(&mut self, summary: Conversation) -> Option<Request> {
        let id = summary.conversation;
        let seen = Receipt {
            delivered: summary.last_seq,
            read: 0,
        };
        self.receipts.confirm(id, summary.status.agents);
        let thread = self.threads.entry(id).or_insert_with(|| Thread::new(id));
        thread.take_summary(summary);
        self.say_seen(id, seen)
    }

    fn read_typing(&mut self, typing: &Typing, unix: Millis) {
        let thread = typing.conversation.and_then(|id| self.threads.get_mut(&id));
        if let Some(thread) = thread {
            thread.set_typing(typing, unix);
        }
    }
}

#[cfg(test)]
mod tests;
