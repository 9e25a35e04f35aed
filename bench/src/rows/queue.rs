//! A long queue: what agents and visitors do takes no longer for it.

use anyhow::Result;

use super::commands::{self, Clerk};
use super::sides::{Flow, flow, middle};
use super::traffic::PERIOD;
use super::{CROWD, Size};
use crate::fleet::{Agents, Answers, Dialect, Fleet, Identity, Phase};
use crate::report::Report;
use crate::seed::{Seed, plant};
use crate::stage::{Stage, folder, prepare, strangers};

/// Conversations that wait for an agent.
const WAITING: usize = 10_000;

/// The same in the other shop: as many as an agent goes through and visitors come back.
const FEW: usize = 200;

/// Visitors who write and are answered meanwhile.
const ACTIVE: usize = 100;

/// What the other shop is. Its 100 active visitors' conversations wait, too, as they do in the long queue.
const ALONE: &str = "the same with 300 conversations waiting instead of 10,100";

pub(super) async fn measure(size: Size, report: &mut Report) -> Result<()> {
    let mut long = Shop::open(size.people(WAITING), size).await?;
    let mut short = Shop::open(size.people(FEW), size).await?;
    let (mut among, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..size.rounds {
        among.push(long.round(size).await?);
        alone.push(short.round(size).await?);
    }
    let p50 = |flow: &Flow| flow.p50;
    report.add(
        "rtt_with_queue",
        middle(&among, p50),
        "ms",
        middle(&alone, p50),
        ALONE,
    );
    // Of another agent, whose line is not the one that answers visitors.
    let clerks = [long.clerk().await?, short.clerk().await?];
    for (name, [among, alone]) in commands::in_turn(clerks).await? {
        report.add(name, among, "ms", alone, ALONE);
    }
    Ok(())
}

/// A site with a queue, an agent and visitors.
struct Shop {
    // Dropped in this order: no line breaks before its own end lets go.
    visitors: Fleet,
    _agents: Agents,
    stage: Stage,
    /// Who wait.
    waiting: Vec<Identity>,
}

impl Shop {
    async fn open(waiting: usize, size: Size) -> Result<Self> {
        let folder = folder()?;
        prepare(folder.path(), 1).await?;
        let seed = Seed {
            visitors: waiting as u64,
            messages: 1,
            are_waiting: true,
        };
        let waiting = plant(folder.path(), "s0", seed)?;
        let stage = Stage::start_on(folder).await?;
        let addresses = stage.agents(1).await?;
        let answers = addresses.into_iter().map(|address| (address, Answers::ALL));
        let agents = Agents::launch(answers.collect());
        agents.welcomed(CROWD).await?;
        let people = strangers(size.people(ACTIVE), 1);
        let visitors = Fleet::launch(Dialect::Holdfast, stage.server.http(), people);
        visitors.welcomed(CROWD).await?;
        Ok(Self {
            visitors,
            _agents: agents,
            stage,
            waiting,
        })
    }

    async fn clerk(&self) -> Result<Clerk> {
        let agent = self.stage.agent("s0", "Ben").await?;
        Clerk::log_in(agent, self.stage.server.http(), self.waiting.clone()).await
    }

    async fn round(&mut self, size: Size) -> Result<Flow> {
        let phase = Phase::Paced(PERIOD);
        flow(&mut self.visitors, self.stage.gauge, phase, size.span).await
    }
}
