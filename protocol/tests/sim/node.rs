//! A tab or an agent's client: the real state machine, a screen, and a storage that reloads leave.

use holdfast_protocol::client::{Audience, Client, ClientEvent, Output, Saved};
use holdfast_protocol::id::EventId;
use holdfast_protocol::time::Millis;

/// One line on a screen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    pub number: u64,
    pub id: EventId,
}

pub(crate) struct Node<A: Audience> {
    pub client: Client<A>,
    pub stored: Stored<A>,
    pub shown: Vec<Shown>,
    /// Every id that this node's person wrote, in order.
    pub written: Vec<EventId>,
    /// What left the outbox: the screen shows it as sent.
    pub acked: Vec<EventId>,
    pub news: Vec<A::News>,
    /// Sends before it saves: a deliberate fault.
    pub sends_early: bool,
    is_save_late: bool,
    faults: Vec<String>,
}

/// What a reload finds: cursor and outbox together with the screen, in one value.
#[derive(Clone)]
pub(crate) struct Stored<A: Audience> {
    pub saved: Saved<A>,
    pub shown: Vec<Shown>,
}

impl<A: Audience> Node<A> {
    pub(crate) fn new(greeting: A::Greeting, seed: u64, now: Millis) -> Self {
        let stored = Stored {
            saved: Saved::default(),
            shown: Vec::new(),
        };
        Self {
            client: Client::new(greeting, Saved::default(), seed, now),
            stored,
            shown: Vec::new(),
            written: Vec::new(),
            acked: Vec::new(),
            news: Vec::new(),
            sends_early: false,
            is_save_late: false,
            faults: Vec::new(),
        }
    }

    /// The page is loaded anew, or the process was killed: only the storage is left.
    pub(crate) fn reload(&mut self, greeting: A::Greeting, seed: u64, now: Millis) {
        let text = serde_json::to_string(&self.stored.saved).unwrap();
        let saved: Saved<A> = serde_json::from_str(&text).unwrap();
        assert_eq!(
            saved, self.stored.saved,
            "a snapshot reads back as it was written"
        );
        self.client = Client::new(greeting, saved, seed, now);
        self.is_save_late = false;
        self.shown.clone_from(&self.stored.shown);
    }

    /// The next thing that touches the network, everything before it being carried out.
    pub(crate) fn next_action(&mut self) -> Option<Output<A>> {
        loop {
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
        self.stored = Stored {
            saved: self.client.saved().clone(),
            shown: self.shown.clone(),
        };
    }

    fn show(&mut self, event: ClientEvent<A>) {
        match event {
            ClientEvent::Events { events, acked } => {
                for event in events {
                    self.shown.push(Shown {
                        number: A::number(&event),
                        id: A::id(&event),
                    });
                }
                self.acked.extend(acked);
            }
            ClientEvent::Welcomed { restart, .. } => {
                if restart {
                    // These histories are too short for any cursor to lag too far behind.
                    if !self.shown.is_empty() {
                        self.faults
                            .push("the screen was emptied for nothing".to_owned());
                    }
                    self.shown.clear();
                }
            }
            ClientEvent::News(news) => self.news.push(news),
            ClientEvent::Rejected(id) => self.faults.push(format!("{id} was rejected")),
            ClientEvent::Status(_) => {}
        }
    }

    fn check_saved(&mut self, frame: &A::Up) {
        for entry in self.client.outbox() {
            if A::command(entry.id, &entry.command) == *frame
                && !self
                    .stored
                    .saved
                    .outbox
                    .iter()
                    .any(|stored| stored.id == entry.id)
            {
                self.faults
                    .push(format!("{} was sent before it was saved", entry.id));
            }
        }
    }
}
