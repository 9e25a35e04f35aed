//! The simulator: the real clients' state machines and the real server's connections, log, desk and store, on a
//! virtual clock, over a network and a disk that do whatever a seed says. A seed replays exactly.
//!
//! Of the server everything runs but sockets, TLS and HTTP; of SQLite everything but the file system, which is
//! [`disk`]. Each history is one thread's work and has a runtime of its own whose clock jumps to the next
//! thing to happen.

#![allow(
    clippy::unwrap_used,
    reason = "a simulator that meets the impossible should stop"
)]

mod ambient;
mod check;
pub mod disk;
mod endpoint;
mod faults;
mod heal;
mod lives;
mod net;
mod node;
mod pipe;
pub mod report;
mod rng;
mod server;
mod traffic;
mod world;

use std::sync::LazyLock;

use holdfast_protocol::time::Millis;

use tokio::runtime::RngSeed;

use disk::Disk;
pub use faults::{Fault, Faults};
pub use world::Flaw;
use world::World;

/// The disk that every history begins with.
static PREPARED: LazyLock<Disk> = LazyLock::new(server::prepared_disk);

/// What one history came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What is wrong, in words that begin with its kind.
    pub wrong: Vec<String>,
    /// What befell, in order.
    pub story: Vec<String>,
    /// What people wrote.
    pub written: u64,
    /// The faults by kind.
    pub faults: Faults,
    /// How long after the heal every outbox was empty.
    pub drained: Millis,
    /// How long after the heal every screen was complete.
    pub recovery: Millis,
    /// A digest of everything that was written and shown, to tell whether two runs are the same.
    pub digest: u64,
}

/// Runs the history of a seed.
///
/// # Panics
/// When the simulator itself is at fault.
#[must_use]
pub fn run(seed: u64, flaw: Flaw) -> Outcome {
    run_with(seed, flaw, false)
}

/// The same with visitors who say in the middle of it who they are; some are the same person.
///
/// # Panics
/// When the simulator itself is at fault.
#[must_use]
pub fn run_with_persons(seed: u64) -> Outcome {
    run_with(seed, Flaw::default(), true)
}

fn run_with(seed: u64, flaw: Flaw, has_persons: bool) -> Outcome {
    let prepared = PREPARED.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .rng_seed(RngSeed::from_bytes(&seed.to_be_bytes()))
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut world = World::new(seed, flaw, has_persons, &prepared);
        world.run().await;
        report::outcome(&world)
    })
}
