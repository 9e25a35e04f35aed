//! Time as a value: the protocol never reads a clock, its callers pass one in.

use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// Milliseconds, as a moment or as a span.
///
/// A moment passed to [`crate::client::Client`] or [`crate::reader::Reader`] comes from a clock of
/// the caller's choice that never runs backwards (`performance.now()`, `Instant`); a moment that
/// stands in a frame or an event (`at`) is milliseconds since the Unix epoch by the server's clock.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Millis {
    /// A span of whole seconds.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * 1000)
    }

    /// The span since `earlier`; zero when `earlier` is later, as after a clock that jumped.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }
}

impl Add for Millis {
    type Output = Self;

    fn add(self, span: Self) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub for Millis {
    type Output = Self;

    fn sub(self, span: Self) -> Self {
        self.since(span)
    }
}
