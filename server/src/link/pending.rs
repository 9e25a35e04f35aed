//! A connection's commands on their way, in the order in which they were written.

use std::collections::VecDeque;

use holdfast_protocol::frame::Rejected;
use holdfast_protocol::id::EventId;
use holdfast_protocol::limits;

use super::line::End;
use crate::desk;
use crate::log::{AppendError, Appended, Outcome};

/// Commands in flight. While it has no room, the connection reads nothing more.
#[derive(Debug, Default)]
pub(super) struct Pending {
    waiting: VecDeque<(EventId, Outcome)>,
}

/// What a command ended as.
#[derive(Debug)]
pub(super) enum Settled {
    /// Its event is in the log.
    Appended(Appended),
    /// It was not accepted.
    Rejected(Rejected),
    /// It may be accepted later; so nothing after it may be now.
    Failed(End),
}

impl Pending {
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < limits::IN_FLIGHT
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn push(&mut self, id: EventId, outcome: Outcome) {
        self.waiting.push_back((id, outcome));
    }

    /// What the oldest one ended as; never returns while there is none. To be dropped at any await without
    /// loss.
    pub(super) async fn next(&mut self) -> Settled {
        let Some((id, outcome)) = self.waiting.front_mut() else {
            return std::future::pending().await;
        };
        let settled = match outcome.await {
            Ok(Ok(appended)) => Settled::Appended(appended),
            Ok(Err(AppendError::Rejected(rejected))) => Settled::Rejected(*rejected),
            Ok(Err(AppendError::UnknownConversation)) => {
                Settled::Rejected(desk::unknown_conversation(*id))
            }
            Ok(Err(AppendError::Storage)) => Settled::Failed(End::Disk),
            Ok(Err(AppendError::Stopped)) | Err(_) => Settled::Failed(End::Stop),
        };
        self.waiting.pop_front();
        if self.waiting.is_empty() {
            // An idle connection holds no memory for what it once wrote.
            self.waiting = VecDeque::new();
        }
        settled
    }
}
