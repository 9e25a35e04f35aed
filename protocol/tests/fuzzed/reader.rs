//! The server's half of a connection under arbitrary calls.

use arbitrary::{Arbitrary, Unstructured};
use holdfast_protocol::frame::{Beat, Heartbeat, Pace, Resume};
use holdfast_protocol::id::Epoch;
use holdfast_protocol::limits;
use holdfast_protocol::reader::{Bounds, Due, Reader, agent_start, visitor_start};
use holdfast_protocol::time::Millis;

/// More calls than this find nothing that fewer do not.
const CALLS: usize = 500;

#[derive(Debug, Arbitrary)]
struct Opening {
    strict: (u32, u32),
    calm: (u32, u32),
    now: u32,
}

#[derive(Debug, Arbitrary)]
enum Call {
    Wait(u16),
    WaitUntilDue,
    JumpBack(u16),
    Heard,
    Welcomed(Start),
    Pace(bool),
    Grown(Number),
    ReadOn(u8),
}

/// What a hello says, and what the log holds.
#[derive(Debug, Arbitrary)]
struct Start {
    is_agent: bool,
    is_strict: bool,
    after: Option<Number>,
    is_other_epoch: bool,
    last: Number,
    kept: Number,
}

/// Small, huge or anything between.
#[derive(Clone, Copy, Debug, Arbitrary)]
enum Number {
    Small(u16),
    BelowMax(u8),
    Any(u64),
}

impl Number {
    fn value(self) -> u64 {
        match self {
            Self::Small(value) => value.into(),
            Self::BelowMax(below) => u64::MAX - u64::from(below),
            Self::Any(value) => value,
        }
    }
}

/// The reader, and what must be true of it whatever was called.
struct Bench {
    reader: Reader,
    now: Millis,
    opened: Millis,
    beats: u64,
    last: Option<u64>,
}

pub(crate) fn run(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let Ok(opening) = Opening::arbitrary(&mut input) else {
        return;
    };
    let now = Millis(opening.now.into());
    let heartbeat = Heartbeat {
        strict: beat(opening.strict),
        calm: beat(opening.calm),
    };
    let mut bench = Bench {
        reader: Reader::new(heartbeat, now),
        now,
        opened: now,
        beats: 0,
        last: None,
    };
    for _ in 0..CALLS {
        if input.is_empty() {
            break;
        }
        let Ok(call) = Call::arbitrary(&mut input) else {
            break;
        };
        bench.call(call);
        bench.check_due();
        bench.check_read();
    }
}

/// As the server's configuration admits it: beats take time, and death comes after one.
fn beat((every, dead): (u32, u32)) -> Beat {
    let every_ms = Millis(u64::from(every).max(1));
    Beat {
        every_ms,
        dead_ms: every_ms + Millis(u64::from(dead).max(1)),
    }
}

fn pace(is_strict: bool) -> Pace {
    if is_strict { Pace::Strict } else { Pace::Calm }
}

impl Bench {
    fn call(&mut self, call: Call) {
        match call {
            Call::Wait(span) => self.now = self.now + Millis(span.into()),
            Call::WaitUntilDue => self.now = self.now.max(self.reader.poll_timeout()),
            Call::JumpBack(span) => self.now = self.now - Millis(span.into()),
            Call::Heard => self.reader.handle_heard(self.now),
            Call::Welcomed(start) => self.welcome(&start),
            Call::Pace(is_strict) => self.reader.set_pace(pace(is_strict), self.now),
            Call::Grown(last) => {
                self.reader.handle_grown(last.value());
                self.last = self.last.map(|known| known.max(last.value()));
            }
            Call::ReadOn(events) => {
                if let Some(read) = self.reader.poll_read() {
                    let chunk = u64::from(events) % limits::CHUNK_EVENTS as u64 + 1;
                    self.reader
                        .handle_sent(read.last.min(read.after.saturating_add(chunk)));
                    assert!(self.reader.sent() > read.after, "a chunk is progress");
                }
            }
        }
    }

    fn welcome(&mut self, start: &Start) {
        let last = start.last.value();
        let bounds = Bounds {
            epoch: Epoch(1),
            first: last.saturating_sub(start.kept.value()).saturating_add(1),
            last,
        };
        let resume = start.after.map(|after| Resume {
            epoch: Epoch(1 + u64::from(start.is_other_epoch)),
            after: after.value(),
        });
        let after = if start.is_agent {
            agent_begins(resume, bounds)
        } else {
            visitor_begins(resume, bounds)
        };
        self.reader
            .handle_welcomed(after, last, pace(start.is_strict), self.now);
        self.last = Some(last);
        assert_eq!(self.reader.sent(), after);
    }

    /// Says something exactly when it announced to, and comes to an end.
    fn check_due(&mut self) {
        if !self.reader.is_welcomed() {
            let deadline = self.opened + limits::HANDSHAKE;
            assert_eq!(
                self.reader.poll_timeout(),
                deadline,
                "an open port is no parking place"
            );
        }
        while self.reader.poll_timeout() <= self.now {
            match self.reader.poll(self.now) {
                Some(Due::Beat(n)) => {
                    self.beats += 1;
                    assert_eq!(n, self.beats, "beats are counted");
                }
                // The shell closes the connection now; whoever calls on meets no panic.
                Some(Due::Late) => {
                    assert!(!self.reader.is_welcomed());
                    return;
                }
                Some(Due::Dead) => {
                    assert!(self.reader.is_welcomed());
                    return;
                }
                None => panic!("it announced something and has nothing to say"),
            }
        }
        assert_eq!(self.reader.poll(self.now), None, "before its time");
    }

    fn check_read(&self) {
        let Some(last) = self.last else {
            assert_eq!((self.reader.poll_read(), self.reader.sent()), (None, 0));
            return;
        };
        let sent = self.reader.sent();
        match self.reader.poll_read() {
            Some(read) => assert!((read.after, read.last) == (sent, last) && sent < last),
            None => assert!(sent >= last, "something is there and is not read"),
        }
    }
}

fn visitor_begins(resume: Option<Resume>, bounds: Bounds) -> u64 {
    let after = visitor_start(resume, bounds);
    assert!(after <= bounds.last, "beyond the log's end");
    assert!(
        after >= bounds.first.saturating_sub(1),
        "before what is kept"
    );
    assert!(bounds.last - after <= limits::VISITOR_RESUME_EVENTS);
    let is_continued = resume.is_some_and(|resume| resume.after == after);
    assert!(is_continued || bounds.last - after <= limits::TAIL_EVENTS);
    after
}

fn agent_begins(resume: Option<Resume>, bounds: Bounds) -> u64 {
    let Some(after) = agent_start(resume, bounds) else {
        return bounds.last;
    };
    assert_eq!(
        resume,
        Some(Resume {
            epoch: bounds.epoch,
            after
        })
    );
    assert!(after <= bounds.last && after >= bounds.first.saturating_sub(1));
    assert!(bounds.last - after <= limits::AGENT_RESUME_EVENTS);
    after
}
