//! A phone that is turned, has rounded corners, and leaves its Wi-Fi.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    in_every_engine,
    pages::{Pages, with_tag},
    proxy::{BOTH, Forgotten, Scope},
    stage::Stage,
    wait,
};
use serde_json::{Value, json};

use super::{
    hosts::cannot_show,
    pocket::{is_right_in_time, watch_return},
};

in_every_engine!(
    a_phone_on_its_side_shows_all_of_the_chat_beside_its_camera,
    another_network_brings_everything_at_once_and_meanwhile_there_are_words,
    a_network_that_took_every_connection_along_is_made_up_for_at_once,
);

const BOX: &str = "const box = document.querySelector('#holdfast-chat').shadowRoot
    .querySelector(`[data-hf=${arguments[0]}]`).getBoundingClientRect();
    return [box.left, box.top, box.right, box.bottom];";

/// A page on a phone that lies on its side, or on what comes nearest to one.
async fn turned(stage: &Stage) -> Result<(Tab, Pages)> {
    let head = "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\
        <style>h1 { height: 3000px }</style>";
    let html =
        with_tag(stage.street.addr(), "demo", "").replace("<title>", &format!("{head}<title>"));
    let pages = Pages::serve([("/", html)]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    if tab.engine().has_devtools() {
        let screen = json!({"width": 844, "height": 390, "deviceScaleFactor": 1, "mobile": true});
        tab.devtools("Emulation.setDeviceMetricsOverride", screen)
            .await?;
        let touch = json!({"enabled": true});
        tab.devtools("Emulation.setTouchEmulationEnabled", touch)
            .await?;
    } else {
        tab.resize(844, 480).await?;
    }
    tab.reload().await?;
    Ok((tab, pages))
}

async fn box_of(tab: &Tab, hook: &str) -> Result<Vec<f64>> {
    tab.run(BOX, vec![json!(hook)]).await
}

/// And upright, below its camera.
async fn a_phone_on_its_side_shows_all_of_the_chat_beside_its_camera(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let (tab, _pages) = turned(&stage).await?;
    // What the camera and the home bar take, where the driver has such.
    let (side, bar) = if engine.has_devtools() {
        let insets = json!({"insets": {"top": 0, "left": 47, "right": 47, "bottom": 21}});
        tab.devtools("Emulation.setSafeAreaInsetsOverride", insets)
            .await?;
        (47.0, 21.0)
    } else {
        let why = "its driver has no camera in the screen";
        cannot_show(engine, "the room beside the camera", why);
        (0.0, 0.0)
    };
    tab.open_chat().await?;
    let size = "return [document.documentElement.clientWidth, innerHeight]";
    let (width, height): (f64, f64) = tab.run(size, vec![]).await?;
    ensure!(width > 700.0 && height <= 460.0, "{width} to {height}");
    let panel = async || box_of(&tab, "panel").await;
    wait::until("a panel that fills the screen", panel, |found| {
        found == &[0.0, 0.0, width, height]
    })
    .await?;
    for hook in ["title", "close", "composer", "send"] {
        let found = box_of(&tab, hook).await?;
        ensure!(
            found[0] >= side && found[2] <= width - side && found[3] <= height - bar,
            "{hook} is under the camera or the home bar: {found:?}"
        );
    }
    let list = box_of(&tab, "list").await?;
    ensure!(list[3] - list[1] >= 100.0, "no room for messages: {list:?}");
    if engine.has_devtools() {
        upright(&tab).await?;
    }
    Ok(())
}

/// The same phone, turned back: the camera is above, and the home bar is thicker.
async fn upright(tab: &Tab) -> Result<()> {
    let screen = json!({"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true});
    tab.devtools("Emulation.setDeviceMetricsOverride", screen)
        .await?;
    let insets = json!({"insets": {"top": 47, "left": 0, "right": 0, "bottom": 34}});
    tab.devtools("Emulation.setSafeAreaInsetsOverride", insets)
        .await?;
    let panel = async || box_of(tab, "panel").await;
    wait::until("a panel that fills the screen", panel, |found| {
        found == &[0.0, 0.0, 390.0, 844.0]
    })
    .await?;
    for hook in ["title", "close", "composer", "send"] {
        let found = box_of(tab, hook).await?;
        ensure!(
            found[1] >= 47.0 && found[3] <= 844.0 - 34.0,
            "{hook} is under the camera or the home bar: {found:?}"
        );
    }
    tab.click_hook("close").await?;
    tab.see("no panel", |widget| !widget.open).await?;
    let launcher = box_of(tab, "launcher").await?;
    ensure!(
        launcher[3] <= 844.0 - 34.0,
        "under the home bar: {launcher:?}"
    );
    Ok(())
}

/// The old line dies without a word, and the browser says when there is another network.
async fn another_network_brings_everything_at_once_and_meanwhile_there_are_words(
    engine: Engine,
) -> Result<()> {
    let mut stage = Stage::set_in_with(engine, Scope::WebSockets).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    let (question, answer) = ("written in the lift", "still there?");
    watch_return(&tab, &[question, answer]).await?;
    tab.run::<()>(BACK, vec![]).await?;
    network(&tab, false).await?;
    stage.street.lose(&BOTH);
    stage.visitor_writes(&tab, question).await?;
    stage.agent_writes(&mut agent, conversation, answer).await?;
    tab.see("words about the line", |widget| !widget.words.is_empty())
        .await?;
    stage.street.heal(Forgotten::Silent).await?;
    network(&tab, true).await?;
    is_right_in_time(&tab).await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    tab.see("no words any more", |widget| widget.words.is_empty())
        .await?;
    Ok(())
}

/// Not the chat's line alone has died, but every connection that the browser has kept to the server from loading the chat. The
/// browser hears of another network while an attempt at a line has just gone into the dead one.
async fn a_network_that_took_every_connection_along_is_made_up_for_at_once(
    engine: Engine,
) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    // A page of another server, which shares what it has loaded the chat over with what the chat asks.
    let pages = Pages::serve([("/", with_tag(stage.street.addr(), "demo", ""))]).await?;
    let (tab, mut agent, conversation) = stage.greeting_at(&pages.url("/")).await?;
    let (question, answer) = ("written in the lift", "still there?");
    watch_return(&tab, &[question, answer]).await?;
    tab.run::<()>(BACK, vec![]).await?;
    let before = stage.street.counts();
    ensure!(before.open > 1, "nothing was kept beside the line");
    stage.street.lose(&BOTH);
    stage.visitor_writes(&tab, question).await?;
    stage.agent_writes(&mut agent, conversation, answer).await?;
    stage
        .street
        .wait_for("an attempt into the cut", |now| {
            now.accepted > before.accepted
        })
        .await?;
    stage.street.heal(Forgotten::Silent).await?;
    let told = "dispatchEvent(new Event('online'))";
    tab.run::<Value>(told, vec![]).await?;
    is_right_in_time(&tab).await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    Ok(())
}

/// The visitor is back when the browser says so to the page, before the chat hears of it.
const BACK: &str = "addEventListener('online', isBack, { capture: true })";

/// Without a network nothing can be asked for, and what is open stays silent.
const TELL: &str = "const [isThere] = arguments;
    window.network ??= { WebSocket, fetch };
    const Failing = class { constructor() { throw new Error('no network'); } };
    const fails = () => Promise.reject(new TypeError('no network'));
    Object.assign(window, isThere ? network : { WebSocket: Failing, fetch: fails });
    dispatchEvent(new Event(isThere ? 'online' : 'offline'));";

/// Tells the browser whether it has a network, which tells the page. Where the driver can't, the page is told alone.
async fn network(tab: &Tab, is_there: bool) -> Result<()> {
    if !tab.engine().has_devtools() {
        let why = "its driver takes no network away";
        cannot_show(tab.engine(), "that the browser notices its network", why);
        tab.run::<Value>(TELL, vec![json!(is_there)]).await?;
        return Ok(());
    }
    tab.devtools("Network.enable", json!({})).await?;
    let line = json!({"offline": !is_there, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
    tab.devtools("Network.emulateNetworkConditions", line)
        .await?;
    Ok(())
}
