//! What a bot knows from the lines that the agent's client prints, by the rules of its README.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::checker::{Line, Writer};

/// Everything that a bot knows.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    /// How the connection stands, as in the newest `status`.
    pub state: String,
    /// The words of the newest `status`.
    pub words: String,
    /// All states so far, in order.
    pub states: Vec<String>,
    /// The messages of all conversations, in the log's order.
    pub messages: Vec<Message>,
    /// How each conversation stands apart from its events.
    pub standings: BTreeMap<u64, Standing>,
    /// The ids of the commands that are safe in the outbox, in order.
    pub queued: Vec<String>,
    /// The ids of the commands that the log has, in order.
    pub acked: Vec<String>,
    /// The codes of the commands that were never accepted.
    pub rejected: Vec<String>,
    /// The words of all errors.
    pub errors: Vec<String>,
    /// Kinds of all events, in the log's order.
    pub events: Vec<String>,
    /// Who is typing, by conversation; a visitor has an empty name.
    pub typing: BTreeMap<u64, String>,
    /// What visitors type and have not sent, by conversation, each state of it.
    pub previews: BTreeMap<u64, Vec<String>>,
    /// What is known of each visitor, by conversation, as the client prints it.
    pub visitors: BTreeMap<u64, Value>,
    /// The conversations of the snapshots since the newest `restart`.
    pub snapshot: Vec<u64>,
    /// How often the server has taken the client in.
    pub welcomes: usize,
    /// Lines that break the promises of the README: a gap, a number that runs backwards.
    pub faults: Vec<String>,
    epoch: Option<u64>,
    offset: Option<u64>,
}

/// A message in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where.
    pub conversation: u64,
    /// Its number in the conversation.
    pub seq: u64,
    /// Its name, given by its writer.
    pub id: String,
    /// Who wrote it.
    pub writer: Writer,
    /// What it says.
    pub text: String,
}

/// How a conversation stands apart from its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Up to which `seq` a screen of the visitor has shown it.
    pub delivered: u64,
    /// Up to which `seq` the visitor has read it.
    pub read: u64,
    /// Whether the visitor is here.
    pub present: bool,
    /// Which page the visitor looks at.
    pub page: String,
    /// What the page has seen the visitor do, oldest first.
    pub trail: Vec<String>,
}

impl Desk {
    /// Reads all lines from the first on.
    pub fn read<'a>(lines: impl IntoIterator<Item = &'a String>) -> Self {
        let mut desk = Self::default();
        for line in lines {
            desk.read_line(line);
        }
        desk
    }

    /// Reads one more line.
    pub fn read_line(&mut self, line: &str) {
        match serde_json::from_str::<Value>(line) {
            Ok(value) => self.take(&value),
            Err(_) => self.faults.push(format!("not JSON: {line}")),
        }
    }

    /// A conversation as a screen shows it.
    #[must_use]
    pub fn lines(&self, conversation: u64) -> Vec<Line> {
        self.messages
            .iter()
            .filter(|message| message.conversation == conversation)
            .map(|message| Line {
                writer: message.writer,
                text: message.text.clone(),
            })
            .collect()
    }

    /// The message with this text.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<&Message> {
        self.messages.iter().find(|message| message.text == text)
    }

    fn take(&mut self, line: &Value) {
        let Some((name, value)) = line.as_object().and_then(|object| object.iter().next()) else {
            self.faults.push(format!("not an object: {line}"));
            return;
        };
        match name.as_str() {
            "status" => {
                self.state = text(&value["state"]);
                self.words = text(&value["message"]);
                self.states.push(self.state.clone());
            }
            "welcome" => self.welcome(value),
            "snapshot" => self.take_snapshot(value),
            "event" => self.event(value),
            "conversation" => self.standing(value),
            "queued" => self.queued.push(text(&value["id"])),
            "acked" => self.acked.push(text(&value["id"])),
            "rejected" => self.rejected.push(text(&value["code"])),
            "error" => self.errors.push(text(&value["message"])),
            "typing" => {
                let conversation = number(&value["conversation"]);
                if let Some(typed) = value["text"].as_str() {
                    let previews = self.previews.entry(conversation).or_default();
                    previews.push(typed.to_owned());
                }
                if value["active"] == Value::Bool(true) {
                    self.typing.insert(conversation, text(&value["name"]));
                } else {
                    self.typing.remove(&conversation);
                }
            }
            // The README tells readers to skip names that they don't know.
            _ => {}
        }
    }

    fn welcome(&mut self, value: &Value) {
        self.welcomes += 1;
        let epoch = Some(number(&value["epoch"]));
        let is_restart = value["restart"] == Value::Bool(true);
        if is_restart || epoch != self.epoch {
            self.offset = None;
            self.epoch = epoch;
        }
        if is_restart {
            self.snapshot.clear();
            self.offset = Some(number(&value["after"]));
        }
    }

    fn take_snapshot(&mut self, value: &Value) {
        for conversation in value["conversations"].as_array().into_iter().flatten() {
            let id = number(&conversation["conversation"]);
            self.snapshot.push(id);
            self.visitors.insert(id, conversation["visitor"].clone());
            self.standing(&conversation["status"]);
        }
    }

    fn event(&mut self, value: &Value) {
        let offset = number(&value["offset"]);
        if let Some(last) = self.offset {
            if offset <= last {
                return;
            }
            if offset != last + 1 {
                self.faults
                    .push(format!("a gap between {last} and {offset}"));
            }
        }
        self.offset = Some(offset);
        let Some((kind, body)) = value["body"]
            .as_object()
            .and_then(|body| body.iter().next())
        else {
            self.faults
                .push(format!("an event without a body: {value}"));
            return;
        };
        self.events.push(kind.clone());
        if let Some(visitor) = body.get("visitor") {
            let conversation = number(&value["conversation"]);
            self.visitors.insert(conversation, visitor.clone());
        }
        if kind == "message" {
            let is_visitors = value["author"].get("visitor").is_some();
            self.messages.push(Message {
                conversation: number(&value["conversation"]),
                seq: number(&value["seq"]),
                id: text(&value["id"]),
                writer: if is_visitors {
                    Writer::Visitor
                } else {
                    Writer::Agent
                },
                text: text(&body["text"]),
            });
        }
    }

    fn standing(&mut self, value: &Value) {
        self.standings.insert(
            number(&value["conversation"]),
            Standing {
                delivered: number(&value["visitor"]["delivered"]),
                read: number(&value["visitor"]["read"]),
                present: value["present"] == Value::Bool(true),
                page: text(&value["page"]["url"]),
                trail: trail(&value["trail"]),
            },
        );
    }
}

/// Each step with what was said of it.
fn trail(steps: &Value) -> Vec<String> {
    let steps = steps.as_array().into_iter().flatten();
    steps
        .map(|step| format!("{} {}", text(&step["name"]), text(&step["detail"])))
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}
