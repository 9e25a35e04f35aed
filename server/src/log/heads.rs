//! What an event does to its conversation, and what the writer remembers between commits. Pure.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use holdfast_protocol::event::{AgentEvent, Body};
use holdfast_protocol::id::ConversationId;

use crate::store::{Head, Row, SiteId, VisitorId};

/// Conversations that the writer remembers; beyond, it forgets all and looks them up again. A head
/// takes some 300 bytes, so this is 3 MiB, and more than can be busy at one moment.
const HEADS: usize = 10_000;

impl Head {
    /// Gives the next event its `seq` and its link, and moves the conversation on by it.
    pub(crate) fn push(&mut self, mut event: AgentEvent) -> Row {
        let prev = self.last_offset;
        match &event.body {
            Body::Message { .. } => self.is_open = true,
            Body::Closed {} => self.is_open = false,
            Body::Assigned { to } => self.assigned = Some(*to),
            Body::Facts { visitor } => self.facts = Arc::new(visitor.as_ref().clone()),
            Body::Rated { .. } | Body::Opened { .. } | Body::Note { .. } => {}
        }
        if event.body.for_visitor().is_some() {
            self.last_seq += 1;
            self.newest_offset = event.offset;
            event.seq = Some(self.last_seq);
        }
        self.last_offset = event.offset;
        self.events += 1;
        Row { event, prev }
    }
}

/// What the writer remembers of the store, as of the last commit.
#[derive(Debug, Default)]
pub(super) struct Heads {
    heads: BTreeMap<ConversationId, Head>,
    by_visitor: HashMap<(SiteId, VisitorId), ConversationId>,
    last_offsets: BTreeMap<SiteId, u64>,
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

    pub(super) fn last_offset(&self, site: SiteId) -> Option<u64> {
        self.last_offsets.get(&site).copied()
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

    pub(super) fn put_last_offset(&mut self, site: SiteId, last: u64) {
        self.last_offsets.insert(site, last);
    }

    pub(super) fn into_parts(self) -> (BTreeMap<ConversationId, Head>, BTreeMap<SiteId, u64>) {
        (self.heads, self.last_offsets)
    }

    /// Whether it is time to forget; only to be done while nothing in it is newer than the store.
    pub(super) fn is_full(&self) -> bool {
        self.heads.len() > HEADS
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
