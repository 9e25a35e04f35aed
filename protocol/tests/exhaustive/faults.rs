//! What can go wrong, and how often.

use super::model::{Action, Cause, State};
use super::server::going_away;
use super::wire::{Direction, Key, Packet};

/// How much may happen at most. What is not bounded here is explored to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    /// Faults of all kinds together.
    pub faults: usize,
    /// Lines that break, or go dead in one direction.
    pub cuts: usize,
    /// The server dies, or can't write.
    pub crashes: usize,
    /// Pages that are loaded anew.
    pub reloads: usize,
    /// Timeouts that fire although what they wait for is only late.
    pub hurries: usize,
}

/// What goes wrong outside of a client. A reload is a [`Action::Step`] that does not come to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    /// The transaction fails.
    FailCommit,
    /// The server dies and is back at once; what it has sent still arrives only if `keep`.
    Crash { keep: bool },
    /// The line breaks, and so many of the frames on the way up still arrive. The way down needs no such
    /// number: a frame that still arrives is one that arrived before.
    Cut(Key, usize),
    /// One direction goes dead and nobody is told, after so many of the frames in flight.
    Mute(Key, Direction, usize),
}

/// Lets a fault come, if the budget has it left.
pub(crate) fn apply(state: &mut State, fault: Fault) -> Option<()> {
    match fault {
        Fault::FailCommit => {
            spend(state, |budget| &mut budget.crashes)?;
            for append in std::mem::take(&mut state.server.pending) {
                let known = state.wires.iter_mut().find(|w| w.key == append.conn);
                if let Some(wire) = known.filter(|wire| wire.conn.is_some()) {
                    wire.down.send(Packet::Text(going_away(append.kind)));
                    wire.drop_conn(usize::MAX);
                }
            }
        }
        Fault::Crash { keep } => {
            spend(state, |budget| &mut budget.crashes)?;
            state.server.crash();
            let count = if keep { usize::MAX } else { 0 };
            for wire in state.wires.iter_mut().filter(|wire| wire.conn.is_some()) {
                wire.drop_conn(count);
            }
        }
        Fault::Cut(key, keep) => {
            spend(state, |budget| &mut budget.cuts)?;
            let wire = state.wire(key);
            wire.up
                .cut(keep, wire.conn.is_some().then_some(Packet::Fin));
            wire.down.cut(0, Some(Packet::Fin));
        }
        Fault::Mute(key, direction, keep) => {
            spend(state, |budget| &mut budget.cuts)?;
            let wire = state.wire(key);
            match direction {
                Direction::Up => wire.up.cut(keep, None),
                Direction::Down => wire.down.cut(keep, None),
            }
        }
    }
    Some(())
}

/// Every fault that is possible; that the budget has it left is checked where it is spent.
pub(crate) fn list(state: &State, out: &mut Vec<Action>) {
    if state.budget.crashes > 0 {
        out.extend([true, false].map(|keep| Action::Fault(Fault::Crash { keep })));
        if !state.server.pending.is_empty() {
            out.push(Action::Fault(Fault::FailCommit));
        }
    }
    if state.budget.reloads > 0 {
        list_reloads(state, out);
    }
    if state.budget.cuts > 0 {
        for wire in &state.wires {
            let is_up = wire.client_open && !wire.up.is_dead && !wire.down.is_dead;
            let up = 0..=wire.up.packets.len();
            if is_up {
                out.extend(
                    up.clone()
                        .map(|keep| Action::Fault(Fault::Cut(wire.key, keep))),
                );
            }
            if wire.client_open && !wire.up.is_dead {
                out.extend(
                    up.map(|keep| Action::Fault(Fault::Mute(wire.key, Direction::Up, keep))),
                );
            }
            if wire.client_open && !wire.down.is_dead {
                out.push(Action::Fault(Fault::Mute(wire.key, Direction::Down, 0)));
            }
        }
    }
}

/// A reload at rest, and one in the midst of what any other step of a client leads to.
fn list_reloads(state: &State, out: &mut Vec<Action>) {
    /// More outputs than any step has.
    const OUTPUTS: usize = 8;
    let steps = out.clone();
    for action in steps {
        let Action::Step { node, cause, .. } = action else {
            continue;
        };
        for (count, keep) in (0..OUTPUTS).flat_map(|count| [(count, true), (count, false)]) {
            let cause = cause.clone();
            let dies_after = Some(count);
            out.push(Action::Step {
                node,
                cause,
                dies_after,
                keep,
            });
        }
    }
    for node in 0..state.nodes.len() {
        out.extend([true, false].map(|keep| Action::Step {
            node,
            cause: Cause::Rest,
            dies_after: Some(0),
            keep,
        }));
    }
}

pub(crate) fn spend(state: &mut State, kind: fn(&mut Budget) -> &mut usize) -> Option<()> {
    let left = kind(&mut state.budget);
    *left = left.checked_sub(1)?;
    state.budget.faults = state.budget.faults.checked_sub(1)?;
    Some(())
}
