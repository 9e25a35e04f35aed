//! How packets travel between the clients and the server.

use holdfast_protocol::time::Millis;

use crate::net::{Direction, Packet};
use crate::world::{Happening, World};

/// A piece of an agent's connection at most: small, so that cuts fall into the middle of frames.
const PIECE: usize = 400;

impl World {
    /// Sends a client's frame, as its kind of wire carries it.
    pub(crate) fn send_text(&mut self, id: usize, text: String) {
        if self.wires.get(&id).is_none_or(|wire| !wire.is_agent) {
            self.send(id, Direction::Up, Packet::Text(text));
            return;
        }
        let mut bytes = text.into_bytes();
        bytes.push(b'\n');
        while !bytes.is_empty() {
            let piece = self.rng.between(1, PIECE as u64) as usize;
            let rest = bytes.split_off(piece.min(bytes.len()));
            self.send(id, Direction::Up, Packet::Bytes(bytes));
            bytes = rest;
        }
    }

    pub(crate) fn send(&mut self, id: usize, direction: Direction, packet: Packet) {
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

    /// The client closes its end of a wire.
    pub(crate) fn close_client(&mut self, id: usize) {
        if let Some(wire) = self.wires.get_mut(&id) {
            wire.client_open = false;
            self.send(id, Direction::Up, Packet::Fin);
        }
    }

    /// The server closes its end of a wire.
    pub(crate) fn hang_up(&mut self, id: usize) {
        if let Some(wire) = self.wires.get_mut(&id) {
            wire.server_open = false;
        }
        if let Some(server) = &mut self.server {
            server.hang_up(id);
        }
    }

    pub(crate) fn arrive(&mut self, id: usize, direction: Direction) {
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
            Direction::Up => self.arrive_up(id, packet),
            Direction::Down => self.arrive_down(id, node, packet),
        }
        if self.wires.get(&id).is_some_and(|wire| wire.is_over()) {
            self.wires.remove(&id);
        }
    }

    fn arrive_up(&mut self, id: usize, packet: Packet) {
        let Some(server) = &mut self.server else {
            // A machine without its server refuses; one without power is silent.
            if !self.is_dark {
                self.send(id, Direction::Down, Packet::Fin);
            }
            return;
        };
        let wire = self.wires.get_mut(&id);
        let Some(wire) = wire else {
            return;
        };
        match packet {
            Packet::Syn => {
                wire.server_open = true;
                server.accept(id, wire.is_agent);
                self.send(id, Direction::Down, Packet::Accept);
            }
            Packet::Text(_) | Packet::Bytes(_) | Packet::Pong if wire.server_open => {
                server.arrive(id, packet);
            }
            Packet::Text(_) | Packet::Bytes(_) | Packet::Pong => {
                self.send(id, Direction::Down, Packet::Fin);
            }
            Packet::Fin => {
                wire.server_open = false;
                server.hang_up(id);
            }
            Packet::Accept | Packet::Ping => unreachable!("only a server says so"),
        }
    }

    fn arrive_down(&mut self, id: usize, node: usize, packet: Packet) {
        if let Some(server) = &self.server
            && matches!(packet, Packet::Text(_) | Packet::Bytes(_) | Packet::Ping)
        {
            server.taken(id);
        }
        let wire = self.wire(id);
        let line = wire.line;
        if !wire.client_open {
            return;
        }
        match packet {
            Packet::Accept => self.nodes[node].opened(line, self.now),
            Packet::Text(text) => self.nodes[node].text(line, &text, self.now),
            Packet::Bytes(bytes) => {
                for text in wire.lines_with(&bytes) {
                    self.nodes[node].text(line, &text, self.now);
                }
            }
            Packet::Ping => {
                self.send(id, Direction::Up, Packet::Pong);
                return;
            }
            Packet::Fin => {
                wire.client_open = false;
                self.nodes[node].closed(line, self.now);
            }
            Packet::Syn | Packet::Pong => unreachable!("only a client says so"),
        }
        self.settle(node);
    }

    /// What was held arrives now, all at once and in order.
    pub(crate) fn release(&mut self, node: usize) {
        let ids: Vec<usize> = self.wires_of(node);
        for id in ids {
            for (direction, up) in [(Direction::Up, true), (Direction::Down, false)] {
                for _ in 0..self.wires[&id].in_flight(direction) {
                    let delay = Millis(self.paths[node].delay.1);
                    self.schedule(delay, Happening::Arrive(id, up));
                }
            }
        }
    }

    pub(crate) fn wires_of(&self, node: usize) -> Vec<usize> {
        let of_node = self.wires.iter().filter(|(_, wire)| wire.node == node);
        of_node.map(|(id, _)| *id).collect()
    }
}
