//! What an event does to its conversation, and what the writer remembers between commits. Pure.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use holdfast_protocol::event::{AgentEvent, Body};
use holdfast_protocol::id::ConversationId;

use crate::store::{Head, LogEnd, Row, SiteId, VisitorId};

/// Conversations that the writer remembers; beyond, it forgets all and looks them up again. A head
/// takes some 300 bytes, so this is 3 MiB, and more than can be busy at one moment.
const HEADS: usize = 10_000;

impl Head {
    /// Gives the next event its `seq`, its offset, its place and its links, and moves the conversation and the site's log on
    /// by it. `place` is beyond those of all events before it.
    pub(crate) fn push(&mut self, end: &mut LogEnd, place: u64, mut event: AgentEvent) -> Row {
        let (prev, site_prev) = (self.last_place, end.place);
        event.offset = end.offset + 1;
        match &event.body {
            Body::Message { .. } => self.is_open = true,
            Body::Closed {} => self.is_open = false,
            Body::Assigned { to } => self.assigned = Some(*to),
            Body::Facts { visitor } => self.facts = Arc::new(visitor.as_ref().clone()),
            Body::Rated { .. } | Body::Opened { .. } | Body::Note { .. } => {}
        }
        if event.body.for_visitor().is_some() {
            self.last_seq += 1;
            self.newest_place = place;
            event.seq = Some(self.last_seq);
        }
        self.last_offset = event.offset;
        self.last_place = place;
        self.events += 1;
        *end = LogEnd {
            offset: event.offset,
            place,
        };
        Row {
            event,
            place,
            prev,
            site_prev,
        }
    }
}

/// What the writer remembers of the store, as of the last commit.
#[derive(Debug, Default)]
pub(super) struct Heads {
    heads: BTreeMap<ConversationId, Head>,
    by_visitor: HashMap<(SiteId, VisitorId), ConversationId>,
    ends: BTreeMap<SiteId, LogEnd>,
}

impl Heads {
    pub(super) fn get(&self, id: ConversationId) -> Option<&Head> {
        self.heads.get(&id)
    }

    /// Those of these conversations that are remembered.
    pub(super) fn all_of(&self, ids: &BTreeSet<ConversationId>) -> impl Iterator<Item = &Head> {
        ids.iter().filter_map(|id| self.heads.get(id))
    }

    pub(super) fn get_mut(&mut self, id: ConversationId) -> Option<&mut Head> {
        self.heads.get_mut(&id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Head> {
        self.heads.values()
    }

    pub(super) fn of(&self, site: SiteId, visitor: VisitorId) -> Option<&Head> {
        self.heads.get(self.by_visitor.get(&(site, visitor))?)
    }

    /// Where a site's log ends.
    pub(super) fn end(&self, site: SiteId) -> Option<LogEnd> {
        self.ends.get(&site).copied()
    }

    pub(super) fn ends(&self) -> impl Iterator<Item = (SiteId, LogEnd)> {
        self.ends.iter().map(|(site, end)| (*site, *end))
    }

    pub(super) fn put(&mut self, head: Head) {
        let (id, key) = (head.id, (head.site, head.visitor));
        match self.heads.entry(id) {
            Entry::Vacant(place) => {
                place.insert(head);
            }
            Entry::Occupied(mut place) => {
                let before = place.insert(head);
                let before = (before.site, before.visitor);
                if before == key {
                    return;
                }
                self.by_visitor.remove(&before);
            }
        }
        self.by_visitor.insert(key, id);
    }

    pub(super) fn put_end(&mut self, site: SiteId, end: LogEnd) {
        self.ends.insert(site, end);
    }

    pub(super) fn into_parts(self) -> (BTreeMap<ConversationId, Head>, BTreeMap<SiteId, LogEnd>) {
        (self.heads, self.ends)
    }

    /// Whether it is time to forget; only to be done while nothing in it is newer than the store.
    pub(super) fn is_full(&self) -> bool {
        self.heads.len() > HEADS
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
