//! How far this client has come, and what the server does not know of it yet.

use std::collections::BTreeMap;

use holdfast_protocol::event::Receipt;
use holdfast_protocol::id::ConversationId;

/// What this client has delivered to its screen or its reader, and what was read there, per
/// conversation, until the server confirms it. A `seen` frame may be lost with its line, so all that
/// is unconfirmed is said again after every welcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipts {
    unconfirmed: BTreeMap<ConversationId, Receipt>,
    confirmed: BTreeMap<ConversationId, Receipt>,
}

/// Conversations that are remembered; beyond, the oldest go, and a receipt may be said once more than needed.
const CONVERSATIONS: usize = 10_000;

impl Receipts {
    /// This client has come so far. Returns what is to be said now, or nothing where the server knows as much.
    pub fn advance(&mut self, conversation: ConversationId, seen: Receipt) -> Option<Receipt> {
        let known = self.confirmed.get(&conversation).copied();
        let known = known.unwrap_or_default();
        let said = self.unconfirmed.get(&conversation).copied();
        let said = said.unwrap_or(known).max(known);
        let now = said.max(seen);
        if now == said {
            return None;
        }
        self.unconfirmed.insert(conversation, now);
        if self.unconfirmed.len() > CONVERSATIONS {
            self.unconfirmed.pop_first();
        }
        Some(now)
    }

    /// The server says how far the agents have come, all together.
    pub fn confirm(&mut self, conversation: ConversationId, agents: Receipt) {
        self.confirmed.insert(conversation, agents);
        if self.confirmed.len() > CONVERSATIONS {
            self.confirmed.pop_first();
        }
        if let Some(said) = self.unconfirmed.get(&conversation)
            && said.max(agents) == agents
        {
            self.unconfirmed.remove(&conversation);
        }
    }

    /// How far the agents have come as far as is known here: this client, and what the server said.
    #[must_use]
    pub fn agents(&self, conversation: ConversationId) -> Receipt {
        let known = self.confirmed.get(&conversation).copied();
        let said = self.unconfirmed.get(&conversation).copied();
        known.unwrap_or_default().max(said.unwrap_or_default())
    }

    /// What is to be said again after a welcome.
    pub fn unconfirmed(&self) -> impl Iterator<Item = (ConversationId, Receipt)> {
        self.unconfirmed.iter().map(|(id, seen)| (*id, *seen))
    }

    /// The conversation is closed: nobody asks any more. Keeps the table as small as the day's work.
    pub fn forget(&mut self, conversation: ConversationId) {
        self.confirmed.remove(&conversation);
        self.unconfirmed.remove(&conversation);
    }

    /// The numbers begin anew, with another epoch or a snapshot.
    pub fn clear(&mut self) {
        self.confirmed.clear();
        self.unconfirmed.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const C: ConversationId = ConversationId(1);

    fn seen(delivered: u64, read: u64) -> Receipt {
        Receipt { delivered, read }
    }

    #[test]
    fn what_the_server_knows_is_not_said() {
        let mut receipts = Receipts::default();
        assert_eq!(receipts.advance(C, seen(2, 0)), Some(seen(2, 0)));
        assert_eq!(receipts.advance(C, seen(2, 0)), None);
        receipts.confirm(C, seen(5, 5));
        assert_eq!(receipts.advance(C, seen(4, 4)), None);
        assert_eq!(receipts.advance(C, seen(6, 0)), Some(seen(6, 5)));
    }

    #[test]
    fn what_was_not_confirmed_is_said_again() {
        let mut receipts = Receipts::default();
        receipts.advance(C, seen(2, 2));
        receipts.confirm(C, seen(2, 1));
        assert_eq!(
            receipts.unconfirmed().collect::<Vec<_>>(),
            [(C, seen(2, 2))]
        );
        receipts.confirm(C, seen(2, 2));
        assert_eq!(receipts.unconfirmed().count(), 0);
    }
}
