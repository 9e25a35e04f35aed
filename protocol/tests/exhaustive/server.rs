//! A server whose disk is a vector: what was committed survives a crash, nothing else does.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use holdfast_protocol::event::{AgentEvent, Author, Body, Receipt, VisitorBody, VisitorEvent};
use holdfast_protocol::frame::{
    AgentDown, AgentUp, AgentWelcome, GoingAway, Heartbeat, Pace, Resume, SiteState, Staff,
    VisitorDown, VisitorUp, VisitorWelcome, parse, write,
};
use holdfast_protocol::id::{AgentId, ConversationId, Epoch};
use holdfast_protocol::limits;
use holdfast_protocol::reader::{Bounds, Reader, agent_start, visitor_start};
use holdfast_protocol::time::Millis;

use super::node::Note;

const EPOCH: Epoch = Epoch(7);

/// The server's clock stands still: its heartbeats only end lines, and lines end here by cuts.
const NOW: Millis = Millis(0);

/// Smaller than the real one, so that chunks end in the middle of short logs.
const CHUNK: u64 = 2;

/// A promise that the server breaks on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sabotage {
    #[default]
    None,
    /// Appends an id that is there already.
    SkipDedupe,
    /// Shows events that the next crash undoes.
    AckBeforeCommit,
    /// Says less than it has sent: one event of a chunk is left out.
    LeaveGap,
    /// Says nothing to a client that sends what is in the log already.
    SkipRepeat,
    /// Appends what waits together in the order in which it did not come.
    ReverseBatch,
    /// Tells no reader that the log grew.
    SkipWake,
    /// Reads on one event later than the cursor says.
    WelcomeTooFar,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Visitor,
    Agent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Writer {
    Visitor,
    Agent,
    System,
}

/// One event of the site's log. All of them belong to one conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Record {
    pub note: Note,
    /// Its place in the conversation, where the visitor may see it.
    pub seq: Option<u64>,
    writer: Writer,
}

/// The server's end of a line.
#[derive(Clone, Debug)]
pub(crate) struct Conn {
    pub reader: Reader,
    kind: Kind,
}

impl Conn {
    pub(crate) fn new(kind: Kind) -> Self {
        let reader = Reader::new(Heartbeat::default(), NOW);
        Self { reader, kind }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// What a reader is, where no time passes.
    fn essence(&self) -> (Kind, bool, u64, Option<u64>) {
        let last = self.reader.poll_read().map(|read| read.last);
        let is_welcomed = self.reader.is_welcomed();
        (self.kind, is_welcomed, self.reader.sent(), last)
    }
}

impl PartialEq for Conn {
    fn eq(&self, other: &Self) -> bool {
        self.essence() == other.essence()
    }
}

impl Hash for Conn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.essence().hash(state);
    }
}

/// A message that waits for its commit. `conn` names the line that it came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Append<K> {
    pub conn: K,
    pub note: Note,
    pub kind: Kind,
}

/// What every connection shares. `K` names a line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Server<K> {
    pub log: Vec<Record>,
    pub pending: Vec<Append<K>>,
    /// How much of the log a crash leaves: all of it, unless sabotage writes before the commit.
    durable: usize,
}

impl<K: Copy> Server<K> {
    /// A server whose log has a conversation of so many messages.
    pub(crate) fn new(old: usize) -> Self {
        let mut server = Self {
            log: Vec::new(),
            pending: Vec::new(),
            durable: 0,
        };
        for intent in 0..old {
            let note = Note {
                node: usize::from(u8::MAX),
                intent,
                attempt: 0,
            };
            server.push(Kind::Visitor, note);
        }
        server.durable = server.log.len();
        server
    }

    /// The log as a reader of this kind sees it.
    pub(crate) fn stream(&self, kind: Kind) -> impl Iterator<Item = &Record> {
        let is_seen = move |record: &&Record| kind == Kind::Agent || record.seq.is_some();
        self.log.iter().filter(is_seen)
    }

    /// What is on disk.
    pub(crate) fn durable(&self) -> &[Record] {
        &self.log[..self.durable]
    }

    pub(crate) fn end(&self, kind: Kind) -> u64 {
        self.stream(kind).count() as u64
    }

