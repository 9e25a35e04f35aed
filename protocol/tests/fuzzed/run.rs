//! A client, an honest server, and a line between them that breaks: the client dies and is restored at any point.

use std::collections::VecDeque;

use holdfast_protocol::client::{Client, ClientEvent, LineId, Output, Saved};
use holdfast_protocol::id::EventId;
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;

use super::frames::Audible;
use super::honest::Honest;
use super::script::Author;

/// What happens next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Write,
    OtherWrites,
    /// The newest line that was dialled opens, unless another is open.
    Open,
    /// The server takes in one frame.
    Serve,
    /// The client takes in one frame.
    Read,
    Cut,
    Wait,
    /// The client dies when it has carried out so many outputs of what it was told last.
    CrashAfterWrite(usize),
    CrashAfterRead(usize),
}

/// What a reload finds: the screen stands in the same value as cursor and outbox.
#[derive(Clone)]
struct Stored<A: Audible> {
    saved: Saved<A>,
    shown: Vec<(u64, EventId)>,
}

pub(crate) struct Run<A: Audible> {
    client: Client<A>,
    server: Honest,
    stored: Stored<A>,
    shown: Vec<(u64, EventId)>,
    /// Everything that was ever saved as waiting, in order.
    promised: Vec<EventId>,
    dialled: Option<LineId>,
    line: Option<LineId>,
    up: VecDeque<A::Up>,
    down: VecDeque<A::Down>,
    now: Millis,
    names: u128,
}

impl<A: Audible> Run<A> {
    pub(crate) fn new() -> Self {
        let mut run = Self {
            client: Client::new(A::greeting(0), Saved::default(), 1, Millis(0)),
            server: Honest::default(),
            stored: Stored {
                saved: Saved::default(),
                shown: Vec::new(),
            },
            shown: Vec::new(),
            promised: Vec::new(),
            dialled: None,
            line: None,
            up: VecDeque::new(),
            down: VecDeque::new(),
            now: Millis(0),
            names: 0,
        };
        run.carry_out(usize::MAX);
        run
    }

    pub(crate) fn act(&mut self, act: Act) {
        let mut outputs = usize::MAX;
        match act {
            Act::Write => self.write(),
            Act::OtherWrites => {
                let id = self.fresh();
                self.server.append(id, Author::Other);
                self.read_on();
            }
            Act::Open => self.open(),
            Act::Serve => self.serve(),
            Act::Read => self.read(),
            Act::Cut => {
                if let Some(line) = self.cut() {
                    self.client.handle_closed(line, self.now);
                }
            }
            Act::Wait => {
                self.now = self.client.poll_timeout(self.now).unwrap_or(self.now);
                self.client.handle_timeout(self.now);
            }
            Act::CrashAfterWrite(most) => {
                self.write();
                outputs = most;
            }
            Act::CrashAfterRead(most) => {
                self.read();
                outputs = most;
            }
        }
        self.carry_out(outputs);
        if outputs < usize::MAX {
            self.restore();
        }
    }

    /// Lets everything through until both sides are silent, and says what is wrong then.
    pub(crate) fn heal(&mut self) -> Result<(), String> {
        for _ in 0..20_000 {
            if !self.up.is_empty() {
                self.act(Act::Serve);
            } else if !self.down.is_empty() {
                self.act(Act::Read);
            } else if self.line.is_none() && self.dialled.is_some() {
                self.act(Act::Open);
            } else if self.client.outbox().is_empty() && self.is_shown_to_the_end() {
                return self.judge();
            } else {
                self.act(Act::Wait);
            }
        }
        Err(format!("no progress: {:?}", self.client))
    }

    fn judge(&self) -> Result<(), String> {
        let is_mine = |event: &&super::frames::EventAt| matches!(event.author, Author::Me);
        let log = self.server.log.iter().filter(is_mine);
        let log: Vec<EventId> = log.map(|event| event.id).collect();
        if log != self.promised {
            return Err(format!("saved {:?}, in the log {log:?}", self.promised));
        }
        let first = self.server.log.len() - self.shown.len();
        let tail = self.server.log.iter().skip(first);
        let tail: Vec<_> = tail.map(|event| (event.number, event.id)).collect();
        if tail != self.shown {
            return Err(format!("shown {:?}, in the log {tail:?}", self.shown));
        }
        Ok(())
    }

    fn is_shown_to_the_end(&self) -> bool {
        let last = self.shown.last().map_or(0, |(number, _)| *number);
        last == self.server.log.len() as u64
    }

    fn fresh(&mut self) -> EventId {
        self.names += 1;
        EventId(self.names)
    }

    fn write(&mut self) {
        let id = self.fresh();
        let command = A::compose(format!("text {id}"));
        // A full outbox refuses it; then it was never promised.
        let _ = self.client.send(id, command, self.now, self.now);
    }

    fn open(&mut self) {
        if self.line.is_none()
            && let Some(line) = self.dialled.take()
        {
            self.line = Some(line);
            self.client.handle_opened(line, self.now);
        }
    }

    fn serve(&mut self) {
        if let Some(up) = self.up.pop_front() {
            self.down.extend(self.server.hear::<A>(&up));
            self.read_on();
        }
    }

    fn read_on(&mut self) {
        while let Some(down) = self.server.read_on::<A>(limits::CHUNK_EVENTS) {
            self.down.push_back(down);
        }
    }

    fn read(&mut self) {
        if let Some((line, down)) = self.line.zip(self.down.pop_front()) {
            self.client.handle_frame(line, down, self.now);
        }
    }

    fn cut(&mut self) -> Option<LineId> {
        self.up.clear();
        self.down.clear();
        self.server.cut();
        self.line.take()
    }

    fn restore(&mut self) {
        self.cut();
        self.dialled = None;
        let text = serde_json::to_string(&self.stored.saved).unwrap();
        let saved = serde_json::from_str(&text).unwrap();
        self.shown.clone_from(&self.stored.shown);
        self.client = Client::new(A::greeting(0), saved, 1, self.now);
        self.carry_out(usize::MAX);
    }

    fn carry_out(&mut self, most: usize) {
        for _ in 0..most {
            let Some(output) = self.client.poll_output() else {
                return;
            };
            match output {
                Output::Event(event) => self.show(event),
                Output::Save => self.save(),
                Output::Dial(line) => self.dialled = Some(line),
                Output::Transmit(line, up) => {
                    if self.line == Some(line) {
                        self.up.push_back(up);
                    }
                }
                Output::Close(line) => {
                    if self.line == Some(line) {
                        self.cut();
                    }
                    self.dialled.take_if(|dialled| *dialled == line);
                }
            }
        }
    }

    fn save(&mut self) {
        self.stored = Stored {
            saved: self.client.saved().clone(),
            shown: self.shown.clone(),
        };
        for entry in &self.stored.saved.outbox {
            if !self.promised.contains(&entry.id) {
                self.promised.push(entry.id);
            }
        }
    }

    fn show(&mut self, event: ClientEvent<A>) {
        match event {
            ClientEvent::Events { events, .. } => {
                let events = events.iter().map(|event| (A::number(event), A::id(event)));
                self.shown.extend(events);
            }
            ClientEvent::Welcomed { restart, .. } => {
                if restart {
                    self.shown.clear();
                }
            }
            ClientEvent::Status(_) | ClientEvent::Rejected(_) | ClientEvent::News(_) => {}
        }
    }
}
