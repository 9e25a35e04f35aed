//! A client under an arbitrary script: whatever people, clocks, networks and servers do to it, what waits is kept,
//! what is shown has no gap, and nothing is sent before it is saved.

use arbitrary::{Arbitrary, Unstructured};
use holdfast_protocol::client::{Client, LineId, Saved, SendError};
use holdfast_protocol::event::TextError;
use holdfast_protocol::frame::{self, Beat, Heartbeat, Resume};
use holdfast_protocol::id::{Epoch, EventId};
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;

use super::frames::{self, Audible, EventAt, WelcomeAt};
use super::ledger::{Ledger, Promises};
use super::script::{Frame, Late, Name, Step, Text, Welcome};

/// More steps than this find nothing that fewer do not.
const STEPS: usize = 1_500;

/// The client's own names begin here, those of others are smaller.
const FIRST_OWN: u128 = 1_000;

/// No clock shows more: numbers on the wire are smaller too.
const END: Millis = Millis(1 << 53);

pub(crate) fn run<A: Audible>(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let mut shell = Shell::<A>::new();
    for _ in 0..STEPS {
        if input.is_empty() {
            break;
        }
        let Ok(step) = Step::arbitrary(&mut input) else {
            break;
        };
        shell.take(step);
    }
}

struct Shell<A: Audible> {
    client: Client<A>,
    ledger: Ledger<A>,
    now: Millis,
    /// The latest moment so far, since clocks may jump back.
    newest: Millis,
    names: u128,
    is_paused: bool,
}

