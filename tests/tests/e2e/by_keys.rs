//! By keys alone: what a visitor meets in the course of a conversation. Each key goes to what has the focus, and the focus
//! is never lost to the page.

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    agent::Agent,
    browser::{Engine, Tab},
    checker::Writer,
    in_every_engine,
    pages::{Pages, with_tag},
    samples::{QUESTIONS, REJECT},
    stage::Stage,
    wait,
};
use serde_json::json;

use super::{
    keyboard::{SHIFT_TAB, TAB, focus, press},
    visitors::{DOWN, ENTER, ESCAPE, HOME, extras, holds},
};

in_every_engine!(
    a_failed_message_is_discarded_edited_and_sent_again_by_keys,
    the_way_to_the_newest_message_is_taken_by_keys,
    a_copy_and_a_window_of_its_own_are_had_by_keys,
    the_questions_are_answered_and_sent_by_keys,
);

/// The space bar.
const SPACE: &str = " ";

/// Enough for a list that is longer than the panel.
const LINES: usize = 20;

/// Lets a page of [`REJECT`] send everything.
const ACCEPT: &str = "WebSocket.prototype.send = Object.getPrototypeOf(WebSocket.prototype).send";

/// Goes on with a key until the focus is where it is wanted, over what is named.
async fn go(tab: &Tab, key: &str, way: &[&str]) -> Result<()> {
    for wanted in way {
        let found = press(tab, key).await?;
        ensure!(found == *wanted, "{found} instead of {wanted} in {way:?}");
    }
    Ok(())
}

/// Opens the chat by keys, on a page whose launcher has the focus.
async fn open(tab: &Tab) -> Result<()> {
    tab.see("the widget", |widget| widget.here).await?;
    let launcher = "document.querySelector('#holdfast-chat').shadowRoot.querySelector('[data-hf=launcher]').focus()";
    tab.run::<()>(launcher, vec![]).await?;
    press(tab, ENTER).await?;
    tab.see("the panel", |widget| widget.open).await?;
    focus(tab, "composer").await?;
    extras(tab).await
}

/// A visitor and an agent who have greeted each other, with the focus in the composer.
async fn greeting(stage: &mut Stage, tab: &Tab) -> Result<(Agent, u64)> {
    open(tab).await?;
    let greeting = stage.greeting_in(tab).await?;
    focus(tab, "composer").await?;
    Ok(greeting)
}

