//! The clocks and the randomness that the pure parts get as arguments.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use holdfast_protocol::id::EventId;
use holdfast_protocol::time::Millis;

/// A clock that never runs backwards, and what it says beside the wall clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    start_unix: Millis,
}

/// The wall clock may be set while the program runs; a jump beyond this means that the machine slept.
const SLEPT: Millis = Millis(5_000);

impl Clock {
    /// A clock that begins now.
    #[must_use]
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
            start_unix: unix_now(),
        }
    }

    /// Milliseconds since the start.
    #[must_use]
    pub fn now(&self) -> Millis {
        Millis(millis(self.start.elapsed()))
    }

    /// The moment `at` of this clock, for a timer.
    #[must_use]
    pub fn instant(&self, at: Millis) -> Instant {
        self.start + Duration::from_millis(at.0)
    }

    /// Whether the wall clock ran ahead since the last call, as it does while a laptop sleeps.
    pub fn has_slept(&mut self) -> bool {
        let unix = unix_now();
        let expected = self.start_unix + self.now();
        let slept = unix.since(expected) > SLEPT;
        if slept || expected > unix {
            self.start_unix = unix - self.now();
        }
        slept
    }
}

/// Milliseconds since the Unix epoch.
#[must_use]
pub fn unix_now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Millis(since.map_or(0, millis))
}

/// A new name for a message or command.
///
/// # Errors
/// When the system gives no randomness.
pub fn new_id() -> Result<EventId, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(EventId::new(unix_now(), u128::from_le_bytes(bytes)))
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
