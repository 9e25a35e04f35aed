//! The terminal client's state, and what changes it. Pure: messages in, effects out.

use std::collections::BTreeMap;

use crossterm::event::KeyEvent;
use holdfast_agent::model::Model;
use holdfast_agent::{Event, Request};
use holdfast_protocol::client::{AgentCommand, Status};
use holdfast_protocol::event::{Author, Body};
use holdfast_protocol::id::{AgentId, ConversationId, EventId};
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;

use super::composer::Composer;
use super::order;
use super::view::chat;

/// What happens to the terminal client.
#[derive(Debug)]
pub(crate) enum Msg {
    /// On the connection.
    Connection(Event),
    /// A key was pressed.
    Key(KeyEvent),
    /// A text was pasted.
    Paste(String),
    /// The terminal came into focus, or went out of it.
    Focus(bool),
    /// The terminal has this size: columns and rows.
    Resize(u16, u16),
    /// The clock went on, in milliseconds since the Unix epoch.
    Tick(Millis),
    /// A command could not be handed to the connection.
    NotAsked(AgentCommand, String),
}

/// What is to be done for it.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// Ask the connection.
    Ask(Request),
    /// Put a command into the outbox under a new name.
    Queue(AgentCommand),
    /// Send a rejected command again under a new name.
    Retry(EventId),
    /// Ring the bell.
    Bell,
    /// End the program.
    Quit,
}

/// What lies over the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Popup {
    /// The keys.
    Help,
    /// To whom is this conversation to be handed? The place in the list of colleagues.
    Transfer(usize),
    /// All that is known of the visitor, from a row on.
    Visitor(usize),
    /// Is this conversation to be closed?
    Close,
    /// Drafts would be lost; really quit?
    Quit,
}

/// Which pane a narrow terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pane {
    List,
    Chat,
}

/// What is being written in one conversation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) composer: Composer,
    /// For colleagues only.
    pub(crate) is_note: bool,
    said_typing: Option<Millis>,
}

/// The terminal client.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) model: Model,
    pub(crate) now: Millis,
    pub(crate) size: (u16, u16),
    pub(crate) pane: Pane,
    pub(crate) popup: Option<Popup>,
    /// Rows between the end of the chosen conversation and the lowest row in sight.
    pub(crate) scroll: usize,
    /// The newest `offset` that was in sight at the end, while the person reads further up.
    pub(crate) left_at: u64,
    /// A word to the person, until a moment.
    notice: Option<(String, Millis)>,
    drafts: BTreeMap<ConversationId, Draft>,
    has_focus: bool,
    last_key: Millis,
    has_bell: bool,
}

/// Below this width there is one pane at a time.
pub(crate) const NARROW: u16 = 70;

/// A word to the person stays so long: two lines are read in it.
const NOTICE_LIFE: Millis = Millis(6_000);

/// Nobody is there after so long without a key: what arrives then is delivered and not read.
const IDLE: Millis = Millis(90_000);

impl App {
    pub(crate) fn new(now: Millis, size: (u16, u16), has_bell: bool) -> Self {
        Self {
            model: Model::new(now),
            now,
            size,
            pane: Pane::List,
            popup: None,
            scroll: 0,
            left_at: 0,
            notice: None,
            drafts: BTreeMap::new(),
            has_focus: true,
            last_key: now,
            has_bell,
        }
    }

    pub(crate) fn is_narrow(&self) -> bool {
        self.size.0 < NARROW
    }

    pub(crate) fn notice(&self) -> Option<&str> {
        let (text, until) = self.notice.as_ref()?;
        (*until > self.now).then_some(text.as_str())
    }

    /// What is being written in the chosen conversation.
    pub(crate) fn draft(&self) -> Option<&Draft> {
        self.drafts.get(&self.model.chosen()?.id)
    }

    pub(crate) fn has_draft(&self, id: ConversationId) -> bool {
        let draft = self.drafts.get(&id);
        draft.is_some_and(|draft| !draft.composer.is_blank())
    }

    /// The colleagues to whom a conversation can be handed.
    pub(crate) fn transfer_targets(&self) -> Vec<AgentId> {
        let others = self.model.colleagues.iter();
        let others = others.filter(|one| !self.model.is_me(one.id));
        others.map(|one| one.id).collect()
    }

