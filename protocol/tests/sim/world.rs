//! One history: clients, network and server on a virtual clock, with faults drawn from a seed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use holdfast_protocol::client::{Agent, AgentGreeting, LineId, Visitor, VisitorGreeting};
use holdfast_protocol::id::{ConversationId, EventId};
use holdfast_protocol::time::Millis;

use super::endpoint::{Act, Endpoint};
use super::net::{Direction, Packet, Path, Wire};
use super::node::Node;
use super::rng::Rng;
use super::server::{Effects, Sabotage, Server};

/// People write and cables are pulled for so long.
const STORM: Millis = Millis::from_secs(90);

/// After the heal everything must be well within so long: a watchdog at the calm pace (40 s), an
/// attempt at the calm pause (30 s), and some trips.
const HEAL: Millis = Millis::from_secs(90);

/// A deliberate fault, to show that the simulator would notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub server: Sabotage,
    pub sends_early: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Happening {
    Arrive(usize, bool),
    Node(usize),
    Server,
    Commit,
    Restart,
    Person,
    Fault,
    Heal(usize),
    Thaw(usize),
    Return(usize),
}

pub(crate) struct World {
    pub nodes: Vec<Box<dyn Endpoint>>,
    pub server: Server,
    pub visitor_of: Vec<Option<usize>>,
    /// How long after the heal everything had arrived everywhere.
    pub recovery: Millis,
    /// How long after the heal every outbox was empty.
    pub drained: Millis,
    pub(super) now: Millis,
    pub(super) rng: Rng,
    pub(super) happenings: BinaryHeap<Reverse<(Millis, u64, Happening)>>,
    count: u64,
    pub(super) wires: BTreeMap<usize, Wire>,
    pub(super) by_line: BTreeMap<(usize, LineId), usize>,
    pub(super) paths: Vec<Path>,
    pub(super) frozen: Vec<bool>,
    pub(super) away: Vec<bool>,
    pub(super) is_up: bool,
    pub(super) is_commit_due: bool,
    pub(super) is_storm: bool,
}

impl World {
    /// A world of one to three visitors with one to three tabs each, and one or two agents.
    pub(crate) fn new(seed: u64, flaw: Flaw) -> Self {
        let mut world = Self {
            nodes: Vec::new(),
            server: Server::new(flaw.server),
            visitor_of: Vec::new(),
            recovery: Millis(0),
            drained: Millis(0),
            now: Millis(1_000_000),
            rng: Rng::new(seed),
            happenings: BinaryHeap::new(),
            count: 0,
            wires: BTreeMap::new(),
            by_line: BTreeMap::new(),
            paths: Vec::new(),
            frozen: Vec::new(),
            away: Vec::new(),
            is_up: true,
            is_commit_due: false,
            is_storm: true,
        };
        for visitor in 0..world.rng.between(1, 3) as usize {
            let tabs = world.rng.between(1, 3);
            for _ in 0..tabs {
                // A lone tab gets its token from the server, several share one that is stored already.
                let token = (tabs > 1).then(|| format!("shared-{visitor}"));
                let greeting = VisitorGreeting {
                    site: "demo".to_owned(),
                    token,
                    page: None,
                    locale: None,
                };
                let node = Node::<Visitor>::new(greeting, world.rng.next(), world.now);
                world.add(Box::new(node), Some(visitor));
            }
        }
        for agent in 1..=world.rng.between(1, 2) {
            let greeting = AgentGreeting {
                token: agent.to_string(),
                me: None,
            };
            let node = Node::<Agent>::new(greeting, world.rng.next(), world.now);
            world.add(Box::new(node), None);
        }
        if flaw.sends_early {
            world.nodes.iter_mut().for_each(|node| node.sends_early());
        }
        world
    }

    /// Lets the storm rage, heals everything, and goes on until all is quiet. Returns what is wrong.
    pub(crate) fn run(&mut self) -> Vec<String> {
        let end = self.now + STORM;
        self.schedule(Millis(10), Happening::Person);
        self.schedule(Millis(500), Happening::Fault);
        for node in 0..self.nodes.len() {
            self.settle(node);
        }
        while self.now < end && self.step(end) {}
        self.now = end;
        self.heal_all();
        let healed = self.now;
        while self.now < healed + HEAL && !self.is_quiet() && self.step(healed + HEAL) {
            if self.nodes.iter().any(|node| node.waiting() > 0) {
                self.drained = self.now.since(healed);
            }
        }
        self.recovery = self.now.since(healed);
        super::check::check(self)
    }

