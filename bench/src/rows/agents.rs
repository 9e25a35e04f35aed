//! Two hundred agents on one site, each of whom reads everything.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::sides::{Flow, flow};
use super::traffic::PERIOD;
use super::{CROWD, Size, float};
use crate::fleet::{Agents, Answers, Dialect, Fleet, Phase};
use crate::gauge::Gauge;
use crate::report::Report;
use crate::stage::{Stage, strangers};

/// Who keeps up has read all of it so soon after the last message.
const LAG: Duration = Duration::from_secs(10);

/// How often it is looked whether they have. Short against what is measured so.
const GLANCE: Duration = Duration::from_millis(1);

/// A site whose agents share the answering, and its visitors.
pub(super) struct Team {
    // Dropped in this order: no line breaks before its own end lets go.
    fleet: Fleet,
    agents: Agents,
    pub(super) stage: Stage,
}

impl Team {
    /// Lets everybody come.
    ///
    /// # Errors
    /// When they are not taken in.
    pub(super) async fn gather(size: Size) -> Result<Self> {
        let count = size.people(200);
        let stage = Stage::start(1).await?;
        let mut team = Vec::new();
        for (rest, number) in (0..).zip(0..count) {
            let address = stage.agent("s0", &format!("Ana {number}")).await?;
            let of = count as u64;
            team.push((address, Answers { rest, of }));
        }
        let agents = Agents::launch(team);
        agents.welcomed(CROWD).await?;
        let people = strangers(size.people(1_000), 1);
        let fleet = Fleet::launch(Dialect::Holdfast, stage.server.http(), people);
        fleet.welcomed(CROWD).await?;
        Ok(Self {
            fleet,
            agents,
            stage,
        })
    }

    /// Lets the visitors write at their pace, and be answered.
    pub(super) async fn flow(&mut self, size: Size) -> Result<Flow> {
        let (phase, span) = (Phase::Paced(PERIOD), size.span * 2);
        flow(&mut self.fleet, self.stage.gauge, phase, span).await
    }

    /// Waits until each agent has read everything.
    ///
    /// # Errors
    /// When they have not in [`LAG`].
    async fn has_read(&self) -> Result<()> {
        let began = Instant::now();
        loop {
            let read = self
                .agents
                .read
                .iter()
                .map(|read| read.load(Ordering::Relaxed));
            let counts: Vec<_> = read.collect();
            let (least, most) = (counts.iter().min(), counts.iter().max());
            // Every conversation has one event more, its opening.
            let events = 2 * self.fleet.score.answered.load(Ordering::Relaxed) + self.fleet.len();
            if least == most && least.is_some_and(|least| *least >= events) {
                return Ok(());
            }
            ensure!(
                began.elapsed() < LAG,
                "agents lag behind: {least:?} to {most:?} of {events} and more"
            );
            tokio::time::sleep(GLANCE).await;
        }
    }
}

pub(super) async fn measure(size: Size, report: &mut Report) -> Result<()> {
    let mut team = Team::gather(size).await?;
    let load = Gauge::new(std::process::id());
    let (began, cpu) = (Instant::now(), load.cpu_s()?);
    let flow = team.flow(size).await?;
    let busy = (load.cpu_s()? - cpu) / began.elapsed().as_secs_f64();
    team.has_read().await?;
    let lag = flow.ended.elapsed().as_secs_f64() * 1000.0;
    let visitors = usize::try_from(team.fleet.len())?;
    let offered = 2.0 * float(visitors) / PERIOD.as_secs_f64();
    eprintln!(
        "  200 agents: p50 {:.1} ms, p99 {:.1} ms; the server took {:.2} of a core, the load {busy:.2}",
        flow.p50,
        flow.p99,
        flow.cpu_s_per_100k * flow.messages_per_s / 100_000.0,
    );
    report.add(
        "agents_200",
        flow.messages_per_s,
        "msg/s",
        offered,
        "what the visitors write and want answered",
    );
    report.add("agents_200_p99", flow.p99, "ms", 1000.0, "a second");
    report.add(
        "agents_200_lag",
        lag,
        "ms",
        1000.0,
        "a second, from the visitors' end until every agent has read everything",
    );
    // One core is busy for so long while 100,000 messages are offered at this pace.
    let core = 100_000.0 / offered;
    report.add(
        "agents_200_cpu",
        flow.cpu_s_per_100k,
        "CPU s",
        core,
        "a whole core at this pace; per 100k messages, each to 200 agents",
    );
    Ok(())
}
