//! The network: ordered pipes that delay, stall, swallow and break.

use std::collections::VecDeque;

use holdfast_protocol::client::LineId;
use holdfast_protocol::time::Millis;

use crate::rng::Rng;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Packet {
    /// The client dials.
    Syn,
    /// The server answers the dialling.
    Accept,
    /// A frame of a visitor's connection.
    Text(String),
    /// A piece of an agent's connection; frames begin and end anywhere in it.
    Bytes(Vec<u8>),
    /// A WebSocket's own question whether the peer is there, which browsers answer without their pages.
    Ping,
    /// Its answer.
    Pong,
    /// An orderly end, or a reset.
    Fin,
}

/// How one client's way to the server is at the moment.
pub(crate) struct Path {
    pub up_stalled: bool,
    pub down_stalled: bool,
    pub delay: (u64, u64),
}

impl Path {
    pub(crate) fn is_stalled(&self, direction: Direction) -> bool {
        match direction {
            Direction::Up => self.up_stalled,
            Direction::Down => self.down_stalled,
        }
    }
}

/// One connection, seen from outside.
pub(crate) struct Wire {
    pub node: usize,
    pub line: LineId,
    /// It carries a stream of bytes, not texts.
    pub is_agent: bool,
    /// A middlebox has forgotten the connection: whatever is sent vanishes, nobody is told.
    pub is_forgotten: bool,
    pub client_open: bool,
    pub server_open: bool,
    /// What has arrived of an agent's line.
    half_line: Vec<u8>,
    up: VecDeque<(Millis, Packet)>,
    down: VecDeque<(Millis, Packet)>,
}

impl Wire {
    pub(crate) fn new(node: usize, line: LineId, is_agent: bool) -> Self {
        Self {
            node,
            line,
            is_agent,
            is_forgotten: false,
            client_open: true,
            server_open: false,
            half_line: Vec::new(),
            up: VecDeque::new(),
            down: VecDeque::new(),
        }
    }

    /// Puts a packet on its way; says when it is due.
    pub(crate) fn push(
        &mut self,
        direction: Direction,
        packet: Packet,
        path: &Path,
        now: Millis,
        rng: &mut Rng,
    ) -> Option<Millis> {
        if self.is_forgotten {
            return None;
        }
        let due = now + Millis(rng.between(path.delay.0, path.delay.1));
        let queue = self.queue(direction);
        // A pipe keeps its order: nothing overtakes what was sent before it.
        let due = queue.back().map_or(due, |(before, _)| due.max(*before));
        queue.push_back((due, packet));
        Some(due)
    }

    /// The next packet that has arrived.
    pub(crate) fn pop(&mut self, direction: Direction, now: Millis) -> Option<Packet> {
        let queue = self.queue(direction);
        if queue.front()?.0 > now {
            return None;
        }
        queue.pop_front().map(|(_, packet)| packet)
    }

    pub(crate) fn in_flight(&self, direction: Direction) -> usize {
        match direction {
            Direction::Up => self.up.len(),
            Direction::Down => self.down.len(),
        }
    }

    /// Loses what is in flight; both ends go on believing in the connection.
    pub(crate) fn forget(&mut self) {
        self.is_forgotten = true;
        self.up.clear();
        self.down.clear();
    }

    /// Loses what is in flight from the `keep`th packet on: a cut in the middle of a burst.
    pub(crate) fn truncate(&mut self, keep: usize) {
        self.up.truncate(keep);
        self.down.truncate(keep);
    }

    /// The lines that are whole with these bytes; the rest waits for more.
    pub(crate) fn lines_with(&mut self, bytes: &[u8]) -> Vec<String> {
        self.half_line.extend_from_slice(bytes);
        let mut lines = Vec::new();
        while let Some(end) = self.half_line.iter().position(|byte| *byte == b'\n') {
            let rest = self.half_line.split_off(end + 1);
            let mut line = std::mem::replace(&mut self.half_line, rest);
            line.pop();
            lines.push(String::from_utf8(line).unwrap());
        }
        lines
    }

    /// Whether nobody holds it and nothing is on it any more.
    pub(crate) fn is_over(&self) -> bool {
        !self.client_open && !self.server_open && self.up.is_empty() && self.down.is_empty()
    }

    fn queue(&mut self, direction: Direction) -> &mut VecDeque<(Millis, Packet)> {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }
}
