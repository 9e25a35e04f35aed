//! What comes up in the course of a conversation is as large as a finger, too.

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    in_every_engine,
    pages::{Page, Pages, with_tag},
    samples::REJECT,
    stage::Stage,
};

use super::{
    phone::nothing_zooms_in,
    visitors::{extras, holds, inside},
};

in_every_engine!(
    what_comes_up_in_a_conversation_is_as_large_as_a_finger,
    a_window_of_its_own_opens_with_nothing_kept_and_is_closed_by_a_finger,
);

/// Of WCAG 2.5.5, and of what phones' makers ask for, in pixels.
const FINGER: f64 = 44.0;

/// Enough for a list that is longer than a phone.
const LINES: usize = 20;

/// What can be touched, by its hook or its name, and how large it is.
const TARGETS: &str = "return [...root.querySelectorAll('button, input, textarea, a[href]')]
    .filter((target) => target.getClientRects().length)
    .map((target) => [target, target.getBoundingClientRect()])
    .map(([{ dataset, name }, { width, height }]) => [dataset.hf ?? name, width, height])";

/// All of these are on the screen, and nothing that can be touched is smaller than a finger.
async fn fit(tab: &Tab, wanted: &[(&str, usize)]) -> Result<()> {
    tab.at_rest().await?;
    let found: Vec<(String, f64, f64)> = inside(tab, TARGETS).await?;
    for (name, count) in wanted {
        let there = found.iter().filter(|(found, ..)| found == name).count();
        ensure!(there == *count, "{there} of {name}: {found:?}");
    }
    let is_small = |(_, width, height): &&(String, f64, f64)| *width < FINGER || *height < FINGER;
    let small: Vec<_> = found.iter().filter(is_small).collect();
    ensure!(small.is_empty(), "smaller than a finger: {small:?}");
    Ok(())
}

/// A page on a phone, whose server refuses one message.
async fn phone(stage: &Stage) -> Result<(Tab, Pages)> {
    let head = format!(
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><script>{REJECT}</script><title>"
    );
    let html = with_tag(stage.street.addr(), "demo", "").replace("<title>", &head);
    let pages = Pages::serve([("/", html)]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.on_phone().await?;
    tab.reload().await?;
    tab.open_chat().await?;
    extras(&tab).await?;
    Ok((tab, pages))
}

/// The refused message's choices, the way to the newest message in both of its states, and the rating.
async fn what_comes_up_in_a_conversation_is_as_large_as_a_finger(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    stage.server.set_site("rating = true\n").await?;
    let mut agent = stage.agent("Ana").await?;
    let (tab, _pages) = phone(&stage).await?;
    stage.visitor_writes(&tab, "Hello").await?;
    let desk = agent.see("it", |desk| !desk.messages.is_empty()).await?;
    let conversation = desk.messages[0].conversation;
    for n in 0..LINES {
        let line = format!("line {n}");
        stage.agent_writes(&mut agent, conversation, &line).await?;
    }
    stage.settle(&[&tab], &agent, conversation).await?;
    inside::<()>(&tab, "find('list').scrollTop = 0").await?;
    holds(&tab, "return shown('jump')").await?;
    fit(&tab, &[("jump", 1), ("close", 1), ("composer", 1)]).await?;
    stage.agent_writes(&mut agent, conversation, "new").await?;
    holds(&tab, "return find('jump').classList.contains('new')").await?;
    fit(&tab, &[("jump", 1)]).await?;
    tab.click_hook("jump").await?;
    holds(&tab, "return !shown('jump')").await?;

    tab.write("Refuse this").await?;
    tab.see("the failed message", |widget| {
        widget.state_of("Refuse this") == Some("failed")
    })
    .await?;
    fit(&tab, &[("retry", 1), ("edit", 1), ("discard", 1)]).await?;
    tab.click_hook("discard").await?;

    let close = serde_json::json!({"close": {"conversation": conversation}});
    agent.tell(&close).await?;
    holds(&tab, "return shown('rating')").await?;
    fit(&tab, &[("score", 5)]).await?;
    let star =
        "return document.querySelector('#holdfast-chat').shadowRoot.querySelector('[value=\"4\"]')";
    tab.click(star, vec![]).await?;
    holds(&tab, "return shown('rate')").await?;
    fit(&tab, &[("score", 5), ("rate", 1), ("comment", 1)]).await?;
    let stars = ["score"; 5];
    nothing_zooms_in(&tab, &[&stars[..], &["comment", "composer"]].concat()).await?;
    no_copy_zooms_in(&tab).await
}

/// Where a page may not use the clipboard, what is copied stands in a field for a moment, which has the focus.
async fn no_copy_zooms_in(tab: &Tab) -> Result<()> {
    const NOTE: &str = "for (const name of ['write', 'writeText']) Clipboard.prototype[name] = () => Promise.reject(new Error());
        document.execCommand = () => {
            const { activeElement } = document.querySelector('#holdfast-chat').shadowRoot;
            window.letters = activeElement.localName === 'textarea' && parseFloat(getComputedStyle(activeElement).fontSize);
            return true;
        };";
    tab.run::<()>(NOTE, vec![]).await?;
    tab.click_hook("menu").await?;
    tab.click_hook("copy").await?;
    holds(tab, "return shown('said')").await?;
    ensure!(tab.run::<f64>("return window.letters", vec![]).await? >= 16.0);
    Ok(())
}

/// The window has its name, and neither a conversation nor an open panel of an earlier page; the browser may have cleared
/// both, or the visitor. Then the one that a visitor gets by the menu.
async fn a_window_of_its_own_opens_with_nothing_kept_and_is_closed_by_a_finger(
    engine: Engine,
) -> Result<()> {
    const FILLS: &str = "const { width, height } = find('panel').getBoundingClientRect();
        return !!find('menu') && width === document.documentElement.clientWidth && height >= innerHeight - 1";
    let stage = Stage::set_in(engine).await?;
    let whole = Page::html(with_tag(stage.street.addr(), "demo", ""));
    let pages =
        Pages::serve([("/", whole), ("/plain", Page::html("<title>Plain</title>"))]).await?;
    let tab = stage.browser.open(&pages.url("/plain")).await?;
    let name =
        "window.name = 'holdfast-window:demo'; return sessionStorage.length + localStorage.length";
    ensure!(
        tab.run::<u64>(name, vec![]).await? == 0,
        "something is kept"
    );
    tab.goto(&pages.url("/")).await?;
    tab.see("the open panel", |widget| widget.open).await?;
    holds(&tab, FILLS).await?;
    ensure!(!inside::<bool>(&tab, "return !!find('popout')").await?);
    fit(&tab, &[("close", 1), ("menu", 1)]).await?;

    tab.run::<()>("window.name = ''", vec![]).await?;
    tab.reload().await?;
    tab.open_chat().await?;
    extras(&tab).await?;
    tab.click_hook("menu").await?;
    tab.click_hook("popout").await?;
    let look = async || Ok(stage.browser.beside(&tab).await?.is_some());
    holdfast_tests::wait::until("the window", look, |is_there: &bool| *is_there).await?;
    let own = stage.browser.beside(&tab).await?.context("it")?;
    own.see("its panel", |widget| widget.open).await?;
    extras(&own).await?;
    holds(&own, FILLS).await?;
    fit(&own, &[("close", 1), ("menu", 1)]).await?;
    own.click_hook("close").await?;
    let look = async || Ok(stage.browser.beside(&tab).await?.is_none());
    holdfast_tests::wait::until("no window", look, |is_gone: &bool| *is_gone).await?;
    Ok(())
}
