//! A long queue: what agents and visitors do takes no longer for it.

use anyhow::Result;
use holdfast_tests::address::Address;

use super::sides::{Flow, flow, middle};
use super::traffic::PERIOD;
use super::{CROWD, Size, commands};
use crate::fleet::{Agents, Answers, Dialect, Fleet, Phase};
use crate::report::Report;
use crate::seed::{Seed, plant};
use crate::stage::{Stage, folder, prepare, strangers};

/// Conversations that wait for an agent.
const WAITING: usize = 10_000;

/// Visitors who write and are answered meanwhile.
const ACTIVE: usize = 100;

/// What the other shop is. Its 100 active visitors' conversations wait, too, as they do in the long queue.
const ALONE: &str = "the same with 101 conversations waiting instead of 10,100";

pub(super) async fn measure(size: Size, report: &mut Report) -> Result<()> {
    let mut long = Shop::open(size.people(WAITING), size).await?;
    let mut short = Shop::open(1, size).await?;
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
    let colleagues = [long.colleague().await?, short.colleague().await?];
    let [among, alone] = commands::in_turn(colleagues).await?;
    for (name, among, alone) in [
        ("login_with_queue", among.login, alone.login),
        ("listing_with_queue", among.listing, alone.listing),
        ("claim_with_queue", among.claim, alone.claim),
        ("close_with_queue", among.close, alone.close),
    ] {
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
        plant(folder.path(), "s0", seed)?;
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
        })
    }

    async fn colleague(&self) -> Result<Address> {
        self.stage.agent("s0", "Ben").await
    }

    async fn round(&mut self, size: Size) -> Result<Flow> {
        let phase = Phase::Paced(PERIOD);
        flow(&mut self.visitors, self.stage.gauge, phase, size.span).await
    }
}
