//! What a shell holds beside a client, and what must be true of both after every change.

use std::fmt::Debug;

use holdfast_protocol::client::{Client, ClientEvent, LineId, Output, Saved};
use holdfast_protocol::id::EventId;
use holdfast_protocol::limits;

use super::frames::{Audible, WelcomeAt};

/// What the frames of one step entitle the client to.
#[derive(Debug, Default, Clone)]
pub(crate) struct Promises {
    pub frames: usize,
    pub welcomes: Vec<WelcomeAt>,
    /// Own events that were read.
    pub acks: Vec<EventId>,
    pub rejections: Vec<EventId>,
}

/// A line that was dialled and that neither end has closed.
struct Held {
    line: LineId,
    is_open: bool,
    is_greeted: bool,
    /// Commands that were sent on it and neither acknowledged nor rejected.
    flight: Vec<EventId>,
}

pub(crate) struct Ledger<A: Audible> {
    stored: Saved<A>,
    /// What was written and neither acknowledged nor discarded, in order.
    outbox: Vec<EventId>,
    /// The last number on the screen.
    shown: Option<u64>,
    lines: Vec<Held>,
    newest_line: Option<LineId>,
    gone: Option<LineId>,
    probe: u64,
    promises: Promises,
    was_welcomed: bool,
}

impl<A: Audible> Ledger<A> {
    pub(crate) fn new(stored: Saved<A>) -> Self {
        Self {
            outbox: stored.outbox.iter().map(|entry| entry.id).collect(),
            shown: stored.cursor.map(|cursor| cursor.after),
            stored,
            lines: Vec::new(),
            newest_line: None,
            gone: None,
            probe: 0,
            promises: Promises::default(),
            was_welcomed: false,
        }
    }

    pub(crate) fn stored(&self) -> &Saved<A> {
        &self.stored
    }

    /// One of the lines, the newest first.
    pub(crate) fn line(&self, at: u8) -> Option<LineId> {
        let place = usize::from(at) % self.lines.len().max(1);
        self.lines.iter().rev().nth(place).map(|held| held.line)
    }

    pub(crate) fn has_line(&self) -> bool {
        self.lines.iter().any(|held| held.is_greeted)
    }

    /// A line that is no longer there.
    pub(crate) fn gone(&self) -> LineId {
        self.gone.unwrap_or(LineId(u64::MAX))
    }

    pub(crate) fn probe(&self) -> u64 {
        self.probe
    }

    /// Returns whether it was not open before.
    pub(crate) fn open(&mut self, line: LineId) -> bool {
        let held = self.lines.iter_mut().find(|held| held.line == line);
        held.is_some_and(|held| !std::mem::replace(&mut held.is_open, true))
    }

    pub(crate) fn forget(&mut self, line: LineId) {
        self.lines.retain(|held| held.line != line);
        self.gone = Some(line);
    }

    pub(crate) fn written(&mut self, id: EventId) {
        self.outbox.push(id);
    }

    pub(crate) fn discarded(&mut self, id: EventId) {
        self.take(id);
    }

    pub(crate) fn is_failed(&self, id: EventId) -> bool {
        self.stored
            .outbox
            .iter()
            .any(|entry| entry.id == id && entry.failed.is_some())
    }

    pub(crate) fn begin(&mut self, promises: &Promises) {
        self.promises = promises.clone();
        self.was_welcomed = false;
    }

    pub(crate) fn carry_out(&mut self, output: Output<A>, client: &Client<A>) {
        match output {
            Output::Event(event) => self.show(event),
            Output::Save => self.stored = client.saved().clone(),
            Output::Dial(line) => {
                assert!(self.newest_line < Some(line), "a line's name came again");
                self.newest_line = Some(line);
                self.lines.push(Held {
                    line,
                    is_open: false,
                    is_greeted: false,
                    flight: Vec::new(),
                });
                assert!(self.lines.len() <= limits::ATTEMPTS + 1, "too many lines");
            }
            Output::Close(line) => {
                assert!(
                    self.lines.iter().any(|held| held.line == line),
                    "{line:?} was closed before"
                );
                self.forget(line);
            }
            Output::Transmit(line, up) => self.transmit(line, &up),
        }
    }