async fn a_failed_message_is_discarded_edited_and_sent_again_by_keys(engine: Engine) -> Result<()> {
    const REFUSED: &str = "Refuse this";
    let mut stage = Stage::set_in(engine).await?;
    let html = with_tag(stage.street.addr(), "demo", "")
        .replace("<title>", &format!("<script>{REJECT}</script><title>"));
    let pages = Pages::serve([("/", html)]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    let (agent, conversation) = greeting(&mut stage, &tab).await?;
    let fails = async || {
        let failed = tab.see("the failed message", |widget| {
            widget.state_of(REFUSED) == Some("failed")
        });
        failed.await
    };
    let is_gone = async || {
        let gone = tab.see("no failed message", |widget| {
            widget.state_of(REFUSED).is_none()
        });
        gone.await
    };
    tab.write(REFUSED).await?;
    fails().await?;
    go(&tab, SHIFT_TAB, &["discard"]).await?;
    press(&tab, ENTER).await?;
    is_gone().await?;
    focus(&tab, "list").await?;

    // From the list the keys lead on to the composer, past the message's choices where there is one.
    go(&tab, TAB, &["composer"]).await?;
    tab.write(REFUSED).await?;
    fails().await?;
    go(&tab, SHIFT_TAB, &["discard", "edit"]).await?;
    press(&tab, SPACE).await?;
    let edited = is_gone().await?;
    ensure!(edited.draft == REFUSED, "{:?}", edited.draft);
    focus(&tab, "composer").await?;

    press(&tab, ENTER).await?;
    fails().await?;
    tab.run::<()>(ACCEPT, vec![]).await?;
    go(&tab, SHIFT_TAB, &["discard", "edit", "retry"]).await?;
    press(&tab, ENTER).await?;
    stage.paper.note(Writer::Visitor, REFUSED);
    stage.settle(&[&tab], &agent, conversation).await?;
    focus(&tab, "list").await
}

async fn the_way_to_the_newest_message_is_taken_by_keys(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let tab = stage.browser.open(&stage.page("/")).await?;
    let (mut agent, conversation) = greeting(&mut stage, &tab).await?;
    for n in 0..LINES {
        let line = format!("line {n}");
        stage.agent_writes(&mut agent, conversation, &line).await?;
    }
    stage.settle(&[&tab], &agent, conversation).await?;
    let at_end = "const { scrollHeight, scrollTop, clientHeight } = find('list');
        return !shown('jump') && scrollHeight - scrollTop - clientHeight < 2";
    for key in [ENTER, SPACE] {
        holds(&tab, at_end).await?;
        go(&tab, SHIFT_TAB, &["list"]).await?;
        press(&tab, HOME).await?;
        holds(&tab, "return shown('jump') && find('list').scrollTop === 0").await?;
        go(&tab, TAB, &["jump"]).await?;
        press(&tab, key).await?;
        focus(&tab, "composer").await?;
    }
    holds(&tab, at_end).await
}

async fn a_copy_and_a_window_of_its_own_are_had_by_keys(engine: Engine) -> Result<()> {
    const TO_MENU: [&str; 3] = ["list", "close", "menu"];
    let mut stage = Stage::set_in(engine).await?;
    let tab = stage.browser.open(&stage.page("/")).await?;
    greeting(&mut stage, &tab).await?;
    go(&tab, SHIFT_TAB, &TO_MENU).await?;
    press(&tab, ENTER).await?;
    focus(&tab, "notify").await?;
    go(&tab, DOWN, &["popout", "copy"]).await?;
    press(&tab, ENTER).await?;
    holds(
        &tab,
        "return shown('said') && find('said').textContent === 'Copied' && !shown('menu-list')",
    )
    .await?;
    focus(&tab, "menu").await?;

    press(&tab, SPACE).await?;
    focus(&tab, "notify").await?;
    go(&tab, DOWN, &["popout"]).await?;
    press(&tab, SPACE).await?;
    let look = async || Ok(stage.browser.beside(&tab).await?.is_some());
    wait::until("the window", look, |is_there: &bool| *is_there).await?;
    let own = stage.browser.beside(&tab).await?.context("it")?;
    tab.see("the panel put away", |widget| !widget.open).await?;
    focus(&tab, "launcher").await?;
    // The visitor goes on there at once, and a key ends it.
    own.see("the conversation", |widget| {
        widget.open && widget.messages.len() == 2
    })
    .await?;
    focus(&own, "composer").await?;
    extras(&own).await?;
    let _ = press(&own, ESCAPE).await;
    let look = async || Ok(stage.browser.beside(&tab).await?.is_none());
    wait::until("no window", look, |is_gone: &bool| *is_gone).await?;
    focus(&tab, "launcher").await
}

async fn the_questions_are_answered_and_sent_by_keys(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    stage.server.set_site(QUESTIONS).await?;
    let agent = stage.agent("Ana").await?;
    let tab = stage.browser.open(&stage.page("/")).await?;
    open(&tab).await?;
    holds(&tab, "return shown('prechat')").await?;
    // Enter asks for what is missing, leads on from a line, and sends where all is there.
    press(&tab, &["Is it red?", ENTER].concat()).await?;
    focus(&tab, "name").await?;
    press(&tab, &["Björn", ENTER].concat()).await?;
    focus(&tab, "email").await?;
    press(&tab, &["bjorn@x.example", ENTER].concat()).await?;
    focus(&tab, "order").await?;
    press(&tab, &["A-17", ENTER, "and A-18"].concat()).await?;
    go(&tab, TAB, &["privacy"]).await?;
    press(&tab, SPACE).await?;
    holds(&tab, "return root.activeElement.checked").await?;
    press(&tab, ENTER).await?;
    focus(&tab, "composer").await?;
    press(&tab, ENTER).await?;
    stage.paper.note(Writer::Visitor, "Is it red?");
    let desk = agent
        .see("the message", |desk| desk.find("Is it red?").is_some())
        .await?;
    let conversation = desk.find("Is it red?").context("it")?.conversation;
    stage.settle(&[&tab], &agent, conversation).await?;
    let visitor = &desk.visitors[&conversation];
    let expected = json!({"order": "A-17 and A-18", "privacy": "yes"});
    ensure!(
        visitor["name"] == "Björn"
            && visitor["email"] == "bjorn@x.example"
            && visitor["fields"] == expected,
        "{visitor}"
    );
    holds(&tab, "return !shown('prechat')").await?;
    focus(&tab, "composer").await
}
