//! The sketches of a script as the frames of either audience.

use holdfast_protocol::client::{
    Agent, AgentCommand, AgentGreeting, Audience, Visitor, VisitorCommand, VisitorGreeting,
};
use holdfast_protocol::event::{
    AgentEvent, Author, Body, Receipt, VisitorBody, VisitorEvent, VisitorFacts,
};
use holdfast_protocol::frame::{
    AgentDown, AgentUp, AgentWelcome, Conversation, GoingAway, Heartbeat, Refusal, RefusalCode,
    Rejected, RejectionCode, Resume, SiteState, Staff, Status, Typing, VisitorDown, VisitorUp,
    VisitorWelcome,
};
use holdfast_protocol::id::{AgentId, ConversationId, Epoch, EventId};
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;
use serde::Serialize;

use super::script;

const ME: AgentId = AgentId(1);
const PLACE: ConversationId = ConversationId(1);

/// An event as either audience could get it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventAt {
    pub number: u64,
    pub id: EventId,
    pub author: script::Author,
}

/// The times and places of a welcome.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WelcomeAt {
    pub epoch: Epoch,
    pub after: u64,
    pub snapshot: bool,
    pub heartbeat: Heartbeat,
}

/// What an arbitrary server says to an audience.
pub(crate) trait Audible: Audience<Down: Serialize, Greeting: Clone> {
    fn greeting(n: u64) -> Self::Greeting;
    fn compose(text: String) -> Self::Command;
    /// What the first frame of a line says of the cursor.
    fn greeted(up: &Self::Up) -> Option<Option<Resume>>;
    /// The number of a probe.
    fn probe(up: &Self::Up) -> Option<u64>;
    /// The name of a command.
    fn named(up: &Self::Up) -> Option<EventId>;
    fn event(at: EventAt) -> Self::Event;
    fn welcome(at: WelcomeAt) -> Self::Down;
    fn events(events: Vec<Self::Event>) -> Self::Down;
    fn history(events: Vec<Self::Event>) -> Self::Down;
    fn snapshot(more: bool) -> Self::Down;
    fn refused(refusal: Refusal) -> Self::Down;
    fn rejected(rejected: Rejected) -> Self::Down;
    fn typing() -> Self::Down;
    fn say_ping(n: u64) -> Self::Down;
    fn say_pong(n: u64) -> Self::Down;
    fn going_away(going: GoingAway) -> Self::Down;
}

pub(crate) fn refusal(n: u8) -> Refusal {
    const CODES: [RefusalCode; 7] = [
        RefusalCode::BadToken,
        RefusalCode::BadIdentity,
        RefusalCode::Version,
        RefusalCode::UnknownSite,
        RefusalCode::BadFrame,
        RefusalCode::TooLate,
        RefusalCode::Full,
    ];
    Refusal {
        code: CODES[usize::from(n) % CODES.len()],
        message: "no".to_owned(),
    }
}

pub(crate) fn rejection(id: EventId) -> Rejected {
    Rejected {
        id,
        code: RejectionCode::UnknownConversation,
        message: "no".to_owned(),
    }
}

pub(crate) fn parting(span: u64) -> GoingAway {
    GoingAway {
        retry_after_ms: Millis(span),
        message: "back soon".to_owned(),
    }
}

impl Audible for Visitor {
    fn greeting(n: u64) -> VisitorGreeting {
        VisitorGreeting {
            site: format!("site-{n}"),
            ..VisitorGreeting::default()
        }
    }

    fn compose(text: String) -> VisitorCommand {
        VisitorCommand::Send { text }
    }

    fn greeted(up: &VisitorUp) -> Option<Option<Resume>> {
        if let VisitorUp::Hello(hello) = up {
            Some(hello.resume)
        } else {
            None
        }
    }

    fn probe(up: &VisitorUp) -> Option<u64> {
        if let VisitorUp::Ping { n } = up {
            Some(*n)
        } else {
            None
        }
    }

    fn named(up: &VisitorUp) -> Option<EventId> {
        if let VisitorUp::Send { id, .. } = up {
            Some(*id)
        } else {
            None
        }
    }

    fn event(at: EventAt) -> VisitorEvent {
        let author = match at.author {
            script::Author::Me => Author::Visitor {},
            script::Author::Other => agent(ME),
            script::Author::System => Author::System {},
        };
        VisitorEvent {
            seq: at.number,
            id: at.id,
            at: Millis(0),
            author,
            body: VisitorBody::Closed {},
        }
    }

    fn welcome(at: WelcomeAt) -> VisitorDown {
        VisitorDown::Welcome(VisitorWelcome {
            version: limits::VERSION,
            token: "token".to_owned(),
            epoch: at.epoch,
            after: at.after,
            last: at.after,
            heartbeat: at.heartbeat,
            seen: Receipt::default(),
            receipt: Receipt::default(),
            staff: Staff::default(),
            site: SiteState::default(),
        })
    }

