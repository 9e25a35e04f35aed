//! A tab or an agent's client: the real state machine, a screen, and a storage that reloads leave.

use std::fmt::{self, Debug, Write};
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use holdfast_protocol::client::{
    Agent, AgentCommand, AgentGreeting, AgentNews, Audience, Client, ClientEvent, LineId, Output,
    Saved, Status, Visitor, VisitorCommand, VisitorGreeting,
};
use holdfast_protocol::frame::{AgentWelcome, Pace, VisitorWelcome, write};
use holdfast_protocol::id::{ConversationId, EventId};
use holdfast_protocol::time::Millis;

/// Every client's clock begins here, and only its own timeouts move it: the clocks of two machines have
/// nothing to do with each other.
const BIRTH: Millis = Millis(1_000_000);

/// The same in every client: attempts are interleaved by the checker, not by chance.
const SEED: u64 = 17;

/// What a person wants to say. `attempt` counts how often they had to write it anew, because a reload
/// came before it was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Note {
    pub node: usize,
    pub intent: usize,
    pub attempt: usize,
}

impl Note {
    pub(crate) fn id(self) -> EventId {
        EventId((self.node << 16 | self.intent << 8 | self.attempt) as u128)
    }

    pub(crate) fn of(id: EventId) -> Self {
        let bits = id.0 as usize;
        Self {
            node: bits >> 16,
            intent: bits >> 8 & 0xff,
            attempt: bits & 0xff,
        }
    }
}

/// What happens to a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Input {
    Opened(LineId),
    Text(LineId, Arc<str>),
    Closed(LineId),
    /// Its clock moves to what is due next.
    Timeout,
    /// Its person writes the next message.
    Write,
    /// Nothing: only for a reload at rest.
    Rest,
}

/// Something for the network to do.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Dial(LineId),
    Close(LineId),
    Text(LineId, Arc<str>),
    /// The page is gone, and with it all lines that it had.
    Leave,
}

/// How the shell around the client treats its outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Shell {
    #[default]
    Obedient,
    SendsBeforeSaving,
    SavesBeforeShowing,
    SendsBackwards,
}

/// One line on a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub number: u64,
    pub note: Note,
}

/// A screen, an outbox and a cursor, as they are in the client or in its storage.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Page {
    /// The screen begins after this number.
    pub start: u64,
    pub shown: Vec<Shown>,
    /// What the person wrote, as far as this page knows.
    pub written: Vec<Note>,
    pub outbox: Vec<Note>,
    pub cursor: Option<u64>,
}

/// What the checker looks at.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// Of everything that decides what this client does next.
    pub fingerprint: u64,
    pub live: Page,
    pub stored: Page,
    pub life: usize,
    pub is_online: bool,
    pub has_timeout: bool,
    /// The screen lost lines although the server could read on.
    pub was_emptied: bool,
}

pub(crate) type Step = Option<(Arc<dyn Endpoint>, Arc<[Act]>)>;

/// Tabs and agents' clients, as the model treats them alike.
pub(crate) trait Endpoint: Send + Sync {
    /// Takes an input and carries out what the client wants. With `dies_after` only so many outputs are
    /// carried out before a reload; nothing comes back where there are no more than that.
    fn step(&self, input: &Input, dies_after: Option<usize>, shell: Shell) -> Step;
    fn view(&self) -> &View;
}

/// What the model needs to know of an audience beyond what the client does.
pub(crate) trait Actor:
    Audience<Greeting: Clone + Send + Sync, Welcome: Send + Sync>
{
    const KEEPS_SCREEN: bool;
    fn greeting() -> Self::Greeting;
    fn compose() -> Self::Command;
    fn after(welcome: &Self::Welcome) -> u64;
    fn is_pace(up: &Self::Up) -> bool;
}

impl Actor for Visitor {
    const KEEPS_SCREEN: bool = true;

    /// The token is in localStorage, where all tabs find it.
    fn greeting() -> VisitorGreeting {
        VisitorGreeting {
            site: "demo".to_owned(),
            token: Some("t".to_owned()),
            ..VisitorGreeting::default()
        }
    }

    fn compose() -> VisitorCommand {
        VisitorCommand::Send {
            text: "m".to_owned(),
        }
    }

    fn after(welcome: &VisitorWelcome) -> u64 {
        welcome.after
    }

    fn is_pace(up: &Self::Up) -> bool {
        Self::pace(Pace::Calm).as_ref() == Some(up)
    }
}

impl Actor for Agent {
    /// A snapshot may come again where the one before was not read to its end.
    const KEEPS_SCREEN: bool = false;

    fn greeting() -> AgentGreeting {
        AgentGreeting {
            token: "1".to_owned(),
            me: None,
        }
    }

    fn compose() -> AgentCommand {
        AgentCommand::Send {
            conversation: ConversationId(0),
            text: "m".to_owned(),
        }
    }

    fn after(welcome: &AgentWelcome) -> u64 {
        welcome.after
    }

    fn is_pace(_: &Self::Up) -> bool {
        false
    }
}

pub(crate) struct Node<A: Audience> {
    at: usize,
    now: Millis,
    client: Client<A>,
    saved: Saved<A>,
    attempts: usize,
    view: View,
}

