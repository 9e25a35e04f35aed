//! A server whose disk is a vector: what was committed survives a crash, nothing else does.

use std::collections::BTreeMap;

use holdfast_protocol::event::{AgentEvent, Author, Body, VisitorEvent};
use holdfast_protocol::frame::{AgentDown, GoingAway, Heartbeat, VisitorDown, parse, write};
use holdfast_protocol::id::{AgentId, ConversationId, EventId};
use holdfast_protocol::limits;
use holdfast_protocol::reader::{Due, Reader};
use holdfast_protocol::time::Millis;

use super::disk::Disk;

pub(crate) type ConnId = usize;

/// Smaller than the real one, so that chunks end in the middle of short histories.
const CHUNK: usize = 4;

#[derive(Default)]
pub(crate) struct Server {
    pub disk: Disk,
    pub(super) conns: BTreeMap<ConnId, Conn>,
    pending: Vec<Append>,
    /// The disk as it was at the last commit, where sabotage writes before it.
    committed: Option<Disk>,
    /// Deliberate faults, so that the simulator itself can be tested.
    sabotage: Sabotage,
}

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
}

pub(super) struct Conn {
    pub(super) reader: Reader,
    pub(super) peer: Option<Peer>,
}

#[derive(Clone)]
pub(super) enum Peer {
    Visitor(String),
    Agent(AgentId),
}

pub(super) struct Append {
    pub(super) conn: ConnId,
    pub(super) id: EventId,
    pub(super) author: Author,
    pub(super) target: Target,
    pub(super) text: String,
}

pub(super) enum Target {
    Token(String),
    Conversation(ConversationId),
}

/// What a call wants done: frames to send, connections to close.
#[derive(Default)]
pub(crate) struct Effects {
    pub texts: Vec<(ConnId, String)>,
    pub closes: Vec<ConnId>,
    pub wants_commit: bool,
}

impl Effects {
    pub(super) fn visitor(&mut self, conn: ConnId, frame: &VisitorDown) {
        self.texts.push((conn, write(frame).unwrap()));
    }

    pub(super) fn agent(&mut self, conn: ConnId, frame: &AgentDown) {
        self.texts.push((conn, write(frame).unwrap()));
    }
}

impl Server {
    pub(crate) fn new(sabotage: Sabotage) -> Self {
        Self {
            sabotage,
            ..Self::default()
        }
    }

    pub(crate) fn accept(&mut self, conn: ConnId, now: Millis) {
        let reader = Reader::new(Heartbeat::default(), now);
        self.conns.insert(conn, Conn { reader, peer: None });
    }

    pub(crate) fn closed(&mut self, conn: ConnId) {
        self.conns.remove(&conn);
    }

    /// Everything but the disk is gone.
    pub(crate) fn crash(&mut self) {
        self.conns.clear();
        self.pending.clear();
        if let Some(disk) = self.committed.take() {
            self.disk = disk;
        }
    }

    pub(crate) fn due(&self) -> Option<Millis> {
        self.conns
            .values()
            .map(|conn| conn.reader.poll_timeout())
            .min()
    }

    pub(crate) fn tick(&mut self, now: Millis) -> Effects {
        let mut effects = Effects::default();
        for (&id, conn) in &mut self.conns {
            while let Some(due) = conn.reader.poll(now) {
                match (due, &conn.peer) {
                    (Due::Beat(n), Some(Peer::Agent(_))) => {
                        effects.agent(id, &AgentDown::Ping { n });
                    }
                    (Due::Beat(n), _) => effects.visitor(id, &VisitorDown::Ping { n }),
                    (Due::Late | Due::Dead, _) => {
                        effects.closes.push(id);
                        break;
                    }
                }
            }
        }
        for conn in &effects.closes {
            self.conns.remove(conn);
        }
        effects
    }

    pub(crate) fn handle(
        &mut self,
        conn: ConnId,
        is_agent: bool,
        text: &str,
        now: Millis,
    ) -> Effects {
        let mut effects = Effects::default();
        if let Some(known) = self.conns.get_mut(&conn) {
            known.reader.handle_heard(now);
            if is_agent {
                let up = parse(text, limits::UP_FRAME_BYTES).unwrap();
                self.agent(conn, up, now, &mut effects);
            } else {
                let up = parse(text, limits::UP_FRAME_BYTES).unwrap();
                self.visitor(conn, up, now, &mut effects);
            }
        }
        effects
    }

