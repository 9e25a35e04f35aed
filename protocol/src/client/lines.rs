//! When to dial, whom to trust, when to give up: the client's lines, whatever is said over them.

use super::jitter::Jitter;
use crate::frame::{Heartbeat, Pace};
use crate::limits;
use crate::time::Millis;

/// Names one line, from its dialling on. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId(pub u64);

/// What the shell is to do with lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineAction {
    Dial(LineId),
    Close(LineId),
    Probe(LineId, u64),
}

/// The welcomed line and the attempts at another.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    current: Option<Current>,
    attempts: Vec<Attempt>,
    next_line: u64,
    /// The newest line on which the greeting was said.
    greeted: LineId,
    next_probe: u64,
    /// Attempts since the last line that proved stable: the exponent of the backoff.
    tries: u32,
    last_dial: Option<Millis>,
    /// When it was last said, or known from the start, that the line may be there.
    last_hint: Millis,
    hold_until: Option<Millis>,
    is_running: bool,
    is_refused: bool,
    is_eager: bool,
    pace: Pace,
    heartbeat: Heartbeat,
    jitter: Jitter,
}

#[derive(Clone, Debug)]
struct Attempt {
    line: LineId,
    dialled: Millis,
}

#[derive(Clone, Debug)]
struct Current {
    line: LineId,
    welcomed: Millis,
    heard: Millis,
    /// When the other end last proved that both directions work.
    trusted: Millis,
    probe: Option<Probe>,
    is_doubtful: bool,
}

#[derive(Clone, Debug)]
struct Probe {
    n: u64,
    /// When the line is in doubt without an answer.
    due: Millis,
}

impl Lines {
    pub(super) fn new(seed: u64, now: Millis) -> Self {
        Self {
            current: None,
            attempts: Vec::new(),
            next_line: 1,
            greeted: LineId(0),
            next_probe: 1,
            tries: 0,
            last_dial: None,
            last_hint: now,
            hold_until: None,
            is_running: true,
            is_refused: false,
            is_eager: false,
            pace: Pace::Calm,
            heartbeat: Heartbeat::default(),
            jitter: Jitter::new(seed),
        }
    }

    pub(super) fn current(&self) -> Option<LineId> {
        self.current.as_ref().map(|current| current.line)
    }

    pub(super) fn is_current(&self, line: LineId) -> bool {
        self.current() == Some(line)
    }

    pub(super) fn is_attempt(&self, line: LineId) -> bool {
        self.attempts.iter().any(|attempt| attempt.line == line)
    }

    /// The greeting was said on this line.
    pub(super) fn greeted(&mut self, line: LineId) {
        if line > self.greeted {
            self.greeted = line;
        }
    }

    /// The greeting is another one from now on, which nobody has refused yet. Returns whether the only line is still being opened,
    /// so that it will be said there.
    pub(super) fn regreet(&mut self) -> bool {
        self.is_refused = false;
        matches!(&*self.attempts, [attempt] if attempt.line > self.greeted)
            && self.current.is_none()
    }

    pub(super) fn is_running(&self) -> bool {
        self.is_running
    }

    pub(super) fn is_doubtful(&self) -> bool {
        self.current
            .as_ref()
            .is_some_and(|current| current.is_doubtful)
    }

    /// Whether an attempt has failed or been joined by another since the last welcome.
    pub(super) fn has_failed(&self) -> bool {
        self.tries > 1 || (self.tries == 1 && self.attempts.is_empty())
    }

    pub(super) fn pace(&self) -> Pace {
        self.pace
    }

    pub(super) fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    pub(super) fn set_eager(&mut self, is_eager: bool) {
        self.is_eager = is_eager;
    }

    /// The server took this line in: every other one is closed.
    pub(super) fn welcomed(
        &mut self,
        line: LineId,
        heartbeat: Heartbeat,
        now: Millis,
        out: &mut Vec<LineAction>,
    ) {
        if let Some(old) = self.current.take() {
            out.push(LineAction::Close(old.line));
        }
        self.close_attempts(Some(line), out);
        self.heartbeat = heartbeat;
        self.is_refused = false;
        self.hold_until = None;
        self.current = Some(Current {
            line,
            welcomed: now,
            heard: now,
            trusted: now,
            probe: None,
            is_doubtful: false,
        });
    }