    /// Whether every outbox is empty and every cursor at the end.
    fn is_quiet(&self) -> bool {
        !self.is_commit_due
            && (0..self.nodes.len()).all(|node| {
                self.nodes[node].waiting() == 0
                    && self.nodes[node].cursor() == Some(self.stream_len(node))
            })
    }

    /// How many events the stream of a node has.
    pub(crate) fn stream_len(&self, node: usize) -> u64 {
        super::check::stream(self, node).len() as u64
    }

    fn add(&mut self, mut node: Box<dyn Endpoint>, visitor: Option<usize>) {
        // An agent looks at the screen all day, a visitor in half of the cases.
        node.look(visitor.is_none() || self.rng.chance(50), self.now);
        self.nodes.push(node);
        self.visitor_of.push(visitor);
        let slow = self.rng.chance(15);
        let delay = if slow { (700, 800) } else { (1, 60) };
        self.paths.push(Path {
            up_stalled: false,
            down_stalled: false,
            delay,
        });
        self.frozen.push(false);
        self.away.push(false);
    }

    fn step(&mut self, end: Millis) -> bool {
        let Some(Reverse((at, _, happening))) = self.happenings.pop() else {
            return false;
        };
        if at > end {
            self.now = end;
            self.schedule(at.since(end), happening);
            return false;
        }
        self.now = self.now.max(at);
        match happening {
            Happening::Arrive(wire, up) => {
                self.arrive(wire, if up { Direction::Up } else { Direction::Down });
            }
            Happening::Node(node) => self.wake_node(node),
            Happening::Server => self.wake_server(),
            Happening::Commit => self.commit(),
            Happening::Restart => self.is_up = true,
            Happening::Person => self.person(),
            Happening::Fault if self.is_storm => super::faults::fault(self),
            Happening::Fault => {}
            Happening::Heal(node) => self.heal(node),
            Happening::Thaw(node) => self.thaw(node),
            Happening::Return(node) => {
                self.away[node] = false;
                self.nodes[node].resume(self.now);
                self.settle(node);
            }
        }
        true
    }

    pub(super) fn schedule(&mut self, span: Millis, happening: Happening) {
        self.count += 1;
        self.happenings
            .push(Reverse((self.now + span, self.count, happening)));
    }

    fn arrive(&mut self, id: usize, direction: Direction) {
        let Some(wire) = self.wires.get_mut(&id) else {
            return;
        };
        let node = wire.node;
        let is_held = self.paths[node].is_stalled(direction)
            || (direction == Direction::Down && self.frozen[node]);
        if is_held {
            return;
        }
        let Some(packet) = wire.pop(direction, self.now) else {
            return;
        };
        match direction {
            Direction::Up => self.arrive_up(id, node, packet),
            Direction::Down => self.arrive_down(id, node, packet),
        }
    }

    fn arrive_up(&mut self, id: usize, node: usize, packet: Packet) {
        match packet {
            Packet::Syn if self.is_up => {
                self.wire(id).server_open = true;
                self.server.accept(id, self.now);
                self.send(id, Direction::Down, Packet::Accept);
                self.watch_server();
            }
            Packet::Syn => self.send(id, Direction::Down, Packet::Fin),
            Packet::Text(text) if self.wire(id).server_open => {
                let is_agent = self.visitor_of[node].is_none();
                let effects = self.server.handle(id, is_agent, &text, self.now);
                self.perform(effects);
            }
            Packet::Text(_) => self.send(id, Direction::Down, Packet::Fin),
            Packet::Fin => {
                self.wire(id).server_open = false;
                self.server.closed(id);
            }
            Packet::Accept => unreachable!("only a server accepts"),
        }
    }

    fn arrive_down(&mut self, id: usize, node: usize, packet: Packet) {
        let (line, is_open) = (self.wire(id).line, self.wire(id).client_open);
        if !is_open {
            return;
        }
        match packet {
            Packet::Accept => self.nodes[node].opened(line, self.now),
            Packet::Text(text) => self.nodes[node].text(line, &text, self.now),
            Packet::Fin => {
                self.wire(id).client_open = false;
                self.nodes[node].closed(line, self.now);
            }
            Packet::Syn => unreachable!("only a client dials"),
        }
        self.settle(node);
    }

