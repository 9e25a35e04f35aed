//! Who scrolls in the panel does not scroll the page behind it, and is not held back.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    in_every_engine,
    pages::{Pages, with_tag},
    stage::Stage,
    wait,
};
use serde_json::Value;

use super::hosts::cannot_show;

in_every_engine!(
    the_wheel_turns_the_messages_and_not_the_page,
    who_begins_to_scroll_slowly_is_not_called_back,
);

/// Enough for a list that is longer than any panel.
const LINES: usize = 30;

/// Far more than one turn of a wheel, so that it can't be missed.
const FAR: i32 = 400;

/// Before a script: the list of messages, and the widget's elements by hook.
const INSIDE: &str = "const root = document.querySelector('#holdfast-chat').shadowRoot;
    const find = (hook) => root.querySelector(`[data-hf=${hook}]`);
    const list = find('list');
    ";

/// Where the page and the list are, once neither has moved for some pictures of the screen.
const AT_REST: &str = "const done = arguments[arguments.length - 1];
    let last = '', same = 0;
    const look = () => {
        const now = [scrollY, list.scrollTop];
        same = String(now) === last ? same + 1 : 0;
        last = String(now);
        if (same < 12) requestAnimationFrame(look);
        else done(now.map(Math.round));
    };
    look();";

/// A page that can be scrolled, far from both of its ends, beside a list of messages that can, too.
async fn long_list(stage: &mut Stage, is_phone: bool) -> Result<(Tab, Pages)> {
    let head = "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
        <style>h1 { height: 5000px }</style>";
    let html =
        with_tag(stage.street.addr(), "demo", "").replace("<title>", &format!("{head}<title>"));
    let pages = Pages::serve([("/", html)]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    if is_phone {
        tab.on_phone().await?;
        tab.reload().await?;
    }
    let mut agent = stage.agent("Ana").await?;
    tab.open_chat().await?;
    stage.visitor_writes(&tab, "Good morning").await?;
    let desk = agent
        .see("it", |desk| desk.find("Good morning").is_some())
        .await?;
    let conversation = desk.messages[0].conversation;
    for n in 0..LINES {
        let text = format!("line {n}");
        stage.agent_writes(&mut agent, conversation, &text).await?;
    }
    stage.settle(&[&tab], &agent, conversation).await?;
    tab.at_rest().await?;
    tab.run::<Value>("scrollTo(0, 2000)", vec![]).await?;
    ensure!(rest(&tab).await?.0 == 2000);
    Ok((tab, pages))
}

/// How far down the page and the list are.
async fn rest(tab: &Tab) -> Result<(i64, i64)> {
    tab.run_async(&format!("{INSIDE}{AT_REST}"), vec![]).await
}

async fn inside(tab: &Tab, script: &str) -> Result<i32> {
    tab.run(&format!("{INSIDE}{script}"), vec![]).await
}

async fn middle(tab: &Tab, hook: &str) -> Result<(i32, i32)> {
    let script = format!(
        "{INSIDE}const {{ left, top, width, height }} = find('{hook}').getBoundingClientRect();
        return [Math.round(left + width / 2), Math.round(top + height / 2)]"
    );
    tab.run(&script, vec![]).await
}

/// In each case the list is at its end already when the wheel begins to turn: a wheel that has begun to scroll
/// something goes on with that in every browser.
async fn the_wheel_turns_the_messages_and_not_the_page(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, _pages) = long_list(&mut stage, false).await?;
    inside(&tab, "window.turns = 0; addEventListener('wheel', () => { window.turns++; }, { capture: true, passive: true }); return 0").await?;
    let (x, y) = middle(&tab, "list").await?;
    for (turn, (place, way)) in [("list.scrollHeight", FAR), ("0", -FAR)]
        .into_iter()
        .enumerate()
    {
        inside(&tab, &format!("list.scrollTop = {place}; return 0")).await?;
        let before = rest(&tab).await?;
        tab.wheel(x, y, way).await?;
        let look = async || inside(&tab, "return turns").await;
        wait::until("the wheel's turn", look, |turns| {
            usize::try_from(*turns).is_ok_and(|turns| turns > turn)
        })
        .await?;
        let after = rest(&tab).await?;
        ensure!(before == after, "{before:?} became {after:?}");
    }
    // The same turns do move what may be moved: the list, and the page where nobody holds it.
    tab.wheel(x, y, FAR).await?;
    let look = async || inside(&tab, "return Math.round(list.scrollTop)").await;
    wait::until("the list further down", look, |top| *top > 0).await?;
    if engine == Engine::WebKit {
        cannot_show(
            engine,
            "that the page would scroll otherwise",
            "its driver's wheel moves no page",
        );
        return Ok(());
    }
    inside(
        &tab,
        "list.scrollTop = list.scrollHeight; list.style.overscrollBehavior = 'auto'; return 0",
    )
    .await?;
    let look = async || {
        tab.wheel(x, y, FAR).await?;
        Ok(rest(&tab).await?.0)
    };
    wait::until("the page without our style", look, |page| *page > 2000).await?;
    Ok(())
}

