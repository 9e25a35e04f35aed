//! The whole chat by keyboard, from the page to the stars, without a mouse and without a script that moves the focus.

use std::cmp::Ordering;

use anyhow::{Result, bail, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    in_every_engine,
    pages::{Pages, with_tag},
    stage::Stage,
};
use serde_json::json;

use super::visitors::{DOWN, ENTER, ESCAPE, RIGHT, extras, holds, inside, press};

in_every_engine!(a_conversation_by_keyboard_alone);

const TAB: &str = "\u{E004}";
const SHIFT_TAB: &str = "\u{E008}\u{E004}";
const LEFT: &str = "\u{E012}";
const SPACE: &str = "\u{E00D}";

/// The stars, and how many are given here.
const BEST: u32 = 5;
const WANTED: u32 = 4;
const SCORE: &str =
    "return Number([...root.querySelectorAll('[name=score]')].find((star) => star.checked).value)";

/// More stops than the panel has.
const STOPS: usize = 12;

/// Where the focus is, by hook or by name.
const FOCUS: &str =
    "const { dataset, name, tagName } = root.activeElement ?? document.activeElement;
    return dataset.hf ?? (name || tagName)";

/// Presses `key` until the focus is on what has this hook or name.
async fn go(tab: &Tab, key: &str, wanted: &str) -> Result<()> {
    let mut seen = Vec::new();
    for _ in 0..STOPS {
        press(tab, key).await?;
        let found: String = inside(tab, FOCUS).await?;
        if found == wanted {
            return Ok(());
        }
        seen.push(found);
    }
    bail!("{key:?} does not lead to {wanted}: {seen:?}")
}

async fn a_conversation_by_keyboard_alone(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    stage.server.set_site("rating = true\n").await?;
    let mut agent = stage.agent("Ana").await?;
    let pages = Pages::serve([("/", with_tag(stage.street.addr(), "demo", ""))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.see("the launcher", |widget| widget.here).await?;
    tab.type_keys("return document.body", vec![], TAB).await?;
    holds(&tab, "return root.activeElement === find('launcher')").await?;
    press(&tab, ENTER).await?;
    holds(&tab, "return root.activeElement === find('composer')").await?;
    extras(&tab).await?;

    press(&tab, &format!("Is it red?{ENTER}")).await?;
    stage
        .paper
        .note(holdfast_tests::checker::Writer::Visitor, "Is it red?");
    let desk = agent.see("it", |desk| !desk.messages.is_empty()).await?;
    let conversation = desk.messages[0].conversation;
    stage.agent_writes(&mut agent, conversation, "Yes.").await?;
    stage.settle(&[&tab], &agent, conversation).await?;

    // The menu: its first point is switched, and Escape leads back to its button.
    go(&tab, SHIFT_TAB, "menu").await?;
    press(&tab, ENTER).await?;
    holds(&tab, "return root.activeElement === find('notify')").await?;
    press(&tab, SPACE).await?;
    holds(&tab, "return find('notify').ariaChecked === 'false'").await?;
    press(&tab, DOWN).await?;
    holds(&tab, "return root.activeElement === find('popout')").await?;
    press(&tab, ESCAPE).await?;
    holds(
        &tab,
        "return root.activeElement === find('menu') && shown('panel')",
    )
    .await?;

    // An emoji, and the button beside it sends.
    go(&tab, TAB, "emoji").await?;
    press(&tab, ENTER).await?;
    holds(&tab, "return find('choice').contains(root.activeElement)").await?;
    press(&tab, RIGHT).await?;
    press(&tab, ENTER).await?;
    holds(&tab, "return root.activeElement === find('composer')").await?;
    go(&tab, TAB, "send").await?;
    press(&tab, ENTER).await?;
    stage
        .paper
        .note(holdfast_tests::checker::Writer::Visitor, "😃");
    stage.settle(&[&tab], &agent, conversation).await?;

    let close = json!({"close": {"conversation": conversation}});
    agent.tell(&close).await?;
    holds(&tab, "return shown('rating')").await?;
    go(&tab, SHIFT_TAB, "score").await?;
    press(&tab, SPACE).await?;
    holds(&tab, "return shown('rate')").await?;
    // Which star a browser begins with differs; the arrows lead to all of them.
    let score = async || inside::<u32>(&tab, SCORE).await;
    for _ in 0..BEST {
        match score().await?.cmp(&WANTED) {
            Ordering::Less => press(&tab, RIGHT).await?,
            Ordering::Equal => break,
            Ordering::Greater => press(&tab, LEFT).await?,
        }
    }
    ensure!(score().await? == WANTED);
    go(&tab, TAB, "comment").await?;
    press(&tab, "Quick").await?;
    go(&tab, TAB, "rate").await?;
    press(&tab, ENTER).await?;
    holds(&tab, "return !!find('rated') && !shown('rating')").await?;
    let rated = "return find('rated').textContent.includes('Quick')";
    holds(&tab, rated).await?;

    // What had the focus is gone, and it stays in the panel, which Escape closes from anywhere.
    holds(&tab, "return root.activeElement === find('list')").await?;
    press(&tab, ESCAPE).await?;
    tab.see("no panel", |widget| !widget.open).await?;
    holds(&tab, "return root.activeElement === find('launcher')").await?;
    press(&tab, ENTER).await?;
    tab.see("the panel again", |widget| widget.open).await?;
    Ok(())
}