    /// A frame arrived; what is answered at once.
    pub(crate) fn hear(
        &mut self,
        id: K,
        conn: &mut Conn,
        text: &str,
        sabotage: Sabotage,
    ) -> Vec<Arc<str>> {
        match conn.kind {
            Kind::Visitor => match parse(text, limits::UP_FRAME_BYTES).unwrap() {
                VisitorUp::Hello(hello) => self.greet_visitor(conn, hello.resume, sabotage),
                VisitorUp::Send { id: event, .. } => {
                    self.accept(id, conn.kind, Note::of(event), sabotage)
                }
                VisitorUp::Ping { n } => vec![text_of(&VisitorDown::Pong { n })],
                VisitorUp::Rate { .. }
                | VisitorUp::Profile(_)
                | VisitorUp::Track(_)
                | VisitorUp::Seen(_)
                | VisitorUp::Typing(_)
                | VisitorUp::Page(_)
                | VisitorUp::Pace { .. }
                | VisitorUp::History { .. }
                | VisitorUp::Pong { .. } => unreachable!("sent by nobody here"),
            },
            Kind::Agent => match parse(text, limits::UP_FRAME_BYTES).unwrap() {
                AgentUp::Login(login) => self.greet_agent(conn, login.resume),
                AgentUp::Send { id: event, .. } => {
                    self.accept(id, conn.kind, Note::of(event), sabotage)
                }
                AgentUp::Ping { n } => vec![text_of(&AgentDown::Pong { n })],
                AgentUp::Note { .. }
                | AgentUp::Claim { .. }
                | AgentUp::Transfer { .. }
                | AgentUp::Close { .. }
                | AgentUp::Seen { .. }
                | AgentUp::Typing(_)
                | AgentUp::History { .. }
                | AgentUp::Pong { .. } => unreachable!("sent by nobody here"),
            },
        }
    }

    /// The next chunk for a reader.
    pub(crate) fn read(&self, conn: &mut Conn, sabotage: Sabotage) -> Option<Arc<str>> {
        let read = conn.reader.poll_read()?;
        let last = read.last.min(read.after + CHUNK);
        let leaves_gap = sabotage == Sabotage::LeaveGap && last > read.after + 1;
        let after = read.after + u64::from(leaves_gap);
        conn.reader.handle_sent(last);
        Some(self.chunk(conn.kind, after, last))
    }

    /// Everything that waits becomes durable, in one transaction, and readers learn that the log grew.
    /// Returns what is said to whom besides: a reader that is past an event that it sends again sees the
    /// event once more, as the acknowledgement.
    pub(crate) fn commit(
        &mut self,
        mut conn: impl FnMut(K) -> Option<u64>,
        sabotage: Sabotage,
    ) -> Vec<(K, Arc<str>)> {
        let mut repeats = Vec::new();
        if sabotage == Sabotage::ReverseBatch {
            self.pending.reverse();
        }
        for append in std::mem::take(&mut self.pending) {
            let known = self.place(append.kind, append.note);
            match known {
                Some(number) if sabotage != Sabotage::SkipDedupe => {
                    let is_past = conn(append.conn).is_some_and(|sent| number <= sent);
                    if is_past && sabotage != Sabotage::SkipRepeat {
                        let chunk = self.chunk(append.kind, number - 1, number);
                        repeats.push((append.conn, chunk));
                    }
                }
                _ => self.push(append.kind, append.note),
            }
        }
        self.durable = self.log.len();
        repeats
    }

    /// The process dies: what was not committed is gone.
    pub(crate) fn crash(&mut self) {
        self.pending.clear();
        self.log.truncate(self.durable);
    }

    fn accept(&mut self, conn: K, kind: Kind, note: Note, sabotage: Sabotage) -> Vec<Arc<str>> {
        self.pending.push(Append { conn, note, kind });
        if sabotage == Sabotage::AckBeforeCommit && self.place(kind, note).is_none() {
            self.push(kind, note);
        }
        Vec::new()
    }

    fn place(&self, kind: Kind, note: Note) -> Option<u64> {
        let at = self
            .stream(kind)
            .position(|record| record.note == note && record.writer != Writer::System)?;
        Some(at as u64 + 1)
    }

    fn push(&mut self, kind: Kind, note: Note) {
        if self.log.is_empty() {
            self.log.push(Record {
                note,
                seq: None,
                writer: Writer::System,
            });
        }
        let seq = Some(self.end(Kind::Visitor) + 1);
        let writer = match kind {
            Kind::Visitor => Writer::Visitor,
            Kind::Agent => Writer::Agent,
        };
        self.log.push(Record { note, seq, writer });
    }

