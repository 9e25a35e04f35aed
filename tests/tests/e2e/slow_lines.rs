//! A line that is slow and not dead must not be taken for dead.

use std::time::Duration;

use anyhow::{Result, ensure};
use holdfast_tests::{
    proxy::{BOTH, Forgotten, Scope},
    stage::Stage,
};

/// Each way, so that a question and its answer take twice that.
const SLOW: Duration = Duration::from_millis(800);

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_800_ms_connects_and_delivers() -> Result<()> {
    let mut stage = Stage::set_with(Scope::WebSockets, &[]).await?;
    stage.street.delay(SLOW, SLOW);
    let (tab, mut agent, conversation) = stage.greeting().await?;
    for round in 0..2 {
        stage
            .visitor_writes(&tab, &format!("slowly {round}"))
            .await?;
        stage
            .agent_writes(&mut agent, conversation, &format!("patiently {round}"))
            .await?;
    }
    stage.settle(&[&tab], &agent, conversation).await?;
    let before = stage.street.counts().accepted;
    // Once it is up it stays up: a slow answer is no dead line.
    stage.visitor_writes(&tab, "is it the same line?").await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    ensure!(stage.street.counts().accepted == before, "it dialled again");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_line_that_was_cut_comes_back() -> Result<()> {
    let mut stage = Stage::set_with(Scope::WebSockets, &[]).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    stage.street.delay(SLOW, SLOW);
    stage.street.lose(&BOTH);
    stage.visitor_writes(&tab, "cut and slow").await?;
    stage
        .agent_writes(&mut agent, conversation, "slow and cut")
        .await?;
    tab.see("the cut noticed", |widget| widget.connection == "offline")
        .await?;
    stage.street.heal(Forgotten::Silent).await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_on_a_slow_line_works() -> Result<()> {
    let mut stage = Stage::set().await?;
    stage.office.delay(SLOW, SLOW);
    let (tab, mut agent, conversation) = stage.greeting().await?;
    stage
        .agent_writes(&mut agent, conversation, "from far away")
        .await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    let states = agent.desk().states;
    ensure!(
        !states.iter().any(|state| state == "doubtful"),
        "{states:?}"
    );
    Ok(())
}
