//! The rows, in groups that share their servers.

mod agents;
mod commands;
mod idle;
mod key;
mod log;
mod machine;
mod page;
mod peers;
pub(crate) mod profile;
mod program;
mod queue;
mod scroll;
mod sides;
mod storm;
mod traffic;
mod widget;

use std::time::Duration;

use anyhow::{Result, bail};

use crate::report::Report;

/// The groups, in the order in which they are measured.
pub(crate) const GROUPS: [&str; 12] = [
    "program", "machine", "idle", "pace", "most", "crowd", "queue", "storm", "agents", "log",
    "widget", "peers",
];

/// How long a crowd may take until it is taken in.
const CROWD: Duration = Duration::from_secs(60);

/// A prime, so that all are met before one is met again.
const STRIDE: usize = 7919;

/// Every calm visitor beats once in so long.
const BEAT: Duration = Duration::from_secs(25);

/// How large the loads are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Every crowd is divided by this.
    divisor: usize,
    /// How long a flow of messages is measured.
    span: Duration,
    /// How often each is measured, in turn with its baseline.
    rounds: usize,
}

impl Size {
    /// The real loads, or a hundredth of them.
    pub(crate) fn of(is_tiny: bool) -> Self {
        if is_tiny {
            Self {
                divisor: 100,
                span: Duration::from_secs(1),
                rounds: 1,
            }
        } else {
            Self {
                divisor: 1,
                span: Duration::from_secs(4),
                rounds: 3,
            }
        }
    }

    /// For other people's servers, whose rows are no goals: everything is to take less than ten minutes.
    fn in_brief(self) -> Self {
        Self {
            span: self.span / 2,
            ..self
        }
    }

    /// A while in which every calm visitor has beaten.
    fn beat(self) -> Duration {
        BEAT.min(self.span * 7)
    }

    fn people(self, count: usize) -> usize {
        (count / self.divisor).max(4)
    }
}

/// Measures one group.
///
/// # Errors
/// When something does not start, or what is measured goes wrong: figures of a run with errors mean nothing.
pub(crate) async fn measure(group: &str, size: Size, report: &mut Report) -> Result<()> {
    match group {
        "program" => program::measure(report).await,
        "machine" => machine::measure(size, report).await,
        "idle" => idle::measure(size, report).await,
        "pace" => traffic::measure_pace(size, report).await,
        "most" => traffic::measure_most(size, report).await,
        "crowd" => traffic::measure_crowd(size, report).await,
        "queue" => queue::measure(size, report).await,
        "storm" => storm::measure(size, report).await,
        "agents" => agents::measure(size, report).await,
        "log" => log::measure(size, report).await,
        "widget" => widget::measure(size, report).await,
        "peers" => peers::measure(size, report).await,
        _ => bail!("there is no group {group:?}; there are {GROUPS:?}"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn float(count: usize) -> f64 {
    count as f64
}

/// One of all, so that those which are taken one after the other stand far apart.
fn spread<T>(all: &[T], at: usize) -> Option<&T> {
    all.get(at * STRIDE % all.len().max(1))
}