impl<A: Actor> Node<A>
where
    Self: Endpoint,
{
    /// A client that dials for the first time.
    pub(crate) fn first(at: usize) -> (Arc<dyn Endpoint>, Arc<[Act]>) {
        let view = View {
            fingerprint: 0,
            live: Page::default(),
            stored: Page::default(),
            life: 0,
            is_online: false,
            has_timeout: false,
            was_emptied: false,
        };
        let mut node = Self {
            at,
            now: BIRTH,
            client: Client::new(A::greeting(), Saved::default(), SEED, BIRTH),
            saved: Saved::default(),
            attempts: 0,
            view,
        };
        let outputs = node.drain();
        let acts = node.carry_out(outputs);
        (node.finish(), acts.into())
    }

    fn take(&mut self, input: &Input) {
        match input {
            Input::Opened(line) => self.client.handle_opened(*line, self.now),
            Input::Text(line, text) => self.client.handle_text(*line, text, self.now),
            Input::Closed(line) => self.client.handle_closed(*line, self.now),
            Input::Timeout => {
                let due = self.client.poll_timeout(self.now);
                self.now = due.map_or(self.now, |due| due.max(self.now));
                self.client.handle_timeout(self.now);
            }
            Input::Write => {
                let written = &mut self.view.live.written;
                let note = Note {
                    node: self.at,
                    intent: written.len(),
                    attempt: self.attempts,
                };
                written.push(note);
                let sent = self
                    .client
                    .send(note.id(), A::compose(), Millis(0), self.now);
                assert_eq!(sent, Ok(()), "a short outbox takes a short message");
            }
            Input::Rest => {}
        }
    }

    fn drain(&mut self) -> Vec<Output<A>> {
        std::iter::from_fn(|| self.client.poll_output()).collect()
    }

    fn carry_out(&mut self, outputs: Vec<Output<A>>) -> Vec<Act> {
        let mut acts = Vec::new();
        for output in outputs {
            match output {
                Output::Event(event) => self.show(event),
                Output::Save => {
                    self.saved = self.client.saved().clone();
                    self.look();
                    self.view.stored = self.view.live.clone();
                }
                Output::Dial(line) => acts.push(Act::Dial(line)),
                Output::Close(line) => acts.push(Act::Close(line)),
                // The server's clock stands still here, so that the pace changes nothing.
                Output::Transmit(_, up) if A::is_pace(&up) => {}
                Output::Transmit(line, up) => {
                    acts.push(Act::Text(line, write(&up).unwrap().into()));
                }
            }
        }
        acts
    }

    fn show(&mut self, event: ClientEvent<A>) {
        let page = &mut self.view.live;
        match event {
            ClientEvent::Events { events, .. } => {
                page.shown.extend(events.iter().map(|event| Shown {
                    number: A::number(event),
                    note: Note::of(A::id(event)),
                }));
            }
            ClientEvent::Welcomed { welcome, restart } if restart => {
                self.view.was_emptied |= A::KEEPS_SCREEN && !page.shown.is_empty();
                page.shown.clear();
                page.start = A::after(&welcome);
            }
            ClientEvent::Rejected(id) => unreachable!("{id:?} was rejected"),
            ClientEvent::Welcomed { .. } | ClientEvent::Status(_) | ClientEvent::News(_) => {}
        }
    }

    /// The page is loaded anew: only the storage is left. The clock of a page begins anew with it.
    fn reload(&mut self) {
        if self.view.live.written.len() > self.view.stored.written.len() {
            self.attempts += 1;
        }
        self.now = BIRTH;
        self.client = Client::new(A::greeting(), self.saved.clone(), SEED, BIRTH);
        self.view.live = self.view.stored.clone();
        self.view.life += 1;
    }

    fn look(&mut self) {
        let saved = self.client.saved();
        self.view.live.outbox = saved.outbox.iter().map(|e| Note::of(e.id)).collect();
        self.view.live.cursor = saved.cursor.map(|cursor| cursor.after);
    }

    fn finish(mut self) -> Arc<dyn Endpoint> {
        self.look();
        self.view.is_online = *self.client.status() == Status::Online;
        self.view.has_timeout = self.client.poll_timeout(self.now).is_some();
        self.view.fingerprint = 0;
        let mut text = Digest(DefaultHasher::new());
        let (client, saved, view) = (&self.client, &self.saved, &self.view);
        write!(
            text,
            "{} {:?} {} {client:?} {saved:?} {view:?}",
            self.at, self.now, self.attempts
        )
        .unwrap();
        self.view.fingerprint = text.0.finish();
        Arc::new(self)
    }
}

impl<A: Actor> Endpoint for Node<A>
where
    Client<A>: Clone + Send + Sync,
    Saved<A>: Send + Sync,
    AgentNews: Send,
{
    fn step(&self, input: &Input, dies_after: Option<usize>, shell: Shell) -> Step {
        let mut node = Self {
            client: self.client.clone(),
            saved: self.saved.clone(),
            view: self.view.clone(),
            ..*self
        };
        node.take(input);
        let mut outputs = node.drain();
        let is_save = |output: &Output<A>| matches!(output, Output::Save);
        match shell {
            Shell::Obedient => {}
            Shell::SendsBeforeSaving => outputs.sort_by_key(is_save),
            Shell::SavesBeforeShowing => outputs.sort_by_key(|output| !is_save(output)),
            Shell::SendsBackwards => {
                let is_sent = |output: &Output<A>| matches!(output, Output::Transmit(..));
                let first = outputs.iter().position(is_sent).unwrap_or(outputs.len());
                outputs[first..].reverse();
            }
        }
        if let Some(count) = dies_after {
            let is_rest = *input == Input::Rest;
            if count >= outputs.len() && !is_rest {
                return None;
            }
            outputs.truncate(count);
        }
        let mut acts = node.carry_out(outputs);
        if dies_after.is_some() {
            node.reload();
            acts.push(Act::Leave);
            let outputs = node.drain();
            acts.extend(node.carry_out(outputs));
        }
        Some((node.finish(), acts.into()))
    }

    fn view(&self) -> &View {
        &self.view
    }
}

/// Hashes what is written to it. A client's debug text has all of its fields.
struct Digest(DefaultHasher);

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}
