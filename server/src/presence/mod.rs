//! Presence: who is here, since when, on which page. Lossy, and with grace for short cuts.

mod table;
mod trail;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holdfast_protocol::event::Page;
use holdfast_protocol::frame::Track;
use holdfast_protocol::id::ConversationId;
use tokio::sync::Notify;

use crate::clock::Clock;
pub use table::{AgentKey, Change, Grace, Moment, Table, VisitorKey, VisitorView};

/// Who is here, for all connections of this process. Clones are cheap and name the same table.
#[derive(Clone, Debug)]
pub struct Presence {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    clock: Clock,
    state: Mutex<State>,
    notify: Notify,
}

#[derive(Debug)]
struct State {
    table: Table,
    /// The newest state wins, so what changed twice is told once.
    changes: BTreeSet<Change>,
}

impl Presence {
    /// Nobody is here.
    #[must_use]
    pub fn new(grace: Grace, clock: Clock) -> Self {
        Self {
            inner: Arc::new(Inner {
                clock,
                state: Mutex::new(State {
                    table: Table::new(grace),
                    changes: BTreeSet::new(),
                }),
                notify: Notify::new(),
            }),
        }
    }

    /// A visitor's tab was taken in; it is gone when the guard is dropped.
    #[must_use]
    pub fn visitor(
        &self,
        key: VisitorKey,
        page: Option<Page>,
        conversation: Option<ConversationId>,
    ) -> VisitorHere {
        self.change(|table| table.visitor_came(key, page, conversation));
        VisitorHere {
            presence: self.clone(),
            key,
        }
    }

    /// An agent's client was taken in; it is gone when the guard is dropped.
    #[must_use]
    pub fn agent(&self, key: AgentKey) -> AgentHere {
        self.change(|table| table.agent_came(key));
        AgentHere {
            presence: self.clone(),
            key,
        }
    }

    /// A visitor as agents see them.
    #[must_use]
    pub fn view(&self, key: VisitorKey) -> VisitorView {
        self.lock().table.visitor(key, self.inner.clock.unix())
    }

    /// Whether an agent is here.
    #[must_use]
    pub fn is_agent_here(&self, key: AgentKey) -> bool {
        self.lock().table.is_agent_here(key)
    }

    /// Returns what has changed as soon as something has.
    pub async fn changes(&self) -> Vec<Change> {
        loop {
            let next = {
                let mut state = self.lock();
                let expired = state.table.expire(self.inner.clock.now());
                state.changes.extend(expired);
                if !state.changes.is_empty() {
                    return std::mem::take(&mut state.changes).into_iter().collect();
                }
                state.table.next_expiry()
            };
            let notified = self.inner.notify.notified();
            match next {
                Some(next) => tokio::select! {
                    biased;
                    () = notified => {}
                    () = self.inner.clock.until(next) => {}
                },
                None => notified.await,
            }
        }
    }

    fn moment(&self) -> Moment {
        Moment {
            now: self.inner.clock.now(),
            unix: self.inner.clock.unix(),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Table) -> Option<Change>) {
        let mut state = self.lock();
        if let Some(change) = change(&mut state.table) {
            state.changes.insert(change);
            self.inner.notify.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A visitor's tab that is here.
#[derive(Debug)]
pub struct VisitorHere {
    presence: Presence,
    key: VisitorKey,
}

impl VisitorHere {
    /// It looks at another page.
    pub fn moved(&self, page: Page) {
        self.presence
            .change(|table| table.visitor_moved(self.key, page));
    }

    /// It has seen the visitor do something.
    pub fn tracked(&self, track: &Track) {
        let moment = self.presence.moment();
        let mut state = self.presence.lock();
        if state.table.visitor_tracked(self.key, track, moment) {
            self.presence.inner.notify.notify_one();
        }
    }

    /// Its visitor has a conversation.
    pub fn wrote(&self, conversation: ConversationId) {
        self.presence
            .change(|table| table.visitor_wrote(self.key, conversation));
    }
}

impl Drop for VisitorHere {
    fn drop(&mut self) {
        let moment = self.presence.moment();
        self.presence.lock().table.visitor_left(self.key, moment);
        self.presence.inner.notify.notify_one();
    }
}

/// An agent's client that is here.
#[derive(Debug)]
pub struct AgentHere {
    presence: Presence,
    key: AgentKey,
}

impl Drop for AgentHere {
    fn drop(&mut self) {
        let moment = self.presence.moment();
        self.presence.lock().table.agent_left(self.key, moment);
        self.presence.inner.notify.notify_one();
    }
}
