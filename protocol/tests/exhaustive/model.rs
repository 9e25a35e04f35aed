//! The state that the checker explores, and every step that leads out of it.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};

use holdfast_protocol::client::{Agent, Visitor};

use super::faults::{self, Budget, Fault, spend};
use super::node::{Act, Endpoint, Input, Node, Shell, Step};
use super::server::{Conn, Kind, Sabotage, Server};
use super::wire::{Key, Packet, Wire};

/// Who takes part, and what may happen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scenario {
    pub name: &'static str,
    /// How many messages each tab's person writes.
    pub tabs: Vec<usize>,
    /// The same for each agent's client; all of them are the same agent's.
    pub agents: Vec<usize>,
    /// Messages that are in the log before.
    pub old: usize,
    /// Whether all clients are online at the beginning.
    pub is_warm: bool,
    pub budget: Budget,
    pub shell: Shell,
    pub sabotage: Sabotage,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// A client takes an input. With `dies_after` its page is loaded anew when so many outputs were
    /// carried out, and its lines yield what was sent only if `keep`.
    Step {
        node: usize,
        cause: Cause,
        dies_after: Option<usize>,
        keep: bool,
    },
    Hear(Key),
    Read(Key),
    Commit,
    Fault(Fault),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cause {
    Write,
    Open(Key),
    Receive(Key),
    Timeout { is_early: bool },
    Rest,
}

#[derive(Clone)]
pub(crate) struct State {
    pub nodes: Vec<Arc<dyn Endpoint>>,
    pub wires: Vec<Wire>,
    pub server: Server<Key>,
    pub budget: Budget,
}

impl State {
    fn essence(&self) -> impl PartialEq + Hash + '_ {
        let fingerprint = |node: &Arc<dyn Endpoint>| node.view().fingerprint;
        let nodes: Vec<u64> = self.nodes.iter().map(fingerprint).collect();
        (nodes, &self.wires, &self.server, &self.budget)
    }

    /// Nothing is on its way to or from a client.
    pub(crate) fn is_quiet(&self, node: usize) -> bool {
        let is_busy = |wire: &Wire| wire.node() == node && wire.is_busy();
        let waits = self.server.pending.iter().any(|a| a.note.node == node);
        !waits && !self.wires.iter().any(is_busy)
    }

    /// The client is online, by a line on which both ends hear each other.
    pub(crate) fn is_connected(&self, node: usize) -> bool {
        let is_whole = |wire: &Wire| wire.node() == node && wire.is_whole();
        self.nodes[node].view().is_online && self.wires.iter().any(is_whole)
    }

    pub(crate) fn wire(&mut self, key: Key) -> &mut Wire {
        self.wires.iter_mut().find(|wire| wire.key == key).unwrap()
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.essence() == other.essence()
    }
}

impl Hash for State {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.essence().hash(state);
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for node in &self.nodes {
            writeln!(f, "{:?}", node.view())?;
        }
        writeln!(f, "{:?}\n{:?}", self.wires, self.server)
    }
}

/// What a client makes of an input, by its fingerprint: many states differ elsewhere only.
type Steps = HashMap<(u64, Input, Option<usize>), Step>;

pub(crate) struct Protocol {
    pub scenario: Scenario,
    steps: Mutex<Steps>,
}

