//! A tab or an agent's client: the real state machine, a screen, and a storage that reloads leave.

use std::collections::{BTreeSet, HashSet};

use holdfast_protocol::client::{Client, ClientEvent, Output, Saved};
use holdfast_protocol::id::{ConversationId, EventId};
use holdfast_protocol::time::Millis;

use crate::endpoint::Actor;

/// One line on a screen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    pub number: u64,
    pub id: EventId,
}

/// How the storage of a tab is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    /// What is saved is there after a reload.
    Fine,
    /// Nothing new can be saved; what was saved is there.
    Full,
    /// There is none, and never was.
    Denied,
}

/// What one person wrote on a node, and what became of it as far as the node knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    /// Every id, in the order in which they were written.
    pub written: Vec<EventId>,
    /// What left the outbox: the screen showed it as sent.
    pub acked: Vec<EventId>,
    /// What was in no storage when the page was loaded anew. It may be lost, unless it was shown as sent.
    pub unsaved: HashSet<EventId>,
}

pub(crate) struct Node<A: Actor> {
    pub client: Client<A>,
    pub stored: Stored<A>,
    pub storage: Storage,
    pub shown: Vec<Shown>,
    pub person: Person,
    /// Those who were forgotten with a page that had no storage.
    pub departed: Vec<Person>,
    /// Conversations that the person has seen.
    pub known: BTreeSet<ConversationId>,
    /// Things to be done until the page or the process dies.
    pub until_death: Option<u32>,
    /// Sends before it saves: a deliberate fault.
    pub sends_early: bool,
    /// The screen may begin anew: a visitor may become known as a person.
    pub may_restart: bool,
    is_save_late: bool,
    /// Whether the last save succeeded.
    is_stored: bool,
    faults: Vec<String>,
}

/// What a reload finds: cursor and outbox together with the screen, in one value.
#[derive(Clone)]
pub(crate) struct Stored<A: Actor> {
    pub saved: Saved<A>,
    pub shown: Vec<Shown>,
}

impl<A: Actor> Node<A> {
    pub(crate) fn new(greeting: A::Greeting, seed: u64, now: Millis) -> Self {
        Self {
            client: Client::new(greeting, Saved::default(), seed, now),
            stored: Stored {
                saved: Saved::default(),
                shown: Vec::new(),
            },
            storage: Storage::Fine,
            shown: Vec::new(),
            person: Person::default(),
            departed: Vec::new(),
            known: BTreeSet::new(),
            until_death: None,
            sends_early: false,
            may_restart: false,
            is_save_late: false,
            is_stored: true,
            faults: Vec::new(),
        }
    }

    /// The page is loaded anew, or the process was killed: only the storage is left. Where there is none, the
    /// person is somebody else from now on.
    pub(crate) fn reload(&mut self, seed: u64, now: Millis) {
        let text = serde_json::to_string(&self.stored.saved).unwrap();
        let saved: Saved<A> = serde_json::from_str(&text).unwrap();
        assert_eq!(
            saved, self.stored.saved,
            "a snapshot reads back as it was written"
        );
        let is_kept = |id: &EventId| saved.outbox.iter().any(|entry| entry.id == *id);
        let waiting = self.client.outbox().iter().map(|entry| entry.id);
        let unsaved = waiting.filter(|id| !is_kept(id));
        self.person.unsaved.extend(unsaved);
        let is_forgotten = self.storage == Storage::Denied;
        if is_forgotten {
            self.departed.push(std::mem::take(&mut self.person));
        }
        let greeting = A::again(self.client.greeting(), is_forgotten);
        self.client = Client::new(greeting, saved, seed, now);
        self.until_death = None;
        self.is_save_late = false;
        self.shown.clone_from(&self.stored.shown);
    }

    /// The next thing that touches the network, everything before it being carried out.
    pub(crate) fn next_action(&mut self) -> Option<Output<A>> {
        loop {
            match &mut self.until_death {
                Some(0) => return None,
                Some(count) => *count -= 1,
                None => {}
            }
            let Some(output) = self.client.poll_output() else {
                if std::mem::take(&mut self.is_save_late) {
                    self.save();
                }
                return None;
            };
            match output {
                Output::Event(event) => self.show(event),
                Output::Save if self.sends_early => self.is_save_late = true,
                Output::Save => self.save(),
                action @ (Output::Dial(_) | Output::Close(_)) => return Some(action),
                Output::Transmit(line, frame) => {
                    self.check_saved(&frame);
                    return Some(Output::Transmit(line, frame));
                }
            }
        }
    }

    /// What went against the rules on this node so far.
    pub(crate) fn take_faults(&mut self) -> Vec<String> {
        std::mem::take(&mut self.faults)
    }

    fn save(&mut self) {
        self.is_stored = self.storage == Storage::Fine;
        if self.is_stored {
            self.stored = Stored {
                saved: self.client.saved().clone(),
                shown: self.shown.clone(),
            };
        }
    }

    fn show(&mut self, event: ClientEvent<A>) {
        match event {
            ClientEvent::Events { events, acked } => {
                self.known.extend(events.iter().filter_map(A::conversation));
                for event in &events {
                    self.shown.push(Shown {
                        number: A::number(event),
                        id: A::id(event),
                    });
                }
                self.person.acked.extend(acked);
                if let Some(seen) = events.last().and_then(A::seen) {
                    self.client.send_lossy(seen);
                }
            }
            ClientEvent::Welcomed { restart, .. } => {
                if restart {
                    // These histories are too short for any cursor to lag too far behind.
                    if !self.shown.is_empty() && !self.may_restart {
                        self.faults
                            .push("broken: the screen was emptied for nothing".to_owned());
                    }
                    self.shown.clear();
                }
            }
            ClientEvent::Rejected(id) => self.faults.push(format!("broken: {id} was rejected")),
            ClientEvent::News(_) | ClientEvent::Status(_) => {}
        }
    }

    fn check_saved(&mut self, frame: &A::Up) {
        if !self.is_stored {
            return;
        }
        let stored = &self.stored.saved.outbox;
        let sent = self.client.outbox().iter();
        let mut sent = sent.filter(|entry| A::command(entry.id, &entry.command) == *frame);
        if let Some(entry) = sent.find(|entry| stored.iter().all(|stored| stored.id != entry.id)) {
            self.faults
                .push(format!("broken: {} was sent before it was saved", entry.id));
        }
    }
}
