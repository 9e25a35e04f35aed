//! One history: clients, network, disk and the real server on a virtual clock, with faults drawn from a seed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use holdfast::clock::span;
use holdfast_protocol::client::{Agent, AgentGreeting, LineId, Visitor, VisitorGreeting};
use holdfast_protocol::id::EventId;
use holdfast_protocol::time::Millis;
use tokio::time::Instant;

use crate::ambient;
use crate::disk::{Death, Disk};
use crate::endpoint::{Act, Deed, Endpoint};
use crate::faults::{Fault, Faults};
use crate::net::{Direction, Packet, Path, Wire};
use crate::node::{Node, Storage};
use crate::pipe::Said;
use crate::rng::Rng;
use crate::server::{self, Server};

/// People write and cables are pulled for so long.
const STORM: Millis = Millis::from_secs(90);

/// After the heal everything must be well within so long: a watchdog at the calm pace (40 s), an
/// attempt at the calm pause (30 s), and some trips.
const HEAL: Millis = Millis::from_secs(90);

/// How often the world looks whether all is quiet.
const LOOK: Millis = Millis(50);

/// Where the clients' clocks begin.
const BEGIN: Millis = Millis(1_000_000);

/// A deliberate fault, to show that the simulator would notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flaw {
    /// The disk says that it has synced and has not.
    pub disk_lies: bool,
    /// Clients send before they save.
    pub sends_early: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Happening {
    Arrive(usize, bool),
    Node(usize),
    /// The server's process is started, if it does not run.
    Start,
    /// The server has had its time to stop.
    Stopped,
    Person,
    Fault,
    Heal(usize),
    Thaw(usize),
    Return(usize),
    /// The disk is as it should be again.
    Repair,
    /// A tab's storage has room again.
    Room(usize),
    Look,
}

/// Where streams end; looking it up takes long.
#[derive(Default)]
struct Ends {
    /// The end of the site's log at which the others were looked up.
    log: u64,
    /// Those of visitors' streams, by token and identity.
    streams: BTreeMap<(String, Option<String>), Option<u64>>,
}

pub(crate) struct World {
    pub nodes: Vec<Box<dyn Endpoint>>,
    /// Whose tab a node is; agents' clients are nobody's.
    pub visitor_of: Vec<Option<usize>>,
    pub server: Option<Server>,
    pub disk: Disk,
    /// How the life of the server ends next, if the disk ends it.
    pub death: Death,
    /// The machine is without power: nobody answers, not even with a refusal.
    pub is_dark: bool,
    pub faults: Faults,
    /// What befell, in order, for whoever replays a seed.
    pub story: Vec<String>,
    pub wrong: Vec<String>,
    /// How long after the heal everything had arrived everywhere.
    pub recovery: Millis,
    /// How long after the heal every outbox was empty.
    pub drained: Millis,
    pub flaw: Flaw,
    pub now: Millis,
    pub rng: Rng,
    happenings: BinaryHeap<Reverse<(Millis, u64, Happening)>>,
    count: u64,
    pub wires: BTreeMap<usize, Wire>,
    pub by_line: BTreeMap<(usize, LineId), usize>,
    pub paths: Vec<Path>,
    pub frozen: Vec<bool>,
    pub away: Vec<bool>,
    pub is_storm: bool,
    ends: Ends,
    /// Decides who says who they are, where anybody does. Of its own, so that a seed without persons is what it was.
    persons: Option<Rng>,
    start: Instant,
}

impl World {
    /// A world of one to four visitors with one to three tabs each, and one to three agents.
    pub(crate) fn new(seed: u64, flaw: Flaw, has_persons: bool, disk: &Disk) -> Self {
        let mut rng = Rng::new(seed);
        ambient::begin(rng.next());
        let mut world = Self {
            nodes: Vec::new(),
            visitor_of: Vec::new(),
            server: None,
            disk: disk.copied(rng.next()),
            death: Death::Process,
            is_dark: false,
            faults: Faults::default(),
            story: Vec::new(),
            wrong: Vec::new(),
            recovery: Millis(0),
            drained: Millis(0),
            flaw,
            now: BEGIN,
            rng,
            happenings: BinaryHeap::new(),
            count: 0,
            wires: BTreeMap::new(),
            by_line: BTreeMap::new(),
            paths: Vec::new(),
            frozen: Vec::new(),
            away: Vec::new(),
            is_storm: true,
            ends: Ends::default(),
            persons: has_persons.then(|| Rng::new(!seed)),
            start: Instant::now(),
        };
        world.repair();
        for visitor in 0..world.rng.between(1, 4) as usize {
            world.add_visitor(visitor);
        }
        for agent in 0..world.rng.between(1, server::AGENTS as u64) as usize {
            let greeting = AgentGreeting {
                token: server::agent_token(agent),
                me: None,
            };
            let node = Node::<Agent>::new(greeting, world.rng.next(), world.now);
            world.add(Box::new(node), None);
        }
        world
    }

