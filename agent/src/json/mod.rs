//! The lines of the JSON mode, as the README describes them.

mod bot;

use holdfast_protocol::client::AgentCommand;
use holdfast_protocol::event::{AgentEvent, Receipt};
use holdfast_protocol::frame::{
    Colleague, Conversation, RefusalCode, RejectionCode, Status, Typing,
};
use holdfast_protocol::id::{AgentId, ConversationId, Epoch, EventId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use bot::{Bot, End, Step};

use crate::shell::Request;

/// A line of stdin. Members that it does not know are an error here, since they are typing mistakes of the
/// bot's author and not news from a later version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Input {
    /// A message to the visitor.
    Send {
        /// Its name; made here where it is absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<EventId>,
        /// Where.
        conversation: ConversationId,
        /// At most [`holdfast_protocol::limits::TEXT_BYTES`], never blank.
        text: String,
    },
    /// A note for colleagues.
    Note {
        /// Its name; made here where it is absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<EventId>,
        /// Where.
        conversation: ConversationId,
        /// As in `send`.
        text: String,
    },
    /// Makes the conversation this agent's.
    Claim {
        /// Its name; made here where it is absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<EventId>,
        /// Which one.
        conversation: ConversationId,
    },
    /// Hands the conversation to a colleague.
    Transfer {
        /// Its name; made here where it is absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<EventId>,
        /// Which one.
        conversation: ConversationId,
        /// To whom.
        to: AgentId,
    },
    /// Closes the conversation.
    Close {
        /// Its name; made here where it is absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<EventId>,
        /// Which one.
        conversation: ConversationId,
    },
    /// Asks for older events.
    History {
        /// Of which conversation.
        conversation: ConversationId,
        /// Events with a smaller `offset`; the newest where it is absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<u64>,
    },
    /// Typing, or no longer.
    Typing {
        /// Where.
        conversation: ConversationId,
        /// Whether.
        active: bool,
    },
    /// How far the bot has come.
    Seen {
        /// Where.
        conversation: ConversationId,
        /// How far, by `seq`.
        seen: Receipt,
    },
}

/// A line of stdin that is no [`Input`].
#[derive(Debug, Error)]
#[error(
    "not understood: {0}. A line is one JSON object such as {{\"send\":{{\"conversation\":3,\"text\":\"Hello\"}}}}; \
     nothing was done"
)]
pub struct InputError(#[from] serde_json::Error);

/// Above every `offset`, and exact in every JSON reader.
const NEWEST: u64 = (1 << 53) - 1;

impl Input {
    /// Reads a line.
    ///
    /// # Errors
    /// When it is none of the inputs; the error says where.
    pub fn parse(line: &str) -> Result<Self, InputError> {
        Ok(serde_json::from_str(line)?)
    }

    /// What it asks of the connection. A command without a name of its own gets `new_id`.
    #[must_use]
    pub fn request(self, new_id: EventId) -> Request {
        let (id, command) = match self {
            Self::Send {
                id,
                conversation,
                text,
            } => (id, AgentCommand::Send { conversation, text }),
            Self::Note {
                id,
                conversation,
                text,
            } => (id, AgentCommand::Note { conversation, text }),
            Self::Claim { id, conversation } => (id, AgentCommand::Claim { conversation }),
            Self::Transfer {
                id,
                conversation,
                to,
            } => (id, AgentCommand::Transfer { conversation, to }),
            Self::Close { id, conversation } => (id, AgentCommand::Close { conversation }),
            Self::History {
                conversation,
                before,
            } => {
                return Request::History {
                    conversation,
                    before: before.unwrap_or(NEWEST),
                };
            }
            Self::Typing {
                conversation,
                active,
            } => {
                return Request::Typing {
                    conversation,
                    active,
                };
            }
            Self::Seen { conversation, seen } => return Request::Seen { conversation, seen },
        };
        Request::Command {
            id: id.unwrap_or(new_id),
            command,
        }
    }
}

/// A line of stdout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// How the connection stands.
    Status {
        /// In one word.
        state: State,
        /// More, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// Why the server refuses.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<RefusalCode>,
    },
    /// The server took this client in.
    Welcome {
        /// Who this is.
        agent: AgentId,
        /// By which name.
        name: String,
        /// At which site.
        site: String,
        /// Whether reading begins anew.
        restart: bool,
        /// After which `offset` reading goes on.
        after: u64,
        /// The newest `offset`.
        last: u64,
        /// The log's life.
        epoch: Epoch,
    },
    /// Open conversations.
    Snapshot {
        /// A part of them, or all.
        conversations: Vec<Conversation>,
    },
    /// Something happened.
    Event(AgentEvent),
    /// A command is safely on disk.
    Queued {
        /// Which one.
        id: EventId,
    },
    /// The log has a command's event.
    Acked {
        /// Which one.
        id: EventId,
    },
    /// The server will never accept a command; it is not kept any longer.
    Rejected {
        /// Which one.
        id: EventId,
        /// Why, for programs.
        code: RejectionCode,
        /// Why, for people.
        message: String,
        /// What was written.
        command: AgentCommand,
    },
    /// How a conversation stands apart from its events.
    Conversation(Status),
    /// Somebody is typing, or no longer.
    Typing(Typing),
    /// Who works here.
    Colleagues {
        /// All agents of the site.
        colleagues: Vec<Colleague>,
    },
    /// Older events, as asked for.
    History {
        /// Of which conversation.
        conversation: ConversationId,
        /// In the log's order.
        events: Vec<AgentEvent>,
        /// Whether there are older ones.
        more: bool,
    },
    /// Something could not be done, which changes nothing else.
    Error {
        /// Why, and what to do.
        message: String,
        /// The beginning of the line of stdin that it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<String>,
        /// The command that it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<EventId>,
    },
}