    fn events(events: Vec<VisitorEvent>) -> VisitorDown {
        VisitorDown::Events { events }
    }

    fn history(events: Vec<VisitorEvent>) -> VisitorDown {
        VisitorDown::History {
            events,
            more: false,
        }
    }

    fn snapshot(_: bool) -> VisitorDown {
        VisitorDown::Receipt(Receipt::default())
    }

    fn refused(refusal: Refusal) -> VisitorDown {
        VisitorDown::Refused(refusal)
    }

    fn rejected(rejected: Rejected) -> VisitorDown {
        VisitorDown::Rejected(rejected)
    }

    fn typing() -> VisitorDown {
        VisitorDown::Typing(typing(None))
    }

    fn say_ping(n: u64) -> VisitorDown {
        VisitorDown::Ping { n }
    }

    fn say_pong(n: u64) -> VisitorDown {
        VisitorDown::Pong { n }
    }

    fn going_away(going: GoingAway) -> VisitorDown {
        VisitorDown::GoingAway(going)
    }
}

impl Audible for Agent {
    fn greeting(n: u64) -> AgentGreeting {
        AgentGreeting {
            token: format!("secret-{n}"),
            me: None,
        }
    }

    fn compose(text: String) -> AgentCommand {
        AgentCommand::Send {
            conversation: PLACE,
            text,
        }
    }

    fn greeted(up: &AgentUp) -> Option<Option<Resume>> {
        if let AgentUp::Login(login) = up {
            Some(login.resume)
        } else {
            None
        }
    }

    fn probe(up: &AgentUp) -> Option<u64> {
        if let AgentUp::Ping { n } = up {
            Some(*n)
        } else {
            None
        }
    }

    fn named(up: &AgentUp) -> Option<EventId> {
        match up {
            AgentUp::Send { id, .. }
            | AgentUp::Note { id, .. }
            | AgentUp::Claim { id, .. }
            | AgentUp::Transfer { id, .. }
            | AgentUp::Close { id, .. } => Some(*id),
            AgentUp::Login(_)
            | AgentUp::Seen { .. }
            | AgentUp::Typing(_)
            | AgentUp::History { .. }
            | AgentUp::Ping { .. }
            | AgentUp::Pong { .. } => None,
        }
    }

    fn event(at: EventAt) -> AgentEvent {
        let author = match at.author {
            script::Author::Me => agent(ME),
            script::Author::Other => agent(AgentId(2)),
            script::Author::System => Author::System {},
        };
        AgentEvent {
            offset: at.number,
            conversation: PLACE,
            seq: None,
            id: at.id,
            at: Millis(0),
            author,
            body: Body::Assigned { to: ME },
        }
    }

    fn welcome(at: WelcomeAt) -> AgentDown {
        AgentDown::Welcome(AgentWelcome {
            version: limits::VERSION,
            epoch: at.epoch,
            agent: ME,
            name: "Ana".to_owned(),
            site: "demo".to_owned(),
            after: at.after,
            last: at.after,
            snapshot: at.snapshot,
            heartbeat: at.heartbeat,
            colleagues: Vec::new(),
        })
    }

    fn events(events: Vec<AgentEvent>) -> AgentDown {
        AgentDown::Events { events }
    }

    fn history(events: Vec<AgentEvent>) -> AgentDown {
        AgentDown::History {
            conversation: PLACE,
            events,
            more: true,
        }
    }

    fn snapshot(more: bool) -> AgentDown {
        let conversation = Conversation {
            conversation: PLACE,
            visitor: VisitorFacts::default(),
            assigned: None,
            last_seq: 1,
            last_offset: 2,
            newest: None,
            status: Status {
                conversation: PLACE,
                visitor: Receipt::default(),
                agents: Receipt::default(),
                present: true,
                last_seen: None,
                page: None,
                trail: Vec::new(),
            },
        };
        AgentDown::Snapshot {
            conversations: vec![conversation],
            more,
        }
    }

    fn refused(refusal: Refusal) -> AgentDown {
        AgentDown::Refused(refusal)
    }

    fn rejected(rejected: Rejected) -> AgentDown {
        AgentDown::Rejected(rejected)
    }

    fn typing() -> AgentDown {
        AgentDown::Typing(typing(Some(PLACE)))
    }

    fn say_ping(n: u64) -> AgentDown {
        AgentDown::Ping { n }
    }

    fn say_pong(n: u64) -> AgentDown {
        AgentDown::Pong { n }
    }

    fn going_away(going: GoingAway) -> AgentDown {
        AgentDown::GoingAway(going)
    }
}

fn agent(id: AgentId) -> Author {
    Author::Agent {
        id,
        name: "Ana".to_owned(),
    }
}

fn typing(conversation: Option<ConversationId>) -> Typing {
    Typing {
        conversation,
        active: true,
        name: None,
        text: None,
    }
}
