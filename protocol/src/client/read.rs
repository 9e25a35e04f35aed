//! What each frame from the server changes.

use super::audience::{Audience, Inbound, Start};
use super::{Client, ClientEvent, Failure, LineId, Output, Trouble};
use crate::frame::{GoingAway, Refusal, RefusalCode, Resume};
use crate::time::Millis;

impl<A: Audience> Client<A> {
    pub(super) fn read_attempt(&mut self, line: LineId, inbound: Inbound<A>, now: Millis) {
        match inbound {
            Inbound::Welcome(start, welcome) => self.read_welcome(line, start, welcome, now),
            Inbound::Refused(refusal) => self.read_refusal(line, refusal, now),
            Inbound::GoingAway(going) => self.read_going_away(line, going, now),
            Inbound::Events(_)
            | Inbound::Snapshot { .. }
            | Inbound::Rejected(_)
            | Inbound::Ping(_)
            | Inbound::Pong(_)
            | Inbound::News(_) => self.handle_violation(line, now),
        }
    }

    pub(super) fn read_current(&mut self, line: LineId, inbound: Inbound<A>, now: Millis) {
        match inbound {
            Inbound::Welcome(..) => self.handle_violation(line, now),
            Inbound::Refused(refusal) => self.read_refusal(line, refusal, now),
            Inbound::Events(events) => self.read_events(line, events, now),
            Inbound::Snapshot { part, last } => {
                self.events.push(ClientEvent::News(part));
                if last && let Some(cursor) = self.snapshot.take() {
                    self.saved.cursor = Some(cursor);
                    self.is_dirty = true;
                }
            }
            Inbound::Rejected(rejected) => {
                self.in_flight.retain(|(id, _)| *id != rejected.id);
                let entry = self
                    .saved
                    .outbox
                    .iter_mut()
                    .find(|entry| entry.id == rejected.id);
                if let Some(entry) = entry {
                    entry.failed = Some(Failure {
                        code: rejected.code,
                        message: rejected.message,
                    });
                    self.is_dirty = true;
                    self.events.push(ClientEvent::Rejected(rejected.id));
                }
            }
            Inbound::Ping(n) => self.actions.push(Output::Transmit(line, A::pong(n))),
            Inbound::Pong(n) => {
                let mut out = Vec::new();
                self.lines.ponged(line, n, now, &mut out);
                self.perform(out);
            }
            Inbound::GoingAway(going) => self.read_going_away(line, going, now),
            Inbound::News(news) => self.events.push(ClientEvent::News(news)),
        }
    }

    fn read_welcome(&mut self, line: LineId, start: Start, welcome: A::Welcome, now: Millis) {
        let mut out = Vec::new();
        self.lines.welcomed(line, start.heartbeat, now, &mut out);
        self.perform(out);
        self.in_flight.clear();
        self.trouble = None;
        A::adopt(&mut self.greeting, &welcome);
        let cursor = Resume {
            epoch: start.epoch,
            after: start.after,
        };
        // A doubtful line may have moved the cursor on since this one asked: what it brought stays.
        let restart =
            start.snapshot || self.saved.cursor.is_none() || !self.asked.contains(&(line, cursor));
        self.snapshot = None;
        if restart {
            self.snapshot = start.snapshot.then_some(cursor);
            self.saved.cursor = (!start.snapshot).then_some(cursor);
            self.is_dirty = true;
        }
        self.events.push(ClientEvent::Welcomed { welcome, restart });
        // The shell's pace may have changed between this line's hello and its welcome.
        if let Some(frame) = A::pace(self.lines.pace()) {
            self.send_lossy(frame);
        }
        for frame in std::mem::take(&mut self.held) {
            self.send_lossy(frame);
        }
    }

    fn read_events(&mut self, line: LineId, events: Vec<A::Event>, now: Millis) {
        let Some(mut cursor) = self.saved.cursor else {
            return self.handle_violation(line, now);
        };
        let mut fresh = Vec::new();
        let mut acked = Vec::new();
        let mut has_gap = false;
        for event in events {
            let number = A::number(&event);
            let is_next = number.checked_sub(1) == Some(cursor.after);
            if number > cursor.after && !is_next {
                has_gap = true;
                break;
            }
            let id = A::id(&event);
            if A::is_own(&self.greeting, &event) && self.saved.take(id).is_some() {
                self.in_flight.retain(|(sent, _)| *sent != id);
                acked.push(id);
            }
            if is_next {
                cursor.after = number;
                fresh.push(event);
            }
        }
        self.saved.cursor = Some(cursor);
        if !fresh.is_empty() || !acked.is_empty() {
            self.is_dirty = true;
            self.events.push(ClientEvent::Events {
                events: fresh,
                acked,
            });
        }
        if has_gap {
            self.handle_violation(line, now);
        }
    }

    fn read_refusal(&mut self, line: LineId, refusal: Refusal, now: Millis) {
        self.close_line(line, now);
        if A::mend(&mut self.greeting, refusal.code) {
            self.saved.cursor = None;
            self.is_dirty = true;
            return;
        }
        // A slow line is no reason to be unwelcome: it is given up as one that was cut.
        if refusal.code == RefusalCode::TooLate {
            return;
        }
        self.lines.refused(now);
        self.trouble = Some(Trouble::Refused(refusal));
    }

    fn read_going_away(&mut self, line: LineId, going: GoingAway, now: Millis) {
        self.close_line(line, now);
        self.lines.hold(going.retry_after_ms, now);
        self.trouble = Some(Trouble::GoingAway(going));
    }

    /// The other end breaks the rules: whatever it is, a new line by the cursor is the remedy.
    pub(super) fn handle_violation(&mut self, line: LineId, now: Millis) {
        self.close_line(line, now);
        self.settle(now);
    }
}