    pub(super) fn heard(&mut self, line: LineId, now: Millis) {
        if let Some(current) = self.current.as_mut().filter(|current| current.line == line) {
            current.heard = now;
        }
    }

    /// An answer to a probe proves both directions; a late one saves a line that was given up too soon.
    pub(super) fn ponged(&mut self, line: LineId, n: u64, now: Millis, out: &mut Vec<LineAction>) {
        let Some(current) = self.current.as_mut().filter(|current| current.line == line) else {
            return;
        };
        if current.probe.as_ref().is_some_and(|probe| n >= probe.n) {
            current.probe = None;
            current.is_doubtful = false;
            current.trusted = now;
            self.close_attempts(None, out);
        }
    }

    /// The line is gone. Returns whether it was the welcomed one.
    pub(super) fn closed(&mut self, line: LineId, now: Millis) -> bool {
        self.attempts.retain(|attempt| attempt.line != line);
        let Some(current) = self.current.take_if(|current| current.line == line) else {
            return false;
        };
        if now.since(current.welcomed) >= limits::STABLE {
            self.tries = 0;
        }
        // The next attempt waits for a short random span, so that the visitors of a server that went
        // away do not all come back in the same millisecond.
        self.tries += 1;
        self.last_dial = Some(now);
        true
    }

    /// The server refuses this client; only its owner can mend that, so attempts become rare.
    pub(super) fn refused(&mut self, now: Millis) {
        self.is_refused = true;
        self.last_dial = Some(now);
    }

    /// No attempt before `span` is over.
    pub(super) fn hold(&mut self, span: Millis, now: Millis) {
        let span = span.min(limits::CALM_PAUSE);
        self.hold_until = Some(now + span + self.jitter.part_of(span));
    }

    /// Something suggests that the line may be there again, or gone: look at once.
    pub(super) fn hint(&mut self, now: Millis, out: &mut Vec<LineAction>) {
        self.probe(now + limits::HINT_WAIT, out);
        self.hold_until = None;
        self.is_refused = false;
        // An attempt from before the bunch may have gone into a line that was dead, however young it is.
        if self.attempts.is_empty() || now.since(self.last_hint) >= limits::HINT_PAUSE {
            self.tries = 0;
            self.last_dial = None;
            self.last_hint = now;
        }
    }

    pub(super) fn pause(&mut self, out: &mut Vec<LineAction>) {
        self.is_running = false;
        self.close_all(out);
    }

    pub(super) fn resume(&mut self, now: Millis) {
        self.is_running = true;
        self.is_refused = false;
        self.hold_until = None;
        self.tries = 0;
        self.last_dial = None;
        self.last_hint = now;
    }

    pub(super) fn close_all(&mut self, out: &mut Vec<LineAction>) {
        if let Some(current) = self.current.take() {
            out.push(LineAction::Close(current.line));
        }
        self.close_attempts(None, out);
    }

    /// Does what is due. `unread` is when the oldest command without its event was sent on the
    /// welcomed line.
    pub(super) fn tick(&mut self, now: Millis, unread: Option<Millis>, out: &mut Vec<LineAction>) {
        self.expire_attempts(now, out);
        if self.suspicion_due(unread).is_some_and(|due| due <= now) {
            self.probe(now + limits::PROBE_WAIT, out);
        }
        if let Some(current) = &mut self.current
            && current.probe.as_ref().is_some_and(|p| p.due <= now)
            && !current.is_doubtful
        {
            current.is_doubtful = true;
            self.tries = 0;
            self.last_dial = None;
        }
        if self.death_due().is_some_and(|due| due <= now)
            && let Some(line) = self.current()
        {
            let last_dial = self.last_dial;
            self.closed(line, now);
            // Attempts at another line are under way since it became doubtful; their rhythm goes on.
            self.last_dial = last_dial;
            out.push(LineAction::Close(line));
        }
        if self.dial_due(now).is_some_and(|due| due <= now) {
            self.dial(now, out);
        }
    }

