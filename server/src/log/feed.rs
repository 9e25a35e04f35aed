//! Which conversations stand otherwise than before: the newest standing of each, until it is taken.

use std::collections::BTreeMap;

use holdfast_protocol::id::ConversationId;
use tokio::sync::Notify;

use super::sync::{Mutex, lock};
use crate::store::{Head, Seen, SiteId, VisitorId};

/// How a conversation stands, as far as the log knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which one.
    pub conversation: ConversationId,
    /// On which site.
    pub site: SiteId,
    /// Whose it is.
    pub visitor: VisitorId,
    /// How far both sides have come.
    pub seen: Seen,
}

impl Standing {
    /// The standing of a conversation.
    #[must_use]
    pub fn of(head: &Head) -> Self {
        Self {
            conversation: head.id,
            site: head.site,
            visitor: head.visitor,
            seen: head.seen,
        }
    }
}

/// Changed standings. Holds one a conversation, however often it changes.
#[derive(Debug, Default)]
pub struct Feed {
    changed: Mutex<BTreeMap<ConversationId, Standing>>,
    notify: Notify,
}

impl Feed {
    /// Returns when something has changed since the last time.
    pub async fn changed(&self) {
        self.notify.notified().await;
    }

    /// What has changed since the last time.
    pub fn take(&self) -> Vec<Standing> {
        std::mem::take(&mut *lock(&self.changed))
            .into_values()
            .collect()
    }

    pub(super) fn put(&self, standings: impl Iterator<Item = Standing>) {
        let mut standings = standings.peekable();
        if standings.peek().is_some() {
            let standings = standings.map(|standing| (standing.conversation, standing));
            lock(&self.changed).extend(standings);
            self.notify.notify_one();
        }
    }
}
