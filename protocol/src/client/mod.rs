//! The client's half of a connection: handshake, outbox, cursor, heartbeat, backoff.
//!
//! [`Client`] is a plain struct. The widget, the agent's client and the load generator all drive the
//! same one, by the rule in the crate's documentation: change it once, then drain
//! [`Client::poll_output`], then wait for the network, the person or [`Client::poll_timeout`].

mod agent;
mod audience;
mod jitter;
mod lines;
mod output;
mod read;
mod saved;
mod visitor;

pub use agent::{Agent, AgentCommand, AgentGreeting, AgentNews};
pub use audience::{Audience, Inbound, Start};
pub use lines::LineId;
pub use output::{ClientEvent, Output, SendError, Status};
pub use saved::{Entry, Failure, Saved};
pub use visitor::{Visitor, VisitorCommand, VisitorGreeting, VisitorNews};

use crate::frame::{self, GoingAway, Pace, Refusal, Resume};
use crate::id::EventId;
use crate::limits;
use crate::queue::Queue;
use crate::time::Millis;
use lines::{LineAction, Lines};

/// The client's half of a connection. See the module's documentation.
#[derive(Clone, Debug)]
pub struct Client<A: Audience> {
    greeting: A::Greeting,
    saved: Saved<A>,
    lines: Lines,
    /// Sent on the welcomed line and not yet read back, oldest first.
    in_flight: Vec<(EventId, Millis)>,
    /// Where each line in the air asked to read on. The cursor may move meanwhile, by an older line.
    asked: Vec<(LineId, Resume)>,
    /// The cursor that holds once the snapshot has arrived whole.
    snapshot: Option<Resume>,
    is_looking: bool,
    trouble: Option<Trouble>,
    status: Status,
    events: Queue<ClientEvent<A>>,
    is_dirty: bool,
    actions: Queue<Output<A>>,
    /// What is to be said on the next line that is welcomed.
    held: Vec<A::Up>,
}

/// Why there is no line, where the server gave a reason.
#[derive(Clone, Debug)]
enum Trouble {
    GoingAway(GoingAway),
    Refused(Refusal),
}

/// Getters.
impl<A: Audience> Client<A> {
    /// Cursor and outbox, to be saved as one value.
    #[must_use]
    pub fn saved(&self) -> &Saved<A> {
        &self.saved
    }

    /// What waits for its event or for its writer, in the order in which it was written.
    #[must_use]
    pub fn outbox(&self) -> &[Entry<A>] {
        &self.saved.outbox
    }

    /// How the connection stands.
    #[must_use]
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Who this client says it is.
    #[must_use]
    pub fn greeting(&self) -> &A::Greeting {
        &self.greeting
    }

    /// The same, to be changed for later greetings: another page, another language. After a change of token or
    /// identity call [`Client::reidentify`].
    pub fn greeting_mut(&mut self) -> &mut A::Greeting {
        &mut self.greeting
    }
}

/// Construction, and what comes from outside.
impl<A: Audience> Client<A> {
    /// A client that goes on where `saved` was written, and dials at once. `seed` spreads its attempts
    /// over time; it should differ between clients.
    #[must_use]
    pub fn new(greeting: A::Greeting, saved: Saved<A>, seed: u64, now: Millis) -> Self {
        let mut client = Self {
            greeting,
            saved,
            lines: Lines::new(seed, now),
            in_flight: Vec::new(),
            asked: Vec::new(),
            snapshot: None,
            is_looking: false,
            trouble: None,
            status: Status::Connecting,
            events: Queue::default(),
            is_dirty: false,
            actions: Queue::default(),
            held: Vec::new(),
        };
        client.settle(now);
        client
    }

    /// A dialled line is open.
    pub fn handle_opened(&mut self, line: LineId, now: Millis) {
        if self.lines.is_attempt(line) {
            self.lines.greeted(line);
            self.asked
                .retain(|(asked, _)| self.lines.is_attempt(*asked) && *asked != line);
            if let Some(cursor) = self.saved.cursor {
                self.asked.push((line, cursor));
            }
            let hello = A::hello(&self.greeting, self.saved.cursor, self.lines.pace());
            self.actions.push(Output::Transmit(line, hello));
        }
        self.settle(now);
    }

    /// A line yielded a text. What is no frame closes the line: it is dialled anew.
    pub fn handle_text(&mut self, line: LineId, text: &str, now: Millis) {
        match frame::parse::<A::Down>(text, limits::DOWN_FRAME_BYTES) {
            Ok(down) => self.handle_frame(line, down, now),
            Err(_) => self.handle_nonsense(line, now),
        }
    }