    /// When [`Self::tick`] has something to do next.
    pub(super) fn due(&self, now: Millis, unread: Option<Millis>) -> Option<Millis> {
        let expiry = self
            .attempts
            .iter()
            .map(|a| a.dialled + limits::ATTEMPT_LIFE)
            .min();
        let doubt = self.current.as_ref().and_then(|current| {
            let probe = current.probe.as_ref()?;
            (!current.is_doubtful).then_some(probe.due)
        });
        [
            expiry,
            doubt,
            self.suspicion_due(unread),
            self.death_due(),
            self.dial_due(now),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn suspicion_due(&self, unread: Option<Millis>) -> Option<Millis> {
        let current = self.current.as_ref()?;
        if current.probe.is_some() {
            return None;
        }
        let every = self
            .heartbeat
            .of(self.pace)
            .every_ms
            .max(limits::SHORTEST_BEAT);
        let silence = current.heard.max(current.trusted) + every + Millis(every.0 / 2);
        let unread = unread.map(|sent| sent.max(current.trusted) + limits::ACK_WAIT);
        Some(unread.map_or(silence, |unread| unread.min(silence)))
    }

    /// Only a line that also failed a probe is given up: after a sleep the clock alone proves nothing.
    fn death_due(&self) -> Option<Millis> {
        let current = self
            .current
            .as_ref()
            .filter(|current| current.is_doubtful)?;
        Some(current.heard + self.heartbeat.of(self.pace).dead_ms)
    }

    fn dial_due(&self, now: Millis) -> Option<Millis> {
        let is_wanted = self
            .current
            .as_ref()
            .is_none_or(|current| current.is_doubtful);
        if !self.is_running || !is_wanted {
            return None;
        }
        let due = self
            .last_dial
            .map_or(now, |dialled| dialled + self.pause_before_next());
        Some(self.hold_until.map_or(due, |until| due.max(until)))
    }

    fn pause_before_next(&self) -> Millis {
        if self.is_refused {
            return limits::REFUSED_PAUSE;
        }
        let longest = if self.is_eager {
            limits::EAGER_PAUSE
        } else {
            limits::CALM_PAUSE
        };
        // Short pauses are for attempts that failed. One that is under way is joined later, since on a fair line
        // it is about to be welcomed.
        let (first, slack) = if self.attempts.is_empty() {
            (limits::FIRST_PAUSE, 2)
        } else {
            (limits::EAGER_PAUSE, limits::JOIN_SLACK)
        };
        let doubled = first.0 << self.tries.saturating_sub(1).min(10);
        let pause = doubled.min(longest.0);
        Millis(pause - pause / slack) + self.jitter.part_of(Millis(pause / slack))
    }

    fn dial(&mut self, now: Millis, out: &mut Vec<LineAction>) {
        if self.attempts.len() == limits::ATTEMPTS {
            out.push(LineAction::Close(self.attempts.remove(0).line));
        }
        let line = LineId(self.next_line);
        self.next_line += 1;
        self.tries = self.tries.saturating_add(1);
        self.last_dial = Some(now);
        self.jitter.turn();
        self.attempts.push(Attempt { line, dialled: now });
        out.push(LineAction::Dial(line));
    }

    /// Asks the welcomed line for an answer by `due`, or for the one that is awaited already by then.
    fn probe(&mut self, due: Millis, out: &mut Vec<LineAction>) {
        let Some(current) = self.current.as_mut() else {
            return;
        };
        if let Some(probe) = &mut current.probe {
            probe.due = probe.due.min(due);
            return;
        }
        let n = self.next_probe;
        self.next_probe += 1;
        current.probe = Some(Probe { n, due });
        out.push(LineAction::Probe(current.line, n));
    }

    fn expire_attempts(&mut self, now: Millis, out: &mut Vec<LineAction>) {
        // The oldest stands first.
        while let Some(oldest) = self.attempts.first()
            && now.since(oldest.dialled) >= limits::ATTEMPT_LIFE
        {
            out.push(LineAction::Close(self.attempts.remove(0).line));
        }
    }

    fn close_attempts(&mut self, except: Option<LineId>, out: &mut Vec<LineAction>) {
        for attempt in std::mem::take(&mut self.attempts) {
            if Some(attempt.line) != except {
                out.push(LineAction::Close(attempt.line));
            }
        }
    }
}
