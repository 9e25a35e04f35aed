//! Events for tests.

use holdfast_protocol::event::{Author, VisitorBody, VisitorEvent};
use holdfast_protocol::id::{AgentId, EventId};
use holdfast_protocol::time::Millis;

pub(crate) const MINUTE: u64 = 60_000;

pub(crate) fn from_agent(seq: u64, text: &str) -> VisitorEvent {
    event(
        seq,
        Author::Agent {
            id: AgentId(1),
            name: "Ida".to_owned(),
        },
        text,
    )
}

pub(crate) fn from_visitor(seq: u64, text: &str) -> VisitorEvent {
    event(seq, Author::Visitor {}, text)
}

fn event(seq: u64, author: Author, text: &str) -> VisitorEvent {
    VisitorEvent {
        seq,
        id: EventId(u128::from(seq)),
        at: Millis(seq * MINUTE),
        author,
        body: VisitorBody::Message {
            text: text.to_owned(),
        },
    }
}
