//! One line: an ordered pipe in each direction, whose ends learn of a cut one after the other.

use std::collections::VecDeque;
use std::sync::Arc;

use holdfast_protocol::client::LineId;

use super::server::Conn;

/// Names a line: whose it is, how often that client was loaded before, and the client's own number.
pub(crate) type Key = (usize, usize, LineId);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Packet {
    Text(Arc<str>),
    /// An orderly end, or a reset.
    Fin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// One direction of a line.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub(crate) struct Pipe {
    pub packets: VecDeque<Packet>,
    /// Whatever is sent from now on vanishes, and nobody is told.
    pub is_dead: bool,
}

impl Pipe {
    pub(crate) fn send(&mut self, packet: Packet) {
        if !self.is_dead {
            self.packets.push_back(packet);
        }
    }

    /// Only the first `keep` of what is in flight still arrive, and `end` after them.
    pub(crate) fn cut(&mut self, keep: usize, end: Option<Packet>) {
        self.packets.truncate(keep);
        self.packets.extend(end);
        self.is_dead = true;
    }
}

#[derive(Clone, Debug, PartialEq, Hash)]
pub(crate) struct Wire {
    pub key: Key,
    pub is_dialling: bool,
    /// Whether the client still listens.
    pub client_open: bool,
    pub conn: Option<Conn>,
    pub up: Pipe,
    pub down: Pipe,
}

impl Wire {
    pub(crate) fn new(key: Key) -> Self {
        Self {
            key,
            is_dialling: true,
            client_open: true,
            conn: None,
            up: Pipe::default(),
            down: Pipe::default(),
        }
    }

    pub(crate) fn node(&self) -> usize {
        self.key.0
    }

    /// Whether both ends hear each other.
    pub(crate) fn is_whole(&self) -> bool {
        self.client_open && self.conn.is_some() && !self.up.is_dead && !self.down.is_dead
    }

    /// Whether anything goes on here by itself.
    pub(crate) fn is_busy(&self) -> bool {
        let wants_to_read = |conn: &Conn| conn.reader.poll_read().is_some();
        self.can_open()
            || !self.up.packets.is_empty()
            || !self.down.packets.is_empty()
            || (!self.down.is_dead && self.conn.as_ref().is_some_and(wants_to_read))
    }

    pub(crate) fn can_open(&self) -> bool {
        self.is_dialling && !self.up.is_dead && !self.down.is_dead
    }

    /// The client hangs up; `keep` of what it has sent still arrives.
    pub(crate) fn hang_up(&mut self, keep: usize) {
        self.client_open = false;
        self.down.cut(0, None);
        if !self.up.is_dead {
            self.up.cut(keep, Some(Packet::Fin));
        }
    }

    /// The server hangs up; `keep` of what it has sent still arrives.
    pub(crate) fn drop_conn(&mut self, keep: usize) {
        self.conn = None;
        self.up.cut(0, None);
        if !self.down.is_dead {
            self.down.cut(keep, Some(Packet::Fin));
        }
    }

    /// Whether nothing that happens here can be told from nothing.
    pub(crate) fn is_over(&self) -> bool {
        let is_unheard = self.up.is_dead && self.up.packets.is_empty();
        !self.client_open && (self.conn.is_none() || is_unheard)
    }
}
