//! Live streams: who is to be woken, and the newest values. A wake-up carries no message, so a lost one
//! costs time and nothing else. An entry lives as long as somebody reads it.

use std::collections::HashMap;
use std::sync::Arc;

use holdfast_protocol::event::{AgentEvent, Receipt};
use holdfast_protocol::id::ConversationId;
use tokio::sync::{Notify, watch};

use super::sync::{Mutex, lock};
use super::tail::{self, Chunk, Tail};
use crate::store::{Seen, SiteId, VisitorId};

/// The tail of a conversation: its readers follow closely, and a conversation that is open all day must
/// cost little. Who writes faster than that is read from the store.
const CONVERSATION_TAIL_EVENTS: usize = 8;
const CONVERSATION_TAIL_BYTES: usize = 512;

/// The tail of a site: what 1,000 busy conversations say in a second or two, so that agents on a fair line
/// are served from memory.
const SITE_TAIL_EVENTS: usize = 4096;
const SITE_TAIL_BYTES: usize = 2 * 1024 * 1024;

/// A visitor of a site, as the streams are named: a tab may wait before there is a conversation.
pub(super) type Key = (SiteId, VisitorId);

/// The newest values of a visitor's stream. The newest wins.
#[derive(Clone, Debug, Default)]
pub struct ConversationNow {
    /// The visitor's conversation, once it is known.
    pub conversation: Option<ConversationId>,
    /// Its newest `seq`, as far as it is known here.
    pub last: u64,
    /// How far both sides have come.
    pub seen: Seen,
    /// Whether the agents have come further since readers were woken last.
    is_receipt_untold: bool,
    /// What an agent's typing said last.
    pub typing: Option<TypingNow>,
    /// The conversation has become a person's: nothing comes here any more, and who comes back is led there.
    pub has_moved: bool,
}

/// What an agent's typing said last.
#[derive(Clone, Debug)]
pub struct TypingNow {
    /// Counts what was said, so that the same said again is news.
    pub count: u64,
    /// The frame for visitors.
    pub frame: Arc<str>,
}

#[derive(Debug)]
struct ConversationStream {
    now: watch::Sender<ConversationNow>,
    tail: Mutex<Tail>,
}

/// A stream with as many subscriptions as hold it. Counted under the registry's lock: the receivers' own
/// count falls only after it, so that of two who leave at once neither would be the last.
#[derive(Debug)]
struct Held {
    stream: Arc<ConversationStream>,
    readers: usize,
}

#[derive(Debug)]
struct SiteStream {
    last: watch::Sender<u64>,
    tail: Mutex<Tail>,
}

#[derive(Debug, Default)]
struct Conversations {
    by_visitor: HashMap<Key, Held>,
    by_id: HashMap<ConversationId, Key>,
}

/// All live streams of this process.
#[derive(Debug, Default)]
pub(super) struct Streams {
    conversations: Mutex<Conversations>,
    /// As many as there are sites.
    sites: Mutex<HashMap<SiteId, Arc<SiteStream>>>,
    /// Rung while receipts wait for events to leave with.
    pub(super) receipts: Notify,
}

impl Streams {
    pub(super) fn subscribe(self: &Arc<Self>, site: SiteId, visitor: VisitorId) -> Subscription {
        let mut conversations = lock(&self.conversations);
        let held = conversations
            .by_visitor
            .entry((site, visitor))
            .or_insert_with(|| Held {
                stream: Arc::new(ConversationStream {
                    now: watch::Sender::new(ConversationNow::default()),
                    tail: Mutex::new(Tail::new(CONVERSATION_TAIL_EVENTS, CONVERSATION_TAIL_BYTES)),
                }),
                readers: 0,
            });
        held.readers += 1;
        Subscription {
            now: held.stream.now.subscribe(),
            stream: Arc::clone(&held.stream),
            streams: Arc::clone(self),
            key: (site, visitor),
        }
    }

    pub(super) fn subscribe_site(&self, site: SiteId) -> SiteSubscription {
        let mut sites = lock(&self.sites);
        let stream = sites.entry(site).or_insert_with(|| {
            Arc::new(SiteStream {
                last: watch::Sender::new(0),
                tail: Mutex::new(Tail::new(SITE_TAIL_EVENTS, SITE_TAIL_BYTES)),
            })
        });
        SiteSubscription {
            last: stream.last.subscribe(),
            stream: Arc::clone(stream),
        }
    }

    /// Hands a committed event to its conversation's and its site's readers, if there are any.
    pub(super) fn publish(&self, site: SiteId, visitor: VisitorId, event: &AgentEvent) {
        let Ok(json) = tail::agent_json(event) else {
            return;
        };
        if let Some(seq) = event.seq
            && let Some(Held { stream, .. }) =
                lock(&self.conversations).by_visitor.get(&(site, visitor))
            && let Some(json) = tail::for_visitor(&json)
        {
            lock(&stream.tail).push(seq, json);
        }
        if let Some(stream) = lock(&self.sites).get(&site)
            && stream.last.receiver_count() > 0
        {
            lock(&stream.tail).push(event.offset, json.into());
        }
    }

    pub(super) fn wake_site(&self, site: SiteId, last: u64) {
        if let Some(stream) = lock(&self.sites).get(&site) {
            stream.last.send_if_modified(|now| {
                let has_grown = last > *now;
                *now = last.max(*now);
                has_grown
            });
        }
    }