    /// Lets the storm rage, heals everything, and goes on until all is quiet.
    pub(crate) async fn run(&mut self) {
        let end = self.now + STORM;
        self.schedule(Millis(0), Happening::Start);
        self.schedule(Millis(10), Happening::Person);
        self.schedule(Millis(500), Happening::Fault);
        for node in 0..self.nodes.len() {
            self.settle(node);
        }
        while self.now < end && self.step(end).await {}
        self.heal_all().await;
        let healed = self.now;
        self.schedule(LOOK, Happening::Look);
        while self.now < healed + HEAL && self.step(healed + HEAL).await {
            if self.nodes.iter().any(|node| node.waiting() > 0) {
                self.drained = self.now.since(healed);
            }
        }
        self.recovery = self.now.since(healed);
        if let Some(server) = self.server.take() {
            server.die().await;
        }
        crate::check::check(self);
    }

    fn add_visitor(&mut self, visitor: usize) {
        let tabs = self.rng.between(1, 3);
        for _ in 0..tabs {
            // A lone tab gets its token from the server, several share one that is stored already.
            let token = (tabs > 1).then(|| format!("{}A", visitor.to_string().repeat(42)));
            let greeting = VisitorGreeting {
                site: server::SITE.to_owned(),
                token,
                page: None,
                locale: None,
                ..VisitorGreeting::default()
            };
            let mut node = Node::<Visitor>::new(greeting, self.rng.next(), self.now);
            node.may_restart = self.persons.is_some();
            if tabs == 1 && self.rng.chance(10) {
                node.storage = Storage::Denied;
            }
            self.add(Box::new(node), Some(visitor));
        }
    }

