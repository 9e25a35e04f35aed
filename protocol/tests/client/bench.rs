//! A client on a clock that the test moves, and everything that it wanted.

use holdfast_protocol::client::{
    Client, ClientEvent, LineId, Output, Saved, Visitor, VisitorCommand, VisitorGreeting,
};
use holdfast_protocol::event::{Author, Receipt, VisitorBody, VisitorEvent};
use holdfast_protocol::frame::{
    Heartbeat, SiteState, Staff, VisitorDown, VisitorUp, VisitorWelcome,
};
use holdfast_protocol::id::{Epoch, EventId};
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;

pub(crate) const EPOCH: Epoch = Epoch(7);

/// A client and what it wanted so far.
pub(crate) struct Bench {
    pub(crate) client: Client<Visitor>,
    pub(crate) now: Millis,
    pub(crate) dials: Vec<(Millis, LineId)>,
    pub(crate) closes: Vec<LineId>,
    pub(crate) sent: Vec<VisitorUp>,
    pub(crate) events: Vec<ClientEvent<Visitor>>,
}

impl Bench {
    pub(crate) fn new(saved: Saved<Visitor>) -> Self {
        let now = Millis(1_000);
        let greeting = VisitorGreeting {
            site: "demo".to_owned(),
            ..VisitorGreeting::default()
        };
        let mut bench = Self {
            client: Client::new(greeting, saved, 1, now),
            now,
            dials: Vec::new(),
            closes: Vec::new(),
            sent: Vec::new(),
            events: Vec::new(),
        };
        bench.drain();
        bench
    }

    /// A client that was welcomed on its first line, in a log that ends at `last`.
    pub(crate) fn online(last: u64) -> Self {
        let mut bench = Self::new(Saved::default());
        bench.open(LineId(1));
        bench.hear(LineId(1), welcome(last));
        bench
    }

    pub(crate) fn drain(&mut self) {
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Event(event) => self.events.push(event),
                Output::Save => {}
                Output::Dial(line) => self.dials.push((self.now, line)),
                Output::Transmit(_, up) => self.sent.push(up),
                Output::Close(line) => self.closes.push(line),
            }
        }
    }

    pub(crate) fn open(&mut self, line: LineId) {
        self.client.handle_opened(line, self.now);
        self.drain();
    }

    pub(crate) fn hear(&mut self, line: LineId, down: VisitorDown) {
        self.client.handle_frame(line, down, self.now);
        self.drain();
    }

    pub(crate) fn write(&mut self, n: u128) {
        let command = VisitorCommand::Send {
            text: format!("text {n}"),
        };
        self.client
            .send(EventId(n), command, Millis(0), self.now)
            .unwrap();
        self.drain();
    }

    /// Lets `span` pass, waking the client whenever it asked for it.
    pub(crate) fn pass(&mut self, span: Millis) {
        let end = self.now + span;
        while let Some(due) = self.client.poll_timeout(self.now).filter(|due| *due <= end) {
            self.now = due.max(self.now);
            self.client.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    pub(crate) fn sent_ids(&self) -> Vec<u128> {
        let id = |up: &VisitorUp| match up {
            VisitorUp::Send { id, .. } | VisitorUp::Rate { id, .. } => Some(id.0),
            VisitorUp::Hello(_)
            | VisitorUp::Seen(_)
            | VisitorUp::Typing(_)
            | VisitorUp::Page(_)
            | VisitorUp::Profile(_)
            | VisitorUp::Track(_)
            | VisitorUp::Pace { .. }
            | VisitorUp::History { .. }
            | VisitorUp::Ping { .. }
            | VisitorUp::Pong { .. } => None,
        };
        self.sent.iter().filter_map(id).collect()
    }

    pub(crate) fn last_probe(&self) -> Option<u64> {
        self.sent.iter().rev().find_map(|up| match up {
            VisitorUp::Ping { n } => Some(*n),
            VisitorUp::Hello(_)
            | VisitorUp::Send { .. }
            | VisitorUp::Rate { .. }
            | VisitorUp::Seen(_)
            | VisitorUp::Typing(_)
            | VisitorUp::Page(_)
            | VisitorUp::Profile(_)
            | VisitorUp::Track(_)
            | VisitorUp::Pace { .. }
            | VisitorUp::History { .. }
            | VisitorUp::Pong { .. } => None,
        })
    }

    pub(crate) fn outbox(&self) -> Vec<u128> {
        self.client
            .outbox()
            .iter()
            .map(|entry| entry.id.0)
            .collect()
    }

    pub(crate) fn shown(&self) -> Vec<u64> {
        let mut shown = Vec::new();
        for event in &self.events {
            if let ClientEvent::Events { events, .. } = event {
                shown.extend(events.iter().map(|event| event.seq));
            }
        }
        shown
    }
}

pub(crate) fn welcome(last: u64) -> VisitorDown {
    welcome_after(last, last)
}

pub(crate) fn welcome_after(after: u64, last: u64) -> VisitorDown {
    VisitorDown::Welcome(VisitorWelcome {
        version: limits::VERSION,
        token: "token".to_owned(),
        epoch: EPOCH,
        after,
        last,
        heartbeat: Heartbeat::default(),
        seen: Receipt::default(),
        receipt: Receipt::default(),
        staff: Staff::default(),
        site: SiteState::default(),
    })
}

pub(crate) fn event(seq: u64, id: u128, author: Author) -> VisitorEvent {
    let body = VisitorBody::Message {
        text: "text".to_owned(),
    };
    VisitorEvent {
        seq,
        id: EventId(id),
        at: Millis(0),
        author,
        body,
    }
}

pub(crate) fn mine(seq: u64, id: u128) -> VisitorEvent {
    event(seq, id, Author::Visitor {})
}

pub(crate) fn events(events: Vec<VisitorEvent>) -> VisitorDown {
    VisitorDown::Events { events }
}
