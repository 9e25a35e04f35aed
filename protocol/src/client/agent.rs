//! An agent's client as the client's half sees it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::audience::{Audience, Inbound, Start};
use crate::event::{AgentEvent, Author, TextError, check_text};
use crate::frame::{
    AgentDown, AgentUp, AgentWelcome, Colleague, Conversation, Login, Pace, RefusalCode, Resume,
    Status, Typing,
};
use crate::id::{AgentId, ConversationId, EventId};
use crate::limits;

/// An agent's client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agent;

/// What an agent's client says of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct AgentGreeting {
    /// The secret of the agent's address.
    pub token: String,
    /// Who that is, once the server has said so.
    pub me: Option<AgentId>,
}

impl fmt::Debug for AgentGreeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentGreeting")
            .field("me", &self.me)
            .finish_non_exhaustive()
    }
}

/// What an agent's outbox holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentCommand {
    /// A message to the visitor.
    Send {
        /// Where.
        conversation: ConversationId,
        /// What the agent wrote.
        text: String,
    },
    /// A note for colleagues.
    Note {
        /// Where.
        conversation: ConversationId,
        /// What the agent wrote.
        text: String,
    },
    /// Makes the conversation this agent's.
    Claim {
        /// Which one.
        conversation: ConversationId,
    },
    /// Hands the conversation to a colleague.
    Transfer {
        /// Which one.
        conversation: ConversationId,
        /// To whom.
        to: AgentId,
    },
    /// Closes the conversation.
    Close {
        /// Which one.
        conversation: ConversationId,
    },
}

impl AgentCommand {
    /// The conversation that it is about.
    #[must_use]
    pub const fn conversation(&self) -> ConversationId {
        match self {
            Self::Send { conversation, .. }
            | Self::Note { conversation, .. }
            | Self::Claim { conversation }
            | Self::Transfer { conversation, .. }
            | Self::Close { conversation } => *conversation,
        }
    }

    /// What a person wrote, where it has a text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Send { text, .. } | Self::Note { text, .. } => Some(text),
            Self::Claim { .. } | Self::Transfer { .. } | Self::Close { .. } => None,
        }
    }
}

/// Frames to an agent's client that the state machine has no part in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentNews {
    /// A part of the snapshot of open conversations.
    Snapshot(Vec<Conversation>),
    /// Older events, as asked for.
    History {
        /// Of which conversation.
        conversation: ConversationId,
        /// In the log's order.
        events: Vec<AgentEvent>,
        /// Whether events before these are kept.
        more: bool,
    },
    /// How a conversation stands.
    Status(Status),
    /// The visitor or a colleague is typing, or has stopped.
    Typing(Typing),
    /// Who else works here.
    Colleagues(Vec<Colleague>),
}

impl Audience for Agent {
    type Greeting = AgentGreeting;
    type Command = AgentCommand;
    type Event = AgentEvent;
    type Up = AgentUp;
    type Down = AgentDown;
    type Welcome = AgentWelcome;
    type News = AgentNews;

    fn hello(greeting: &AgentGreeting, resume: Option<Resume>, _: Pace) -> AgentUp {
        AgentUp::Login(Login {
            version: limits::VERSION,
            token: greeting.token.clone(),
            resume,
        })
    }

    fn adopt(greeting: &mut AgentGreeting, welcome: &AgentWelcome) {
        greeting.me = Some(welcome.agent);
    }

    fn mend(_: &mut AgentGreeting, _: RefusalCode) -> bool {
        false
    }

    fn command(id: EventId, command: &AgentCommand) -> AgentUp {
        match command.clone() {
            AgentCommand::Send { conversation, text } => AgentUp::Send {
                id,
                conversation,
                text,
            },
            AgentCommand::Note { conversation, text } => AgentUp::Note {
                id,
                conversation,
                text,
            },
            AgentCommand::Claim { conversation } => AgentUp::Claim { id, conversation },
            AgentCommand::Transfer { conversation, to } => AgentUp::Transfer {
                id,
                conversation,
                to,
            },
            AgentCommand::Close { conversation } => AgentUp::Close { id, conversation },
        }
    }

    fn check(command: &AgentCommand) -> Result<(), TextError> {
        command.text().map_or(Ok(()), check_text)
    }

    fn weight(command: &AgentCommand) -> usize {
        command.text().map_or(0, str::len)
    }

    fn ping(n: u64) -> AgentUp {
        AgentUp::Ping { n }
    }

    fn pong(n: u64) -> AgentUp {
        AgentUp::Pong { n }
    }

    fn pace(_: Pace) -> Option<AgentUp> {
        None
    }

    fn number(event: &AgentEvent) -> u64 {
        event.offset
    }

    fn id(event: &AgentEvent) -> EventId {
        event.id
    }

    fn is_own(greeting: &AgentGreeting, event: &AgentEvent) -> bool {
        match &event.author {
            Author::Agent { id, .. } => greeting.me == Some(*id),
            Author::Visitor {} | Author::System {} => false,
        }
    }

    fn read(down: AgentDown) -> Inbound<Self> {
        match down {
            AgentDown::Welcome(welcome) => {
                let start = Start {
                    epoch: welcome.epoch,
                    after: welcome.after,
                    snapshot: welcome.snapshot,
                    heartbeat: welcome.heartbeat,
                };
                Inbound::Welcome(start, welcome)
            }
            AgentDown::Refused(refusal) => Inbound::Refused(refusal),
            AgentDown::Snapshot {
                conversations,
                more,
            } => Inbound::Snapshot {
                part: AgentNews::Snapshot(conversations),
                last: !more,
            },
            AgentDown::Events { events } => Inbound::Events(events),
            AgentDown::Rejected(rejected) => Inbound::Rejected(rejected),
            AgentDown::History {
                conversation,
                events,
                more,
            } => Inbound::News(AgentNews::History {
                conversation,
                events,
                more,
            }),
            AgentDown::Status(status) => Inbound::News(AgentNews::Status(status)),
            AgentDown::Typing(typing) => Inbound::News(AgentNews::Typing(typing)),
            AgentDown::Colleagues { colleagues } => {
                Inbound::News(AgentNews::Colleagues(colleagues))
            }
            AgentDown::Ping { n } => Inbound::Ping(n),
            AgentDown::Pong { n } => Inbound::Pong(n),
            AgentDown::GoingAway(going) => Inbound::GoingAway(going),
        }
    }
}