    /// A line yielded what is no frame, by the judgement of a caller who reads frames by itself.
    pub fn handle_nonsense(&mut self, line: LineId, now: Millis) {
        if self.lines.is_current(line) || self.lines.is_attempt(line) {
            self.handle_violation(line, now);
        } else {
            self.settle(now);
        }
    }

    /// A line yielded a frame.
    pub fn handle_frame(&mut self, line: LineId, down: A::Down, now: Millis) {
        if self.lines.is_current(line) {
            self.lines.heard(line, now);
            self.read_current(line, A::read(down), now);
        } else if self.lines.is_attempt(line) {
            self.read_attempt(line, A::read(down), now);
        }
        self.settle(now);
    }

    /// A line is closed, or could not be opened.
    pub fn handle_closed(&mut self, line: LineId, now: Millis) {
        if self.lines.closed(line, now) {
            self.in_flight.clear();
        }
        self.settle(now);
    }

    /// The moment of [`Client::poll_timeout`] has come. Too early or too late does no harm.
    pub fn handle_timeout(&mut self, now: Millis) {
        self.settle(now);
    }

    /// The line may be back, or gone: `online`, the page became visible, `pageshow`, the laptop woke.
    pub fn handle_hint(&mut self, now: Millis) {
        let mut out = Vec::new();
        self.lines.hint(now, &mut out);
        self.perform(out);
        self.settle(now);
    }

    /// A person looks at the conversation, or no longer does.
    pub fn set_looking(&mut self, is_looking: bool, now: Millis) {
        if is_looking != self.is_looking {
            self.is_looking = is_looking;
            let pace = if is_looking { Pace::Strict } else { Pace::Calm };
            self.lines.set_pace(pace);
            if let Some(frame) = A::pace(pace) {
                self.send_lossy(frame);
            }
        }
        self.settle(now);
    }

    /// Closes all lines until [`Client::resume`]: the page is hidden for good, or put aside.
    pub fn pause(&mut self, now: Millis) {
        let mut out = Vec::new();
        self.lines.pause(&mut out);
        self.in_flight.clear();
        self.perform(out);
        self.settle(now);
    }

    /// The end of [`Client::pause`]: dials at once.
    pub fn resume(&mut self, now: Millis) {
        if !self.lines.is_running() {
            self.lines.resume(now);
        }
        self.settle(now);
    }

    /// The greeting names its sender otherwise: the cursor is dropped, the outbox is kept, all lines are dialled anew, unless the
    /// only one is still being opened: there it is said as it is now.
    /// Not for another person, to whom the outbox does not belong either: that is another client.
    pub fn reidentify(&mut self, now: Millis) {
        self.saved.cursor = None;
        self.trouble = None;
        // To give up a line that is still being opened would cost a trip, and Chromium would write so into the page's console.
        if !self.lines.regreet() {
            self.restart_lines(now);
        }
        self.is_dirty = true;
        self.settle(now);
    }
}

/// Commands of the person.
impl<A: Audience> Client<A> {
    /// Puts a command into the outbox, and sends it as soon as it is saved and a line is there. `unix` is
    /// the writer's wall clock, for people to read.
    ///
    /// # Errors
    /// When it can't be accepted as it stands, or too much waits already; it is not kept then. An id that
    /// is in the outbox already is not put there twice.
    pub fn send(
        &mut self,
        id: EventId,
        command: A::Command,
        unix: Millis,
        now: Millis,
    ) -> Result<(), SendError> {
        A::check(&command)?;
        if self.saved.outbox.iter().any(|entry| entry.id == id) {
            return Ok(());
        }
        if !self.saved.has_room(&command) {
            return Err(SendError::Full);
        }
        self.saved.outbox.push(Entry {
            id,
            command,
            written: unix,
            failed: None,
        });
        self.is_dirty = true;
        self.settle(now);
        Ok(())
    }

    /// Sends a rejected command again as a new one named `new`, at the end of the outbox. Does nothing
    /// where `id` is not a rejected entry.
    pub fn retry(&mut self, id: EventId, new: EventId, now: Millis) {
        if let Some(entry) = self.discard(id) {
            self.saved.outbox.push(Entry {
                id: new,
                failed: None,
                ..entry
            });
        }
        self.settle(now);
    }

    /// Takes a rejected command out of the outbox, to be edited or forgotten. Nothing where `id` is not a
    /// rejected entry: what may have been accepted can't be taken back.
    pub fn discard(&mut self, id: EventId) -> Option<Entry<A>> {
        let is_failed = |entry: &Entry<A>| entry.id == id && entry.failed.is_some();
        self.saved.outbox.iter().any(is_failed).then_some(())?;
        self.is_dirty = true;
        self.saved.take(id)
    }

