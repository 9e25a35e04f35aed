//! The network: ordered pipes that delay, stall, swallow and break.

use std::collections::VecDeque;

use holdfast_protocol::client::LineId;
use holdfast_protocol::time::Millis;

use super::rng::Rng;

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
    Text(String),
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
    /// A middlebox has forgotten the connection: whatever is sent vanishes, nobody is told.
    pub is_forgotten: bool,
    pub client_open: bool,
    pub server_open: bool,
    up: VecDeque<(Millis, Packet)>,
    down: VecDeque<(Millis, Packet)>,
}

impl Wire {
    pub(crate) fn new(node: usize, line: LineId) -> Self {
        Self {
            node,
            line,
            is_forgotten: false,
            client_open: true,
            server_open: false,
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

    fn queue(&mut self, direction: Direction) -> &mut VecDeque<(Millis, Packet)> {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }
}
