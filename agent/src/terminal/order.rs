//! In which order, and under which headings, conversations are listed.

use holdfast_agent::model::{Model, Thread};

/// A heading of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    /// Nobody's yet: these wait longest.
    Unassigned,
    /// This agent's.
    Mine,
    /// Another agent's.
    Others,
    /// Closed.
    Closed,
}

impl Section {
    pub(crate) const ALL: [Self; 4] = [Self::Unassigned, Self::Mine, Self::Others, Self::Closed];

    pub(crate) fn of(thread: &Thread, model: &Model) -> Self {
        match thread.assigned {
            _ if !thread.is_open => Self::Closed,
            None => Self::Unassigned,
            Some(agent) if model.is_me(agent) => Self::Mine,
            Some(_) => Self::Others,
        }
    }

    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Unassigned => "Unassigned",
            Self::Mine => "Mine",
            Self::Others => "Colleagues'",
            Self::Closed => "Closed",
        }
    }
}

/// The conversations of one section: who waits longest comes first, then the latest.
pub(crate) fn section(model: &Model, section: Section) -> Vec<&Thread> {
    let here = |thread: &&Thread| Section::of(thread, model) == section;
    let mut threads: Vec<&Thread> = model.threads().filter(here).collect();
    threads.sort_by_key(|thread| {
        let latest = std::cmp::Reverse(thread.last_at());
        match thread.waits_since.filter(|_| thread.is_open) {
            Some(since) => (0, since.0, latest),
            None => (1, 0, latest),
        }
    });
    threads
}

/// All conversations, as they stand in the list.
pub(crate) fn listed(model: &Model) -> impl Iterator<Item = &Thread> {
    Section::ALL.into_iter().flat_map(|one| section(model, one))
}