    /// Sends a frame that may be lost: typing, receipts, a request. Nothing is sent without a line.
    /// Returns whether it was sent.
    pub fn send_lossy(&mut self, frame: A::Up) -> bool {
        let line = self.lines.current();
        if let Some(line) = line {
            self.actions.push(Output::Transmit(line, frame));
        }
        line.is_some()
    }

    /// Sends a frame that may be lost with a line, but not for want of one: it waits in memory for the next, within
    /// [`limits::HELD_FRAMES`].
    pub fn send_soon(&mut self, frame: A::Up) {
        if self.lines.current().is_some() {
            self.send_lossy(frame);
            return;
        }
        if self.held.len() == limits::HELD_FRAMES {
            self.held.remove(0);
        }
        self.held.push(frame);
    }
}

/// What is to be done.
impl<A: Audience> Client<A> {
    /// The next thing to do. Events come before the save that covers them, and the save before
    /// anything that is sent.
    pub fn poll_output(&mut self) -> Option<Output<A>> {
        if let Some(event) = self.events.pop() {
            return Some(Output::Event(event));
        }
        if std::mem::take(&mut self.is_dirty) {
            return Some(Output::Save);
        }
        self.actions.pop()
    }

    /// When [`Client::handle_timeout`] is to be called, at the latest; nothing while paused.
    #[must_use]
    pub fn poll_timeout(&self, now: Millis) -> Option<Millis> {
        self.lines.due(now, self.oldest_in_flight())
    }
}

impl<A: Audience> Client<A> {
    fn close_line(&mut self, line: LineId, now: Millis) {
        self.actions.push(Output::Close(line));
        if self.lines.closed(line, now) {
            self.in_flight.clear();
        }
    }

    fn restart_lines(&mut self, now: Millis) {
        let mut out = Vec::new();
        self.lines.close_all(&mut out);
        self.in_flight.clear();
        self.actions
            .retain(|action| !matches!(action, Output::Transmit(..)));
        self.perform(out);
        if self.lines.is_running() {
            self.lines.resume(now);
        }
    }

    /// Ends every change: does what is due, sends what may be sent, says what has changed.
    fn settle(&mut self, now: Millis) {
        self.lines
            .set_eager(self.is_looking || self.saved.is_waiting());
        let had_line = self.lines.current();
        let mut out = Vec::new();
        self.lines.tick(now, self.oldest_in_flight(), &mut out);
        if self.lines.current() != had_line {
            self.in_flight.clear();
        }
        self.perform(out);
        self.send_outbox(now);
        let status = self.derive_status();
        if status != self.status {
            self.status = status.clone();
            self.events.push(ClientEvent::Status(status));
        }
    }

    fn send_outbox(&mut self, now: Millis) {
        let Some(line) = self.lines.current() else {
            return;
        };
        // The outbox goes out in order, so what is in flight is a prefix of what is not rejected.
        let waiting = self
            .saved
            .outbox
            .iter()
            .filter(|entry| entry.failed.is_none());
        let room = limits::IN_FLIGHT - self.in_flight.len();
        for entry in waiting.skip(self.in_flight.len()).take(room) {
            let frame = A::command(entry.id, &entry.command);
            self.actions.push(Output::Transmit(line, frame));
            self.in_flight.push((entry.id, now));
        }
    }

    fn oldest_in_flight(&self) -> Option<Millis> {
        self.in_flight.first().map(|(_, sent)| *sent)
    }

    fn perform(&mut self, lines: Vec<LineAction>) {
        for action in lines {
            self.actions.push(match action {
                LineAction::Dial(line) => Output::Dial(line),
                LineAction::Close(line) => Output::Close(line),
                LineAction::Probe(line, n) => Output::Transmit(line, A::ping(n)),
            });
        }
    }

    fn derive_status(&self) -> Status {
        if !self.lines.is_running() {
            return Status::Paused;
        }
        if self.lines.current().is_some() {
            return if self.lines.is_doubtful() {
                Status::Doubtful
            } else {
                Status::Online
            };
        }
        match &self.trouble {
            Some(Trouble::GoingAway(going)) => Status::GoingAway(going.clone()),
            Some(Trouble::Refused(refusal)) => Status::Refused(refusal.clone()),
            None if self.lines.has_failed() => Status::Offline,
            None => Status::Connecting,
        }
    }
}