impl Protocol {
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self {
            scenario,
            steps: Mutex::default(),
        }
    }

    pub(crate) fn kind(&self, node: usize) -> Kind {
        if node < self.scenario.tabs.len() {
            Kind::Visitor
        } else {
            Kind::Agent
        }
    }

    /// How many messages a client's person writes.
    pub(crate) fn quota(&self, node: usize) -> usize {
        let tabs = &self.scenario.tabs;
        let quota = tabs.iter().chain(&self.scenario.agents).nth(node);
        quota.copied().unwrap_or(0)
    }

    pub(crate) fn first_state(&self) -> State {
        let mut state = State {
            nodes: Vec::new(),
            wires: Vec::new(),
            server: Server::new(self.scenario.old),
            budget: self.scenario.budget,
        };
        for at in 0..self.scenario.tabs.len() + self.scenario.agents.len() {
            let (node, acts) = match self.kind(at) {
                Kind::Visitor => Node::<Visitor>::first(at),
                Kind::Agent => Node::<Agent>::first(at),
            };
            state.nodes.push(node);
            self.carry_out(&mut state, at, 0, &acts, true);
        }
        while self.scenario.is_warm
            && let Some(action) = self.next_of_course(&state)
        {
            state = self.apply(&state, &action).unwrap();
        }
        state
    }

    /// Every step that is possible.
    pub(crate) fn list(&self, state: &State, out: &mut Vec<Action>) {
        self.list_course(state, out);
        for node in 0..state.nodes.len() {
            let view = state.nodes[node].view();
            let knows_conversation = view.live.start > 0 || !view.live.shown.is_empty();
            let may_write = self.kind(node) == Kind::Visitor || knows_conversation;
            if may_write && view.live.written.len() < self.quota(node) {
                out.push(step(node, Cause::Write));
            }
            let is_early = !state.is_quiet(node);
            if is_early && view.has_timeout && state.budget.hurries > 0 {
                out.push(step(node, Cause::Timeout { is_early }));
            }
        }
        if state.budget.faults > 0 {
            faults::list(state, out);
        }
    }

    /// Steps that need no person and no fault.
    fn list_course(&self, state: &State, out: &mut Vec<Action>) {
        for (node, endpoint) in state.nodes.iter().enumerate() {
            let is_stuck = state.is_quiet(node) && !state.is_connected(node);
            if is_stuck && endpoint.view().has_timeout {
                out.push(step(node, Cause::Timeout { is_early: false }));
            }
        }
        for wire in &state.wires {
            if wire.can_open() {
                out.push(step(wire.node(), Cause::Open(wire.key)));
            }
            if !wire.up.packets.is_empty() {
                out.push(Action::Hear(wire.key));
            }
            if !wire.down.packets.is_empty() {
                out.push(step(wire.node(), Cause::Receive(wire.key)));
            }
            let wants_to_read = |conn: &Conn| conn.reader.poll_read().is_some();
            if !wire.down.is_dead && wire.conn.as_ref().is_some_and(wants_to_read) {
                out.push(Action::Read(wire.key));
            }
        }
        if !state.server.pending.is_empty() {
            out.push(Action::Commit);
        }
    }

    fn next_of_course(&self, state: &State) -> Option<Action> {
        let mut actions = Vec::new();
        self.list_course(state, &mut actions);
        actions.into_iter().next()
    }

    /// The state after a step; nothing where the step is none.
    pub(crate) fn apply(&self, before: &State, action: &Action) -> Option<State> {
        let mut state = before.clone();
        let sabotage = self.scenario.sabotage;
        match action {
            Action::Step {
                node,
                cause,
                dies_after,
                keep,
            } => self.step(&mut state, *node, cause, *dies_after, *keep)?,
            Action::Hear(key) => hear(&mut state, *key, sabotage),
            Action::Read(key) => {
                let wire = state.wires.iter_mut().find(|wire| wire.key == *key)?;
                let chunk = state.server.read(wire.conn.as_mut()?, sabotage)?;
                wire.down.send(Packet::Text(chunk));
            }
            Action::Commit => self.commit(&mut state),
            Action::Fault(fault) => faults::apply(&mut state, *fault)?,
        }
        state.wires.retain(|wire| !wire.is_over());
        Some(state)
    }

    fn step(
        &self,
        state: &mut State,
        node: usize,
        cause: &Cause,
        dies_after: Option<usize>,
        keep: bool,
    ) -> Option<()> {
        if dies_after.is_some() {
            spend(state, |budget| &mut budget.reloads)?;
        }
        let input = match cause {
            Cause::Write => Input::Write,
            Cause::Rest => Input::Rest,
            Cause::Timeout { is_early } => {
                state.budget.hurries = state.budget.hurries.checked_sub(usize::from(*is_early))?;
                Input::Timeout
            }
            Cause::Open(key) => {
                let conn = Conn::new(self.kind(node));
                let wire = state.wire(*key);
                wire.is_dialling = false;
                wire.conn = Some(conn);
                Input::Opened(key.2)
            }
            Cause::Receive(key) => {
                let wire = state.wire(*key);
                match wire.down.packets.pop_front()? {
                    Packet::Text(text) => Input::Text(key.2, text),
                    Packet::Fin => {
                        wire.client_open = false;
                        Input::Closed(key.2)
                    }
                }
            }
        };
        let before = &state.nodes[node];
        let (life, place) = (
            before.view().life,
            (before.view().fingerprint, input, dies_after),
        );
        let mut steps = self.steps.lock().unwrap();
        let (after, acts) = match steps.get(&place) {
            Some(known) => known.clone(),
            None => {
                let new = before.step(&place.1, dies_after, self.scenario.shell);
                steps.insert(place, new.clone());
                new
            }
        }?;
        drop(steps);
        state.nodes[node] = after;
        self.carry_out(state, node, life, &acts, keep);
        Some(())
    }

    fn carry_out(&self, state: &mut State, node: usize, life: usize, acts: &[Act], keep: bool) {
        let mut life = life;
        for act in acts {
            let find = |line| {
                let key = (node, life, line);
                move |wire: &&mut Wire| wire.key == key && wire.client_open
            };
            match act {
                Act::Dial(line) => {
                    let key = (node, life, *line);
                    let at = state.wires.partition_point(|wire| wire.key < key);
                    state.wires.insert(at, Wire::new(key));
                }
                Act::Text(line, text) => {
                    if let Some(wire) = state.wires.iter_mut().find(find(*line)) {
                        wire.up.send(Packet::Text(Arc::clone(text)));
                    }
                }
                Act::Close(line) => {
                    if let Some(wire) = state.wires.iter_mut().find(find(*line)) {
                        wire.hang_up(usize::MAX);
                    }
                }
                Act::Leave => {
                    let is_its = |wire: &&mut Wire| wire.key.0 == node && wire.client_open;
                    let count = if keep { usize::MAX } else { 0 };
                    state
                        .wires
                        .iter_mut()
                        .filter(is_its)
                        .for_each(|wire| wire.hang_up(count));
                    life += 1;
                }
            }
        }
    }

    fn commit(&self, state: &mut State) {
        let wires = &mut state.wires;
        let sent = |key| {
            let wire = wires.iter().find(|wire| wire.key == key)?;
            Some(wire.conn.as_ref()?.reader.sent())
        };
        let repeats = state.server.commit(sent, self.scenario.sabotage);
        for (key, chunk) in repeats {
            let wire = wires.iter_mut().find(|wire| wire.key == key).unwrap();
            wire.down.send(Packet::Text(chunk));
        }
        for wire in wires {
            let end = state.server.end(self.kind(wire.key.0));
            if let Some(conn) = &mut wire.conn
                && self.scenario.sabotage != Sabotage::SkipWake
            {
                conn.reader.handle_grown(end);
            }
        }
    }
}

fn hear(state: &mut State, key: Key, sabotage: Sabotage) {
    let wire = state.wires.iter_mut().find(|wire| wire.key == key).unwrap();
    match (wire.up.packets.pop_front(), &mut wire.conn) {
        (Some(Packet::Text(text)), Some(conn)) => {
            for answer in state.server.hear(key, conn, &text, sabotage) {
                wire.down.send(Packet::Text(answer));
            }
        }
        _ => wire.conn = None,
    }
    if sabotage == Sabotage::AckBeforeCommit {
        for wire in &mut state.wires {
            if let Some(conn) = &mut wire.conn {
                conn.reader.handle_grown(state.server.end(conn.kind()));
            }
        }
    }
}

fn step(node: usize, cause: Cause) -> Action {
    Action::Step {
        node,
        cause,
        dies_after: None,
        keep: true,
    }
}
