//! Many histories, and what they came to.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use holdfast_protocol::time::Millis;

use crate::world::World;
use crate::{Faults, Flaw, Outcome, run};

/// Findings that are told in full; the rest is counted.
const TOLD: usize = 20;

/// What many histories came to. Its text ends with the line of the promise.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many histories.
    pub histories: u64,
    /// What people wrote in all of them.
    pub written: u64,
    /// The faults by kind.
    pub faults: Faults,
    /// What is wrong, each with its seed.
    pub wrong: Vec<(u64, String)>,
    drained: Vec<(Millis, u64)>,
    recovered: Vec<(Millis, u64)>,
}

/// Runs the histories of `seeds` on all cores.
#[must_use]
pub fn run_all(seeds: Range<u64>) -> Report {
    run_while(seeds, |_| true)
}

/// Runs them up to the first in which something is wrong.
#[must_use]
pub fn run_until_wrong(seeds: Range<u64>) -> Report {
    run_while(seeds, Report::is_good)
}

fn run_while(seeds: Range<u64>, goes_on: impl Fn(&Report) -> bool + Sync) -> Report {
    let next = AtomicU64::new(seeds.start);
    let report = Mutex::new(Report::default());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            let outcome = run(seed, Flaw::default());
            let mut report = report.lock().unwrap();
            report.add(seed, outcome);
            if !goes_on(&report) {
                next.store(seeds.end, Ordering::Relaxed);
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
    report.into_inner().unwrap()
}

impl Report {
    fn add(&mut self, seed: u64, outcome: Outcome) {
        self.histories += 1;
        self.written += outcome.written;
        self.faults.add(&outcome.faults);
        self.drained.push((outcome.drained, seed));
        self.recovered.push((outcome.recovery, seed));
        let wrong = outcome.wrong.into_iter();
        self.wrong.extend(wrong.map(|words| (seed, words)));
    }

    /// Whether all promises held.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.wrong.is_empty()
    }

    fn count(&self, kind: &str) -> usize {
        let of_kind = |(_, words): &&(u64, String)| words.starts_with(kind);
        self.wrong.iter().filter(of_kind).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} histories, {} messages and commands",
            self.histories, self.written
        )?;
        for (fault, count) in &self.faults.0 {
            writeln!(f, "  {count:>9} {fault:?}")?;
        }
        spread(f, "after the heal every outbox was empty", &self.drained)?;
        spread(
            f,
            "after the heal every screen was complete",
            &self.recovered,
        )?;
        for (seed, words) in self.wrong.iter().take(TOLD) {
            writeln!(f, "seed {seed}: {words}")?;
        }
        let kinds = ["lost", "doubled", "out of order"];
        let others = self.wrong.len() - kinds.iter().map(|kind| self.count(kind)).sum::<usize>();
        if others > 0 {
            writeln!(f, "{others} other findings")?;
        }
        let [lost, doubled, swapped] = kinds.map(|kind| self.count(kind));
        write!(f, "lost {lost}, doubled {doubled}, out of order {swapped}")
    }
}

/// Each span with its history's seed.
fn spread(f: &mut fmt::Formatter<'_>, what: &str, spans: &[(Millis, u64)]) -> fmt::Result {
    let mut spans = spans.to_vec();
    spans.sort_unstable();
    let Some((slowest, seed)) = spans.last() else {
        return Ok(());
    };
    let (middle, most) = (spans[spans.len() / 2].0, spans[spans.len() * 99 / 100].0);
    writeln!(
        f,
        "{what}: median {} ms, 99 % {} ms, slowest {} ms (seed {seed})",
        middle.0, most.0, slowest.0
    )
}

/// What a history came to.
pub(crate) fn outcome(world: &World) -> Outcome {
    let mut digest = DefaultHasher::new();
    let mut written = 0;
    for node in &world.nodes {
        for person in node.departed().iter().chain([node.person()]) {
            written += person.written.len() as u64;
            person.written.hash(&mut digest);
        }
        for line in node.shown() {
            (line.number, line.id).hash(&mut digest);
        }
    }
    (world.recovery, world.drained).hash(&mut digest);
    Outcome {
        wrong: world.wrong.clone(),
        story: world.story.clone(),
        written,
        faults: world.faults.clone(),
        drained: world.drained,
        recovery: world.recovery,
        digest: digest.finish(),
    }
}
