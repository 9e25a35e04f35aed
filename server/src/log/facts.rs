//! What has become known of visitors since their conversations began, until it is written. Pure.

use std::collections::BTreeMap;

use holdfast_protocol::event::VisitorFacts;
use holdfast_protocol::id::ConversationId;
use holdfast_protocol::profile::{Identified, Profile};

/// Between two events of one conversation that only say facts: a page that sets its data in a loop must not
/// fill the log, and agents can wait so long for the newest.
const PAUSE_TICKS: u32 = 10;

/// What a visitor's connection has heard of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What their page and they themselves say.
    pub profile: Profile,
    /// Who they are to the site.
    pub identity: Option<Identified>,
}

impl Told {
    /// Whether it is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.profile.is_empty() && self.identity.is_none()
    }

    /// Adds it to what is known. A claim does not take the place of what was proven.
    pub fn teach(&self, facts: &mut VisitorFacts) {
        facts.learn(&self.profile);
        let is_proven = facts.identity.as_ref().is_some_and(|known| known.verified);
        if let Some(identity) = &self.identity
            && (identity.verified || !is_proven)
        {
            facts.identity = Some(identity.clone());
        }
    }
}

/// Facts that wait for their event. A lost one is told again with the visitor's next hello.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// As many as have changed since the last tick, or were written a moment ago.
    facts: BTreeMap<ConversationId, VisitorFacts>,
    paused: BTreeMap<ConversationId, u32>,
}

impl Waiting {
    /// More is told of the visitor of a conversation, of whom `known` is in the log.
    pub(super) fn tell(&mut self, id: ConversationId, known: &VisitorFacts, told: &Told) {
        let mut facts = self.facts.get(&id).unwrap_or(known).clone();
        told.teach(&mut facts);
        if facts == *known {
            self.facts.remove(&id);
        } else {
            self.facts.insert(id, facts);
        }
    }

    /// A second has passed.
    pub(super) fn tick(&mut self) {
        self.paused.retain(|_, ticks| {
            *ticks -= 1;
            *ticks > 0
        });
    }

    /// What may be written now.
    pub(super) fn due(&self) -> Vec<(ConversationId, VisitorFacts)> {
        let due = self.facts.iter();
        let due = due.filter(|(id, _)| !self.paused.contains_key(id));
        due.map(|(id, facts)| (*id, facts.clone())).collect()
    }

    /// All of that is on disk.
    pub(super) fn written(&mut self, due: &[(ConversationId, VisitorFacts)]) {
        for (id, _) in due {
            self.facts.remove(id);
            self.paused.insert(*id, PAUSE_TICKS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TALK: ConversationId = ConversationId(5);

    fn named(name: &str) -> Told {
        let mut told = Told::default();
        told.profile.name = Some(name.to_owned());
        told
    }

    #[test]
    fn a_loop_is_told_as_its_end_and_not_too_often() {
        let mut waiting = Waiting::default();
        let known = VisitorFacts::default();
        for n in 0..1000 {
            waiting.tell(TALK, &known, &named(&n.to_string()));
        }
        let due = waiting.due();
        assert_eq!(due[0].1.name.as_deref(), Some("999"));
        waiting.written(&due);
        waiting.tell(TALK, &due[0].1, &named("again"));
        for _ in 1..PAUSE_TICKS {
            waiting.tick();
            assert!(waiting.due().is_empty());
        }
        waiting.tick();
        assert_eq!(waiting.due().len(), 1);
    }

    #[test]
    fn what_is_known_already_is_not_told_again() {
        let mut waiting = Waiting::default();
        let mut known = VisitorFacts::default();
        named("Ana").teach(&mut known);
        waiting.tell(TALK, &known, &named("Bea"));
        waiting.tell(TALK, &known, &named("Ana"));
        assert!(waiting.due().is_empty());
    }

    #[test]
    fn a_claim_does_not_hide_what_was_proven() {
        let identity = |id: &str, verified| Told {
            identity: Some(Identified {
                id: id.to_owned(),
                verified,
            }),
            ..Told::default()
        };
        let mut facts = VisitorFacts::default();
        identity("a", false).teach(&mut facts);
        identity("b", true).teach(&mut facts);
        identity("c", false).teach(&mut facts);
        assert_eq!(facts.identity, identity("b", true).identity);
    }
}
