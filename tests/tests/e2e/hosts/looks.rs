//! What the owner says of the place, the order and the colours of the chat, on pages of either direction.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    in_every_engine,
    pages::tag,
    stage::Stage,
};
use serde_json::{Value, json};

use super::{Place, complaints, page, place, serve_with, talk};

in_every_engine!(the_owner_chooses_place_order_and_theme);

/// The order that the owner chooses. The page has a sheet below and one above it.
const ORDER: i32 = 5;

/// So far from the window's corner is the launcher.
const MARGIN: f64 = 20.0;

/// As the style sheets have them.
const DARK: [(&str, &str, &str); 4] = [
    ("launcher", "backgroundColor", "rgb(27, 115, 137)"),
    ("panel", "backgroundColor", "rgb(19, 27, 32)"),
    ("composer", "color", "rgb(231, 238, 241)"),
    ("title", "color", "rgb(255, 255, 255)"),
];

/// Covers the window with a sheet of this order, and tells what is hit in the middle of the launcher.
const COVER: &str = "const sheet = document.body.appendChild(document.createElement('div'));
    sheet.style = `position: fixed; inset: 0; background: gold; z-index: ${arguments[0]}`;
    const host = document.querySelector('#holdfast-chat');
    const { x, y, width, height } = host.shadowRoot.querySelector('[data-hf=launcher]').getBoundingClientRect();
    const hit = document.elementFromPoint(x + width / 2, y + height / 2);
    sheet.parentNode.removeChild(sheet);
    return hit === host ? 'launcher' : hit === sheet ? 'sheet' : String(hit?.nodeName);";

const COLOUR: &str = "return getComputedStyle(document.querySelector('#holdfast-chat').shadowRoot
    .querySelector(`[data-hf=${arguments[0]}]`))[arguments[1]]";

async fn the_owner_chooses_place_order_and_theme(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let attributes =
        format!("data-site=demo data-position=left data-theme=dark data-z-index={ORDER}");
    let tag = tag(stage.street.addr(), &attributes);
    let rtl = tag.replace("data-site", "data-locale=ar data-site");
    let right = "<script>document.documentElement.dir = 'rtl'</script>";
    let pages = serve_with(page("", &tag), [("/rtl", page(right, &rtl))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.see("the launcher", |widget| widget.here).await?;
    for path in ["/", "/rtl"] {
        tab.goto(&pages.url(path)).await?;
        tab.see("the launcher", |widget| widget.here).await?;
        is_on_the_left(&place(&tab, "launcher").await?)?;
        in_order(&tab).await?;
        if path == "/" {
            talk(&mut stage, &tab).await?;
        }
        tab.see("the conversation", |widget| {
            widget.open && widget.messages.len() == 2
        })
        .await?;
        // Under the mouse the launcher is larger.
        tab.point(600, 5).await?;
        tab.at_rest().await?;
        is_on_the_left(&place(&tab, "launcher").await?)?;
        is_on_the_left(&place(&tab, "panel").await?)?;
        in_order(&tab).await?;
        for (hook, property, wanted) in DARK {
            let found: String = tab.run(COLOUR, vec![json!(hook), json!(property)]).await?;
            ensure!(found == wanted, "the {property} of {hook} is {found}");
        }
        let complaints = complaints(&tab).await?;
        ensure!(complaints.is_empty(), "{complaints:#?}");
    }
    // By a script as well, and back.
    let call = "Holdfast.update({ zIndex: 7, position: 'right' })";
    tab.run::<Value>(call, vec![]).await?;
    ensure!(covered_by(&tab, 6).await? == "launcher");
    ensure!(covered_by(&tab, 8).await? == "sheet");
    let launcher = place(&tab, "launcher").await?;
    ensure!(launcher.left > launcher.width / 2.0, "{launcher:?}");
    Ok(())
}

fn is_on_the_left(place: &Place) -> Result<()> {
    // In a page from right to left a scroll bar would stand there; this one has none.
    let is_there = (place.left - MARGIN).abs() <= 1.0 && place.is_in_view();
    ensure!(is_there, "{place:?}");
    Ok(())
}

async fn in_order(tab: &Tab) -> Result<()> {
    ensure!(covered_by(tab, ORDER - 1).await? == "launcher");
    ensure!(covered_by(tab, ORDER + 1).await? == "sheet");
    Ok(())
}

async fn covered_by(tab: &Tab, order: i32) -> Result<String> {
    tab.run(COVER, vec![json!(order)]).await
}
