//! A phone that is turned, has rounded corners, is dark, and leaves its Wi-Fi.

use std::time::Instant;

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::Tab,
    pages::{Pages, with_tag},
    proxy::{BOTH, Forgotten, Scope},
    stage::Stage,
    wait,
};
use serde_json::{Value, json};

const BOX: &str = "const box = document.querySelector('#holdfast-chat').shadowRoot
    .querySelector(`[data-hf=${arguments[0]}]`).getBoundingClientRect();
    return [box.left, box.top, box.right, box.bottom];";

/// What the visitor reads of the line; nothing while it is well.
const WORDS: &str = "const line = document.querySelector('#holdfast-chat').shadowRoot
    .querySelector('[data-hf=connection]');
    return line.hidden ? '' : line.textContent;";

/// The panel's ground.
const GROUND: &str = "return getComputedStyle(document.querySelector('#holdfast-chat').shadowRoot
    .querySelector('[data-hf=panel]')).backgroundColor;";

async fn turned(stage: &Stage, width: u32, height: u32) -> Result<(Tab, Pages)> {
    let head = "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\
        <style>h1 { height: 3000px }</style>";
    let html =
        with_tag(stage.street.addr(), "demo", "").replace("<title>", &format!("{head}<title>"));
    let pages = Pages::serve([("/", html)]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    let screen = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": true});
    tab.devtools("Emulation.setDeviceMetricsOverride", screen)
        .await?;
    let touch = json!({"enabled": true});
    tab.devtools("Emulation.setTouchEmulationEnabled", touch)
        .await?;
    tab.reload().await?;
    Ok((tab, pages))
}

async fn box_of(tab: &Tab, hook: &str) -> Result<Vec<f64>> {
    tab.run(BOX, vec![json!(hook)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_on_its_side_shows_all_of_the_chat_beside_its_camera() -> Result<()> {
    let stage = Stage::set().await?;
    let (tab, _pages) = turned(&stage, 844, 390).await?;
    let insets = json!({"insets": {"top": 0, "left": 47, "right": 47, "bottom": 21}});
    tab.devtools("Emulation.setSafeAreaInsetsOverride", insets)
        .await?;
    tab.open_chat().await?;
    let panel = async || box_of(&tab, "panel").await;
    wait::until("a panel that fills the screen", panel, |found| {
        found == &[0.0, 0.0, 844.0, 390.0]
    })
    .await?;
    for hook in ["title", "close", "composer", "send"] {
        let found = box_of(&tab, hook).await?;
        ensure!(
            found[0] >= 47.0 && found[2] <= 844.0 - 47.0 && found[3] <= 390.0 - 21.0,
            "{hook} is under the camera or the home bar: {found:?}"
        );
    }
    let list = box_of(&tab, "list").await?;
    ensure!(list[3] - list[1] >= 100.0, "no room for messages: {list:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scheme_of_the_phone_is_followed_unless_the_owner_says_otherwise() -> Result<()> {
    let stage = Stage::set().await?;
    let tab = stage.visitor().await?;
    let mut grounds = Vec::new();
    for (scheme, theme) in [
        ("light", "auto"),
        ("dark", "auto"),
        ("dark", "light"),
        ("light", "dark"),
    ] {
        let wish = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        tab.devtools("Emulation.setEmulatedMedia", wish).await?;
        tab.run::<Value>("Holdfast.setTheme(arguments[0])", vec![json!(theme)])
            .await?;
        grounds.push(tab.run::<String>(GROUND, vec![]).await?);
    }
    ensure!(grounds[0] != grounds[1], "{grounds:?}");
    ensure!(
        grounds[2] == grounds[0] && grounds[3] == grounds[1],
        "{grounds:?}"
    );
    Ok(())
}

/// The old line dies without a word, and the browser says when there is another network.
#[tokio::test(flavor = "multi_thread")]
async fn another_network_brings_everything_at_once_and_meanwhile_there_are_words() -> Result<()> {
    let mut stage = Stage::set_with(Scope::WebSockets, &[]).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    network(&tab, false).await?;
    stage.street.lose(&BOTH);
    stage.visitor_writes(&tab, "written in the lift").await?;
    stage
        .agent_writes(&mut agent, conversation, "still there?")
        .await?;
    let words = async || tab.run::<String>(WORDS, vec![]).await;
    wait::until("words about the line", words, |words| !words.is_empty()).await?;
    stage.street.heal(Forgotten::Silent).await?;
    network(&tab, true).await?;
    let back = Instant::now();
    stage
        .settle_since(back, &[&tab], &agent, conversation)
        .await?;
    wait::until("no words any more", words, String::is_empty).await?;
    Ok(())
}

/// Tells the browser whether it has a network, which tells the page.
async fn network(tab: &Tab, is_there: bool) -> Result<()> {
    tab.devtools("Network.enable", json!({})).await?;
    let line = json!({"offline": !is_there, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
    tab.devtools("Network.emulateNetworkConditions", line)
        .await?;
    Ok(())
}