impl<A: Audible> Shell<A> {
    fn new() -> Self {
        let now = Millis(1_000_000);
        let mut shell = Self {
            client: Client::new(A::greeting(0), Saved::default(), 1, now),
            ledger: Ledger::new(Saved::default()),
            now,
            newest: now,
            names: FIRST_OWN,
            is_paused: false,
        };
        shell.drain(&Promises::default());
        shell
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::GoOnline => self.go_online(),
            Step::Opened(at) => {
                if let Some(line) = self.ledger.line(at) {
                    self.open(line);
                }
            }
            Step::Closed(at) => {
                if let Some(line) = self.ledger.line(at) {
                    self.ledger.forget(line);
                    self.client.handle_closed(line, self.now);
                    self.settle(&Promises::default());
                }
            }
            Step::Hear(at, frame) => self.hear(at, &[frame]),
            Step::HearMany(at, frames) => self.hear(at, &frames),
            Step::HearText(at, bytes) => {
                if let Some(line) = self.ledger.line(at) {
                    self.open(line);
                    let text = String::from_utf8_lossy(&bytes);
                    self.client.handle_text(line, &text, self.now);
                    self.settle(&Promises::default());
                }
            }
            Step::HearLate(late) => self.hear_late(&late),
            Step::WaitUntilDue => {
                let due = self.client.poll_timeout(self.now);
                self.move_clock(due.unwrap_or_default().max(self.now));
                self.client.handle_timeout(self.now);
                self.settle(&Promises::default());
            }
            Step::Wait(span) => self.move_clock(self.now + Millis(span.into())),
            Step::WaitLong(span) => self.move_clock(self.now + Millis(span.into())),
            Step::JumpBack(span) => self.move_clock(self.now - Millis(span.into())),
            Step::Hint => self.change(|client, now| client.handle_hint(now)),
            Step::Look(is_looking) => {
                self.change(|client, now| client.set_looking(is_looking, now));
            }
            Step::Pause => {
                self.is_paused = true;
                self.change(Client::pause);
            }
            Step::Resume => {
                self.is_paused = false;
                self.change(Client::resume);
            }
            Step::Reidentify => {
                // Whoever changes the identity wants a line.
                self.is_paused = false;
                self.change(|client, now| {
                    *client.greeting_mut() = A::greeting(1);
                    client.reidentify(now);
                });
            }
            Step::Reload(seed) => self.reload(seed),
            Step::Send(text) => self.send(&text),
            Step::Retry(at) => self.retry(at),
            Step::Discard(at) => self.discard(at),
            Step::SendLossy => {
                self.client.send_lossy(A::pong(7));
                self.drain(&Promises::default());
            }
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Client<A>, Millis)) {
        change(&mut self.client, self.now);
        self.settle(&Promises::default());
    }

    fn reload(&mut self, seed: u16) {
        let text = serde_json::to_string(self.ledger.stored()).unwrap();
        let saved: Saved<A> = serde_json::from_str(&text).unwrap();
        let greeting = self.client.greeting().clone();
        self.is_paused = false;
        self.ledger = Ledger::new(saved.clone());
        self.client = Client::new(greeting, saved, seed.into(), self.now);
        self.settle(&Promises::default());
    }

    fn move_clock(&mut self, now: Millis) {
        self.now = now.min(END);
        self.newest = self.newest.max(self.now);
    }

    fn open(&mut self, line: LineId) {
        if self.ledger.open(line) {
            self.client.handle_opened(line, self.now);
            self.settle(&Promises::default());
        }
    }

    fn go_online(&mut self) {
        let welcome = Welcome {
            after: super::script::Number::Behind(0),
            is_other_epoch: false,
            snapshot: false,
            heartbeat: None,
        };
        // Place 0 is the newest line.
        self.hear(0, &[Frame::Welcome(welcome)]);
    }

    fn hear(&mut self, at: u8, sketches: &[Frame]) {
        let Some(line) = self.ledger.line(at) else {
            return;
        };
        self.open(line);
        if sketches.is_empty() {
            return;
        }
        let mut promises = Promises {
            frames: sketches.len(),
            ..Promises::default()
        };
        for sketch in sketches {
            let down = self.draw(sketch, &mut promises);
            let text = frame::write(&down).unwrap();
            self.client.handle_text(line, &text, self.now);
        }
        self.settle(&promises);
    }

    /// A line that this end has closed, or never had, still has something to say: it changes nothing.
    fn hear_late(&mut self, late: &Late) {
        let line = self.ledger.gone();
        let mut promises = Promises::default();
        let before = self.client.saved().clone();
        match late {
            Late::Opened => self.client.handle_opened(line, self.now),
            Late::Closed => self.client.handle_closed(line, self.now),
            Late::Heard(sketch) => {
                let down = self.draw(sketch, &mut promises);
                self.client.handle_frame(line, down, self.now);
            }
            Late::Garbage => self.client.handle_text(line, "{", self.now),
        }
        assert_eq!(
            self.client.saved(),
            &before,
            "a line that is gone was heard"
        );
        self.settle(&Promises::default());
    }

    /// The frame of a sketch, and what it entitles the client to.
    fn draw(&self, sketch: &Frame, promises: &mut Promises) -> A::Down {
        let cursor = self.client.saved().cursor;
        let next = cursor.map_or(1, |cursor| cursor.after.saturating_add(1));
        match sketch {
            Frame::Welcome(welcome) => {
                let at = draw_welcome(welcome, cursor, next);
                promises.welcomes.push(at);
                A::welcome(at)
            }
            Frame::Refused(n) => A::refused(frames::refusal(*n)),
            Frame::Events(sketches) => {
                let events = self.draw_events(sketches, next);
                promises.acks.extend(
                    events
                        .iter()
                        .filter(|event| matches!(event.author, super::script::Author::Me))
                        .map(|event| event.id),
                );
                A::events(events.into_iter().map(A::event).collect())
            }
            Frame::Snapshot { more } => A::snapshot(*more),
            Frame::Rejected(name) => {
                let id = self.name(*name);
                promises.rejections.push(id);
                A::rejected(frames::rejection(id))
            }
            Frame::History(sketches) => {
                let events = self.draw_events(sketches, next);
                A::history(events.into_iter().map(A::event).collect())
            }
            Frame::Typing => A::typing(),
            Frame::Ping(n) => A::say_ping(*n),
            Frame::Pong(n) => A::say_pong(n.unwrap_or(self.ledger.probe())),
            Frame::GoingAway(span) => A::going_away(frames::parting(*span)),
        }
    }

    fn draw_events(&self, sketches: &[super::script::Event], mut next: u64) -> Vec<EventAt> {
        let mut events = Vec::new();
        for sketch in sketches {
            let number = sketch.number.value(next);
            if number == next {
                next = next.saturating_add(1);
            }
            events.push(EventAt {
                number,
                id: self.name(sketch.name),
                author: sketch.author,
            });
        }
        events
    }

    fn name(&self, name: Name) -> EventId {
        let place = match name {
            Name::First => 0,
            Name::Waiting(at) => usize::from(at),
            Name::Fresh(n) => return EventId(n.into()),
        };
        let outbox = self.client.outbox();
        outbox
            .get(place % outbox.len().max(1))
            .map_or(EventId(0), |entry| entry.id)
    }

    fn fresh(&mut self) -> EventId {
        self.names += 1;
        EventId(self.names)
    }

    fn send(&mut self, text: &Text) {
        let id = self.fresh();
        let text = text.written();
        let held: usize = self
            .client
            .outbox()
            .iter()
            .map(|e| A::weight(&e.command))
            .sum();
        let is_full = self.client.outbox().len() == limits::OUTBOX_ENTRIES
            || held + text.len() > limits::OUTBOX_BYTES;
        let command = A::compose(text.clone());
        match self.client.send(id, command, Millis(0), self.now) {
            Ok(()) => {
                assert!(!is_full, "beyond the outbox' limits");
                self.ledger.written(id);
                self.settle(&Promises::default());
            }
            Err(SendError::Full) => assert!(is_full, "there was room"),
            Err(SendError::Text(TextError::Blank)) => assert!(text.trim().is_empty()),
            Err(SendError::Text(TextError::TooLong(_))) => assert!(text.len() > limits::TEXT_BYTES),
            Err(SendError::Text(TextError::Score(_))) => panic!("nobody rates here"),
        }
    }

    fn retry(&mut self, at: u8) {
        let id = self.name(Name::Waiting(at));
        let new = self.fresh();
        if self.ledger.is_failed(id) {
            self.ledger.discarded(id);
            self.ledger.written(new);
        }
        self.client.retry(id, new, self.now);
        self.settle(&Promises::default());
    }

    fn discard(&mut self, at: u8) {
        let id = self.name(Name::Waiting(at));
        let is_failed = self.ledger.is_failed(id);
        assert_eq!(self.client.discard(id).is_some(), is_failed);
        if is_failed {
            self.ledger.discarded(id);
        }
        self.drain(&Promises::default());
    }

    /// Carries out what a change led to, and looks at when the client wants to be woken.
    fn settle(&mut self, promises: &Promises) {
        self.drain(promises);
        let due = self.client.poll_timeout(self.now);
        assert!(due.is_none_or(|due| due > self.now), "a shell would spin");
        if self.ledger.has_line() {
            return;
        }
        assert_eq!(due.is_none(), self.is_paused, "it waits for nothing");
        assert!(
            due.is_none_or(|due| due <= self.newest + limits::REFUSED_PAUSE),
            "without a line until {due:?}, at {:?}",
            self.now
        );
    }

    fn drain(&mut self, promises: &Promises) {
        self.ledger.begin(promises);
        while let Some(output) = self.client.poll_output() {
            self.ledger.carry_out(output, &self.client);
        }
        self.ledger.check(&self.client);
    }
}

fn draw_welcome(welcome: &Welcome, cursor: Option<Resume>, next: u64) -> WelcomeAt {
    let epoch = cursor.map_or(1, |cursor| cursor.epoch.0);
    let heartbeat = welcome
        .heartbeat
        .map_or_else(Heartbeat::default, |[a, b, c, d]| {
            let beat = |every, dead| Beat {
                every_ms: Millis(every),
                dead_ms: Millis(dead),
            };
            Heartbeat {
                strict: beat(a, b),
                calm: beat(c, d),
            }
        });
    WelcomeAt {
        epoch: Epoch(epoch.wrapping_add(u64::from(welcome.is_other_epoch))),
        after: welcome.after.value(next),
        snapshot: welcome.snapshot,
        heartbeat,
    }
}
