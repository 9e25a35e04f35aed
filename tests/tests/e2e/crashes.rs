//! Programs die in the middle of it, and come back.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    agent::Agent,
    browser::{Engine, Tab},
    checker::Writer,
    in_every_engine,
    proxy::{BOTH, Forgotten, Way},
    stage::Stage,
};

in_every_engine!(the_server_is_killed_under_traffic);

/// Messages of each side; the end comes in the middle of them.
const TRAFFIC: usize = 16;
/// So many of all messages are in the log when the end comes.
const MIDDLE: usize = 8;

async fn traffic_from_the_visitor(tab: &Tab) -> Result<()> {
    for n in 0..TRAFFIC {
        tab.write(&question(n)).await?;
    }
    Ok(())
}

async fn traffic_from_the_agent(agent: &mut Agent, conversation: u64) -> Result<()> {
    for n in 0..TRAFFIC {
        agent.write(conversation, &answer(n)).await?;
    }
    Ok(())
}

fn question(n: usize) -> String {
    format!("question {n}")
}

fn answer(n: usize) -> String {
    format!("answer {n}")
}

fn note_traffic(stage: &mut Stage) {
    for n in 0..TRAFFIC {
        stage.paper.note(Writer::Visitor, &question(n));
        stage.paper.note(Writer::Agent, &answer(n));
    }
}

/// Lets both sides write without a pause while `end` ends the server somewhere in the middle and
/// starts it again.
async fn restart_under_traffic(engine: Engine, end: End) -> Result<(Stage, Tab, Agent, u64)> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    note_traffic(&mut stage);
    // A colleague watches, so that the end comes in the middle of the traffic and not after it.
    let watcher = stage.agent("Ben").await?;
    let server = &mut stage.server;
    let restart = async {
        watcher
            .see("the middle of the traffic", |desk| {
                desk.messages.len() >= MIDDLE
            })
            .await?;
        match end {
            End::Kill => server.kill().await?,
            End::Stop => {
                let status = server.stop().await?;
                ensure!(status.success(), "the server stopped with {status}");
            }
        }
        tab.see("the words about it", |widget| !widget.words.is_empty())
            .await?;
        server.start_again().await?;
        anyhow::Ok(Instant::now())
    };
    let (back, (), ()) = tokio::try_join!(
        restart,
        traffic_from_the_visitor(&tab),
        traffic_from_the_agent(&mut agent, conversation)
    )?;
    let screens = stage.settle(&[&tab], &agent, conversation).await?;
    println!(
        "all {} messages on both screens {} ms after the server's return",
        screens.desk.messages.len(),
        back.elapsed().as_millis()
    );
    let last = [question(TRAFFIC - 1), answer(TRAFFIC - 1)];
    let desk = watcher
        .see("the last words on the colleague's screen", |desk| {
            last.iter().all(|text| desk.find(text).is_some())
        })
        .await?;
    // The colleague began with a snapshot, after the greeting.
    let mut own = desk.lines(conversation);
    let mut all = screens.desk.lines(conversation);
    own.retain(|line| all.contains(line));
    all.retain(|line| own.contains(line));
    ensure!(desk.faults.is_empty() && own == all, "{desk:?}");
    ensure!(
        own.len() >= 2 * TRAFFIC,
        "the colleague missed some: {own:?}"
    );
    Ok((stage, tab, agent, conversation))
}

#[derive(Clone, Copy)]
enum End {
    Kill,
    Stop,
}

async fn the_server_is_killed_under_traffic(engine: Engine) -> Result<()> {
    let (mut stage, tab, mut agent, conversation) =
        restart_under_traffic(engine, End::Kill).await?;
    stage.visitor_writes(&tab, "still there?").await?;
    stage.agent_writes(&mut agent, conversation, "yes").await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_stopped_gracefully_under_traffic() -> Result<()> {
    restart_under_traffic(Engine::Chromium, End::Stop).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_while_the_server_is_down_arrives() -> Result<()> {
    let mut stage = Stage::set().await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    stage.server.kill().await?;
    for n in 0..3 {
        stage.visitor_writes(&tab, &question(n)).await?;
        stage
            .agent_writes(&mut agent, conversation, &answer(n))
            .await?;
    }
    tab.see("the words about it", |widget| {
        widget.connection == "offline" && !widget.words.is_empty()
    })
    .await?;
    stage.server.start_again().await?;
    let back = Instant::now();
    stage
        .settle_since(back, &[&tab], &agent, conversation)
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agents_client_is_killed_with_messages_in_its_outbox() -> Result<()> {
    let mut stage = Stage::set().await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    stage.office.lose(&BOTH);
    for n in 0..3 {
        stage
            .agent_writes(&mut agent, conversation, &answer(n))
            .await?;
    }
    agent.kill().await?;
    stage.visitor_writes(&tab, "are you there?").await?;
    stage.office.heal(Forgotten::Reset).await?;
    agent.start_again()?;
    let screens = stage.settle(&[&tab], &agent, conversation).await?;
    ensure!(screens.desk.acked.len() == 4, "{:?}", screens.desk.acked);
    Ok(())
}

/// The log has them and the client does not know it yet: what it sends again must not be doubled.
#[tokio::test(flavor = "multi_thread")]
async fn the_agents_client_is_killed_before_it_reads_its_own_events() -> Result<()> {
    let mut stage = Stage::set().await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    stage.office.lose(&[Way::Down]);
    for n in 0..3 {
        stage
            .agent_writes(&mut agent, conversation, &answer(n))
            .await?;
    }
    tab.see("all three answers", |widget| widget.messages.len() == 5)
        .await?;
    agent.kill().await?;
    ensure!(agent.desk().acked.len() == 1, "{:?}", agent.desk().acked);
    stage.office.heal(Forgotten::Reset).await?;
    agent.start_again()?;
    agent
        .see("its answers confirmed", |desk| desk.acked.len() == 4)
        .await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    Ok(())
}

/// A power cut takes both ends at once, in the middle of the traffic.
#[tokio::test(flavor = "multi_thread")]
async fn server_and_agents_client_die_together() -> Result<()> {
    let mut stage = Stage::set().await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    for n in 0..6 {
        stage
            .agent_writes(&mut agent, conversation, &answer(n))
            .await?;
    }
    tab.see("some of them", |widget| widget.messages.len() > 3)
        .await?;
    stage.server.kill().await?;
    agent.kill().await?;
    stage.visitor_writes(&tab, "all dark here").await?;
    stage.server.start_again().await?;
    agent.start_again()?;
    let screens = stage.settle(&[&tab], &agent, conversation).await?;
    let first = screens.desk.messages.first().context("a message")?;
    ensure!(first.text == "Good morning");
    Ok(())
}
