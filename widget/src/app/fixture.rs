//! Events for tests.

use holdfast_protocol::event::{Author, Receipt, VisitorBody, VisitorEvent};
use holdfast_protocol::frame::{Heartbeat, SiteState, Staff, VisitorWelcome};
use holdfast_protocol::id::{AgentId, Epoch, EventId};
use holdfast_protocol::limits;
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

pub(crate) fn welcome(seen: Receipt, receipt: Receipt) -> VisitorWelcome {
    VisitorWelcome {
        version: limits::VERSION,
        token: "token".to_owned(),
        epoch: Epoch(1),
        after: 0,
        last: 0,
        heartbeat: Heartbeat::default(),
        seen,
        receipt,
        staff: Staff {
            online: vec!["Ida".to_owned()],
        },
        site: SiteState::default(),
    }
}
