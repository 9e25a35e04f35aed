//! Messages: how soon, how many, and what they cost, beside a relay that appends and syncs.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::idle::gather_crowd;
use super::sides::{Flow, Side, flow, rounds};
use super::{CROWD, Size};
use crate::fleet::{AGENTS, Agents, Answers, Dialect, Fleet, Phase};
use crate::report::Report;
use crate::seed;
use crate::stage::{Stage, folder, strangers};

/// Sites with an agent each: a company's shops, and enough commands under way.
pub(super) const SITES: usize = AGENTS;

/// 1,000 visitors that write once in this span, and are answered, make 2,000 messages a second.
pub(super) const PERIOD: Duration = Duration::from_secs(1);

/// Every calm visitor beats once in so long.
const BEAT: Duration = Duration::from_secs(25);

/// Who waits for so many times what others wait for starves.
const STARVING: f64 = 3.0;

const RATE: fn(&Flow) -> f64 = |flow| flow.messages_per_s;
const CPU: fn(&Flow) -> f64 = |flow| flow.cpu_s_per_100k;
const WORST: fn(&Flow) -> f64 = |flow| flow.starving;

const SYNCED: &str = "bare relay, append and fdatasync, grouped";

/// How soon, at a pace that leaves both servers time.
pub(super) async fn measure_pace(size: Size, report: &mut Report) -> Result<()> {
    let visitors = size.people(1_000);
    let mut sides = [
        Side::holdfast(visitors).await?,
        Side::relay(visitors).await?,
    ];
    rounds(&mut sides, size, Phase::Paced(PERIOD)).await?;
    let [ours, bare] = &sides;
    let (p50, p99) = (|flow: &Flow| flow.p50, |flow: &Flow| flow.p99);
    // Who waits for an answer leaves out a turn, so that a pace that was not held would show in no wait.
    eprintln!(
        "  the pace was {:.0} messages a second, {:.0} at the relay",
        ours.middle(RATE),
        bare.middle(RATE)
    );
    report.add("rtt_p50", ours.middle(p50), "ms", bare.middle(p50), SYNCED);
    report.add("rtt_p99", ours.middle(p99), "ms", bare.middle(p99), SYNCED);
    Ok(())
}

/// How many, and what each costs.
pub(super) async fn measure_most(size: Size, report: &mut Report) -> Result<()> {
    measure_hundred(size, report).await?;
    measure_thousand(size, report).await
}

async fn measure_hundred(size: Size, report: &mut Report) -> Result<()> {
    let visitors = size.people(100);
    let mut sides = [
        Side::holdfast(visitors).await?,
        Side::relay(visitors).await?,
    ];
    rounds(&mut sides, size, Phase::Busy).await?;
    let [ours, bare] = &sides;
    report.add(
        "max_100",
        ours.middle(RATE),
        "msg/s",
        bare.middle(RATE),
        SYNCED,
    );
    report.add(
        "cpu_s_per_100k_100",
        ours.middle(CPU),
        "CPU s",
        bare.middle(CPU),
        SYNCED,
    );
    report.add(
        "worst_visitor_100",
        ours.greatest(WORST),
        "x p99",
        STARVING,
        "the budget",
    );
    Ok(())
}

async fn measure_thousand(size: Size, report: &mut Report) -> Result<()> {
    let visitors = size.people(1_000);
    let mut sides = [
        Side::holdfast(visitors).await?,
        Side::relay(visitors).await?,
    ];
    // Memory is as it is after some seconds of work.
    sides[0].flow(Phase::Busy, size.span).await?;
    let before = sides[0].gauge.memory_kib()?;
    rounds(&mut sides, size, Phase::Busy).await?;
    let [ours, bare] = &sides;
    let grown = ours.gauge.memory_kib()? / before;
    let most = ours.middle(RATE);
    report.add("max_1000", most, "msg/s", bare.middle(RATE), SYNCED);
    let store = store_limit(&folder()?.keep(), size)?;
    let words = "rows into the same SQLite schema, 100 a commit";
    report.add("max_vs_store", most, "msg/s", store, words);
    report.add(
        "cpu_s_per_100k",
        ours.middle(CPU),
        "CPU s",
        bare.middle(CPU),
        SYNCED,
    );
    report.add(
        "worst_visitor",
        ours.greatest(WORST),
        "x p99",
        STARVING,
        "the budget",
    );
    report.add(
        "memory_under_load",
        grown,
        "x before",
        1.0,
        "before the load",
    );
    Ok(())
}

fn store_limit(folder: &Path, size: Size) -> Result<f64> {
    let limit = seed::rows_per_second(folder, 100, size.span / 2);
    std::fs::remove_dir_all(folder)?;
    limit
}

/// What a message costs with very many visitors connected who do nothing, and what these cost by themselves.
pub(super) async fn measure_crowd(size: Size, report: &mut Report) -> Result<()> {
    let stage = Stage::start(SITES).await?;
    let addresses = stage.agents(SITES).await?;
    let answers = addresses.into_iter().map(|address| (address, Answers::ALL));
    let agents = Agents::launch(answers.collect());
    agents.welcomed(CROWD).await?;
    let people = strangers(size.people(1_000), SITES);
    let mut active = Fleet::launch(Dialect::Holdfast, stage.server.http(), people);
    active.welcomed(CROWD).await?;
    let phase = Phase::Paced(PERIOD);
    let alone = flow(&mut active, stage.gauge, phase, size.span * 2).await?;
    let crowd = strangers(size.people(18_000), SITES);
    let crowd = gather_crowd(Dialect::Holdfast, stage.server.http(), crowd).await?;
    let (began, cpu) = (Instant::now(), stage.gauge.cpu_s()?);
    tokio::time::sleep(BEAT.min(size.span * 7)).await;
    let beat = (stage.gauge.cpu_s()? - cpu) / began.elapsed().as_secs_f64();
    let among = flow(&mut active, stage.gauge, phase, size.span * 2).await?;
    let beats_per_100k = beat * 100_000.0 / among.messages_per_s;
    let cost = among.cpu_s_per_100k - beats_per_100k;
    let words = "the same without 18,000 idle visitors";
    report.add("cost_with_idle", cost, "CPU s", alone.cpu_s_per_100k, words);
    report.add("idle_cpu_18k", beat * 100.0, "% core", 3.0, "the budget");
    drop((crowd, agents));
    Ok(())
}
