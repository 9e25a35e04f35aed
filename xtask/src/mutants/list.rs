//! The mutants: at least three for each of the invariants that no message may cost.

use std::fmt;

/// One deliberate mistake.
pub(super) struct Mutant {
    /// Which invariant it breaks.
    pub(super) invariant: &'static str,
    /// What the mistake is.
    pub(super) name: &'static str,
    pub(super) file: &'static str,
    /// What stands there, once.
    pub(super) is: &'static str,
    pub(super) becomes: &'static str,
    pub(super) notices: Notices,
}

/// Which level of proof is asked.
#[derive(Clone, Copy)]
pub(super) enum Notices {
    /// Random histories of the real clients and the real server.
    Simulation,
    /// Tests of a package that have this in their names.
    Tests(&'static str, &'static str),
}

impl fmt::Display for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simulation => f.write_str("the simulation"),
            Self::Tests(package, filter) => write!(f, "{package} {filter}"),
        }
    }
}

const LOSS: &str = "1 no loss";
const DOUBLE: &str = "2 no duplicate";
const ORDER: &str = "3 order, no gap";
const PROGRESS: &str = "4 progress";

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        invariant: LOSS,
        name: "commits are not synced",
        file: "server/src/store/sqlite.rs",
        is: r#""synchronous", "FULL""#,
        becomes: r#""synchronous", "OFF""#,
        notices: Notices::Simulation,
    },
    Mutant {
        invariant: LOSS,
        name: "events are told although their commit failed",
        file: "server/src/log/draft.rs",
        is: "self.batch.commit()?;",
        becomes: "let _ = self.batch.commit();",
        notices: Notices::Simulation,
    },
    Mutant {
        invariant: LOSS,
        name: "an event is linked to another site's",
        file: "server/src/log/heads.rs",
        is: "(self.last_place, end.place)",
        becomes: "(self.last_place, end.offset)",
        notices: Notices::Simulation,
    },
    Mutant {
        invariant: LOSS,
        name: "the journal of a dead process is trusted",
        file: "server/src/log/mod.rs",
        is: "store.settle()?;",
        becomes: "",
        notices: Notices::Simulation,
    },
    Mutant {
        invariant: LOSS,
        name: "the client sends before it saves",
        file: "protocol/src/client/mod.rs",
        is: "if std::mem::take(&mut self.is_dirty) {\n            return Some(Output::Save);\n        }\n        self.actions.pop()",
        becomes: "if let Some(action) = self.actions.pop() {\n            return Some(action);\n        }\n        std::mem::take(&mut self.is_dirty).then_some(Output::Save)",
        notices: Notices::Simulation,
    },
    Mutant {
        invariant: DOUBLE,
        name: "the server does not look for the id",
        file: "server/src/log/draft.rs",
        is: "if let Some(head) = &head\n",
        becomes: "if let Some(head) = head.as_ref().filter(|_| false)\n",
        notices: Notices::Simulation,
    },
    Mutant {
        invariant: DOUBLE,
        name: "the server looks for the id among the newest events only",
        file: "server/src/log/draft.rs",
        is: "self.batch.find(head.id, &append.author, append.id)?",
        becomes: "self.batch.find(head.id, &append.author, append.id)?\
                  .filter(|event| event.offset + 4 > head.last_offset)",
        notices: Notices::Simulation,
    },
    Mutant {
        invariant: DOUBLE,
        name: "the client shows again what it has read before",
        file: "protocol/src/client/read.rs",
        is: "if is_next {",
        becomes: "if number <= cursor.after + 1 {",
        notices: Notices::Simulation,
    },
    Mutant {
        invariant: ORDER,
        name: "the server appends what follows a failed append",
        file: "server/src/log/draft.rs",
        is: "if append.lane.has_failed() {",
        becomes: "if false {",
        notices: Notices::Simulation,
    },
    Mutant {
        invariant: ORDER,
        name: "the outbox goes out backwards",
        file: "protocol/src/client/mod.rs",
        is: ".filter(|entry| entry.failed.is_none());\n        let room",
        becomes: ".filter(|entry| entry.failed.is_none())\n            .rev();\n        let room",
        notices: Notices::Simulation,
    },
    Mutant {
        invariant: ORDER,
        name: "the client does not see a gap",
        file: "protocol/src/client/read.rs",
        is: "number.checked_sub(1) == Some(cursor.after)",
        becomes: "number > cursor.after",
        notices: Notices::Tests("holdfast-protocol", "gap"),
    },
    Mutant {
        invariant: ORDER,
        name: "the tail of a stream hides a gap",
        file: "server/src/log/tail.rs",
        is: ".is_some_and(|(last, _)| last + 1 != number)",
        becomes: ".is_some_and(|_| false)",
        notices: Notices::Tests("holdfast", "tail"),
    },
    Mutant {
        invariant: PROGRESS,
        name: "a client whose greeting came late stays away",
        file: "protocol/src/client/read.rs",
        is: "if refusal.code == RefusalCode::TooLate {",
        becomes: "if false {",
        notices: Notices::Simulation,
    },
    Mutant {
        invariant: PROGRESS,
        name: "agents' readers are not woken",
        file: "server/src/log/streams.rs",
        is: "let has_grown = last > *now;",
        becomes: "let has_grown = last > *now && last % 8 == 0;",
        notices: Notices::Simulation,
    },
    Mutant {
        invariant: PROGRESS,
        name: "the client never doubts a line that swallows its messages",
        file: "protocol/src/client/lines.rs",
        is: "sent.max(current.trusted) + limits::ACK_WAIT",
        becomes: "sent.max(current.trusted) + limits::CALM_PAUSE",
        notices: Notices::Simulation,
    },
];
