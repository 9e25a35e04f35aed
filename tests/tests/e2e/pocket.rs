//! A phone that was in a pocket for an hour: the page hidden and frozen, its line dead, its clocks an hour further.
//! Only Chromium's driver can freeze a page. And a phone whose system has killed the browser.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use holdfast_tests::{
    agent::Agent,
    browser::{Engine, Tab},
    in_every_engine,
    pages::{Pages, with_tag},
    proxy::{BOTH, Forgotten, Scope},
    stage::{MACHINE, Stage},
    wait,
};

use super::hosts::cannot_show;

in_every_engine!(a_killed_browser_comes_back_to_the_conversation);

/// What is promised to who takes up a phone.
const BACK: Duration = Duration::from_secs(2);

/// An hour passes for the page between its last moment and the first after it, and the words that are shown of the
/// line since then are noted.
const HOUR: &str = "<script>
    let later = 0;
    const ticks = performance.now.bind(performance), dates = Date.now;
    performance.now = () => ticks() + later;
    Date.now = () => dates() + later;
    addEventListener('resume', () => {
        later = 3600e3;
        const line = document.querySelector('#holdfast-chat').shadowRoot.querySelector('[data-hf=connection]');
        window.words = [];
        new MutationObserver(() => line.hidden || words.push(line.textContent))
            .observe(line, { attributes: true, childList: true, characterData: true, subtree: true });
    }, { capture: true });
    </script>";

/// A visitor who has put the phone away in the middle of a conversation; the line has died meanwhile, and two answers
/// were written.
async fn pocketed(stage: &mut Stage) -> Result<(Tab, Pages, Agent, u64)> {
    let html = with_tag(stage.street.addr(), "demo", "").replace("<h1>", &format!("{HOUR}<h1>"));
    let pages = Pages::serve([("/", html)]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.open_chat().await?;
    let mut agent = stage.agent("Ana").await?;
    stage.visitor_writes(&tab, "Good morning").await?;
    let desk = agent
        .see("it", |desk| desk.find("Good morning").is_some())
        .await?;
    let conversation = desk.messages[0].conversation;
    stage.settle(&[&tab], &agent, conversation).await?;

    tab.put_away(true).await?;
    tab.freeze().await?;
    stage.street.lose(&BOTH);
    for answer in ["while you were away, 1", "while you were away, 2"] {
        stage.agent_writes(&mut agent, conversation, answer).await?;
    }
    let desk = agent
        .see("the log has both", |desk| desk.acked.len() == 2)
        .await?;
    ensure!(desk.standings[&conversation].delivered <= 1, "{desk:?}");
    Ok((tab, pages, agent, conversation))
}

async fn take_up(tab: &Tab) -> Result<Instant> {
    let back = Instant::now();
    tab.thaw().await?;
    tab.put_away(false).await?;
    let hours = "return Math.floor(performance.now() / 3600e3)";
    ensure!(tab.run::<u32>(hours, vec![]).await? == 1, "no hour passed");
    Ok(back)
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_hour_in_a_pocket_everything_is_there_in_two_seconds() -> Result<()> {
    let mut stage = Stage::set_with(Scope::WebSockets, &[]).await?;
    let (tab, _pages, agent, conversation) = pocketed(&mut stage).await?;
    stage.street.heal(Forgotten::Silent).await?;
    let back = take_up(&tab).await?;
    stage
        .settle_within(BACK, back, &[&tab], &agent, conversation)
        .await?;
    let well = tab
        .see("a line", |widget| widget.connection == "online")
        .await?;
    ensure!(well.words.is_empty(), "{:?}", well.words);
    let words: Vec<String> = tab.run("return window.words", vec![]).await?;
    ensure!(!words.is_empty(), "nobody said what was happening");
    stage.visitor_writes(&tab, "I am back").await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_up_the_phone_without_a_line_is_told_so() -> Result<()> {
    let mut stage = Stage::set_with(Scope::WebSockets, &[]).await?;
    let (tab, _pages, agent, conversation) = pocketed(&mut stage).await?;
    let back = take_up(&tab).await?;
    let look = async || tab.widget().await;
    wait::until_for(BACK + MACHINE, "words about the line", look, |widget| {
        widget.connection != "online" && !widget.words.is_empty()
    })
    .await?;
    println!("told {} ms after", back.elapsed().as_millis());
    stage.visitor_writes(&tab, "written in the lift").await?;
    stage.street.heal(Forgotten::Silent).await?;
    let heal = Instant::now();
    stage
        .settle_since(heal, &[&tab], &agent, conversation)
        .await?;
    Ok(())
}

/// The system needs the memory, and no tab hears of it. The visitor is still the same, with the conversation, what they
/// have not read and what they have not sent. Browsers write what pages store later; the test waits until it is there.
async fn a_killed_browser_comes_back_to_the_conversation(engine: Engine) -> Result<()> {
    const WAITING: &str = "waits in a lift";
    if engine == Engine::WebKit {
        let why = "it keeps nothing on the disk while it is driven";
        cannot_show(engine, "what a killed browser finds", why);
        return Ok(());
    }
    let mut stage = Stage::set_in_with(engine, Scope::WebSockets).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    stage.browser.has_on_disk("holdfast:demo:token").await?;
    stage.street.lose(&BOTH);
    stage.visitor_writes(&tab, WAITING).await?;
    stage.browser.has_on_disk(WAITING).await?;
    stage
        .agent_writes(&mut agent, conversation, "while you were away")
        .await?;
    agent
        .see("the log has it", |desk| desk.acked.len() == 2)
        .await?;
    drop(tab);
    stage.browser = stage.browser.killed().await?;
    stage.street.heal(Forgotten::Silent).await?;

    let tab = stage.browser.open(&stage.page("/")).await?;
    tab.see("the unread answer", |widget| {
        !widget.open && widget.unread == "1"
    })
    .await?;
    tab.open_chat().await?;
    stage.visitor_writes(&tab, "I am back").await?;
    let screens = stage.settle(&[&tab], &agent, conversation).await?;
    let known = &screens.desk.standings;
    ensure!(known.len() == 1, "another visitor: {known:?}");
    Ok(())
}
