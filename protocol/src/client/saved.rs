//! What a client keeps across reloads and crashes, as one value.

use serde::{Deserialize, Serialize};

use super::audience::Audience;
use crate::frame::{RejectionCode, Resume};
use crate::id::EventId;
use crate::limits;
use crate::time::Millis;

/// Cursor and outbox, saved in one write so that they can't disagree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Saved<A: Audience> {
    /// Where to read on; nothing in a client that has read nothing yet.
    pub cursor: Option<Resume>,
    /// What waits for its event, in the order in which it was written.
    pub outbox: Vec<Entry<A>>,
}

/// A command that waits for its event, or was rejected and waits for its writer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Entry<A: Audience> {
    /// Its name, the same in every transmission.
    pub id: EventId,
    /// What it asks for.
    pub command: A::Command,
    /// When it was written, in milliseconds since the Unix epoch by the writer's clock; for people only.
    pub written: Millis,
    /// Why the server does not accept it; it is not sent again by itself then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Failure>,
}

/// Why a command was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// For programs.
    pub code: RejectionCode,
    /// For the writer.
    pub message: String,
}

impl<A: Audience> Default for Saved<A> {
    fn default() -> Self {
        Self {
            cursor: None,
            outbox: Vec::new(),
        }
    }
}

impl<A: Audience> Saved<A> {
    /// Whether something waits for its event, so that a lost line is worth trying for eagerly.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.outbox.iter().any(|entry| entry.failed.is_none())
    }

    /// Whether the outbox takes `command` too.
    #[must_use]
    pub fn has_room(&self, command: &A::Command) -> bool {
        let held: usize = self
            .outbox
            .iter()
            .map(|entry| A::weight(&entry.command))
            .sum();
        self.outbox.len() < limits::OUTBOX_ENTRIES
            && held + A::weight(command) <= limits::OUTBOX_BYTES
    }

    /// Takes an entry out.
    pub(super) fn take(&mut self, id: EventId) -> Option<Entry<A>> {
        let at = self.outbox.iter().position(|entry| entry.id == id)?;
        Some(self.outbox.remove(at))
    }
}
