//! Messages: how soon, how many, and what they cost, beside a relay that appends and syncs.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::idle::gather_crowd;
use super::{CROWD, Size, float};
use crate::baseline::Disk;
use crate::fleet::{Agents, Answers, Dialect, Fleet, Phase, Samples};
use crate::gauge::{Gauge, median, quantile};
use crate::report::Report;
use crate::seed;
use crate::stage::{Relay, Stage, folder, strangers};

/// Sites with an agent each: a company's shops, and enough commands under way.
pub(super) const SITES: usize = 8;

/// 1,000 visitors that write once in this span, and are answered, make 2,000 messages a second.
pub(super) const PERIOD: Duration = Duration::from_secs(1);

/// A flow is under way by then.
const RAMP: Duration = Duration::from_millis(700);

/// Every calm visitor beats once in so long.
const BEAT: Duration = Duration::from_secs(25);

/// What one round of a flow says.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow {
    pub(super) messages_per_s: f64,
    pub(super) cpu_s_per_100k: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
    /// The worst visitor's p99 as a multiple of the median visitor's.
    pub(super) starving: f64,
}

/// Lets the fleet do `phase` for `span`.
pub(super) async fn flow(
    fleet: &mut Fleet,
    gauge: Gauge,
    phase: Phase,
    span: Duration,
) -> Result<Flow> {
    fleet.tell(phase);
    tokio::time::sleep(RAMP.min(span)).await;
    let count = || fleet.score.answered.load(Ordering::Relaxed);
    let (began, cpu, before) = (Instant::now(), gauge.cpu_s()?, count());
    tokio::time::sleep(span).await;
    let (seconds, cpu, after) = (began.elapsed(), gauge.cpu_s()? - cpu, count());
    let gathered = fleet.gather().await;
    let troubles = fleet.score.troubles.load(Ordering::Relaxed);
    ensure!(troubles == 0, "{troubles} troubles");
    let messages = 2.0 * float(usize::try_from(after - before)?);
    let mut visitors: Vec<Samples> = gathered.into_iter().map(|(samples, _)| samples).collect();
    let mut worst: Vec<f64> = visitors
        .iter_mut()
        .map(|samples| quantile(samples, 0.99))
        .collect();
    let typical = median(&mut worst);
    let mut all: Samples = visitors.concat();
    Ok(Flow {
        messages_per_s: messages / seconds.as_secs_f64(),
        cpu_s_per_100k: cpu / messages * 100_000.0,
        p50: median(&mut all),
        p99: quantile(&mut all, 0.99),
        starving: worst.last().copied().unwrap_or_default() / typical,
    })
}

/// Holdfast and the relay, each with its visitors and agents.
struct Sides {
    // Dropped in this order: no line breaks before its own end lets go.
    ours: Fleet,
    bare: Fleet,
    _agents: [Agents; 2],
    stage: Stage,
    relay: Relay,
}

impl Sides {
    async fn start(visitors: usize) -> Result<Self> {
        let stage = Stage::start(SITES).await?;
        let relay = Relay::start(Disk::Synced).await?;
        let addresses = stage.agents(SITES).await?;
        let answers = addresses.into_iter().map(|address| (address, Answers::ALL));
        let agents = [
            Agents::launch(answers.collect()),
            Agents::launch_bare(relay.address, SITES),
        ];
        for agents in &agents {
            agents.welcomed(CROWD).await?;
        }
        let people = strangers(visitors, SITES);
        let ours = Fleet::launch(Dialect::Holdfast, stage.server.http(), people.clone());
        let bare = Fleet::launch(Dialect::Bare, relay.address, people);
        ours.welcomed(CROWD).await?;
        bare.welcomed(CROWD).await?;
        Ok(Self {
            stage,
            relay,
            _agents: agents,
            ours,
            bare,
        })
    }

    /// Both in turn, so that what disturbs one disturbs the other.
    async fn rounds(&mut self, size: Size, phase: Phase) -> Result<[Vec<Flow>; 2]> {
        let mut flows = [Vec::new(), Vec::new()];
        for _ in 0..size.rounds {
            flows[0].push(flow(&mut self.ours, self.stage.gauge, phase, size.span).await?);
            flows[1].push(flow(&mut self.bare, self.relay.gauge, phase, size.span).await?);
        }
        Ok(flows)
    }
}

pub(super) fn middle(flows: &[Flow], value: impl Fn(&Flow) -> f64) -> f64 {
    median(&mut flows.iter().map(value).collect::<Vec<_>>())
}

const SYNCED: &str = "bare relay, append and fdatasync, grouped";

/// How soon, at a pace that leaves both servers time.
pub(super) async fn measure_pace(size: Size, report: &mut Report) -> Result<()> {
    let mut sides = Sides::start(size.people(1_000)).await?;
    let [ours, bare] = sides.rounds(size, Phase::Paced(PERIOD)).await?;
    let (p50, p99) = (|flow: &Flow| flow.p50, |flow: &Flow| flow.p99);
    report.add(
        "rtt_p50",
        middle(&ours, p50),
        "ms",
        middle(&bare, p50),
        SYNCED,
    );
    report.add(
        "rtt_p99",
        middle(&ours, p99),
        "ms",
        middle(&bare, p99),
        SYNCED,
    );
    Ok(())
}

/// How many, and what each costs.
pub(super) async fn measure_most(size: Size, report: &mut Report) -> Result<()> {
    let rate = |flow: &Flow| flow.messages_per_s;
    let mut sides = Sides::start(size.people(100)).await?;
    let [ours, bare] = sides.rounds(size, Phase::Busy).await?;
    report.add(
        "max_100",
        middle(&ours, rate),
        "msg/s",
        middle(&bare, rate),
        SYNCED,
    );
    drop(sides);

    let mut sides = Sides::start(size.people(1_000)).await?;
    // Memory is as it is after some seconds of work.
    flow(&mut sides.ours, sides.stage.gauge, Phase::Busy, size.span).await?;
    let before = sides.stage.gauge.memory_kib()?;
    let [ours, bare] = sides.rounds(size, Phase::Busy).await?;
    let grown = sides.stage.gauge.memory_kib()? / before;
    let most = middle(&ours, rate);
    report.add("max_1000", most, "msg/s", middle(&bare, rate), SYNCED);
    let store = store_limit(&folder()?.keep(), size)?;
    let words = "rows into the same SQLite schema, 100 a commit";
    report.add("max_vs_store", most, "msg/s", store, words);
    let cpu = |flow: &Flow| flow.cpu_s_per_100k;
    report.add(
        "cpu_s_per_100k",
        middle(&ours, cpu),
        "CPU s",
        middle(&bare, cpu),
        SYNCED,
    );
    let starving = |flow: &Flow| flow.starving;
    report.add(
        "worst_visitor",
        middle(&ours, starving),
        "x p99",
        3.0,
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
