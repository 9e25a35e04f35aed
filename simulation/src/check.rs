//! The design's invariants 1 to 4, checked from what was written, what the disk holds and what the
//! screens show.

use std::collections::{HashMap, HashSet};

use holdfast_protocol::event::{AgentEvent, Body};
use holdfast_protocol::id::{ConversationId, EventId};
use holdfast_protocol::time::Millis;

use crate::node::{Person, Shown};
use crate::server::{self, Found};
use crate::world::World;

/// After the heal a waiting message is in the log within the patience for its event (3 s), that for the
/// probe (2 s), a pause between attempts (2.5 s), and six trips of 800 ms: dialling and its answer, greeting and
/// welcome, the message and its event.
const DRAIN: Millis = Millis(12_300);

/// What a life of the server leaves must be whole, and hold all that any screen shows.
pub(crate) fn check_after_death(world: &mut World) {
    let found = match server::look(&world.disk.copied(0), &world.nodes) {
        Ok(found) => found,
        Err(words) => {
            world.wrong.push(words);
            return;
        }
    };
    let kept: HashSet<EventId> = found.log.iter().map(|event| event.id).collect();
    for (at, node) in world.nodes.iter().enumerate() {
        let shown = node.shown().iter().map(|line| &line.id);
        let mut told = shown.chain(&node.person().acked);
        if let Some(id) = told.find(|id| !kept.contains(id)) {
            world.wrong.push(format!(
                "lost: node {at} was told of {id}, which the disk does not hold after a death"
            ));
        }
    }
}

/// Everything that is wrong at the end of a history.
pub(crate) fn check(world: &mut World) {
    let mut wrong = std::mem::take(&mut world.wrong);
    for (at, node) in world.nodes.iter_mut().enumerate() {
        let faults = node.take_faults().into_iter();
        wrong.extend(faults.map(|fault| format!("{fault} (node {at})")));
    }
    if world.drained > DRAIN {
        let drained = world.drained.0;
        wrong.push(format!(
            "no progress: outboxes waited for {drained} ms after the heal"
        ));
    }
    match server::look(&world.disk, &world.nodes) {
        Ok(found) => check_log(world, &found, &mut wrong),
        Err(words) => wrong.push(words),
    }
    world.wrong = wrong;
}

fn check_log(world: &World, found: &Found, wrong: &mut Vec<String>) {
    let places = check_numbers(found, wrong);
    for (at, node) in world.nodes.iter().enumerate() {
        for person in node.departed() {
            check_person(person, true, &places, at, wrong);
        }
        check_person(node.person(), false, &places, at, wrong);
        if node.waiting() > 0 {
            let waiting = node.waiting();
            wrong.push(format!(
                "no progress: {waiting} wait in the outbox of node {at}"
            ));
        }
        check_screen(world, at, &stream(world, at, found), wrong);
    }
}

/// No number twice, none left out, no name twice. Returns where each name stands.
fn check_numbers(found: &Found, wrong: &mut Vec<String>) -> HashMap<EventId, u64> {
    let mut places = HashMap::new();
    let mut numbers: HashMap<ConversationId, u64> = HashMap::new();
    for (event, offset) in found.log.iter().zip(1..) {
        if event.offset != offset {
            let found = event.offset;
            wrong.push(format!("out of order: offset {found} stands at {offset}"));
        }
        if let Some(seq) = event.seq {
            let last = numbers.entry(event.conversation).or_default();
            *last += 1;
            if seq != *last {
                wrong.push(format!("out of order: seq {seq} stands at {last}"));
            }
        }
        // A conversation's beginning bears the name of its first message, and facts are named within one.
        let is_named = !matches!(event.body, Body::Opened { .. } | Body::Facts { .. });
        if is_named && places.insert(event.id, event.offset).is_some() {
            wrong.push(format!("doubled: {} stands in the log twice", event.id));
        }
    }
    places
}

/// What a node's screen should show at the end: its whole stream.
fn stream(world: &World, node: usize, found: &Found) -> Vec<Shown> {
    let shown = |number, event: &AgentEvent| Shown {
        number,
        id: event.id,
    };
    if world.nodes[node].token().is_none() {
        let all = found.log.iter().map(|event| shown(event.offset, event));
        // A tab without a token has read nothing.
        let is_agent = world.visitor_of[node].is_none();
        return if is_agent { all.collect() } else { Vec::new() };
    }
    let Some(conversation) = &found.conversations[node] else {
        return Vec::new();
    };
    let events = found.log.iter();
    let events = events.filter(|event| event.conversation == *conversation);
    events
        .filter_map(|event| Some(shown(event.seq?, event)))
        .collect()
}

fn check_person(
    person: &Person,
    is_gone: bool,
    places: &HashMap<EventId, u64>,
    at: usize,
    wrong: &mut Vec<String>,
) {
    for id in &person.acked {
        if !places.contains_key(id) {
            wrong.push(format!(
                "lost: {id} was shown as sent by node {at}, the log has it not"
            ));
        }
    }
    let mut before = 0;
    for id in &person.written {
        match places.get(id) {
            None if is_gone || person.unsaved.contains(id) => {}
            None => wrong.push(format!("lost: {id} of node {at} never reached the log")),
            Some(place) if *place < before => {
                wrong.push(format!("out of order: {id} of node {at}"));
            }
            Some(place) => before = *place,
        }
    }
}

fn check_screen(world: &World, at: usize, full: &[Shown], wrong: &mut Vec<String>) {
    let shown = world.nodes[at].shown();
    let unique: HashSet<_> = shown.iter().map(|line| (line.number, line.id)).collect();
    if unique.len() < shown.len() {
        wrong.push(format!(
            "doubled: the screen of node {at} shows a message twice"
        ));
    }
    let tail = &full[full.len().saturating_sub(shown.len())..];
    if tail != shown {
        wrong.push(format!(
            "out of order: the screen of node {at} differs from the log's end"
        ));
    }
    if world.nodes[at].cursor() != Some(full.len() as u64) {
        wrong.push(format!(
            "no progress: the cursor of node {at} is not at the log's end"
        ));
    }
}
