//! What can go wrong, how often, and how it ends.

use std::cmp::Reverse;

use holdfast_protocol::client::LineId;
use holdfast_protocol::time::Millis;

use super::net::{Direction, Packet, Wire};
use super::world::{Happening, World};

/// Some restarts of a process or a machine take longer than a client's first patience.
const RESTART: (u64, u64) = (50, 8_000);

/// One fault, then the next one is arranged.
pub(crate) fn fault(world: &mut World) {
    let (node, kind) = world.pick();
    match kind {
        0..=19 => world.stall(node, true, true),
        20..=27 => world.stall(node, true, false),
        28..=35 => world.stall(node, false, true),
        36..=47 => world.forget(node),
        48..=57 => world.reset(node),
        58..=71 => world.reload(node),
        72..=77 if world.is_visitor(node) => world.freeze(node),
        78..=83 if world.is_visitor(node) => world.put_aside(node),
        84..=91 if world.is_visitor(node) => {
            let is_looking = world.chance(50);
            world.look(node, is_looking);
        }
        72..=91 => world.reload(node),
        92..=95 => {
            // A cut that the other end's middlebox does not remember.
            world.forget(node);
            world.stall(node, true, true);
        }
        96..=97 => world.crash(true),
        _ => world.crash(false),
    }
    world.again();
}

/// Faults, and their ends.
impl World {
    pub(crate) fn pick(&mut self) -> (usize, u64) {
        (self.rng.index(self.nodes.len()), self.rng.next() % 100)
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.rng.chance(percent)
    }

    pub(crate) fn again(&mut self) {
        if self.is_storm {
            let span = Millis(self.rng.between(100, 6_000));
            self.schedule(span, Happening::Fault);
        }
    }

    pub(crate) fn stall(&mut self, node: usize, up: bool, down: bool) {
        self.paths[node].up_stalled |= up;
        self.paths[node].down_stalled |= down;
        let span = Millis(self.rng.between(10, 20_000));
        self.schedule(span, Happening::Heal(node));
    }

    pub(crate) fn forget(&mut self, node: usize) {
        self.wires
            .values_mut()
            .filter(|wire| wire.node == node)
            .for_each(Wire::forget);
    }

    /// Both ends hear that the connections are gone; some packets still got through.
    pub(crate) fn reset(&mut self, node: usize) {
        let keep = self.rng.index(4);
        let ids: Vec<usize> = self
            .wires
            .iter()
            .filter(|(_, w)| w.node == node)
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            self.wire(id).truncate(keep);
            self.send(id, Direction::Up, Packet::Fin);
            self.send(id, Direction::Down, Packet::Fin);
        }
    }

    pub(crate) fn freeze(&mut self, node: usize) {
        self.frozen[node] = true;
        let span = Millis(self.rng.between(100, 70_000));
        self.schedule(span, Happening::Thaw(node));
    }

    pub(crate) fn reload(&mut self, node: usize) {
        self.drop_wires(node);
        self.frozen[node] = false;
        self.away[node] = false;
        let seed = self.rng.next();
        self.nodes[node].reload(seed, self.now);
        let is_looking = self.visitor_of[node].is_none() || self.rng.chance(50);
        self.nodes[node].look(is_looking, self.now);
        self.settle(node);
    }

    pub(crate) fn put_aside(&mut self, node: usize) {
        self.away[node] = true;
        self.nodes[node].pause(self.now);
        self.settle(node);
        let span = Millis(self.rng.between(100, 30_000));
        self.schedule(span, Happening::Return(node));
    }

    pub(crate) fn look(&mut self, node: usize, is_looking: bool) {
        if !self.frozen[node] {
            self.nodes[node].look(is_looking, self.now);
            self.settle(node);
        }
    }

    pub(crate) fn is_visitor(&self, node: usize) -> bool {
        self.visitor_of[node].is_some()
    }

    /// The server dies. A process is survived by its machine, which resets the connections; a machine
    /// leaves them hanging.
    pub(crate) fn crash(&mut self, is_process: bool) {
        self.server.crash();
        self.is_up = false;
        self.is_commit_due = false;
        self.happenings
            .retain(|Reverse((_, _, what))| *what != Happening::Commit);
        let open: Vec<usize> = self
            .wires
            .iter()
            .filter(|(_, wire)| wire.server_open)
            .map(|(id, _)| *id)
            .collect();
        for id in open {
            self.wire(id).server_open = false;
            if is_process {
                self.send(id, Direction::Down, Packet::Fin);
            } else {
                self.wire(id).forget();
            }
        }
        let span = Millis(self.rng.between(RESTART.0, RESTART.1));
        self.schedule(span, Happening::Restart);
    }

    pub(super) fn heal(&mut self, node: usize) {
        self.paths[node].up_stalled = false;
        self.paths[node].down_stalled = false;
        self.release(node);
        if self.rng.chance(30) && !self.frozen[node] {
            self.nodes[node].hint(self.now);
            self.settle(node);
        }
    }

    pub(super) fn thaw(&mut self, node: usize) {
        if std::mem::take(&mut self.frozen[node]) {
            self.release(node);
            self.nodes[node].hint(self.now);
            self.nodes[node].timeout(self.now);
            self.settle(node);
        }
    }

    pub(super) fn heal_all(&mut self) {
        self.is_storm = false;
        self.is_up = true;
        for node in 0..self.nodes.len() {
            self.heal(node);
            self.thaw(node);
            if std::mem::take(&mut self.away[node]) {
                self.nodes[node].resume(self.now);
                self.settle(node);
            }
        }
    }

    /// What was held arrives now, all at once and in order.
    fn release(&mut self, node: usize) {
        let ids: Vec<usize> = self
            .wires
            .iter()
            .filter(|(_, w)| w.node == node)
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            for (direction, up) in [(Direction::Up, true), (Direction::Down, false)] {
                for _ in 0..self.wires[&id].in_flight(direction) {
                    self.schedule(Millis(self.paths[node].delay.1), Happening::Arrive(id, up));
                }
            }
        }
    }

    fn drop_wires(&mut self, node: usize) {
        let lines: Vec<(usize, LineId)> = self
            .by_line
            .keys()
            .filter(|(owner, _)| *owner == node)
            .copied()
            .collect();
        for key in lines {
            if let Some(id) = self.by_line.remove(&key) {
                self.wire(id).client_open = false;
                self.send(id, Direction::Up, Packet::Fin);
            }
        }
    }
}
