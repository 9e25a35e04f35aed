//! What one round of the writer has to do, sorted.

use std::collections::BTreeSet;

use holdfast_protocol::id::ConversationId;
use tokio::sync::oneshot;

use super::draft::Answer;
use super::{Append, AppendError, Identify, Lane};

/// One round.
#[derive(Default)]
pub(super) struct Round {
    /// In the order in which they came.
    pub(super) tasks: Vec<Task>,
    /// One a task.
    pub(super) answers: Vec<Waiter>,
    pub(super) flushed: Vec<oneshot::Sender<()>>,
    /// Conversations in which one side has come further.
    pub(super) seen: BTreeSet<ConversationId>,
    /// Conversations that stand otherwise than before.
    pub(super) touched: BTreeSet<ConversationId>,
    pub(super) is_tick: bool,
    /// Whether it is time to wake readers for receipts alone.
    pub(super) tells_receipts: bool,
    pub(super) stopped: Option<oneshot::Sender<()>>,
}

/// What a transaction is made of.
pub(super) enum Task {
    Append(Append),
    Identify(Identify),
}

/// Who waits for what a task ended as.
pub(super) enum Waiter {
    Append(oneshot::Sender<Answer>, Lane),
    Identify(oneshot::Sender<Result<(), AppendError>>),
}

impl Waiter {
    pub(super) fn answer(self, answer: Answer) {
        // Who is gone by now reads it in the log.
        match self {
            Self::Append(waiting, _) => drop(waiting.send(answer)),
            Self::Identify(waiting) => drop(waiting.send(answer.map(|_| ()))),
        }
    }

    /// Nothing of the transaction exists, and nothing that comes after it on the same line may.
    pub(super) fn fail(self) {
        if let Self::Append(_, lane) = &self {
            lane.fail();
        }
        self.answer(Err(AppendError::Storage));
    }
}