    fn wake_node(&mut self, node: usize) {
        if self.frozen[node] {
            return;
        }
        if self.nodes[node]
            .due(self.now)
            .is_some_and(|due| due <= self.now)
        {
            self.nodes[node].timeout(self.now);
            self.settle(node);
        }
    }

    fn wake_server(&mut self) {
        let effects = self.server.tick(self.now);
        self.perform(effects);
    }

    fn watch_server(&mut self) {
        if let Some(due) = self.server.due() {
            self.schedule(due.since(self.now), Happening::Server);
        }
    }

    fn commit(&mut self) {
        self.is_commit_due = false;
        match self.rng.next() % 200 {
            0 if self.is_storm => self.crash(true),
            1 if self.is_storm => {
                // Durable, and nobody hears of it.
                self.server.commit();
                self.crash(true);
            }
            2..=4 if self.is_storm => {
                let effects = self.server.fail_commit();
                self.perform(effects);
            }
            _ => {
                let effects = self.server.commit();
                self.perform(effects);
                let effects = self.server.publish();
                self.perform(effects);
            }
        }
    }

    fn perform(&mut self, effects: Effects) {
        for (conn, text) in effects.texts {
            self.send(conn, Direction::Down, Packet::Text(text));
        }
        for conn in effects.closes {
            self.server.closed(conn);
            self.wire(conn).server_open = false;
            self.send(conn, Direction::Down, Packet::Fin);
        }
        if effects.wants_commit && !self.is_commit_due && self.is_up {
            self.is_commit_due = true;
            let stall = if self.is_storm && self.rng.chance(2) {
                3_000
            } else {
                5
            };
            let span = Millis(self.rng.between(0, stall));
            self.schedule(span, Happening::Commit);
        }
        self.watch_server();
    }

    /// Carries out what a node wants, and sees to it that it is woken in time.
    pub(crate) fn settle(&mut self, node: usize) {
        while let Some(act) = self.nodes[node].next_act() {
            match act {
                Act::Dial(line) => {
                    self.count += 1;
                    let id = self.count as usize;
                    self.wires.insert(id, Wire::new(node, line));
                    self.by_line.insert((node, line), id);
                    self.send(id, Direction::Up, Packet::Syn);
                }
                Act::Text(line, text) => {
                    if let Some(&id) = self.by_line.get(&(node, line)) {
                        self.send(id, Direction::Up, Packet::Text(text));
                    }
                }
                Act::Close(line) => {
                    if let Some(id) = self.by_line.remove(&(node, line)) {
                        self.wire(id).client_open = false;
                        self.send(id, Direction::Up, Packet::Fin);
                    }
                }
            }
        }
        if let Some(due) = self.nodes[node].due(self.now) {
            self.schedule(due.since(self.now), Happening::Node(node));
        }
    }

    pub(super) fn send(&mut self, id: usize, direction: Direction, packet: Packet) {
        let (now, rng) = (self.now, &mut self.rng);
        let Some(wire) = self.wires.get_mut(&id) else {
            return;
        };
        let path = &self.paths[wire.node];
        if let Some(due) = wire.push(direction, packet, path, now, rng) {
            let up = direction == Direction::Up;
            self.schedule(due.since(now), Happening::Arrive(id, up));
        }
    }

    fn person(&mut self) {
        if !self.is_storm {
            return;
        }
        let node = self.rng.index(self.nodes.len());
        let conversations = self.server.disk.conversations.len();
        let is_agent = self.visitor_of[node].is_none();
        if !self.frozen[node] && !self.away[node] && (!is_agent || conversations > 0) {
            let conversation = ConversationId(self.rng.index(conversations.max(1)) as u64);
            for _ in 0..self.rng.between(1, 3) {
                let random = u128::from(self.rng.next()) << 64 | u128::from(self.rng.next());
                let id = EventId::new(self.now, random);
                self.nodes[node].write(id, conversation, self.now);
            }
            self.settle(node);
        }
        let span = Millis(self.rng.between(1, 3_000));
        self.schedule(span, Happening::Person);
    }

    pub(super) fn wire(&mut self, id: usize) -> &mut Wire {
        self.wires.get_mut(&id).unwrap()
    }
}
