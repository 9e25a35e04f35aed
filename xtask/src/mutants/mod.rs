//! `cargo xtask mutants`: breaks the real code on purpose, once in each way of a list, and looks which test notices.

mod list;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::repo::Repo;
use crate::setup::{self, Need};
use crate::shell;
use list::{MUTANTS, Mutant, Notices};

/// A level of proof that needs longer to notice a mistake would let it pass in everyday work.
const PATIENCE: Duration = Duration::from_secs(60);

/// Histories that a mutant is given; those that are noticed at all need some dozens.
const HISTORIES: &str = "5000";

/// Which mutants to try.
#[derive(Args)]
pub(crate) struct Options {
    /// Only those whose names contain this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

/// Tries every mutant in a copy of the checkout; the code is not 0 when one is not noticed in time.
pub(crate) fn run(repo: &Repo, options: &Options) -> Result<ExitCode> {
    setup::ensure(repo, &[Need::CCompiler, Need::Libclang, Need::Nextest])?;
    let place = Place {
        tree: repo.generated().join("mutants/tree"),
        target: repo.generated().join("mutants/target"),
        repo,
    };
    let only = options.only.as_deref().unwrap_or_default();
    let mut survivors = 0;
    for mutant in MUTANTS.iter().filter(|mutant| mutant.name.contains(only)) {
        place.copy()?;
        let verdict = place.try_out(mutant)?;
        let words = match &verdict {
            Some((span, words)) if *span <= PATIENCE => {
                format!("noticed in {:.1} s: {words}", span.as_secs_f64())
            }
            Some((span, _)) => format!("noticed too late, in {:.1} s", span.as_secs_f64()),
            None => "NOT NOTICED".to_owned(),
        };
        if verdict.as_ref().is_none_or(|(span, _)| *span > PATIENCE) {
            survivors += 1;
        }
        let Mutant {
            invariant,
            name,
            notices,
            ..
        } = mutant;
        println!("{invariant}: {name}\n    by {notices}, {words}");
    }
    println!("{survivors} mutants were not noticed in time");
    Ok(if survivors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Where mutants live.
struct Place<'r> {
    tree: PathBuf,
    target: PathBuf,
    repo: &'r Repo,
}

impl Place<'_> {
    /// Makes the copy like the checkout again. What is the same keeps its time, so that little is compiled.
    fn copy(&self) -> Result<()> {
        let mut list = self.repo.command("git");
        list.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
        for name in shell::output(&mut list)?.lines() {
            let (from, to) = (self.repo.root().join(name), self.tree.join(name));
            // A file that was removed and not yet committed is still in the list.
            let Ok(bytes) = fs::read(&from) else {
                continue;
            };
            if fs::read(&to).is_ok_and(|there| there == bytes) {
                continue;
            }
            let folder = to.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(folder)?;
            fs::write(&to, bytes).with_context(|| format!("can't write {}", to.display()))?;
        }
        Ok(())
    }

    /// How long it took to notice the mutant and what was found, if it was noticed.
    fn try_out(&self, mutant: &Mutant) -> Result<Option<(Duration, String)>> {
        let file = self.tree.join(mutant.file);
        let text = fs::read_to_string(&file)?;
        let name = mutant.name;
        ensure!(
            text.matches(mutant.is).count() == 1,
            "the mutant \"{name}\" does not fit any more: {:?} stands in {} {} times; mend the list of mutants",
            mutant.is,
            mutant.file,
            text.matches(mutant.is).count()
        );
        fs::write(&file, text.replace(mutant.is, mutant.becomes))?;
        let (build, test) = match mutant.notices {
            Notices::Simulation => (
                self.cargo(&["build", "--package", "holdfast-simulation"]),
                self.simulation(),
            ),
            Notices::Tests(package, filter) => {
                let words = ["nextest", "run", "--package", package];
                let mut build = self.cargo(&words);
                build.arg("--no-run");
                let mut test = self.cargo(&words);
                test.arg(filter);
                (build, test)
            }
        };
        if !succeeds(build)? {
            bail!("the mutant \"{name}\" does not compile: mend the list of mutants");
        }
        let began = Instant::now();
        let words = match mutant.notices {
            // A simulator that breaks off has noticed nothing.
            Notices::Simulation => finding(test)?,
            Notices::Tests(..) => (!succeeds(test)?).then(|| "a test fails".to_owned()),
        };
        Ok(words.map(|words| (began.elapsed(), words)))
    }

    fn simulation(&self) -> Command {
        let mut simulation = Command::new(self.target.join("debug/holdfast-simulation"));
        simulation.args(["--histories", HISTORIES, "--until-wrong"]);
        simulation
    }

    fn cargo(&self, words: &[&str]) -> Command {
        let mut cargo = self.repo.cargo(words);
        cargo
            .current_dir(&self.tree)
            .env("CARGO_TARGET_DIR", &self.target);
        cargo
    }
}

/// The first finding of the simulator, if it has one.
fn finding(mut command: Command) -> Result<Option<String>> {
    let output = command
        .output()
        .with_context(|| format!("can't start {command:?}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let finding = text.lines().find(|line| line.starts_with("seed "));
    Ok(finding.map(str::to_owned))
}

/// Whether a command ends well; what it says is not for the reader.
fn succeeds(mut command: Command) -> Result<bool> {
    let output = command
        .output()
        .with_context(|| format!("can't start {command:?}"))?;
    Ok(output.status.success())
}
