//! A visitor's tab as the client's half sees it.

use serde::{Deserialize, Serialize};

use super::audience::{Audience, Inbound, Start};
use crate::event::{Author, Page, Receipt, TextError, VisitorEvent, check_rating, check_text};
use crate::frame::{
    Hello, Pace, RefusalCode, Resume, SiteState, Staff, Typing, VisitorDown, VisitorUp,
    VisitorWelcome,
};
use crate::id::EventId;
use crate::limits;
use crate::profile::{Identity, Profile};

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
    /// Who the visitor is to the site. After a change call [`super::Client::reidentify`], since a cursor holds for one
    /// person's conversation; another id is another person, and another client.
    pub identity: Option<Identity>,
    /// What was said of the visitor so far. What changes on an open line is sent as a frame beside.
    pub profile: Profile,
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
    /// How content the visitor was.
    Rate {
        /// From 1, the worst, to [`limits::BEST_SCORE`].
        score: u32,
        /// In the visitor's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
}

impl VisitorCommand {
    /// What the visitor wrote; empty where it was nothing.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Send { text } => text,
            Self::Rate { comment, .. } => comment.as_deref().unwrap_or_default(),
        }
    }
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
    /// How the site stands.
    Site(SiteState),
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
            identity: greeting.identity.clone(),
            profile: (!greeting.profile.is_empty()).then(|| greeting.profile.clone()),
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
            VisitorCommand::Rate { score, comment } => VisitorUp::Rate {
                id,
                score: *score,
                comment: comment.clone(),
            },
        }
    }

    fn check(command: &VisitorCommand) -> Result<(), TextError> {
        match command {
            VisitorCommand::Send { text } => check_text(text),
            VisitorCommand::Rate { score, comment } => check_rating(*score, comment.as_deref()),
        }
    }

    fn weight(command: &VisitorCommand) -> usize {
        command.text().len()
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
            VisitorDown::Site(site) => Inbound::News(VisitorNews::Site(site)),
            VisitorDown::Ping { n } => Inbound::Ping(n),
            VisitorDown::Pong { n } => Inbound::Pong(n),
            VisitorDown::GoingAway(going) => Inbound::GoingAway(going),
        }
    }
}