    /// What holds once everything is carried out.
    pub(crate) fn check(&self, client: &Client<A>) {
        let saved = client.saved();
        assert_eq!(&self.stored, saved, "changed and not saved");
        let waiting: Vec<_> = client.outbox().iter().map(|entry| entry.id).collect();
        assert_eq!(waiting, self.outbox, "the outbox lost or gained something");
        if let [at] = self.promises.welcomes[..]
            && self.promises.frames == 1
            && self.was_welcomed
        {
            assert!(
                at.snapshot || saved.cursor.is_some(),
                "welcomed without a cursor"
            );
        }
        if let Some(cursor) = saved.cursor {
            assert_eq!(
                self.shown,
                Some(cursor.after),
                "the cursor is not what is shown"
            );
        }
    }

    fn show(&mut self, event: ClientEvent<A>) {
        match event {
            ClientEvent::Welcomed { restart, .. } => {
                let at = self.promises.welcomes.first().map(|at| at.after);
                assert!(at.is_some(), "nobody said welcome");
                self.was_welcomed = true;
                if restart {
                    self.shown = at;
                }
                // Another line may have read on since this one asked; what it brought comes again.
                assert!(self.shown >= at, "read on after a gap");
            }
            ClientEvent::Events { events, acked } => {
                for event in events {
                    let next = self.shown.and_then(|shown| shown.checked_add(1));
                    assert_eq!(Some(A::number(&event)), next, "a gap or a duplicate");
                    self.shown = next;
                }
                for id in acked {
                    assert!(
                        self.promises.acks.contains(&id),
                        "no event acknowledges {id}"
                    );
                    self.take(id);
                    self.land(id);
                }
            }
            ClientEvent::Rejected(id) => {
                assert!(
                    self.promises.rejections.contains(&id),
                    "nobody rejected {id}"
                );
                self.land(id);
            }
            ClientEvent::Status(_) | ClientEvent::News(_) => {}
        }
    }

    fn transmit(&mut self, line: LineId, up: &A::Up) {
        let held = self.lines.iter_mut().find(|held| held.line == line);
        let held = held.unwrap_or_else(|| panic!("{up:?} on {line:?}, which is closed"));
        assert!(held.is_open, "sent on a line that is not open yet");
        let is_greeting = A::greeted(up).is_some();
        assert_eq!(
            is_greeting, !held.is_greeted,
            "one greeting, and first: {up:?}"
        );
        held.is_greeted = true;
        self.probe = A::probe(up).unwrap_or(self.probe);
        let Some(id) = A::named(up) else {
            return;
        };
        // Settled while it stood in the queue: several frames were read before the outputs were carried out.
        if self.promises.acks.contains(&id) || self.promises.rejections.contains(&id) {
            return;
        }
        let first = self.stored.outbox.iter().find(|entry| {
            entry.failed.is_none()
                && !held.flight.contains(&entry.id)
                && !self.promises.rejections.contains(&entry.id)
        });
        assert_eq!(
            first.map(|entry| entry.id),
            Some(id),
            "sent before it was saved, twice, or out of order"
        );
        held.flight.push(id);
        assert!(held.flight.len() <= limits::IN_FLIGHT, "too much in flight");
    }

    fn take(&mut self, id: EventId) {
        let at = self.outbox.iter().position(|waiting| *waiting == id);
        self.outbox
            .remove(at.unwrap_or_else(|| panic!("{id} did not wait")));
    }

    fn land(&mut self, id: EventId) {
        for held in &mut self.lines {
            held.flight.retain(|sent| *sent != id);
        }
    }
}
