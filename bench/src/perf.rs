//! What a process spends its time on, by `perf record`, as a flamegraph.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use holdfast_tests::process::{Process, Signal};
use inferno::collapse::Collapse as _;
use inferno::collapse::perf as collapse;
use inferno::flamegraph;
use tempfile::TempDir;

/// Looks in a second; no divisor of anything that happens by a clock.
const RATE: &str = "997";

/// What is told of each look; without its period, so that each counts as one.
const FIELDS: &str = "comm,pid,tid,time,event,ip,sym,dso";

/// What the collapsed stacks mark the kernel's functions with.
const KERNEL: &str = "_[k]";

const MISSING: &str = "no perf on this machine; what profiles are made with: apt-get install linux-perf (Debian), linux-tools-generic (Ubuntu)";

const FORBIDDEN: &str = "perf may not look here: as root, or after `sysctl kernel.perf_event_paranoid=1`, it may; \
                         in some containers and machines it never may";

/// A process that is watched.
pub(crate) struct Recording {
    perf: Process,
    folder: TempDir,
}

/// What was seen, in words.
pub(crate) struct Seen {
    /// What made perf look: `cycles`, or `cpu-clock` where the processor's own counters are not to be had.
    pub(crate) event: String,
    pub(crate) samples: usize,
    /// Percent of the samples that were in the kernel.
    pub(crate) in_kernel: f64,
    /// The threads' names with their percents, the busiest first.
    pub(crate) threads: Vec<(String, f64)>,
}

impl Recording {
    /// Watches a process from now on. It needs frame pointers and symbols.
    ///
    /// # Errors
    /// When there is no perf on the machine.
    pub(crate) fn start(pid: u32) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("perf.data").display().to_string();
        let pid = pid.to_string();
        let args = ["record", "-F", RATE, "-g", "-o", &data, "-p", &pid];
        let perf = Process::start("perf", args).context(MISSING)?;
        Ok(Self { perf, folder })
    }

    /// Ends it, and draws what was seen.
    ///
    /// # Errors
    /// When perf was not allowed to look, or saw nothing, or the file can't be written.
    pub(crate) async fn draw(mut self, title: &str, svg: &Path) -> Result<Seen> {
        // It may have ended by itself, which its words tell.
        let _ = self.perf.signal(Signal::INT);
        self.perf.end().await?;
        let data = self.folder.path().join("perf.data");
        if !data.is_file() {
            bail!("{FORBIDDEN}: {}", self.perf.stderr.rest().await);
        }
        let stacks = perf(&["script", "--no-inline", "-F", FIELDS], &data)?;
        let mut options = collapse::Options::default();
        options.annotate_kernel = true;
        let mut folded = Vec::new();
        collapse::Folder::from(options).collapse(&stacks[..], &mut folded)?;
        let folded = String::from_utf8(folded)?;
        ensure!(!folded.is_empty(), "perf has seen nothing");
        let mut options = flamegraph::Options::default();
        title.clone_into(&mut options.title);
        let file = BufWriter::new(File::create(svg).with_context(|| svg.display().to_string())?);
        flamegraph::from_lines(&mut options, folded.lines(), file)?;
        let event = String::from_utf8(perf(&["evlist"], &data)?)?;
        Ok(Seen::of(&folded, event.trim().to_owned()))
    }
}

fn perf(args: &[&str], data: &Path) -> Result<Vec<u8>> {
    let output = Command::new("perf")
        .args(args)
        .arg("-i")
        .arg(data)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "perf {args:?}: {said}");
    Ok(output.stdout)
}

impl Seen {
    /// Reads collapsed stacks: the thread's name first, functions from the outermost on, and how often it was seen.
    fn of(folded: &str, event: String) -> Self {
        let (mut samples, mut in_kernel) = (0, 0);
        let mut threads: Vec<(String, usize)> = Vec::new();
        for line in folded.lines() {
            let Some((stack, count)) = line.rsplit_once(' ') else {
                continue;
            };
            let count: usize = count.parse().unwrap_or(0);
            samples += count;
            if stack.ends_with(KERNEL) {
                in_kernel += count;
            }
            let thread = stack.split(';').next().unwrap_or_default();
            match threads.iter_mut().find(|(name, _)| name == thread) {
                Some((_, sum)) => *sum += count,
                None => threads.push((thread.to_owned(), count)),
            }
        }
        threads.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let percent = |count: usize| percent(count, samples);
        Self {
            event,
            samples,
            in_kernel: percent(in_kernel),
            threads: threads
                .into_iter()
                .map(|(name, count)| (name, percent(count)))
                .collect(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_counted_by_thread_and_by_who_was_running() {
        let folded = "log;main;write_[k] 3\nlog;main 1\nworker;poll;sys_futex_[k];lock 4\n";
        let seen = Seen::of(folded, "cycles".to_owned());
        assert_eq!(seen.samples, 8);
        assert!((seen.in_kernel - 37.5).abs() < 0.01, "{}", seen.in_kernel);
        let threads: Vec<_> = seen.threads.iter().map(|(name, _)| &name[..]).collect();
        assert_eq!(threads, ["log", "worker"]);
        assert!((seen.threads[0].1 - 50.0).abs() < 0.01);
    }
}
