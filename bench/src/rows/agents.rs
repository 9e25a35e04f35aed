//! Two hundred agents on one site, each of whom reads everything.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::sides::flow;
use super::traffic::PERIOD;
use super::{CROWD, Size, float};
use crate::fleet::{Agents, Answers, Dialect, Fleet, Phase};
use crate::report::Report;
use crate::stage::{Stage, strangers};

/// Who keeps up has read all of it so soon after the last message.
const LAG: Duration = Duration::from_secs(10);

pub(super) async fn measure(size: Size, report: &mut Report) -> Result<()> {
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
    let visitors = size.people(1_000);
    let mut fleet = Fleet::launch(
        Dialect::Holdfast,
        stage.server.http(),
        strangers(visitors, 1),
    );
    fleet.welcomed(CROWD).await?;
    let began = Instant::now();
    let flow = flow(&mut fleet, stage.gauge, Phase::Paced(PERIOD), size.span * 2).await?;
    let messages = 2 * fleet.score.answered.load(Ordering::Relaxed);
    let lag = Instant::now();
    loop {
        let counts: Vec<_> = agents
            .read
            .iter()
            .map(|read| read.load(Ordering::Relaxed))
            .collect();
        let (least, most) = (counts.iter().min(), counts.iter().max());
        // Every conversation has one event more, its opening.
        if least == most && least.is_some_and(|least| *least >= messages) {
            break;
        }
        ensure!(
            lag.elapsed() < LAG,
            "agents lag behind: {least:?} to {most:?} of {messages} and more"
        );
        tokio::task::yield_now().await;
    }
    let offered = 2.0 * float(visitors) / PERIOD.as_secs_f64();
    eprintln!(
        "  200 agents: p50 {:.1} ms, p99 {:.1} ms, {:.0} s",
        flow.p50,
        flow.p99,
        began.elapsed().as_secs_f64()
    );
    report.add(
        "agents_200",
        flow.messages_per_s,
        "msg/s",
        offered,
        "what the visitors write and want answered",
    );
    report.add("agents_200_p99", flow.p99, "ms", 1000.0, "a second");
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
