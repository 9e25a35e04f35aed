//! The two clocks of the shells: one that never runs backwards, and the wall's.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use holdfast_protocol::time::Millis;
use tokio::time::Instant;

/// A clock that counts from its making, and the wall's.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    wall: fn() -> Millis,
}

impl Clock {
    /// A clock that begins now.
    #[must_use]
    pub fn new(wall: fn() -> Millis) -> Self {
        Self {
            start: Instant::now(),
            wall,
        }
    }

    /// Milliseconds since the clock was made.
    #[must_use]
    pub fn now(&self) -> Millis {
        let span = self.start.elapsed().as_millis();
        Millis(u64::try_from(span).unwrap_or(u64::MAX))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn unix(&self) -> Millis {
        (self.wall)()
    }

    /// Returns at a moment of [`Clock::now`].
    pub async fn until(&self, moment: Millis) {
        tokio::time::sleep_until(self.instant(moment)).await;
    }

    /// A moment of [`Clock::now`] as the runtime's timers know it. Milliseconds are cut, so that a moment counts as
    /// reached only when it is.
    #[must_use]
    pub fn instant(&self, moment: Millis) -> Instant {
        self.start + Duration::from_millis(moment.0)
    }
}

/// The machine's wall clock.
#[must_use]
pub fn wall() -> Millis {
    let span = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

/// A span for timers.
#[must_use]
pub const fn span(millis: Millis) -> Duration {
    Duration::from_millis(millis.0)
}
