//! A visitor's tab as the client's half sees it.

use serde::{Deserialize, Serialize};

use super::audience::{Audience, Inbound, Start};
use crate::event::{Author, Page, Receipt, TextError, VisitorEvent, check_text};
use crate::frame::{
    Hello, Pace, RefusalCode, Resume, Staff, Typing, VisitorDown, VisitorUp, VisitorWelcome,
};
use crate::id::EventId;
use crate::limits;

/// A visitor's tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visitor;

/// What a visitor's tab says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VisitorGreeting {
    /// The site's name.
    pub site: String,
    /// The visitor's token, once the server has given one.
    pub token: Option<String>,
    /// Where the visitor is.
    pub page: Option<Page>,
    /// The visitor's language, a BCP 47 tag.
    pub locale: Option<String>,
}

/// What a visitor's outbox holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitorCommand {
    /// A message.
    Send {
        /// What the visitor wrote.
        text: String,
    },
}

/// Frames to a visitor's tab that the state machine has no part in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VisitorNews {
    /// Older events, as asked for.
    History {
        /// In the log's order.
        events: Vec<VisitorEvent>,
        /// Whether events before these are kept.
        more: bool,
    },
    /// How far the agents have come.
    Receipt(Receipt),
    /// An agent is typing, or has stopped.
    Typing(Typing),
    /// Who could answer.
    Staff(Staff),
}

impl Audience for Visitor {
    type Greeting = VisitorGreeting;
    type Command = VisitorCommand;
    type Event = VisitorEvent;
    type Up = VisitorUp;
    type Down = VisitorDown;
    type Welcome = VisitorWelcome;
    type News = VisitorNews;

    fn hello(greeting: &VisitorGreeting, resume: Option<Resume>, pace: Pace) -> VisitorUp {
        VisitorUp::Hello(Hello {
            version: limits::VERSION,
            site: greeting.site.clone(),
            token: greeting.token.clone(),
            resume,
            page: greeting.page.clone(),
            locale: greeting.locale.clone(),
            pace,
        })
    }

    fn adopt(greeting: &mut VisitorGreeting, welcome: &VisitorWelcome) {
        greeting.token = Some(welcome.token.clone());
    }

    fn mend(greeting: &mut VisitorGreeting, code: RefusalCode) -> bool {
        code == RefusalCode::BadToken && greeting.token.take().is_some()
    }

    fn command(id: EventId, command: &VisitorCommand) -> VisitorUp {
        match command {
            VisitorCommand::Send { text } => VisitorUp::Send {
                id,
                text: text.clone(),
            },
        }
    }

    fn check(command: &VisitorCommand) -> Result<(), TextError> {
        match command {
            VisitorCommand::Send { text } => check_text(text),
        }
    }

    fn weight(command: &VisitorCommand) -> usize {
        match command {
            VisitorCommand::Send { text } => text.len(),
        }
    }

    fn ping(n: u64) -> VisitorUp {
        VisitorUp::Ping { n }
    }

    fn pong(n: u64) -> VisitorUp {
        VisitorUp::Pong { n }
    }

    fn pace(pace: Pace) -> Option<VisitorUp> {
        Some(VisitorUp::Pace { pace })
    }

    fn number(event: &VisitorEvent) -> u64 {
        event.seq
    }

    fn id(event: &VisitorEvent) -> EventId {
        event.id
    }

    fn is_own(_: &VisitorGreeting, event: &VisitorEvent) -> bool {
        event.author == Author::Visitor {}
    }

    fn read(down: VisitorDown) -> Inbound<Self> {
        match down {
            VisitorDown::Welcome(welcome) => {
                let start = Start {
                    epoch: welcome.epoch,
                    after: welcome.after,
                    snapshot: false,
                    heartbeat: welcome.heartbeat,
                };
                Inbound::Welcome(start, welcome)
            }
            VisitorDown::Refused(refusal) => Inbound::Refused(refusal),
            VisitorDown::Events { events } => Inbound::Events(events),
            VisitorDown::Rejected(rejected) => Inbound::Rejected(rejected),
            VisitorDown::History { events, more } => {
                Inbound::News(VisitorNews::History { events, more })
            }
            VisitorDown::Receipt(receipt) => Inbound::News(VisitorNews::Receipt(receipt)),
            VisitorDown::Typing(typing) => Inbound::News(VisitorNews::Typing(typing)),
            VisitorDown::Staff(staff) => Inbound::News(VisitorNews::Staff(staff)),
            VisitorDown::Ping { n } => Inbound::Ping(n),
            VisitorDown::Pong { n } => Inbound::Pong(n),
            VisitorDown::GoingAway(going) => Inbound::GoingAway(going),
        }
    }
}
