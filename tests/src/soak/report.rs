//! What a soak prints in the end.

use std::fmt;
use std::time::Duration;

use super::faults::Tally;
use super::judge::Verdict;
use super::recovery::Recoveries;

/// The figures of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed that drew its faults.
    pub seed: u64,
    /// How long it took.
    pub took: Duration,
    /// What was let loose.
    pub faults: Tally,
    /// How the heals went.
    pub recoveries: Recoveries,
    /// How often SQLite found the database whole.
    pub checks: usize,
    /// The verdict over all screens.
    pub verdict: Verdict,
    /// What was left out, where this machine does not allow it.
    pub left_out: Option<&'static str>,
}

impl Report {
    /// Whether nothing was lost, doubled or out of order, and everything recovered. How fast is for the reader to judge,
    /// who knows the machine.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.verdict.is_clean() && self.recoveries.unrecovered() == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verdict, .. } = self;
        writeln!(f, "seed {}, {} s", self.seed, self.took.as_secs())?;
        writeln!(f, "messages: {}", verdict.written)?;
        let faults: usize = self.faults.all().map(|(_, count)| count).sum();
        writeln!(f, "faults: {faults}")?;
        for (kind, count) in self.faults.all() {
            writeln!(f, "  {count:5} {kind}")?;
        }
        if let Some(words) = self.left_out {
            writeln!(f, "  left out: {words}")?;
        }
        writeln!(
            f,
            "integrity checks of the database: {}, all ok",
            self.checks
        )?;
        let (heals, unrecovered) = (self.recoveries.0.len(), self.recoveries.unrecovered());
        writeln!(f, "heals: {heals}, unrecovered {unrecovered}")?;
        if let Some(slowest) = self.recoveries.slowest() {
            let words = format!("after {}, {}", slowest.from, slowest.slowest);
            match slowest.took {
                Some(took) => writeln!(f, "recovery, slowest: {} ms ({words})", took.as_millis())?,
                None => writeln!(f, "recovery, slowest: never ({words})")?,
            }
            for percent in [99, 50] {
                let took = self.recoveries.percentile(percent);
                if took == Duration::MAX {
                    writeln!(f, "recovery, {percent}th percentile: never")?;
                } else {
                    let millis = took.as_millis();
                    writeln!(f, "recovery, {percent}th percentile: {millis} ms")?;
                }
            }
        }
        for words in &verdict.words {
            writeln!(f, "fault: {words}")?;
        }
        if verdict.foreign + verdict.waiting > 0 {
            let (foreign, waiting) = (verdict.foreign, verdict.waiting);
            writeln!(f, "written by nobody {foreign}, never sent {waiting}")?;
        }
        write!(
            f,
            "lost {}, doubled {}, out of order {}",
            verdict.lost, verdict.doubled, verdict.disordered
        )
    }
}