    /// Takes a message in.
    pub(crate) fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let mut effects = Vec::new();
        match msg {
            Msg::Connection(event) => self.read_connection(event, &mut effects),
            Msg::Key(key) => {
                self.last_key = self.now;
                self.press(key, &mut effects);
            }
            Msg::Paste(text) => {
                self.last_key = self.now;
                if self.popup.is_none() {
                    self.write(&text, &mut effects);
                }
            }
            Msg::Focus(has_focus) => {
                self.has_focus = has_focus;
                if has_focus {
                    self.last_key = self.now;
                    effects.push(Effect::Ask(Request::Hint));
                }
            }
            Msg::Resize(columns, rows) => self.size = (columns, rows),
            Msg::Tick(now) => self.now = now,
            Msg::NotAsked(command, why) => self.give_back(&command, &why),
        }
        self.settle(&mut effects);
        effects
    }

    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.notice = Some((text.into(), self.now + NOTICE_LIFE));
    }

    pub(super) fn draft_mut(&mut self) -> Option<&mut Draft> {
        let id = self.model.chosen()?.id;
        Some(self.drafts.entry(id).or_default())
    }

    pub(super) fn drop_notice(&mut self) -> bool {
        self.notice.take().is_some()
    }

    pub(super) fn any_draft(&self) -> bool {
        let mut drafts = self.drafts.values();
        drafts.any(|draft| !draft.composer.is_blank())
    }

    pub(super) fn choose(&mut self, id: ConversationId, effects: &mut Vec<Effect>) {
        if self.model.chosen().is_none_or(|chosen| chosen.id != id) {
            self.stop_typing(effects);
            self.model.choose(id);
            self.scroll = 0;
        }
    }

    pub(super) fn write(&mut self, text: &str, effects: &mut Vec<Effect>) {
        let now = self.now;
        let Some(id) = self.model.chosen().map(|chosen| chosen.id) else {
            return;
        };
        let draft = self.drafts.entry(id).or_default();
        draft.composer.insert(text);
        let is_due = |said: Millis| now.since(said) >= limits::TYPING_PAUSE;
        if !draft.is_note && draft.said_typing.is_none_or(is_due) {
            draft.said_typing = Some(now);
            effects.push(Effect::Ask(Request::Typing {
                conversation: id,
                active: true,
            }));
        }
    }

    pub(super) fn stop_typing(&mut self, effects: &mut Vec<Effect>) {
        let Some(draft) = self.draft_mut() else {
            return;
        };
        if draft.said_typing.take().is_some()
            && let Some(chosen) = self.model.chosen()
        {
            effects.push(Effect::Ask(Request::Typing {
                conversation: chosen.id,
                active: false,
            }));
        }
    }
}

impl App {
    fn read_connection(&mut self, event: Event, effects: &mut Vec<Effect>) {
        if let Event::NotQueued { command, error, .. } = &event {
            self.give_back(command, &error.to_string());
        }
        if let Event::Rejected { failure, .. } = &event {
            self.say(format!("Not accepted: {}", failure.message));
        }
        if self.has_bell && has_message_of_visitor(&event) {
            effects.push(Effect::Bell);
        }
        let before = self.rows_above();
        let receipts = self.model.apply(event, self.now);
        effects.extend(receipts.into_iter().map(Effect::Ask));
        // Whoever reads further up keeps their place when something is added below.
        if let (Some((first, rows)), Some((same, more))) = (before, self.rows_above())
            && first == same
        {
            self.scroll += more.saturating_sub(rows);
        }
    }

    /// While the person reads further up: the first loaded event, and all rows from there on.
    fn rows_above(&self) -> Option<(u64, usize)> {
        let is_reading = self.scroll > 0;
        let chosen = self.model.chosen().filter(|_| is_reading)?;
        let first = chosen.events().next()?.offset;
        Some((first, chat::extent(self).0))
    }

    /// A text that was not taken goes back to where it was written.
    fn give_back(&mut self, command: &AgentCommand, why: &str) {
        if let Some(text) = command.text() {
            let draft = self.drafts.entry(command.conversation()).or_default();
            draft.composer.give_back(text);
            draft.is_note = matches!(command, AgentCommand::Note { .. });
        }
        self.say(format!("Not sent: {why}"));
    }

    /// Ends every change: something is chosen, its history is there, and what is in sight is read.
    fn settle(&mut self, effects: &mut Vec<Effect>) {
        if self.model.chosen().is_none() {
            let first = order::listed(&self.model).next().map(|thread| thread.id);
            if let Some(id) = first {
                self.model.choose(id);
                self.scroll = 0;
            }
        }
        let Some(chosen) = self.model.chosen() else {
            return;
        };
        let last = chosen.last_offset;
        let is_short = chosen.events().count() < usize::from(self.size.1);
        if self.scroll == 0 {
            self.left_at = last;
        }
        if is_short {
            effects.extend(self.model.want_older().map(Effect::Ask));
        }
        if self.is_in_sight() {
            effects.extend(self.model.look().map(Effect::Ask));
        }
    }

    /// Whether a person can be taken to see the end of the chosen conversation.
    fn is_in_sight(&self) -> bool {
        let is_shown = !self.is_narrow() || self.pane == Pane::Chat;
        let is_there = self.has_focus && self.now.since(self.last_key) < IDLE;
        is_shown && is_there && self.scroll == 0 && self.model.connection.status == Status::Online
    }
}

fn has_message_of_visitor(event: &Event) -> bool {
    let Event::Events { events, .. } = event else {
        return false;
    };
    events.iter().any(|event| {
        matches!(event.author, Author::Visitor {}) && matches!(event.body, Body::Message { .. })
    })
}
