//! Every history within stated bounds keeps the design's invariants 1 to 4.
//!
//! A model checker, stateright, drives the real clients and readers through every interleaving of what
//! people, network, server and reloads do. It prints what it saw:
//!
//! `cargo nextest run -p holdfast-protocol --test exhaustive --no-capture`
//!
//! A state from which nothing leads on must be one in which everything has arrived everywhere. Since each
//! fault costs from a budget and each attempt has a number, no history is endless, so that this is
//! eventual delivery, for every order in which the steps can be taken.

#![allow(
    clippy::unwrap_used,
    reason = "a model that meets the impossible should stop"
)]

mod check;
mod faults;
mod model;
mod node;
mod server;
mod wire;

use std::collections::BTreeSet;
use std::time::Instant;

use stateright::{Checker, Expectation, HasDiscoveries, Model};

use check::{BOUNDED, DELIVERY, NO_DUPLICATE, NO_GAP, NO_LOSS, ORDER, SCREEN_STAYS};
use faults::Budget;
use model::{Protocol, Scenario};
use node::Shell;
use server::Sabotage;

/// One visitor's tab from its first connection on.
#[test]
fn one_tab() {
    check(Scenario {
        name: "one tab",
        tabs: vec![2],
        budget: budget(1, 1),
        ..Scenario::default()
    });
}

#[test]
fn one_tab_with_two_faults() {
    check(Scenario {
        name: "one tab with two faults",
        tabs: vec![2],
        is_warm: true,
        budget: budget(2, 0),
        ..Scenario::default()
    });
}

/// A second line is dialled beside one that is only slow, so that both bring the same events.
#[test]
fn one_tab_in_a_hurry() {
    check(Scenario {
        name: "one tab in a hurry",
        tabs: vec![1],
        is_warm: true,
        budget: budget(2, 1),
        ..Scenario::default()
    });
}

#[test]
fn two_tabs_of_one_visitor() {
    check(Scenario {
        name: "two tabs",
        tabs: vec![2, 1],
        is_warm: true,
        budget: budget(1, 0),
        ..Scenario::default()
    });
}

#[test]
fn one_tab_with_three_faults() {
    check(Scenario {
        name: "one tab with three faults",
        tabs: vec![1],
        is_warm: true,
        budget: budget(3, 0),
        ..Scenario::default()
    });
}

#[test]
fn an_agent() {
    check(Scenario {
        name: "an agent",
        agents: vec![2],
        old: 1,
        budget: budget(1, 1),
        ..Scenario::default()
    });
}

#[test]
fn an_agent_with_two_faults() {
    check(Scenario {
        name: "an agent with two faults",
        agents: vec![2],
        old: 1,
        budget: budget(2, 0),
        ..Scenario::default()
    });
}

#[test]
fn a_tab_and_an_agent() {
    check(Scenario {
        name: "a tab and an agent",
        tabs: vec![1],
        agents: vec![1],
        is_warm: true,
        budget: budget(1, 1),
        ..Scenario::default()
    });
}

#[test]
fn two_tabs_and_an_agent() {
    check(Scenario {
        name: "two tabs and an agent",
        tabs: vec![1, 0],
        agents: vec![1],
        old: 1,
        is_warm: true,
        budget: budget(1, 0),
        ..Scenario::default()
    });
}

#[test]
fn a_server_that_appends_an_id_twice_is_caught() {
    assert_sabotage_caught(Sabotage::SkipDedupe, NO_DUPLICATE);
}

#[test]
fn a_server_that_acknowledges_before_its_commit_is_caught() {
    assert_sabotage_caught(Sabotage::AckBeforeCommit, NO_LOSS);
}

#[test]
fn a_server_that_leaves_a_gap_is_caught() {
    assert_sabotage_caught(Sabotage::LeaveGap, BOUNDED);
}

#[test]
fn a_server_that_does_not_acknowledge_again_is_caught() {
    // A tab meets it only where it lags by hundreds of events, an agent's client after any snapshot.
    assert_caught(
        Scenario {
            sabotage: Sabotage::SkipRepeat,
            tabs: Vec::new(),
            agents: vec![1],
            old: 1,
            ..flawed()
        },
        DELIVERY,
    );
}

#[test]
fn a_server_that_turns_a_batch_round_is_caught() {
    assert_sabotage_caught(Sabotage::ReverseBatch, ORDER);
}

#[test]
fn a_server_that_does_not_wake_its_readers_is_caught() {
    assert_sabotage_caught(Sabotage::SkipWake, DELIVERY);
}

#[test]
fn a_server_that_reads_on_too_far_is_caught() {
    assert_sabotage_caught(Sabotage::WelcomeTooFar, SCREEN_STAYS);
}

#[test]
fn a_shell_that_sends_before_it_saves_is_caught() {
    assert_shell_caught(Shell::SendsBeforeSaving, NO_DUPLICATE);
}

#[test]
fn a_shell_that_saves_the_cursor_before_it_shows_is_caught() {
    assert_shell_caught(Shell::SavesBeforeShowing, NO_GAP);
}

#[test]
fn a_shell_that_sends_backwards_is_caught() {
    assert_shell_caught(Shell::SendsBackwards, ORDER);
}

/// Faults of any kind up to a number, and so many timeouts that fire although all is only late.
fn budget(faults: usize, hurries: usize) -> Budget {
    Budget {
        faults,
        cuts: faults,
        crashes: faults,
        reloads: faults,
        hurries,
    }
}

/// Explores all of a scenario and prints how much that was.
fn check(scenario: Scenario) {
    let begin = Instant::now();
    println!("{scenario:?}");
    let name = scenario.name;
    let checker = Protocol::new(scenario).checker().spawn_bfs().join();
    println!(
        "{name}: {} states, {} steps, at most {} deep, in {:.1} s",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        begin.elapsed().as_secs_f64()
    );
    for property in checker.model().properties() {
        let found = checker.discovery(property.name);
        match (property.expectation, found) {
            (Expectation::Sometimes, found) => {
                assert!(found.is_some(), "{name}: never {:?}", property.name);
            }
            (Expectation::Always | Expectation::Eventually, None) => {}
            (Expectation::Always | Expectation::Eventually, Some(path)) => {
                println!("{:?}", path.last_state());
                panic!(
                    "{name}: not {:?}: {:#?}",
                    property.name,
                    path.into_actions()
                );
            }
        }
    }
}

fn assert_sabotage_caught(sabotage: Sabotage, property: &'static str) {
    assert_caught(
        Scenario {
            sabotage,
            ..flawed()
        },
        property,
    );
}

fn assert_shell_caught(shell: Shell, property: &'static str) {
    assert_caught(Scenario { shell, ..flawed() }, property);
}

/// One fault is enough to show any flaw.
fn flawed() -> Scenario {
    Scenario {
        name: "one flawed client",
        tabs: vec![2],
        budget: budget(1, 0),
        ..Scenario::default()
    }
}

fn assert_caught(scenario: Scenario, property: &'static str) {
    let flaw = (scenario.sabotage, scenario.shell);
    let checker = Protocol::new(scenario)
        .checker()
        .finish_when(HasDiscoveries::AnyOf(BTreeSet::from([property])))
        .spawn_bfs()
        .join();
    let found = checker.discovery(property);
    println!("{flaw:?}: {} states", checker.unique_state_count());
    let path = found.unwrap_or_else(|| panic!("{flaw:?} is not seen as not {property:?}"));
    println!("not {property:?} after {} steps", path.into_actions().len());
}