    fn greet_visitor(
        &self,
        conn: &mut Conn,
        resume: Option<Resume>,
        sabotage: Sabotage,
    ) -> Vec<Arc<str>> {
        let bounds = self.bounds(Kind::Visitor);
        let mut after = visitor_start(resume, bounds);
        if sabotage == Sabotage::WelcomeTooFar {
            after = bounds.last.min(after + 1);
        }
        conn.reader
            .handle_welcomed(after, bounds.last, Pace::Calm, NOW);
        vec![text_of(&VisitorDown::Welcome(VisitorWelcome {
            version: limits::VERSION,
            token: "t".to_owned(),
            epoch: EPOCH,
            after,
            last: bounds.last,
            heartbeat: Heartbeat::default(),
            seen: Receipt::default(),
            receipt: Receipt::default(),
            staff: Staff::default(),
            site: SiteState::default(),
        }))]
    }

    fn greet_agent(&self, conn: &mut Conn, resume: Option<Resume>) -> Vec<Arc<str>> {
        let bounds = self.bounds(Kind::Agent);
        let start = agent_start(resume, bounds);
        let after = start.unwrap_or(bounds.last);
        conn.reader
            .handle_welcomed(after, bounds.last, Pace::Strict, NOW);
        let welcome = AgentDown::Welcome(AgentWelcome {
            version: limits::VERSION,
            epoch: EPOCH,
            agent: AgentId(1),
            name: "Ana".to_owned(),
            site: "demo".to_owned(),
            after,
            last: bounds.last,
            snapshot: start.is_none(),
            heartbeat: Heartbeat::default(),
            colleagues: Vec::new(),
        });
        // Two parts, so that a line can break between them.
        let part = |more| AgentDown::Snapshot {
            conversations: Vec::new(),
            more,
        };
        let parts = [part(true), part(false)];
        let count = if start.is_none() { parts.len() } else { 0 };
        std::iter::once(&welcome)
            .chain(&parts[..count])
            .map(text_of)
            .collect()
    }

    fn bounds(&self, kind: Kind) -> Bounds {
        Bounds {
            epoch: EPOCH,
            first: 1,
            last: self.end(kind),
        }
    }

    fn chunk(&self, kind: Kind, after: u64, last: u64) -> Arc<str> {
        let range = self
            .stream(kind)
            .enumerate()
            .map(|(at, record)| (at as u64 + 1, record))
            .skip(after as usize)
            .take((last - after) as usize);
        match kind {
            Kind::Visitor => {
                let events = range.map(|(seq, record)| visitor_event(seq, record));
                text_of(&VisitorDown::Events {
                    events: events.collect(),
                })
            }
            Kind::Agent => {
                let events = range.map(|(offset, record)| agent_event(offset, record));
                text_of(&AgentDown::Events {
                    events: events.collect(),
                })
            }
        }
    }
}

/// The transaction fails: its writers are sent away with their outboxes as they are.
pub(crate) fn going_away(kind: Kind) -> Arc<str> {
    let going = GoingAway {
        retry_after_ms: Millis(500),
        message: "disk full".to_owned(),
    };
    match kind {
        Kind::Visitor => text_of(&VisitorDown::GoingAway(going)),
        Kind::Agent => text_of(&AgentDown::GoingAway(going)),
    }
}

fn visitor_event(seq: u64, record: &Record) -> VisitorEvent {
    VisitorEvent {
        seq,
        id: record.note.id(),
        at: NOW,
        author: author(record.writer),
        body: VisitorBody::Message {
            text: "m".to_owned(),
        },
    }
}

fn agent_event(offset: u64, record: &Record) -> AgentEvent {
    let body = match record.writer {
        Writer::System => Body::Opened {
            visitor: Box::default(),
        },
        Writer::Visitor | Writer::Agent => Body::Message {
            text: "m".to_owned(),
        },
    };
    AgentEvent {
        offset,
        conversation: ConversationId(0),
        seq: record.seq,
        id: record.note.id(),
        at: NOW,
        author: author(record.writer),
        body,
    }
}

fn author(writer: Writer) -> Author {
    match writer {
        Writer::Visitor => Author::Visitor {},
        Writer::Agent => Author::Agent {
            id: AgentId(1),
            name: "Ana".to_owned(),
        },
        Writer::System => Author::System {},
    }
}

fn text_of(frame: &impl serde::Serialize) -> Arc<str> {
    write(frame).unwrap().into()
}
