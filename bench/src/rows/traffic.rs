//! Messages: how soon, how many, and what they cost, beside a relay that appends and syncs.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::Size;
use super::idle::gather_crowd;
use super::sides::{Flow, Side, rounds};
use crate::fleet::{AGENTS, Dialect, Fleet, Identity, Phase};
use crate::report::Report;
use crate::seed;
use crate::stage::{folder, strangers};

/// 1,000 visitors that write once in this span, and are answered, make 2,000 messages a second.
pub(super) const PERIOD: Duration = Duration::from_secs(1);

/// Groups in which a crowd comes: few at a time, as strangers come.
const GROUPS: u32 = 1000;

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
    let limit = socket_limit(visitors, size, Phase::Paced(PERIOD)).await?;
    report.add("socket_rtt_p50", limit.p50, "ms", bare.middle(p50), SYNCED);
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
    let limit = socket_limit(visitors, size, Phase::Busy).await?;
    let limit = limit.messages_per_s;
    report.add("socket_max_100", limit, "msg/s", bare.middle(RATE), SYNCED);
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
    let limit = socket_limit(visitors, size, Phase::Busy).await?;
    let limit = limit.messages_per_s;
    report.add("socket_max_1000", limit, "msg/s", bare.middle(RATE), SYNCED);
    Ok(())
}

/// What the machine's sockets allow: one round of a relay without a disk.
async fn socket_limit(visitors: usize, size: Size, phase: Phase) -> Result<Flow> {
    let mut relay = Side::bare_relay(visitors).await?;
    relay.flow(phase, size.span).await
}

fn store_limit(folder: &Path, size: Size) -> Result<f64> {
    let limit = seed::rows_per_second(folder, 100, size.span / 2);
    std::fs::remove_dir_all(folder)?;
    limit
}

/// Visitors who come all through the time of a heartbeat, so that their beats are spread over it for as long as they are here.
async fn gather_evenly(server: SocketAddr, people: &[Identity], size: Size) -> Result<Vec<Fleet>> {
    let mut turns = tokio::time::interval(size.beat() / GROUPS);
    let mut crowd = Vec::new();
    for group in people.chunks(people.len().div_ceil(usize::try_from(GROUPS)?)) {
        turns.tick().await;
        crowd.extend(gather_crowd(Dialect::Holdfast, server, group.to_vec()).await?);
    }
    Ok(crowd)
}

/// What a message costs with very many visitors connected who do nothing, and what these cost by themselves.
pub(super) async fn measure_crowd(size: Size, report: &mut Report) -> Result<()> {
    // Half as many at both servers, who write twice as often: this process may open no more sockets.
    let visitors = size.people(500);
    let mut sides = [
        Side::holdfast(visitors).await?,
        Side::holdfast(visitors).await?,
    ];
    let (server, gauge) = (sides[0].address, sides[0].gauge);
    let people = strangers(size.people(18_000), AGENTS);
    let crowd = gather_evenly(server, &people, size).await?;
    let (began, cpu) = (Instant::now(), gauge.cpu_s()?);
    tokio::time::sleep(size.beat() / 2).await;
    let beat = (gauge.cpu_s()? - cpu) / began.elapsed().as_secs_f64();
    rounds(&mut sides, size, Phase::Paced(PERIOD / 2)).await?;
    drop(crowd);
    let [among, alone] = &sides;
    let beats_per_100k = beat * 100_000.0 / among.middle(RATE);
    for (name, cost, words) in [
        (
            "cost_with_idle",
            among.middle(CPU) - beats_per_100k,
            "the same without 18,000 idle visitors, whose heartbeats are left out",
        ),
        (
            "cost_with_beats",
            among.middle(CPU),
            "the same without 18,000 idle visitors",
        ),
    ] {
        report.add(name, cost, "CPU s", alone.middle(CPU), words);
    }
    report.add("idle_cpu_18k", beat * 100.0, "% core", 3.0, "the budget");
    Ok(())
}
