//! When a visitor of the load writes, and how long answers take: the same for all dialects.

use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::time::Sleep;

use super::{Phase, Samples, Score, Told};

/// A timer that nothing waits for.
pub(super) const FAR: Duration = Duration::from_secs(3600);

/// A visitor's, who waits for an answer before they write again.
pub(super) struct Pen {
    phase: Phase,
    pub(super) asked: Option<Instant>,
    left: u32,
    samples: Samples,
    pub(super) next: Pin<Box<Sleep>>,
}

impl Pen {
    pub(super) fn new() -> Self {
        Self {
            phase: Phase::Quiet,
            asked: None,
            left: 0,
            samples: Vec::new(),
            next: Box::pin(tokio::time::sleep(FAR)),
        }
    }

    /// Begins a phase; whether to write now.
    pub(super) fn enter(&mut self, phase: Phase) -> bool {
        self.phase = phase;
        self.left = 0;
        match phase {
            Phase::Quiet => false,
            Phase::Busy => self.asked.is_none(),
            Phase::Paced(period) => {
                self.wait(period.mul_f64(fastrand::f64()));
                false
            }
            Phase::Count(count) => {
                self.left = count;
                self.asked.is_none()
            }
        }
    }

    /// The moment to write has come; whether to.
    pub(super) fn strike(&mut self) -> bool {
        match self.phase {
            Phase::Paced(period) => {
                self.wait(period);
                self.asked.is_none()
            }
            Phase::Quiet | Phase::Busy | Phase::Count(_) => {
                self.wait(FAR);
                false
            }
        }
    }

    /// An answer has come; whether to write again at once.
    pub(super) fn answered(&mut self, score: &Score) -> bool {
        Score::add(&score.answered);
        if let Some(asked) = self.asked.take() {
            self.samples.push(ms(asked));
        }
        match self.phase {
            Phase::Quiet | Phase::Paced(_) => false,
            Phase::Busy => true,
            Phase::Count(_) => {
                self.left = self.left.saturating_sub(1);
                if self.left == 0 {
                    Score::add(&score.done);
                }
                self.left > 0
            }
        }
    }

    /// What was measured since this was told last.
    pub(super) fn tell(&mut self) -> Told {
        Told {
            samples: std::mem::take(&mut self.samples),
            waiting: self.asked.map(ms),
        }
    }

    fn wait(&mut self, span: Duration) {
        self.next.as_mut().reset(tokio::time::Instant::now() + span);
    }
}

/// Milliseconds since then.
fn ms(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1000.0
}