impl Line {
    /// An error that is about no line and no command.
    #[must_use]
    pub fn error(message: String) -> Self {
        Self::Error {
            message,
            line: None,
            id: None,
        }
    }
}

/// How the connection stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The first attempt is under way.
    Connecting,
    /// All is well.
    Online,
    /// The line does not answer; another is being tried beside it.
    Doubtful,
    /// There is no line; attempts go on.
    Offline,
    /// The server said that it stops; attempts go on.
    GoingAway,
    /// The server does not take this client in.
    Refused,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01912d68-783e-7a03-8467-5661c1243ad4";

    fn request(line: &str) -> Request {
        Input::parse(line).unwrap().request(EventId(9))
    }

    #[test]
    fn the_lines_of_the_readme_are_understood() {
        let readme = include_str!("../../README.md");
        let section = readme.split("### What you write to stdin").nth(1).unwrap();
        let lines: Vec<&str> = section
            .split("```")
            .nth(1)
            .unwrap()
            .trim()
            .lines()
            .collect();
        assert_eq!(lines.len(), 9);
        for line in lines {
            Input::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }

    #[test]
    fn a_name_of_ones_own_is_kept_and_a_missing_one_is_made() {
        let own = request(&format!(
            "{{\"claim\":{{\"id\":\"{ID}\",\"conversation\":3}}}}"
        ));
        let made = request("{\"claim\":{\"conversation\":3}}");
        let command = AgentCommand::Claim {
            conversation: ConversationId(3),
        };
        let with = |id| Request::Command {
            id,
            command: command.clone(),
        };
        assert_eq!(own, with(ID.parse().unwrap()));
        assert_eq!(made, with(EventId(9)));
    }

    #[test]
    fn a_mistake_is_named() {
        for (line, hint) in [
            ("hello", "expected value"),
            ("{\"sned\":{}}", "sned"),
            ("{\"send\":{\"conversation\":3,\"txt\":\"a\"}}", "txt"),
            ("{\"send\":{\"text\":\"a\"}}", "conversation"),
            ("{\"claim\":{\"id\":\"7\",\"conversation\":3}}", "UUID"),
        ] {
            let error = Input::parse(line).unwrap_err().to_string();
            assert!(error.contains(hint), "{line}: {error}");
        }
    }
}
