//! What a visitor's page has seen them do. Pure.

use std::collections::VecDeque;

use holdfast_protocol::frame::{Track, Tracked};
use holdfast_protocol::limits;
use holdfast_protocol::profile::one_line;
use holdfast_protocol::time::Millis;

/// The last steps of a visitor.
#[derive(Debug, Default)]
pub(super) struct Trail {
    steps: VecDeque<Tracked>,
    /// Whether agents will be told anyway.
    is_due: bool,
}

impl Trail {
    /// The next step. Returns whether agents are to be told and nobody has seen to that.
    pub(super) fn push(&mut self, track: &Track, at: Millis) -> bool {
        let name = one_line(&track.name, limits::TRACK_NAME_BYTES);
        if name.is_empty() {
            return false;
        }
        let detail = track.detail.as_deref();
        let detail = detail.map(|detail| one_line(detail, limits::TRACK_DETAIL_BYTES));
        let detail = detail.filter(|detail| !detail.is_empty());
        match self.steps.back_mut() {
            // The same again moves on in time and pushes nothing else out.
            Some(last) if last.name == name && last.detail == detail => last.at = at,
            Some(_) | None => self.steps.push_back(Tracked { at, name, detail }),
        }
        if self.steps.len() > limits::TRAIL {
            self.steps.pop_front();
        }
        !std::mem::replace(&mut self.is_due, true)
    }

    /// Agents are told now.
    pub(super) fn told(&mut self) {
        self.is_due = false;
    }

    /// All of it, oldest first.
    pub(super) fn steps(&self) -> Vec<Tracked> {
        self.steps.iter().cloned().collect()
    }
}
