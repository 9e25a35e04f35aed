//! A phone that was in a pocket for an hour: the page hidden and frozen, its line dead, its clocks an hour further. And a
//! phone whose system has killed the browser.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use holdfast_tests::{
    agent::Agent,
    browser::{Engine, Tab},
    in_every_engine,
    pages::{Pages, with_tag},
    proxy::{BOTH, Forgotten, Scope},
    stage::Stage,
    wait,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{hosts::cannot_show, sdk::SNIPPET};

in_every_engine!(
    after_an_hour_in_a_pocket_everything_is_there_in_two_seconds,
    who_takes_up_the_phone_without_a_line_is_told_so,
    a_killed_browser_comes_back_to_the_conversation,
);

/// What is promised to who takes up a phone. The page itself takes the time, so that nothing is allowed for the driver.
const BACK: Duration = Duration::from_secs(2);

/// An hour passes for the page between its last moment and the first after it, which is also when the visitor is back.
const HOUR: &str = "<script>
    let later = 0;
    const dates = Date.now;
    performance.now = () => ticks() + later;
    Date.now = () => dates() + later;
    const wake = () => {
        if (later || document.hidden && event.type !== 'resume') return;
        later = 3600e3;
        isBack();
    };
    for (const name of ['resume', 'visibilitychange']) addEventListener(name, wake, { capture: true });
    </script>";

/// Notes for who comes back what is said of the line, when something is said first, and when `expected` is shown, nothing
/// waits, the line is well and nothing is said of it any more; and what is said of the agents and the messages at that moment.
const WATCH: &str = "
    window.ticks = performance.now.bind(performance);
    window.isBack = () => isBackSince(ticks());
    window.isBackSince = (returned) => {
        const root = document.querySelector('#holdfast-chat').shadowRoot;
        const line = root.querySelector('[data-hf=connection]');
        const seen = window.seen = { words: [], told: null, right: null };
        const look = () => {
            if (!line.hidden && line.textContent) {
                seen.told ??= ticks() - returned;
                if (seen.words.at(-1) !== line.textContent) seen.words.push(line.textContent);
            }
            const shown = [...root.querySelectorAll('[data-hf=message]')];
            const texts = shown.map((it) => it.querySelector('[data-hf=text]').textContent);
            if (seen.right || line.dataset.state !== 'online' || !line.hidden || !expected.every((text) => texts.includes(text))
                || shown.some((it) => /waiting|failed/.test(it.dataset.state))) return;
            seen.right = ticks() - returned;
            const status = [...root.querySelectorAll('[data-hf=subtitle], [data-hf=state], .divider')];
            seen.status = status.map((it) => it.textContent).filter((words) => words);
        };
        const options = { attributes: true, childList: true, characterData: true, subtree: true };
        new MutationObserver(look).observe(root, options);
        look();
    };";

/// What a page has noted since somebody came back to it.
#[derive(Debug, Deserialize)]
pub(super) struct Seen {
    /// What was said of the line, one after the other.
    words: Vec<String>,
    /// After how many milliseconds the first of it was said.
    told: Option<f64>,
    /// After how many milliseconds all was right.
    right: Option<f64>,
    /// What was said then: of the agents, and of each message.
    #[serde(default)]
    status: Vec<String>,
    /// After how many milliseconds the count of unread messages stood at the launcher.
    #[serde(default)]
    unread: Option<f64>,
}

/// Lets a page note what somebody sees who comes back to it, when it calls `isBack`.
pub(super) async fn watch_return(tab: &Tab, expected: &[&str]) -> Result<()> {
    let script = format!("{WATCH} window.expected = arguments[0]");
    tab.run::<Value>(&script, vec![json!(expected)]).await?;
    Ok(())
}

/// Waits until all is right, and judges how long it took.
pub(super) async fn is_right_in_time(tab: &Tab) -> Result<Seen> {
    // A page that is being loaded has noted nothing.
    let nothing = "{ words: [], told: null, right: null }";
    let script = format!("return window.seen ?? {nothing}");
    let look = async || tab.run::<Seen>(&script, vec![]).await;
    let seen = wait::until("all is right", look, |seen| seen.right.is_some()).await?;
    println!("back in {}: {seen:?}", tab.engine());
    ensure!(is_in_time(seen.right), "it took too long: {seen:?}");
    Ok(seen)
}

fn is_in_time(after: Option<f64>) -> bool {
    after.is_some_and(|after| after <= BACK.as_secs_f64() * 1e3)
}

const ANSWERS: [&str; 2] = ["while you were away, 1", "while you were away, 2"];

/// A visitor who has put the phone away in the middle of a conversation; the line has died meanwhile, and two answers
/// were written.
async fn pocketed(stage: &mut Stage) -> Result<(Tab, Pages, Agent, u64)> {
    let scripts = format!("<script>{WATCH}</script>{HOUR}<h1>");
    let html = with_tag(stage.street.addr(), "demo", "").replace("<h1>", &scripts);
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
    tab.run::<Value>("window.expected = arguments[0]", vec![json!(ANSWERS)])
        .await?;

    tab.put_away(true).await?;
    tab.freeze().await?;
    stage.street.lose(&BOTH);
    for answer in ANSWERS {
        stage.agent_writes(&mut agent, conversation, answer).await?;
    }
    let desk = agent
        .see("the log has both", |desk| desk.acked.len() == 2)
        .await?;
    ensure!(desk.standings[&conversation].delivered <= 1, "{desk:?}");
    Ok((tab, pages, agent, conversation))
}

