//! The server's half of one connection: the cursor, what to read next, when the peer is dead.
//!
//! [`Reader`] knows neither sockets nor the log. Its shell tells it what was heard and how far the
//! log has grown, asks [`Reader::poll_read`] what to fetch and [`Reader::poll`] what is due.

use crate::frame::{Heartbeat, Pace, Resume};
use crate::id::Epoch;
use crate::limits;
use crate::time::Millis;

/// Beats come a little sooner than they need to, at multiples of this part of the time between them (100 ms on a calm line),
/// so that a server is woken once for those of many lines.
const BEAT_STEPS: u64 = 250;

/// What a log holds at the moment of a welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The log's life.
    pub epoch: Epoch,
    /// The smallest number that is still kept; `last + 1` where nothing is.
    pub first: u64,
    /// The newest number; 0 where there is none yet.
    pub last: u64,
}

/// Where a visitor's tab reads on, given what its hello said: after its own cursor if that means
/// something in this log and is not too far behind, otherwise the tail.
#[must_use]
pub fn visitor_start(resume: Option<Resume>, bounds: Bounds) -> u64 {
    let tail = bounds
        .last
        .saturating_sub(limits::TAIL_EVENTS)
        .max(bounds.first.saturating_sub(1));
    continued(resume, bounds, limits::VISITOR_RESUME_EVENTS).unwrap_or(tail.min(bounds.last))
}

/// Where an agent's client reads on, if it can; otherwise it needs a snapshot and reads on after
/// `bounds.last`.
#[must_use]
pub fn agent_start(resume: Option<Resume>, bounds: Bounds) -> Option<u64> {
    continued(resume, bounds, limits::AGENT_RESUME_EVENTS)
}

fn continued(resume: Option<Resume>, bounds: Bounds, span: u64) -> Option<u64> {
    let Resume { epoch, after } = resume?;
    let is_kept = epoch == bounds.epoch
        && after <= bounds.last
        && after >= bounds.first.saturating_sub(1)
        && bounds.last - after <= span;
    is_kept.then_some(after)
}

/// What is due on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Say `ping` with this number.
    Beat(u64),
    /// The handshake took too long: close.
    Late,
    /// Nothing was heard for too long: close.
    Dead,
}

/// A piece of the log to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// Events after this number.
    pub after: u64,
    /// The newest number that is known to be there.
    pub last: u64,
}

/// The server's half of one connection. See the module's documentation.
#[derive(Clone, Debug)]
pub struct Reader {
    heartbeat: Heartbeat,
    pace: Pace,
    heard: Millis,
    next_beat: Millis,
    beats: u64,
    /// Nothing before the handshake is done.
    position: Option<Position>,
}

#[derive(Clone, Debug)]
struct Position {
    /// The last number that was sent.
    sent: u64,
    /// The newest number that is known to be in the log.
    last: u64,
}

impl Reader {
    /// A connection that was just opened.
    #[must_use]
    pub fn new(heartbeat: Heartbeat, now: Millis) -> Self {
        Self {
            heartbeat,
            pace: Pace::Calm,
            heard: now,
            next_beat: now + limits::HANDSHAKE,
            beats: 0,
            position: None,
        }
    }

    /// Whether the handshake is done.
    #[must_use]
    pub fn is_welcomed(&self) -> bool {
        self.position.is_some()
    }

    /// The last number that was sent, 0 before the handshake.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.position.as_ref().map_or(0, |position| position.sent)
    }

    /// Anything came from the peer, be it a transport's pong.
    pub fn handle_heard(&mut self, now: Millis) {
        self.heard = now;
    }

    /// The handshake is done: reading begins after `after`, the log ends at `last`.
    pub fn handle_welcomed(&mut self, after: u64, last: u64, pace: Pace, now: Millis) {
        self.position = Some(Position { sent: after, last });
        self.set_pace(pace, now);
    }

    /// The peer wants to be watched otherwise.
    pub fn set_pace(&mut self, pace: Pace, now: Millis) {
        self.pace = pace;
        self.heard = now;
        // Before the handshake this is its deadline, which nothing puts off.
        if self.is_welcomed() {
            self.next_beat = self.beat_after(now);
        }
    }

    /// The log ends at `last` now. Late or repeated news does no harm.
    pub fn handle_grown(&mut self, last: u64) {
        if let Some(position) = &mut self.position {
            position.last = position.last.max(last);
        }
    }

    /// What is to be read next, if anything. The shell reads at most
    /// [`limits::CHUNK_EVENTS`] and [`limits::CHUNK_BYTES`] of it, sends them, and reports
    /// [`Reader::handle_sent`] before it asks again: so there is never more than a chunk in memory.
    #[must_use]
    pub fn poll_read(&self) -> Option<Read> {
        let position = self.position.as_ref()?;
        let read = Read {
            after: position.sent,
            last: position.last,
        };
        (read.after < read.last).then_some(read)
    }

    /// Everything up to `number` was sent.
    pub fn handle_sent(&mut self, number: u64) {
        if let Some(position) = &mut self.position {
            position.sent = position.sent.max(number);
        }
    }

    /// What is due now; to be asked until it says nothing.
    pub fn poll(&mut self, now: Millis) -> Option<Due> {
        if !self.is_welcomed() {
            return (self.next_beat <= now).then_some(Due::Late);
        }
        let beat = self.heartbeat.of(self.pace);
        if self.heard + beat.dead_ms <= now {
            return Some(Due::Dead);
        }
        if self.next_beat <= now {
            self.next_beat = self.beat_after(now);
            self.beats += 1;
            return Some(Due::Beat(self.beats));
        }
        None
    }

    /// When [`Reader::poll`] has something to say, unless something is heard before.
    #[must_use]
    pub fn poll_timeout(&self) -> Millis {
        if !self.is_welcomed() {
            return self.next_beat;
        }
        self.next_beat
            .min(self.heard + self.heartbeat.of(self.pace).dead_ms)
    }

    fn beat_after(&self, now: Millis) -> Millis {
        let every = self.heartbeat.of(self.pace).every_ms;
        let due = now + every;
        Millis(due.0 - due.0 % (every.0 / BEAT_STEPS).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_were_welcomed_one_after_the_other_beat_together_and_none_too_late() {
        let heartbeat = Heartbeat::default();
        for (pace, step) in [(Pace::Calm, 100), (Pace::Strict, 12)] {
            let every = heartbeat.of(pace).every_ms;
            for now in (0..2 * step).map(Millis) {
                let mut reader = Reader::new(heartbeat, Millis(0));
                reader.handle_welcomed(0, 0, pace, now);
                for last in [now, now + every] {
                    reader.handle_heard(last);
                    let due = reader.poll_timeout();
                    assert_eq!(due.0 % step, 0);
                    assert!(due <= last + every && due + Millis(step) > last + every);
                    assert_eq!(reader.poll(due - Millis(1)), None);
                    assert!(matches!(reader.poll(due), Some(Due::Beat(_))));
                }
            }
        }
    }
}