    /// Everything that waits becomes durable, in one transaction.
    pub(crate) fn commit(&mut self) -> Effects {
        let mut effects = Effects::default();
        for append in std::mem::take(&mut self.pending) {
            self.append(append, &mut effects);
        }
        self.committed = None;
        effects
    }

    /// The transaction fails: its writers are sent away with their outboxes as they are.
    pub(crate) fn fail_commit(&mut self) -> Effects {
        let mut effects = Effects::default();
        let going = GoingAway {
            retry_after_ms: Millis(500),
            message: "disk full".to_owned(),
        };
        for append in std::mem::take(&mut self.pending) {
            match self.conns.remove(&append.conn).and_then(|conn| conn.peer) {
                Some(Peer::Agent(_)) => {
                    effects.agent(append.conn, &AgentDown::GoingAway(going.clone()));
                }
                Some(Peer::Visitor(_)) => {
                    effects.visitor(append.conn, &VisitorDown::GoingAway(going.clone()));
                }
                None => continue,
            }
            effects.closes.push(append.conn);
        }
        effects
    }

    /// Wakes every reader; each reads on after its cursor.
    pub(crate) fn publish(&mut self) -> Effects {
        let mut effects = Effects::default();
        for conn in self.conns.values_mut() {
            let stream = match &conn.peer {
                Some(Peer::Visitor(token)) => self.disk.conversation(token).len(),
                Some(Peer::Agent(_)) => self.disk.log.len(),
                None => continue,
            };
            conn.reader.handle_grown(stream as u64);
        }
        let ids: Vec<ConnId> = self.conns.keys().copied().collect();
        for id in ids {
            self.pump(id, &mut effects);
        }
        effects
    }

    pub(super) fn pump(&mut self, id: ConnId, effects: &mut Effects) {
        let conn = self.conns.get_mut(&id).unwrap();
        while let Some(read) = conn.reader.poll_read() {
            let from = read.after as usize;
            let to = (from + CHUNK).min(read.last as usize);
            let skip = usize::from(self.sabotage == Sabotage::LeaveGap && to - from > 1);
            match conn.peer.as_ref().unwrap() {
                Peer::Visitor(token) => {
                    let events = self.disk.conversation(token)[from + skip..to].to_vec();
                    effects.visitor(id, &VisitorDown::Events { events });
                }
                Peer::Agent(_) => {
                    let events = self.disk.log[from + skip..to].to_vec();
                    effects.agent(id, &AgentDown::Events { events });
                }
            }
            conn.reader.handle_sent(to as u64);
        }
    }

    pub(super) fn accept_append(&mut self, append: Append, effects: &mut Effects) {
        effects.wants_commit = true;
        if self.sabotage == Sabotage::AckBeforeCommit {
            self.committed.get_or_insert_with(|| self.disk.clone());
            self.append(append, effects);
            let woken = self.publish();
            effects.texts.extend(woken.texts);
        } else {
            self.pending.push(append);
        }
    }

    fn append(&mut self, append: Append, effects: &mut Effects) {
        let at = match &append.target {
            Target::Token(token) => self.disk.open(token, append.id),
            Target::Conversation(conversation) => conversation.0 as usize,
        };
        let is_it = |event: &&VisitorEvent| event.id == append.id && event.author == append.author;
        let known = self.disk.conversations[at].iter().find(is_it).cloned();
        match known {
            Some(event) if self.sabotage != Sabotage::SkipDedupe => {
                self.repeat(append.conn, event, effects);
            }
            _ => {
                let body = Body::Message { text: append.text };
                self.disk.push(at, append.id, append.author, body);
            }
        }
    }

    /// A reader that is past the event sees it once more: it is the acknowledgement.
    fn repeat(&self, conn: ConnId, event: VisitorEvent, effects: &mut Effects) {
        let Some(known) = self.conns.get(&conn) else {
            return;
        };
        match known.peer.as_ref().unwrap() {
            Peer::Visitor(_) if event.seq <= known.reader.sent() => {
                effects.visitor(
                    conn,
                    &VisitorDown::Events {
                        events: vec![event],
                    },
                );
            }
            Peer::Visitor(_) => {}
            Peer::Agent(_) => {
                let is_it = |e: &&AgentEvent| e.id == event.id && e.author == event.author;
                let found = self.disk.log.iter().find(is_it).unwrap().clone();
                if found.offset <= known.reader.sent() {
                    effects.agent(
                        conn,
                        &AgentDown::Events {
                            events: vec![found],
                        },
                    );
                }
            }
        }
    }
}