async fn take_up(tab: &Tab) -> Result<()> {
    tab.thaw().await?;
    tab.put_away(false).await?;
    let hours = "return Math.floor(performance.now() / 3600e3)";
    ensure!(tab.run::<u32>(hours, vec![]).await? == 1, "no hour passed");
    Ok(())
}

async fn after_an_hour_in_a_pocket_everything_is_there_in_two_seconds(
    engine: Engine,
) -> Result<()> {
    let mut stage = Stage::set_in_with(engine, Scope::WebSockets).await?;
    let (tab, _pages, agent, conversation) = pocketed(&mut stage).await?;
    stage.street.heal(Forgotten::Silent).await?;
    take_up(&tab).await?;
    let seen = is_right_in_time(&tab).await?;
    ensure!(!seen.words.is_empty(), "nobody said what was happening");
    stage.settle(&[&tab], &agent, conversation).await?;
    let well = tab.widget().await?;
    ensure!(well.words.is_empty(), "{:?}", well.words);
    stage.visitor_writes(&tab, "I am back").await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    Ok(())
}

async fn who_takes_up_the_phone_without_a_line_is_told_so(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in_with(engine, Scope::WebSockets).await?;
    let (tab, _pages, agent, conversation) = pocketed(&mut stage).await?;
    take_up(&tab).await?;
    let look = async || tab.run::<Seen>("return window.seen", vec![]).await;
    let seen = wait::until("words about the line", look, |seen| seen.told.is_some()).await?;
    println!("told in {engine}: {seen:?}");
    ensure!(is_in_time(seen.told), "told too late: {seen:?}");
    stage.visitor_writes(&tab, "written in the lift").await?;
    stage.street.heal(Forgotten::Silent).await?;
    let heal = Instant::now();
    stage
        .settle_since(heal, &[&tab], &agent, conversation)
        .await?;
    Ok(())
}

/// What is written by both before the browser is killed, and after.
const TALK: [&str; 4] = [
    "Good morning",
    "How can I help?",
    "while you were away",
    "waits in a lift",
];

/// Lets a page that is loaded note from when on the visitor went to it, and open the panel for them as soon as something
/// unread is counted, so that nothing is allowed for the driver.
const LOADED: &str = "
    let isWatched = false;
    const back = () => { isWatched ||= isBackSince(0) ?? true; };
    Holdfast.on('ready', back);
    Holdfast.on('unread', () => {
        back();
        const badge = document.querySelector('#holdfast-chat').shadowRoot.querySelector('[data-hf=unread]');
        if (badge.hidden || badge.textContent !== '1') return;
        seen.unread = ticks();
        Holdfast.open();
    });";

/// The system needs the memory, and no tab hears of it. The visitor is still the same, with the conversation, what they
/// have not read and what they have not sent. Browsers write what pages store later; the test waits until it is there.
async fn a_killed_browser_comes_back_to_the_conversation(engine: Engine) -> Result<()> {
    if engine == Engine::WebKit {
        let why = "it keeps nothing on the disk while it is driven";
        cannot_show(engine, "what a killed browser finds", why);
        return Ok(());
    }
    let mut stage = Stage::set_in_with(engine, Scope::WebSockets).await?;
    let script = format!(
        "<script>{SNIPPET}{WATCH} window.expected = {};{LOADED}</script><h1>",
        json!(TALK)
    );
    let html = with_tag(stage.street.addr(), "demo", "").replace("<h1>", &script);
    let pages = Pages::serve([("/", html)]).await?;
    let (tab, mut agent, conversation) = stage.greeting_at(&pages.url("/")).await?;
    stage.browser.has_on_disk("holdfast:demo:token").await?;
    let [_, _, answer, waiting] = TALK;
    stage.street.lose(&BOTH);
    stage.visitor_writes(&tab, waiting).await?;
    stage.browser.has_on_disk(waiting).await?;
    stage.agent_writes(&mut agent, conversation, answer).await?;
    agent
        .see("the log has it", |desk| desk.acked.len() == 2)
        .await?;
    drop(tab);
    stage.browser = stage.browser.killed().await?;
    stage.street.heal(Forgotten::Silent).await?;

    let tab = stage.browser.open(&pages.url("/")).await?;
    let seen = is_right_in_time(&tab).await?;
    ensure!(is_in_time(seen.unread), "counted too late: {seen:?}");
    let [agents, first, divider, last] = seen.status.as_slice() else {
        bail!("{seen:?}");
    };
    ensure!(
        agents == "Online now" && divider == "New messages",
        "{seen:?}"
    );
    let is_there = |words: &String| ["Sent", "Delivered", "Read"].contains(&words.as_str());
    ensure!(is_there(first) && is_there(last), "{seen:?}");
    stage.visitor_writes(&tab, "I am back").await?;
    let screens = stage.settle(&[&tab], &agent, conversation).await?;
    let known = &screens.desk.standings;
    ensure!(known.len() == 1, "another visitor: {known:?}");
    Ok(())
}
