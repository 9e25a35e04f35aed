//! Spreads the attempts of many clients over time.

use crate::time::Millis;

/// A small generator of fractions, seeded by the caller so that a simulation replays exactly.
#[derive(Clone, Debug)]
pub(super) struct Jitter {
    state: u64,
}

impl Jitter {
    pub(super) fn new(seed: u64) -> Self {
        let mut jitter = Self { state: seed | 1 };
        jitter.turn();
        jitter
    }

    /// Moves on to the next fraction (xorshift64, Marsaglia 2003).
    pub(super) fn turn(&mut self) {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
    }

    /// Between nothing and all of the span; the same until the next turn.
    pub(super) fn part_of(&self, span: Millis) -> Millis {
        Millis(span.0 * (self.state >> 54) / 1024)
    }
}
