//! The visitor's page sleeps, or is not there at all, while the agent writes.

use std::time::Instant;

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::Engine,
    in_every_engine,
    proxy::{BOTH, Forgotten, Scope},
    stage::Stage,
};

in_every_engine!(
    answers_wait_for_a_visitor_who_has_left,
    a_frozen_page_has_everything_when_it_thaws,
    answers_wait_over_a_restart_of_the_server_too,
    the_back_button_brings_a_living_chat,
    the_back_button_keeps_an_unsent_message,
);

async fn answers_wait_for_a_visitor_who_has_left(engine: Engine) -> Result<()> {
    let mut stage = Stage::build(engine, Scope::All, &["--visitor-grace", "300ms"]).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    // Another window, so that the browser lives on.
    let _elsewhere = stage.browser.open_another("about:blank").await?;
    tab.close().await?;
    agent
        .see("the visitor gone", |desk| {
            !desk.standings[&conversation].present
        })
        .await?;
    for answer in ["first answer", "second answer", "third answer"] {
        stage.agent_writes(&mut agent, conversation, answer).await?;
    }
    agent
        .see("the log has all", |desk| desk.acked.len() == 4)
        .await?;

    let tab = stage
        .browser
        .open_another(&stage.page("/about.html"))
        .await?;
    tab.see("three unread answers", |widget| widget.unread == "3")
        .await?;
    agent
        .see("the visitor back", |desk| {
            desk.standings[&conversation].present
        })
        .await?;
    tab.open_chat().await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    agent
        .see("all read", |desk| desk.standings[&conversation].read == 5)
        .await?;
    Ok(())
}

async fn answers_wait_over_a_restart_of_the_server_too(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    tab.goto("about:blank").await?;
    for answer in ["first answer", "second answer", "third answer"] {
        stage.agent_writes(&mut agent, conversation, answer).await?;
    }
    agent
        .see("the log has all", |desk| desk.acked.len() == 4)
        .await?;
    stage.server.kill().await?;
    stage.server.start_again().await?;
    tab.goto(&stage.page("/")).await?;
    tab.open_chat().await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    Ok(())
}

async fn a_frozen_page_has_everything_when_it_thaws(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    tab.freeze().await?;
    for answer in ["while frozen, 1", "while frozen, 2"] {
        stage.agent_writes(&mut agent, conversation, answer).await?;
    }
    let desk = agent
        .see("the log has both", |desk| desk.acked.len() == 3)
        .await?;
    // Nobody has read them: the page really is frozen.
    ensure!(desk.standings[&conversation].delivered <= 2, "{desk:?}");
    tab.thaw().await?;
    let thaw = Instant::now();
    stage
        .settle_since(thaw, &[&tab], &agent, conversation)
        .await?;
    Ok(())
}

/// Frozen, and its line has died silently meanwhile. Only Chromium tells a page that it was thawed; what the others tell to who
/// comes back is tried with the phone in a pocket.
#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_page_whose_line_has_died_recovers_when_it_thaws() -> Result<()> {
    let mut stage = Stage::set().await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    stage.visitor_writes(&tab, "one moment").await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    tab.freeze().await?;
    stage.street.lose(&BOTH);
    for answer in ["while frozen, 1", "while frozen, 2"] {
        stage.agent_writes(&mut agent, conversation, answer).await?;
    }
    agent
        .see("the log has both", |desk| desk.acked.len() == 3)
        .await?;
    stage.street.heal(Forgotten::Silent).await?;
    tab.thaw().await?;
    let thaw = Instant::now();
    stage
        .settle_since(thaw, &[&tab], &agent, conversation)
        .await?;
    stage.visitor_writes(&tab, "I am back").await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    Ok(())
}

/// The browser's back button may bring a page out of its cache, with a socket that was closed.
async fn the_back_button_brings_a_living_chat(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    let mark = "window.mark = 'still me';";
    tab.run::<()>(mark, vec![]).await?;
    tab.goto(&stage.page("/catalogue.html")).await?;
    stage
        .agent_writes(&mut agent, conversation, "said meanwhile")
        .await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    tab.back().await?;
    let kept: Option<String> = tab.run("return window.mark ?? null", vec![]).await?;
    println!("from the back/forward cache: {}", kept.is_some());
    stage.settle(&[&tab], &agent, conversation).await?;
    stage.visitor_writes(&tab, "and back").await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    Ok(())
}

/// The page that comes out of the cache knows less than the page that was left.
async fn the_back_button_keeps_an_unsent_message(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in_with(engine, Scope::WebSockets).await?;
    let (tab, agent, conversation) = stage.greeting().await?;
    tab.goto(&stage.page("/catalogue.html")).await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    stage.street.lose(&BOTH);
    stage
        .visitor_writes(&tab, "unsent, and left at once")
        .await?;
    tab.back().await?;
    tab.see("the unsent message on the page before", |widget| {
        widget.open && widget.state_of("unsent, and left at once") == Some("waiting")
    })
    .await?;
    stage.street.heal(Forgotten::Silent).await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    Ok(())
}
