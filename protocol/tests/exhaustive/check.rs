//! The design's invariants 1 to 4, as properties of states.

use std::collections::HashSet;

use stateright::{Model, Property};

use super::model::{Action, Protocol, State};
use super::node::{Note, Page, View};
use super::server::Record;

pub(crate) const NO_LOSS: &str = "what left an outbox is in the log";
pub(crate) const NO_DUPLICATE: &str = "nothing stands twice in the log or on a screen";
pub(crate) const ORDER: &str = "a sender's messages are in the log in their order";
pub(crate) const NO_GAP: &str = "every screen is the log from its start to its cursor";
pub(crate) const SCREEN_STAYS: &str = "no screen forgets what it showed";
pub(crate) const DELIVERY: &str = "where nothing can happen any more all is everywhere";
pub(crate) const BOUNDED: &str = "attempts come to an end";

/// Shows that the properties above are not true for want of anything to happen.
pub(crate) const SPENT: &str = "every fault came, and all is everywhere";

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.first_state()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.list(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        self.apply(last, &action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NO_LOSS, |_, state| {
                views(state).all(|v| keeps_all(state, v))
            }),
            Property::always(NO_DUPLICATE, |_, state| is_unique(state)),
            Property::always(ORDER, |_, state| is_ordered(state)),
            Property::always(NO_GAP, has_no_gap),
            Property::always(SCREEN_STAYS, |_, state| {
                views(state).all(|view| !view.was_emptied)
            }),
            Property::always(DELIVERY, |model, state| {
                !is_terminal(model, state) || is_complete(model, state)
            }),
            Property::always(BOUNDED, |model, state| lines(state) <= model.most_lines()),
            Property::sometimes(SPENT, |model: &Self, state: &State| {
                state.budget.faults == 0 && is_complete(model, state)
            }),
        ]
    }

    /// One step further than what is allowed, so that a client that dials for ever is seen and left.
    fn within_boundary(&self, state: &State) -> bool {
        lines(state) <= self.most_lines() + 1
    }
}

impl Protocol {
    /// A client dials at first, after each fault, and when it hurries.
    fn most_lines(&self) -> u64 {
        let budget = self.scenario.budget;
        1 + (budget.faults + budget.hurries) as u64
    }
}

/// How many lines one page has dialled at most.
fn lines(state: &State) -> u64 {
    let newest = state.wires.iter().map(|wire| wire.key.2.0).max();
    newest.unwrap_or(0)
}

fn views(state: &State) -> impl Iterator<Item = &View> {
    state.nodes.iter().map(|node| node.view())
}

/// What a page's person wrote waits in its outbox, or is on the disk.
fn keeps_all(state: &State, view: &View) -> bool {
    [&view.live, &view.stored].into_iter().all(|page| {
        page.written
            .iter()
            .all(|note| page.outbox.contains(note) || is_durable(state, *note))
    })
}

fn is_durable(state: &State, note: Note) -> bool {
    state
        .server
        .durable()
        .iter()
        .any(|record| record.note == note)
}

/// What a person meant to say once is said once, also where they had to write it anew.
fn is_unique(state: &State) -> bool {
    let said = messages(state).map(|record| (record.note.node, record.note.intent));
    is_distinct(said)
        && views(state).all(|view| is_distinct(view.live.shown.iter().map(|shown| shown.number)))
}

fn is_distinct<T: Eq + std::hash::Hash>(mut all: impl Iterator<Item = T>) -> bool {
    let mut seen = HashSet::new();
    all.all(|one| seen.insert(one))
}

fn is_ordered(state: &State) -> bool {
    let mut newest = std::collections::HashMap::new();
    messages(state).all(|record| {
        let before = newest.insert(record.note.node, record.note.intent);
        before.is_none_or(|before| before <= record.note.intent)
    })
}

fn messages(state: &State) -> impl Iterator<Item = &Record> {
    state
        .server
        .log
        .iter()
        .filter(|record| record.seq.is_some())
}

/// An event that is shown comes right after the one before it, and the cursor stands at the last one: in
/// the page, and in what a reload of it would find.
fn has_no_gap(model: &Protocol, state: &State) -> bool {
    views(state).enumerate().all(|(at, view)| {
        let stream: Vec<Note> = state
            .server
            .stream(model.kind(at))
            .map(|record| record.note)
            .collect();
        [&view.live, &view.stored]
            .into_iter()
            .all(|page| is_part(page, &stream))
    })
}

fn is_part(page: &Page, stream: &[Note]) -> bool {
    let numbers = page.start + 1..;
    let is_next = |(shown, number): (&super::node::Shown, u64)| {
        shown.number == number && stream.get(number as usize - 1) == Some(&shown.note)
    };
    let end = page.start + page.shown.len() as u64;
    page.shown.iter().zip(numbers).all(is_next) && page.cursor.is_none_or(|cursor| cursor == end)
}

fn is_terminal(model: &Protocol, state: &State) -> bool {
    let mut calm = state.clone();
    calm.budget = Default::default();
    let mut actions = Vec::new();
    model.list(&calm, &mut actions);
    actions.is_empty()
}

fn is_complete(model: &Protocol, state: &State) -> bool {
    let is_said = |(at, view): (usize, &View)| {
        view.live.written.len() == model.quota(at)
            && view.live.outbox.is_empty()
            && view
                .live
                .written
                .iter()
                .all(|note| is_durable(state, *note))
            && view.live.cursor == Some(state.server.end(model.kind(at)))
            && state.is_connected(at)
    };
    state.server.pending.is_empty() && views(state).enumerate().all(is_said)
}
