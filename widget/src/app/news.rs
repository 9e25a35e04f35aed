//! What the page's own scripts are told, and when it is true.

use holdfast_protocol::client::{Entry, Visitor};
use holdfast_protocol::event::{Author, Receipt, VisitorBody, VisitorEvent};
use holdfast_protocol::id::EventId;
use holdfast_protocol::time::Millis;

use super::Effect;
use super::model::Model;
use crate::texts::Text;

/// What the page's own scripts are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The panel was opened.
    Open,
    /// The panel was closed.
    Close,
    /// A message of this tab is in the log.
    Sent(Note),
    /// A message of the visitor is on an agent's screen.
    Delivered(Note),
    /// An agent has seen a message of the visitor.
    Read(Note),
    /// An agent wrote.
    Received(Note),
    /// A message was not accepted, and why.
    Failed(Note, String),
    /// The outbox did not take what a script sent.
    NotSaid(String, Text),
    /// So many messages are unread.
    Unread(usize),
    /// The conversation has begun, or was opened again.
    Started(Millis),
    /// An agent has closed the conversation.
    Ended(Millis),
    /// The visitor has said how content they were: a score, and words, which may be none.
    Rated(u32, String),
    /// How the connection stands, in the word of [`Model::connection`].
    Connection(&'static str),
    /// Whether an agent is there.
    Availability(bool),
    /// How the site stands, as JSON, and the newest number of the conversation.
    Site(String, u64),
    /// The server refuses the page, and why.
    Refused(String),
}

/// A message as scripts see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Its id; nothing for a text that never became a message.
    pub id: Option<EventId>,
    /// What was written; empty where the message is no longer at hand.
    pub text: String,
    /// The agent's name; empty for the visitor.
    pub name: String,
    /// When it came into the log; nothing before.
    pub at: Option<Millis>,
}

impl Note {
    /// A message of the log; nothing for another event.
    pub(super) fn of(event: &VisitorEvent) -> Option<Self> {
        let VisitorBody::Message { text } = &event.body else {
            return None;
        };
        let name = match &event.author {
            Author::Agent { name, .. } => name.clone(),
            Author::Visitor {} | Author::System {} => String::new(),
        };
        Some(Self {
            id: Some(event.id),
            text: text.clone(),
            name,
            at: Some(event.at),
        })
    }
}

impl News {
    /// What is told of a rejected message; nothing where it is not.
    #[must_use]
    pub fn failed(entry: &Entry<Visitor>) -> Option<Self> {
        let note = Note {
            id: Some(entry.id),
            text: entry.command.text().to_owned(),
            ..Note::default()
        };
        let failure = entry.failed.as_ref()?;
        Some(Self::Failed(note, failure.message.clone()))
    }
}

/// Tells that these messages of this tab are in the log.
pub(super) fn sent(model: &Model, acked: &[EventId], effects: &mut Vec<Effect>) {
    for id in acked {
        let events = model.transcript.events().iter().rev();
        let note = events
            .filter(|event| event.id == *id && event.author == Author::Visitor {})
            .find_map(Note::of);
        // It may stand further back in the log than what this tab holds.
        let note = note.unwrap_or_else(|| Note {
            id: Some(*id),
            ..Note::default()
        });
        effects.push(Effect::Tell(News::Sent(note)));
    }
}

/// Takes in how far the agents have come, and tells of each message that they have come past.
pub(super) fn advance(model: &mut Model, agents: Receipt, effects: &mut Vec<Effect>) {
    let before = model.agents;
    model.agents = before.max(agents);
    let after = model.agents;
    let events = model.transcript.events().iter();
    for event in events.filter(|event| event.author == Author::Visitor {}) {
        let has_come = |from: u64, to: u64| from < event.seq && event.seq <= to;
        let Some(note) = Note::of(event) else {
            continue;
        };
        if has_come(before.delivered, after.delivered) {
            effects.push(Effect::Tell(News::Delivered(note.clone())));
        }
        if has_come(before.read, after.read) {
            effects.push(Effect::Tell(News::Read(note)));
        }
    }
}

/// Tells of what agents wrote and of what became of the conversation, unless this visitor had it before: in this tab,
/// or by a welcome in another.
pub(super) fn received(model: &mut Model, effects: &mut Vec<Effect>) {
    let heard = model.heard;
    let mut is_over = model
        .transcript
        .events()
        .first()
        .is_some_and(|first| first.seq == 1);
    for event in model.transcript.events() {
        let news = match &event.body {
            // Where the beginning is not here, it is no news either.
            VisitorBody::Message { .. } => {
                std::mem::take(&mut is_over).then_some(News::Started(event.at))
            }
            VisitorBody::Closed {} => {
                is_over = true;
                Some(News::Ended(event.at))
            }
            VisitorBody::Rated { score, comment } => {
                Some(News::Rated(*score, comment.clone().unwrap_or_default()))
            }
        };
        if let Some(news) = news
            && event.seq > heard
        {
            effects.push(Effect::Tell(news));
        }
    }
    let events = model.transcript.events().iter();
    let new = events
        .filter(|event| event.seq > heard && matches!(event.author, Author::Agent { .. }))
        .filter_map(Note::of);
    for note in new {
        effects.push(Effect::Announce(note.clone()));
        effects.push(Effect::Tell(News::Received(note)));
    }
    model.heard = heard.max(model.transcript.last());
}

/// Tells what follows from the model as a whole, where it is not as it was told last.
pub(super) fn standing(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.told.is_open != model.is_open {
        model.told.is_open = model.is_open;
        effects.push(Effect::Tell(if model.is_open {
            News::Open
        } else {
            News::Close
        }));
    }
    let unread = model.unread();
    if model.told.unread != unread {
        model.told.unread = unread;
        effects.push(Effect::Tell(News::Unread(unread)));
    }
    let (word, _) = model.connection();
    if model.told.connection != word {
        model.told.connection = word;
        effects.push(Effect::Tell(News::Connection(word)));
    }
    // Without a line nobody knows who is there, and nothing new is told.
    if model.staff.is_some() && model.told.is_staffed != Some(model.is_staffed()) {
        model.told.is_staffed = Some(model.is_staffed());
        effects.push(Effect::Tell(News::Availability(model.is_staffed())));
    }
}

/// What was told last of what may change back and forth.
#[derive(Debug, Default)]
pub(super) struct Told {
    is_open: bool,
    unread: usize,
    connection: &'static str,
    is_staffed: Option<bool>,
}
