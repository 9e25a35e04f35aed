//! The soak: real processes over real sockets, with everything going wrong that goes wrong in a real house, for as
//! long as one likes; then a verdict by the [`crate::checker`], which knows only what was written and what screens
//! show.
//!
//! * [`network`]: namespaces and cables. [`cast`]: who takes part. [`program`]: what is killed and started again.
//! * [`plan`]: which fault comes when, drawn from a seed. [`faults`]: how each is done.
//! * [`recovery`]: what counts as recovered, to the letter. [`judge`]: what counts as lost.
//!
//! A seed draws the same faults of the same lengths in the same order. It does not replay a run: at which
//! instruction a SIGKILL hits the server is the machine's choice, and what the soak is for.

pub mod agents;
pub mod board;
pub mod cast;
pub mod faults;
pub mod judge;
pub mod network;
pub mod nginx;
pub mod plan;
pub mod program;
pub mod recovery;
pub mod report;
pub mod server;
pub mod visitors;
mod workshop;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use fastrand::Rng;

use cast::Cast;
use faults::Tally;
use plan::{People, Round};
use recovery::{Recoveries, measure};
use report::Report;
use workshop::Workshop;

/// How long and how.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Options {
    /// How many minutes of faults; one deck of all kinds is always dealt to its end
    #[arg(long)]
    pub minutes: f64,
    /// Draws the faults; without it one is drawn from the clock
    #[arg(long)]
    pub seed: Option<u64>,
    /// On the machine's loopback, without root: no cable is pulled, no disk filled
    #[arg(long)]
    pub without_network: bool,
    /// Without the visitor who has a real Chromium
    #[arg(long)]
    pub without_browser: bool,
    /// Keep everybody's papers, screens and the timeline, also when all is well
    #[arg(long)]
    pub keep: bool,
}

/// Soaks.
///
/// # Errors
/// When something could not be started or ended by itself, or the database was damaged. What is lost, doubled, out of
/// order or slow is in the report.
pub async fn run(options: Options) -> Result<Report> {
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let mut workshop = Workshop::open()?;
    let result = soak(options, seed, &workshop).await;
    if options.keep || !result.as_ref().is_ok_and(Report::is_good) {
        let kept = workshop.keep()?;
        let kept = kept.display();
        eprintln!("soak: everybody's papers and screens and the timeline are in {kept}");
    }
    result.with_context(|| format!("the soak with seed {seed} broke off"))
}

async fn soak(options: Options, seed: u64, workshop: &Workshop) -> Result<Report> {
    let began = Instant::now();
    let mut cast = Cast::gather(workshop.path(), &options).await?;
    let with_root = cast.network.has_cables();
    let people = People {
        visitors: cast.visitors.iter().filter(|one| !one.is_browser).count(),
        agents: cast.agents.len(),
    };
    let mut rng = Rng::with_seed(seed);
    let length = Duration::from_secs_f64(options.minutes * 60.0);
    let (mut faults, mut recoveries) = (Tally::default(), Recoveries::default());
    let mut deck = Vec::new();
    let mut decks = 0;
    loop {
        if deck.is_empty() {
            if decks > 0 && began.elapsed() >= length {
                break;
            }
            deck = plan::deck(&mut rng, people, with_root);
            decks += 1;
        }
        if decks > 1 && began.elapsed() >= length {
            break;
        }
        let Some(round) = deck.pop() else { break };
        let name = format!("{}", recoveries.0.len());
        let (from, heal) = play(&mut cast, &round, &mut faults).await?;
        let recovery = measure(&mut cast, &name, from, heal).await?;
        tell(began, &recovery);
        let is_hopeless = recovery.took.is_none() || cast.board.is_alarmed();
        recoveries.0.push(recovery);
        if is_hopeless {
            break;
        }
        // sleep: the scenario's own time without faults
        tokio::time::sleep(round.peace).await;
    }
    let verdict = end(&mut cast, &mut recoveries).await?;
    Ok(Report {
        seed,
        took: began.elapsed(),
        faults,
        recoveries,
        checks: cast.server.checks,
        verdict,
        left_out: (!with_root).then_some("pulled cables, interfaces, the full disk"),
    })
}

/// Plays a round; returns what it was and when the last fault was healed.
async fn play(cast: &mut Cast, round: &Round, faults: &mut Tally) -> Result<(String, Instant)> {
    let mut moments: Vec<(Duration, bool, faults::Fault)> = Vec::new();
    for stroke in &round.strokes {
        moments.push((stroke.begin, true, stroke.fault));
        moments.push((stroke.end, false, stroke.fault));
    }
    moments.sort_by_key(|(at, is_begin, _)| (*at, !is_begin));
    let mut names: Vec<String> = Vec::new();
    let mut healed = Instant::now();
    // Each pause counts from the end of the one before: a start takes as long as it takes.
    let mut before = Duration::ZERO;
    for (at, is_begin, fault) in moments {
        // sleep: the scenario's own times
        tokio::time::sleep(at - before).await;
        before = at;
        let word = if is_begin { "begins" } else { "ends" };
        cast.board.note(&fault.to_string(), word);
        if is_begin {
            fault.begin(cast).await.with_context(|| fault.to_string())?;
            faults.count(fault);
            names.push(fault.to_string());
        } else {
            fault
                .end(cast)
                .await
                .with_context(|| format!("after {fault}"))?;
            healed = Instant::now();
            cast.board.note(&fault.to_string(), "is healed");
        }
    }
    names.dedup();
    Ok((names.join(" + "), healed))
}

/// Silence, the last marks, the end of all programs, and the verdict.
async fn end(cast: &mut Cast, recoveries: &mut Recoveries) -> Result<judge::Verdict> {
    for visitor in &cast.visitors {
        visitor.hush().await?;
    }
    for agent in &cast.agents {
        agent.hush().await?;
    }
    let last = measure(cast, "last", "nothing, the end".into(), Instant::now()).await?;
    if last.took.is_none() {
        recoveries.0.push(last);
    }
    for visitor in &cast.visitors {
        visitor.kill().await?;
    }
    let mut records = Vec::new();
    for agent in &cast.agents {
        records.push((agent.name.clone(), agent.report().await?));
    }
    cast.server.kill().await?;
    judge::judge(&cast.visitors, &records)
}

fn tell(began: Instant, recovery: &recovery::Recovery) {
    let took = match recovery.took {
        Some(took) => format!("recovered in {} ms", took.as_millis()),
        None => "not recovered".to_owned(),
    };
    let at = began.elapsed().as_secs();
    let recovery::Recovery { from, slowest, .. } = recovery;
    eprintln!("soak: {at:4} s  {from}: {took} ({slowest})");
}
