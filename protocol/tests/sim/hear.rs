//! What the simulated server makes of each frame.

use holdfast_protocol::event::{Author, Receipt, VisitorEvent, VisitorFacts};
use holdfast_protocol::frame::{
    AgentDown, AgentUp, AgentWelcome, Conversation, Heartbeat, Pace, Staff, Status, VisitorDown,
    VisitorUp, VisitorWelcome,
};
use holdfast_protocol::id::{AgentId, ConversationId, Epoch};
use holdfast_protocol::limits;
use holdfast_protocol::reader::{Bounds, agent_start, visitor_start};
use holdfast_protocol::time::Millis;

use super::server::{Append, ConnId, Effects, Peer, Server, Target};

const EPOCH: Epoch = Epoch(7);

impl Server {
    pub(super) fn visitor(
        &mut self,
        conn: ConnId,
        up: VisitorUp,
        now: Millis,
        effects: &mut Effects,
    ) {
        match up {
            VisitorUp::Hello(hello) => {
                let token = hello.token.unwrap_or_else(|| self.disk.new_token());
                let last = self.disk.conversation(&token).len() as u64;
                let bounds = Bounds {
                    epoch: EPOCH,
                    first: 1,
                    last,
                };
                let after = visitor_start(hello.resume, bounds);
                effects.visitor(
                    conn,
                    &VisitorDown::Welcome(VisitorWelcome {
                        version: limits::VERSION,
                        token: token.clone(),
                        epoch: EPOCH,
                        after,
                        last,
                        heartbeat: Heartbeat::default(),
                        seen: Receipt::default(),
                        receipt: Receipt::default(),
                        staff: Staff::default(),
                    }),
                );
                self.welcome(
                    conn,
                    Peer::Visitor(token),
                    (after, last),
                    hello.pace,
                    now,
                    effects,
                );
            }
            VisitorUp::Send { id, text } => {
                let Some(Peer::Visitor(token)) = self.conns[&conn].peer.clone() else {
                    return;
                };
                let target = Target::Token(token);
                self.accept_append(
                    Append {
                        conn,
                        id,
                        author: Author::Visitor {},
                        target,
                        text,
                    },
                    effects,
                );
            }
            VisitorUp::Pace { pace } => {
                let known = self.conns.get_mut(&conn).unwrap();
                known.reader.set_pace(pace, now);
            }
            VisitorUp::Ping { n } => effects.visitor(conn, &VisitorDown::Pong { n }),
            VisitorUp::Seen(_)
            | VisitorUp::Typing(_)
            | VisitorUp::Page(_)
            | VisitorUp::History { .. }
            | VisitorUp::Pong { .. } => {}
        }
    }

    pub(super) fn agent(&mut self, conn: ConnId, up: AgentUp, now: Millis, effects: &mut Effects) {
        match up {
            AgentUp::Login(login) => {
                let agent = AgentId(login.token.parse().unwrap());
                let last = self.disk.log.len() as u64;
                let bounds = Bounds {
                    epoch: EPOCH,
                    first: 1,
                    last,
                };
                let start = agent_start(login.resume, bounds);
                effects.agent(
                    conn,
                    &AgentDown::Welcome(AgentWelcome {
                        version: limits::VERSION,
                        epoch: EPOCH,
                        agent,
                        name: format!("agent {}", agent.0),
                        site: "demo".to_owned(),
                        after: start.unwrap_or(last),
                        last,
                        snapshot: start.is_none(),
                        heartbeat: Heartbeat::default(),
                        colleagues: Vec::new(),
                    }),
                );
                if start.is_none() {
                    self.snapshot(conn, effects);
                }
                let range = (start.unwrap_or(last), last);
                self.welcome(conn, Peer::Agent(agent), range, Pace::Strict, now, effects);
            }
            AgentUp::Send {
                id,
                conversation,
                text,
            } => {
                let Some(Peer::Agent(agent)) = self.conns[&conn].peer.clone() else {
                    return;
                };
                let author = Author::Agent {
                    id: agent,
                    name: format!("agent {}", agent.0),
                };
                let target = Target::Conversation(conversation);
                self.accept_append(
                    Append {
                        conn,
                        id,
                        author,
                        target,
                        text,
                    },
                    effects,
                );
            }
            AgentUp::Ping { n } => effects.agent(conn, &AgentDown::Pong { n }),
            AgentUp::Note { .. }
            | AgentUp::Claim { .. }
            | AgentUp::Transfer { .. }
            | AgentUp::Close { .. }
            | AgentUp::Seen { .. }
            | AgentUp::Typing(_)
            | AgentUp::History { .. }
            | AgentUp::Pong { .. } => {}
        }
    }

    fn snapshot(&self, conn: ConnId, effects: &mut Effects) {
        let conversations: Vec<Conversation> = self
            .disk
            .conversations
            .iter()
            .enumerate()
            .map(|(at, events)| summary(at, events))
            .collect();
        let mut parts = conversations.chunks(2).peekable();
        if parts.peek().is_none() {
            let none = AgentDown::Snapshot {
                conversations: Vec::new(),
                more: false,
            };
            effects.agent(conn, &none);
        }
        while let Some(part) = parts.next() {
            let more = parts.peek().is_some();
            effects.agent(
                conn,
                &AgentDown::Snapshot {
                    conversations: part.to_vec(),
                    more,
                },
            );
        }
    }

    fn welcome(
        &mut self,
        conn: ConnId,
        peer: Peer,
        (after, last): (u64, u64),
        pace: Pace,
        now: Millis,
        effects: &mut Effects,
    ) {
        let known = self.conns.get_mut(&conn).unwrap();
        known.peer = Some(peer);
        known.reader.handle_welcomed(after, last, pace, now);
        self.pump(conn, effects);
    }
}

fn summary(at: usize, events: &[VisitorEvent]) -> Conversation {
    let conversation = ConversationId(at as u64);
    Conversation {
        conversation,
        visitor: VisitorFacts::default(),
        assigned: None,
        last_seq: events.len() as u64,
        last_offset: 0,
        newest: None,
        status: Status {
            conversation,
            visitor: Receipt::default(),
            agents: Receipt::default(),
            present: true,
            last_seen: None,
            page: None,
        },
    }
}
