//! The design's invariants 1 to 4, checked from what was written, what the disk holds and what the
//! screens show.

use std::collections::{HashMap, HashSet};

use holdfast_protocol::id::EventId;

use holdfast_protocol::time::Millis;

use super::node::Shown;
use super::world::World;

/// After the heal a waiting message is in the log within the patience for its event (4 s), that for the
/// probe (2 s), a pause between attempts (2.5 s), and four trips of 800 ms.
const DRAIN: Millis = Millis(11_700);

/// Everything that is wrong at the end of a history.
pub(crate) fn check(world: &mut World) -> Vec<String> {
    let mut wrong = Vec::new();
    for (at, node) in world.nodes.iter_mut().enumerate() {
        wrong.extend(
            node.take_faults()
                .into_iter()
                .map(|fault| format!("node {at}: {fault}")),
        );
    }
    if world.drained > DRAIN {
        wrong.push(format!(
            "no progress: outboxes waited for {} ms after the heal",
            world.drained.0
        ));
    }
    let mut places = HashMap::new();
    for event in world
        .server
        .disk
        .log
        .iter()
        .filter(|event| event.seq.is_some())
    {
        if places.insert(event.id, event.offset).is_some() {
            wrong.push(format!("doubled: {} stands in the log twice", event.id));
        }
    }
    for at in 0..world.nodes.len() {
        check_writer(world, at, &places, &mut wrong);
        check_screen(world, at, &mut wrong);
    }
    wrong
}

/// What a node's screen should show at the end: its whole stream.
pub(crate) fn stream(world: &World, node: usize) -> Vec<Shown> {
    let disk = &world.server.disk;
    let Some(visitor) = world.visitor_of[node] else {
        return disk
            .log
            .iter()
            .map(|e| Shown {
                number: e.offset,
                id: e.id,
            })
            .collect();
    };
    let is_ours = |id: &EventId| {
        world
            .nodes
            .iter()
            .zip(&world.visitor_of)
            .any(|(other, owner)| *owner == Some(visitor) && other.written().contains(id))
    };
    let conversation = disk
        .conversations
        .iter()
        .find(|events| is_ours(&events[0].id));
    let events = conversation.map_or(&[][..], |events| events);
    events
        .iter()
        .map(|e| Shown {
            number: e.seq,
            id: e.id,
        })
        .collect()
}

fn check_writer(world: &World, at: usize, places: &HashMap<EventId, u64>, wrong: &mut Vec<String>) {
    let node = &world.nodes[at];
    for id in node.acked() {
        if !places.contains_key(id) {
            wrong.push(format!(
                "lost: {id} was shown as sent by node {at}, the log has it not"
            ));
        }
    }
    let mut before = 0;
    for id in node.written() {
        match places.get(id) {
            None => wrong.push(format!("lost: {id} of node {at} never reached the log")),
            Some(place) if *place < before => {
                wrong.push(format!("out of order: {id} of node {at}"));
            }
            Some(place) => before = *place,
        }
    }
    if node.waiting() > 0 {
        wrong.push(format!(
            "no progress: {} wait in the outbox of node {at}",
            node.waiting()
        ));
    }
}

fn check_screen(world: &World, at: usize, wrong: &mut Vec<String>) {
    let shown = world.nodes[at].shown();
    let unique: HashSet<EventId> = shown.iter().map(|line| line.id).collect();
    // An agent's stream has a conversation's beginning under the id of its first message.
    if world.visitor_of[at].is_some() && unique.len() < shown.len() {
        wrong.push(format!(
            "doubled: the screen of node {at} shows a message twice"
        ));
    }
    let full = stream(world, at);
    let tail = &full[full.len().saturating_sub(shown.len())..];
    if tail != shown {
        wrong.push(format!(
            "gap or order: the screen of node {at} differs from the log's end"
        ));
    }
    if world.nodes[at].cursor() != Some(full.len() as u64) {
        wrong.push(format!(
            "no progress: the cursor of node {at} is not at the log's end"
        ));
    }
}
