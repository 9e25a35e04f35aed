//! Random histories with cuts, crashes and reloads keep the design's invariants 1 to 4.
//!
//! `HOLDFAST_SEED=17 cargo nextest run -p holdfast-protocol histories` replays one history;
//! `HOLDFAST_HISTORIES=100000` runs more of them.

#![allow(
    clippy::unwrap_used,
    reason = "a simulator that meets the impossible should stop"
)]

mod sim;

use sim::{Flaw, Sabotage, World};

/// Enough to meet every pair of faults, in a few seconds.
const HISTORIES: u64 = 2_000;

/// So many suffice to meet a deliberate flaw.
const FLAWED_HISTORIES: u64 = 300;

#[test]
fn histories_lose_nothing_double_nothing_and_keep_the_order() {
    if let Some(seed) = number("HOLDFAST_SEED") {
        let mut world = World::new(seed, Flaw::default());
        let wrong = world.run();
        assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
        return;
    }
    let histories = number("HOLDFAST_HISTORIES").unwrap_or(HISTORIES);
    let (mut recoveries, mut drains) = (Vec::new(), Vec::new());
    let mut events = 0;
    for seed in 0..histories {
        let mut world = World::new(seed, Flaw::default());
        let wrong = world.run();
        assert!(
            wrong.is_empty(),
            "replay with HOLDFAST_SEED={seed}: {wrong:#?}"
        );
        recoveries.push(world.recovery.0);
        drains.push(world.drained.0);
        events += world.server.disk.log.len();
    }
    println!("{histories} histories, {events} events");
    print_spread("after the heal every outbox was empty", &mut drains);
    print_spread("after the heal every screen was complete", &mut recoveries);
    println!("lost 0, doubled 0, out of order 0");
}

#[test]
fn a_seed_replays_exactly() {
    let run = |seed| {
        let mut world = World::new(seed, Flaw::default());
        world.run();
        (world.server.disk.log, world.recovery)
    };
    assert_eq!(run(3), run(3));
}

#[test]
fn a_server_that_appends_an_id_twice_is_caught() {
    assert_caught(Sabotage::SkipDedupe, "doubled");
}

#[test]
fn a_server_that_acknowledges_before_its_commit_is_caught() {
    assert_caught(Sabotage::AckBeforeCommit, "lost");
}

#[test]
fn a_server_that_leaves_a_gap_is_caught() {
    assert_caught(Sabotage::LeaveGap, "no progress");
}

#[test]
fn a_client_that_sends_before_it_saves_is_caught() {
    let flaw = Flaw {
        sends_early: true,
        ..Flaw::default()
    };
    assert!(first_finding(flaw).is_some_and(|found| found.contains("before it was saved")));
}

fn assert_caught(server: Sabotage, word: &str) {
    let flaw = Flaw {
        server,
        ..Flaw::default()
    };
    let is_caught = (0..FLAWED_HISTORIES).any(|seed| {
        World::new(seed, flaw)
            .run()
            .iter()
            .any(|found| found.contains(word))
    });
    assert!(
        is_caught,
        "no history of {FLAWED_HISTORIES} shows {server:?} as {word:?}"
    );
}

fn first_finding(flaw: Flaw) -> Option<String> {
    (0..FLAWED_HISTORIES).find_map(|seed| World::new(seed, flaw).run().into_iter().next())
}

fn print_spread(what: &str, spans: &mut [u64]) {
    spans.sort_unstable();
    let (middle, most) = (spans[spans.len() / 2], spans[spans.len() * 99 / 100]);
    println!(
        "{what}: median {middle} ms, 99 % {most} ms, slowest {} ms",
        spans[spans.len() - 1]
    );
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
