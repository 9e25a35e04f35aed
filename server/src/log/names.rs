//! Which names are new without a look into the log: clients draw them in time's order, so most are greater than all
//! before them.

use std::collections::HashMap;

use holdfast_protocol::event::Author;
use holdfast_protocol::id::{ConversationId, EventId};

/// Conversations' sides that are remembered, beyond which one bound serves for all: as many as are busy at one moment.
/// A side takes some 50 bytes, so this is 1 MiB.
const SIDES: usize = 20_000;

/// No event in the log has a greater name than is said here. A bound may be too high, which costs a look and no more: where
/// an append failed after all, or where somebody's clock was ahead.
#[derive(Debug)]
pub(super) struct Names {
    /// The greatest name of those that are not remembered each by themselves.
    floor: EventId,
    greatest: HashMap<(ConversationId, IsAgent), EventId>,
}

/// Agents and the visitor have clocks of their own.
type IsAgent = bool;

impl Names {
    /// As of a log in which no name is greater than `floor`.
    pub(super) fn new(floor: EventId) -> Self {
        Self {
            floor,
            greatest: HashMap::new(),
        }
    }

    /// Whether this author has certainly named no event so.
    pub(super) fn is_new(
        &self,
        conversation: ConversationId,
        author: &Author,
        id: EventId,
    ) -> bool {
        let Some(is_agent) = is_agent(author) else {
            return false;
        };
        let greatest = self.greatest.get(&(conversation, is_agent));
        id > self.floor && greatest.is_none_or(|greatest| id > *greatest)
    }

    /// This author names an event so.
    pub(super) fn put(&mut self, conversation: ConversationId, author: &Author, id: EventId) {
        let Some(is_agent) = is_agent(author) else {
            return;
        };
        if self.greatest.len() >= SIDES {
            let greatest = self.greatest.drain().map(|(_, greatest)| greatest).max();
            self.floor = self.floor.max(greatest.unwrap_or(self.floor));
        }
        let greatest = self.greatest.entry((conversation, is_agent)).or_insert(id);
        *greatest = id.max(*greatest);
    }
}

/// The server names its own events after others, and looks for none.
const fn is_agent(author: &Author) -> Option<IsAgent> {
    match author {
        Author::System {} => None,
        Author::Visitor {} => Some(false),
        Author::Agent { .. } => Some(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ConversationId = ConversationId(1);
    const B: ConversationId = ConversationId(2);
    const VISITOR: Author = Author::Visitor {};

    fn agent(id: u64) -> Author {
        Author::Agent {
            id: holdfast_protocol::id::AgentId(id),
            name: String::new(),
        }
    }

    #[test]
    fn a_name_is_new_above_all_that_its_side_has_used() {
        let mut names = Names::new(EventId(10));
        assert!(!names.is_new(A, &VISITOR, EventId(10)));
        assert!(names.is_new(A, &VISITOR, EventId(11)));
        names.put(A, &VISITOR, EventId(20));
        names.put(A, &VISITOR, EventId(15));
        assert!(!names.is_new(A, &VISITOR, EventId(20)));
        assert!(
            !names.is_new(A, &VISITOR, EventId(12)),
            "unknown is not new"
        );
        assert!(names.is_new(A, &VISITOR, EventId(21)));
        assert!(names.is_new(B, &VISITOR, EventId(12)));
        names.put(A, &agent(1), EventId(30));
        assert!(names.is_new(A, &VISITOR, EventId(21)));
        assert!(!names.is_new(A, &agent(2), EventId(30)));
        assert!(!names.is_new(A, &Author::System {}, EventId(99)));
    }

    #[test]
    fn what_is_forgotten_is_not_taken_for_new() {
        let mut names = Names::new(EventId(0));
        for n in 1..=u64::try_from(SIDES).unwrap() + 1 {
            names.put(ConversationId(n), &VISITOR, EventId(n.into()));
        }
        assert!(names.greatest.len() < SIDES);
        assert!(!names.is_new(A, &VISITOR, EventId(1)));
        assert!(!names.is_new(A, &VISITOR, EventId(5)));
        assert!(names.is_new(A, &VISITOR, EventId(1 << 60)));
    }
}