    fn add(&mut self, mut node: Box<dyn Endpoint>, visitor: Option<usize>) {
        // An agent looks at the screen all day, a visitor in half of the cases.
        node.look(visitor.is_none() || self.rng.chance(50), self.now);
        if self.flaw.sends_early {
            node.sends_early();
        }
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

    /// The next thing that happens by `end`, be it in the world or in the server. Whether the history goes on.
    async fn step(&mut self, end: Millis) -> bool {
        let next = self.happenings.peek();
        let next = next.map_or(end, |Reverse((at, ..))| *at).min(end);
        let moment = self.start + span(next.since(BEGIN));
        let said = match &self.server {
            Some(server) => server.said.clone(),
            None => Said::default(),
        };
        let disk = self.disk.clone();
        tokio::select! {
            biased;
            () = disk.died() => {
                self.tick();
                self.bury(self.death).await;
                return true;
            }
            () = said.something() => {
                self.tick();
                self.hear(&said);
                return true;
            }
            () = tokio::time::sleep_until(moment) => self.tick(),
        }
        let is_due = |Reverse((at, ..)): &Reverse<(Millis, u64, Happening)>| *at <= end;
        if !self.happenings.peek().is_some_and(is_due) {
            return false;
        }
        match self.happenings.pop() {
            Some(Reverse((_, _, happening))) => self.happen(happening).await,
            None => false,
        }
    }

    /// Reads the clock, which the server and the clients share.
    fn tick(&mut self) {
        self.now = BEGIN + Millis(self.start.elapsed().as_millis() as u64);
    }

    /// What the server says goes on its way.
    fn hear(&mut self, said: &Said) {
        for (wire, packet) in said.take() {
            if packet == Packet::Fin {
                self.hang_up(wire);
            }
            self.send(wire, Direction::Down, packet);
        }
    }

    async fn happen(&mut self, happening: Happening) -> bool {
        match happening {
            Happening::Arrive(wire, up) => {
                self.arrive(wire, if up { Direction::Up } else { Direction::Down });
            }
            Happening::Node(node) => self.wake_node(node),
            Happening::Start => self.start_server().await,
            Happening::Stopped => self.finish_stop().await,
            Happening::Person => self.person(),
            Happening::Fault if self.is_storm => crate::faults::fault(self).await,
            Happening::Fault => {}
            Happening::Heal(node) => self.heal(node),
            Happening::Thaw(node) => self.thaw(node),
            Happening::Return(node) => self.come_back(node),
            Happening::Repair => self.repair(),
            Happening::Room(node) => self.make_room(node),
            Happening::Look => {
                if self.is_quiet() {
                    return false;
                }
                self.schedule(LOOK, Happening::Look);
            }
        }
        true
    }

    /// Whether every outbox is empty and every cursor at the end.
    fn is_quiet(&mut self) -> bool {
        let Some(server) = &self.server else {
            return false;
        };
        if self.nodes.iter().any(|node| node.waiting() > 0) {
            return false;
        }
        let Some(last) = server.last() else {
            return false;
        };
        // Nobody writes any more, but what a page had sent before it was loaded anew may still arrive.
        if self.ends.log != last {
            self.ends = Ends {
                log: last,
                ..Ends::default()
            };
        }
        let ends = &mut self.ends.streams;
        self.nodes
            .iter()
            .zip(&self.visitor_of)
            .all(|(node, owner)| {
                let Some(token) = node.token() else {
                    // A tab without a token has not been welcomed yet.
                    return owner.is_none() && node.cursor() == Some(last);
                };
                let identity = node.identity();
                let end = ends.entry((token.to_owned(), identity.map(str::to_owned)));
                let end = end.or_insert_with(|| server.last_of(token, identity));
                end.is_some() && node.cursor() == *end
            })
    }

    /// Notes what befalls.
    pub(crate) fn tell(&mut self, what: String) {
        let at = self.now.since(BEGIN).0;
        self.story.push(format!("{at:>6} ms: {what}"));
    }

    pub(crate) fn schedule(&mut self, span: Millis, happening: Happening) {
        self.count += 1;
        self.happenings
            .push(Reverse((self.now + span, self.count, happening)));
    }

    fn wake_node(&mut self, node: usize) {
        let due = self.nodes[node].due(self.now);
        if !self.frozen[node] && due.is_some_and(|due| due <= self.now) {
            self.nodes[node].timeout(self.now);
            self.settle(node);
        }
    }

    /// Carries out what a node wants, and sees to it that it is woken in time.
    pub(crate) fn settle(&mut self, node: usize) {
        while let Some(act) = self.nodes[node].next_act() {
            match act {
                Act::Dial(line) => {
                    self.count += 1;
                    let id = self.count as usize;
                    let is_agent = self.visitor_of[node].is_none();
                    self.wires.insert(id, Wire::new(node, line, is_agent));
                    self.by_line.insert((node, line), id);
                    self.send(id, Direction::Up, Packet::Syn);
                }
                Act::Text(line, text) => {
                    if let Some(&id) = self.by_line.get(&(node, line)) {
                        self.send_text(id, text);
                    }
                }
                Act::Close(line) => {
                    if let Some(id) = self.by_line.remove(&(node, line)) {
                        self.close_client(id);
                    }
                }
            }
        }
        if self.nodes[node].is_dead() {
            self.reload(node);
            return;
        }
        if let Some(due) = self.nodes[node].due(self.now) {
            self.schedule(due.since(self.now), Happening::Node(node));
        }
    }

    fn person(&mut self) {
        if !self.is_storm {
            return;
        }
        let node = self.rng.index(self.nodes.len());
        if !self.frozen[node] && !self.away[node] {
            self.identify(node);
            if self.rng.chance(3) {
                let count = self.rng.between(1, 12) as u32;
                self.faults.count(Fault::DeathOfAClient);
                self.nodes[node].die_after(count);
            }
            for _ in 0..self.rng.between(1, 3) {
                let random = u128::from(self.rng.next()) << 64 | u128::from(self.rng.next());
                let deed = Deed {
                    id: EventId::new(ambient::wall(), random),
                    whim: self.rng.next(),
                };
                self.nodes[node].act(deed, self.now);
            }
            self.settle(node);
        }
        let span = Millis(self.rng.between(1, 3_000));
        self.schedule(span, Happening::Person);
    }

    /// The page may say who its visitor is; every other visitor is the same person as the one before.
    fn identify(&mut self, node: usize) {
        let Some(visitor) = self.visitor_of[node] else {
            return;
        };
        let is_said = self.persons.as_mut().is_some_and(|rng| rng.chance(8));
        if is_said && self.nodes[node].identify(server::identity(visitor / 2), self.now) {
            self.tell(format!("the visitor at node {node} says who they are"));
        }
    }

    pub(crate) fn wire(&mut self, id: usize) -> &mut Wire {
        self.wires.get_mut(&id).unwrap()
    }
}