    /// Says how a conversation stands, and wakes its readers where that is news to them.
    pub(super) fn wake(&self, key: Key, conversation: ConversationId, last: u64, seen: Seen) {
        self.stands(key, conversation, last, seen, true);
    }

    /// Says how a conversation stands, and leaves it to the next wake-up to tell how far the agents have come.
    pub(super) fn seen(&self, key: Key, conversation: ConversationId, last: u64, seen: Seen) {
        self.stands(key, conversation, last, seen, false);
    }

    fn stands(
        &self,
        key: Key,
        conversation: ConversationId,
        last: u64,
        seen: Seen,
        tells_receipts: bool,
    ) {
        let mut conversations = lock(&self.conversations);
        let Some(Held { stream, .. }) = conversations.by_visitor.get(&key) else {
            return;
        };
        let mut is_first = false;
        stream.now.send_if_modified(|now| {
            // A look into the store that began before it moved may end after.
            if now.has_moved {
                return false;
            }
            let newer = Seen {
                visitor: now.seen.visitor.max(seen.visitor),
                agents: now.seen.agents.max(seen.agents),
            };
            is_first = now.conversation != Some(conversation);
            now.is_receipt_untold |= newer.agents != now.seen.agents;
            let is_news = is_first || last > now.last || (now.is_receipt_untold && tells_receipts);
            now.is_receipt_untold &= !is_news;
            now.conversation = Some(conversation);
            now.last = now.last.max(last);
            now.seen = newer;
            is_news
        });
        if is_first {
            conversations.by_id.insert(conversation, key);
        }
    }

    /// Says that a visitor's conversation has become a person's.
    pub(super) fn moved(&self, key: Key) {
        let mut conversations = lock(&self.conversations);
        let Some(Held { stream, .. }) = conversations.by_visitor.get(&key) else {
            return;
        };
        let mut conversation = None;
        stream.now.send_modify(|now| {
            now.has_moved = true;
            conversation = now.conversation.take();
        });
        if let Some(conversation) = conversation
            && conversations.by_id.get(&conversation) == Some(&key)
        {
            conversations.by_id.remove(&conversation);
        }
    }

    /// Whether the agents are known to have come so far in the conversation of a visitor who is here.
    pub(super) fn have_agents_seen(&self, conversation: ConversationId, seen: Receipt) -> bool {
        let conversations = lock(&self.conversations);
        let held = conversations
            .by_id
            .get(&conversation)
            .and_then(|key| conversations.by_visitor.get(key));
        held.is_some_and(|held| {
            let known = held.stream.now.borrow().seen.agents;
            known.max(seen) == known
        })
    }

    /// Says that an agent of `site` is typing, to the visitor if they are here.
    pub(super) fn typing(&self, site: SiteId, conversation: ConversationId, frame: &Arc<str>) {
        let conversations = lock(&self.conversations);
        let Some(key) = conversations.by_id.get(&conversation) else {
            return;
        };
        if key.0 != site {
            return;
        }
        if let Some(Held { stream, .. }) = conversations.by_visitor.get(key) {
            stream.now.send_modify(|now| {
                let count = now.typing.as_ref().map_or(0, |typing| typing.count) + 1;
                now.typing = Some(TypingNow {
                    count,
                    frame: Arc::clone(frame),
                });
            });
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        let conversations = lock(&self.conversations);
        conversations.by_visitor.is_empty() && conversations.by_id.is_empty()
    }

    /// Whether both ways to a stream name the same ones: every conversation that is known of a live
    /// stream, and no other.
    #[cfg(all(test, feature = "shuttle"))]
    pub(super) fn is_consistent(&self) -> bool {
        let conversations = lock(&self.conversations);
        let known: HashMap<_, _> = conversations
            .by_visitor
            .iter()
            .filter_map(|(key, held)| Some((held.stream.now.borrow().conversation?, *key)))
            .collect();
        known == conversations.by_id
    }
}

/// One reader's hold on a visitor's stream.
#[derive(Debug)]
pub struct Subscription {
    /// The newest values.
    pub now: watch::Receiver<ConversationNow>,
    stream: Arc<ConversationStream>,
    streams: Arc<Streams>,
    key: Key,
}

impl Subscription {
    /// The next events after `after`, if memory reaches back so far.
    #[must_use]
    pub fn tail(&self, after: u64) -> Option<Chunk> {
        lock(&self.stream.tail).chunk(after)
    }
}

impl SiteSubscription {
    /// How many read this site's stream.
    #[must_use]
    pub fn readers(&self) -> usize {
        self.stream.last.receiver_count()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut conversations = lock(&self.streams.conversations);
        let Some(held) = conversations.by_visitor.get_mut(&self.key) else {
            return;
        };
        held.readers -= 1;
        if held.readers > 0 {
            return;
        }
        conversations.by_visitor.remove(&self.key);
        if let Some(conversation) = self.stream.now.borrow().conversation
            && conversations.by_id.get(&conversation) == Some(&self.key)
        {
            conversations.by_id.remove(&conversation);
        }
    }
}

/// One reader's hold on a site's stream.
#[derive(Debug)]
pub struct SiteSubscription {
    /// The site's newest `offset`, as far as it is known here.
    pub last: watch::Receiver<u64>,
    stream: Arc<SiteStream>,
}

impl SiteSubscription {
    /// The next events after `after`, if memory reaches back so far.
    #[must_use]
    pub fn tail(&self, after: u64) -> Option<Chunk> {
        lock(&self.stream.tail).chunk(after)
    }
}