/// Scrolls up from the end, a few pixels with each picture, as browsers do for a key, a wheel or a finger.
const SLOWLY: &str = "const done = arguments[arguments.length - 1];
    const from = list.scrollTop;
    let left = 20;
    const step = () => {
        if (!left--) return done(Math.round(from - list.scrollTop));
        list.scrollTop -= 2;
        requestAnimationFrame(step);
    };
    step();";

/// A place near the end counts as the end, which what is new comes to, and is left alone otherwise.
async fn who_begins_to_scroll_slowly_is_not_called_back(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, _pages) = long_list(&mut stage, false).await?;
    let up: i32 = tab.run_async(&format!("{INSIDE}{SLOWLY}"), vec![]).await?;
    ensure!(up == 40, "{up} px of 40");
    let below = "return Math.round(list.scrollHeight - list.scrollTop - list.clientHeight)";
    // From a place that is nearly the end, what is written leads there.
    inside(
        &tab,
        "list.scrollTop = list.scrollHeight - list.clientHeight - 20; return 0",
    )
    .await?;
    ensure!(rest(&tab).await?.1 > 0 && inside(&tab, below).await? == 20);
    stage.visitor_writes(&tab, "and one more").await?;
    let look = async || inside(&tab, below).await;
    wait::until("the list at its end", look, |below| *below == 0).await?;
    Ok(())
}

/// Only where a driver's finger scrolls anything: those of Firefox and WebKit don't even move the list.
#[tokio::test(flavor = "multi_thread")]
async fn a_finger_moves_the_messages_and_not_the_page() -> Result<()> {
    let mut stage = Stage::set().await?;
    let (tab, _pages) = long_list(&mut stage, true).await?;
    inside(&tab, "list.scrollTop = 200; return 0").await?;
    let before = rest(&tab).await?;
    for (hook, way) in [("title", FAR), ("composer", -FAR), ("send", -FAR)] {
        drag(&tab, hook, way).await?;
        let after = rest(&tab).await?;
        ensure!(before == after, "{hook}: {before:?} became {after:?}");
    }
    for (place, way) in [("list.scrollHeight", -FAR / 2), ("0", FAR / 2)] {
        inside(&tab, &format!("list.scrollTop = {place}; return 0")).await?;
        let before = rest(&tab).await?;
        drag(&tab, "list", way).await?;
        let after = rest(&tab).await?;
        ensure!(before == after, "{before:?} became {after:?}");
    }
    // The same finger does move what may be moved.
    drag(&tab, "list", -FAR / 2).await?;
    ensure!(rest(&tab).await?.1 > 0, "the list can't be dragged");
    inside(&tab, "find('panel').style.touchAction = find('panel').style.overscrollBehavior = 'auto'; return 0").await?;
    drag(&tab, "title", FAR).await?;
    ensure!(
        rest(&tab).await?.0 < 2000,
        "the finger moves nothing at all"
    );
    Ok(())
}

/// Drags by a finger, downwards where `way` is positive.
async fn drag(tab: &Tab, hook: &str, way: i32) -> Result<()> {
    let (x, y) = middle(tab, hook).await?;
    tab.drag(x, y, way).await
}
