//! At home on a phone: sizes, the keyboard, the back button.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    in_every_engine,
    pages::{Pages, with_tag},
    samples::QUESTIONS,
    stage::Stage,
    wait,
};
use serde_json::{Value, json};

use super::visitors::{extras, inside};

in_every_engine!(
    the_panel_fills_the_screen_and_fingers_hit_what_they_aim_at,
    the_keyboard_never_covers_the_composer,
    the_back_button_closes_the_panel_and_leaves_the_page_where_it_was,
    a_panel_beside_the_page_adds_nothing_to_the_history,
);

/// A screen keyboard can't be had without a phone, so these pages say what it leaves of the screen.
const KEYBOARD: &str = "<script>
    const viewport = Object.assign(new EventTarget(), { height: innerHeight, width: innerWidth, offsetTop: 0, offsetLeft: 0, scale: 1 });
    Object.defineProperty(window, 'visualViewport', { value: viewport });
    window.keyboard = (height, offsetTop, scale = 1) => {
      Object.assign(viewport, { height, offsetTop, scale });
      viewport.dispatchEvent(new Event('resize'));
    };
    </script>";

const BOX: &str = "const box = document.querySelector('#holdfast-chat').shadowRoot
    .querySelector(`[data-hf=${arguments[0]}]`).getBoundingClientRect();
    return [box.left, box.top, box.right, box.bottom];";

fn page(server: SocketAddr) -> String {
    let head = "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">";
    with_tag(server, "demo", "")
        .replace("<title>", &format!("{head}<title>"))
        .replace("<h1>", "<style>h1 { height: 3000px }</style><h1>")
}

async fn phone(stage: &Stage, url: &str) -> Result<Tab> {
    let tab = stage.browser.open(url).await?;
    tab.on_phone().await?;
    tab.reload().await?;
    Ok(tab)
}

/// What the page has of the screen.
async fn screen(tab: &Tab) -> Result<(f64, f64)> {
    let size = "return [document.documentElement.clientWidth, innerHeight]";
    tab.run(size, vec![]).await
}

async fn box_of(tab: &Tab, hook: &str) -> Result<Vec<f64>> {
    tab.run(BOX, vec![json!(hook)]).await
}

async fn the_panel_fills_the_screen_and_fingers_hit_what_they_aim_at(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    stage.server.set_site(QUESTIONS).await?;
    let pages = Pages::serve([("/", page(stage.street.addr()))]).await?;
    let tab = phone(&stage, &pages.url("/")).await?;
    tab.open_chat().await?;
    let (width, height) = screen(&tab).await?;
    let panel = async || box_of(&tab, "panel").await;
    wait::until("a panel that fills the screen", panel, |found| {
        found == &[0.0, 0.0, width, height]
    })
    .await?;
    extras(&tab).await?;
    let asked = "return document.querySelector('#holdfast-chat').shadowRoot.querySelectorAll('.ask').length === 4";
    let look = async || tab.run::<bool>(asked, vec![]).await;
    wait::until("the questions", look, |is_asked| *is_asked).await?;
    let alone = fits_fingers(&tab, "the questions").await?;
    for (hook, list) in [("menu", "menu-list"), ("emoji", "choice")] {
        tab.click_hook(hook).await?;
        let look = async || Ok(box_of(&tab, list).await?[3]);
        wait::until(list, look, |bottom| *bottom > 0.0).await?;
        ensure!(fits_fingers(&tab, hook).await? > alone, "nothing to choose");
    }
    let wide = "return document.documentElement.scrollWidth";
    let wide: f64 = tab.run(wide, vec![]).await?;
    ensure!(wide <= width, "the page became {wide} wide");
    Ok(())
}

/// Whether everything that is touched has a finger's size, and no phone zooms in on anything. Returns how many there are.
async fn fits_fingers(tab: &Tab, state: &str) -> Result<usize> {
    let sizes = "const root = document.querySelector('#holdfast-chat').shadowRoot;
        return [...root.querySelectorAll('button, textarea, input')].filter((target) => target.getClientRects().length)
            .map((target) => [target, target.getBoundingClientRect()])
            .map(([{ dataset, name, textContent }, box]) => [dataset.hf ?? (name || textContent), box.width, box.height])";
    let sizes: Vec<(String, f64, f64)> = tab.run(sizes, vec![]).await?;
    let small = sizes
        .iter()
        .filter(|(_, width, height)| *width < 44.0 || *height < 44.0);
    let small: Vec<_> = small.collect();
    ensure!(
        small.is_empty(),
        "smaller than a finger beside {state}: {small:?}"
    );
    // A field of each kind that owners can ask for.
    nothing_zooms_in(tab, &["name", "email", "order", "privacy", "composer"]).await?;
    Ok(sizes.len())
}

/// All that is written in or chosen from has letters so large that a phone does not zoom in on it, whether it is shown or
/// not, and these are all of them, by hook or by name, as they stand in the panel.
pub(super) async fn nothing_zooms_in(tab: &Tab, fields: &[&str]) -> Result<()> {
    const LARGE: f64 = 16.0;
    // What is ticked has no letters.
    let letters = "const size = (field) => /checkbox|radio/.test(field.type) ? 16 : parseFloat(getComputedStyle(field).fontSize);
        return [...root.querySelectorAll('input, textarea, select')].map((field) => [field.dataset.hf ?? field.name, size(field)])";
    let letters: Vec<(String, f64)> = inside(tab, letters).await?;
    let found: Vec<&str> = letters.iter().map(|(field, _)| field.as_str()).collect();
    ensure!(found == fields, "{found:?} instead of {fields:?}");
    let small: Vec<_> = letters.iter().filter(|(_, size)| *size < LARGE).collect();
    ensure!(small.is_empty(), "a phone would zoom in: {small:?}");
    Ok(())
}

/// Only where a driver makes a phone: its browser shows a part of such a page, other windows scroll it.
#[tokio::test(flavor = "multi_thread")]
async fn the_panel_is_where_the_eye_is_on_a_page_that_is_wider_than_the_phone() -> Result<()> {
    let stage = Stage::set().await?;
    for direction in ["ltr", "rtl"] {
        let wide = format!("<body dir={direction}><p style=\"width: 430px\">Wide<h1>");
        let html = page(stage.street.addr()).replace("<h1>", &wide);
        let pages = Pages::serve([("/", html)]).await?;
        let tab = phone(&stage, &pages.url("/")).await?;
        tab.open_chat().await?;
        ensure!(tab.run::<bool>("return innerWidth > 400", vec![]).await?);
        let panel = async || box_of(&tab, "panel").await;
        wait::until("a panel that fills the screen", panel, |found| {
            found == &[0.0, 0.0, 390.0, 844.0]
        })
        .await?;
    }
    Ok(())
}

async fn the_keyboard_never_covers_the_composer(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let html = page(stage.street.addr()).replace("<h1>", &format!("{KEYBOARD}<h1>"));
    let pages = Pages::serve([("/", html)]).await?;
    let tab = phone(&stage, &pages.url("/")).await?;
    // The driver can't aim on a page whose viewport is told otherwise.
    tab.run::<Value>("Holdfast.open()", vec![]).await?;
    tab.see("the panel", |widget| widget.open).await?;
    wait::until(
        "a panel at rest",
        async || box_of(&tab, "panel").await,
        |found| found[1] == 0.0,
    )
    .await?;
    let (_, height) = screen(&tab).await?;
    let keyboard = "keyboard(...arguments)";
    tab.run::<Value>(keyboard, vec![json!(480), json!(60)])
        .await?;
    let panel = box_of(&tab, "panel").await?;
    ensure!(panel[1] == 60.0 && panel[3] == 540.0, "{panel:?}");
    let composer = box_of(&tab, "composer").await?;
    ensure!(composer[3] <= 540.0, "the composer ends at {}", composer[3]);
    // Who zooms in by hand is not disturbed.
    tab.run::<Value>(keyboard, vec![json!(240), json!(300), json!(2)])
        .await?;
    ensure!(box_of(&tab, "panel").await? == panel);
    tab.run::<Value>(keyboard, vec![json!(height), json!(0)])
        .await?;
    ensure!(box_of(&tab, "panel").await?[3] == height);
    // On a tablet the panel stands beside the page, and moves up.
    match engine {
        Engine::Chromium => {
            let tablet =
                json!({"width": 900, "height": 844, "deviceScaleFactor": 1, "mobile": true});
            tab.devtools("Emulation.setDeviceMetricsOverride", tablet)
                .await?;
        }
        Engine::Firefox | Engine::WebKit => tab.resize(900, 844).await?,
    }
    let look = async || Ok(screen(&tab).await?.0);
    wait::until("a wide page", look, |width| *width > 800.0).await?;
    tab.run::<Value>(keyboard, vec![json!(500), json!(0)])
        .await?;
    let panel = box_of(&tab, "panel").await?;
    ensure!(panel[1] >= 0.0 && panel[3] <= 500.0, "{panel:?}");
    Ok(())
}

async fn the_back_button_closes_the_panel_and_leaves_the_page_where_it_was(
    engine: Engine,
) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let pages = Pages::serve([
        ("/", page(stage.street.addr())),
        ("/next", page(stage.street.addr())),
    ])
    .await?;
    let tab = phone(&stage, &pages.url("/")).await?;
    tab.goto(&pages.url("/next")).await?;
    let remember = "history.replaceState({ mine: 1 }, ''); return history.length";
    let before: u64 = tab.run(remember, vec![]).await?;
    let place = "return location.pathname + JSON.stringify(history.state)";
    let read = async || tab.run::<String>(place, vec![]).await;
    let is_own = |found: &String| found == "/next{\"mine\":1}";
    let has_places: bool = tab.run(HAS_PLACES, vec![]).await?;
    // Its own button takes the step back, too.
    for is_button in [false, true] {
        tab.open_chat().await?;
        if has_places {
            // A place is made a moment after the panel; who is faster than that leaves the page.
            wait::until("a place of the panel's own", read, |found| {
                found == "/next{\"mine\":1,\"holdfast\":true}"
            })
            .await?;
        } else {
            ensure!(is_own(&read().await?), "it needs no place here");
        }
        match (is_button, has_places) {
            (true, _) => tab.click_hook("close").await?,
            (false, true) => tab.back().await?,
            (false, false) => close_request(&tab).await?,
        }
        tab.see("no panel, on the same page", |widget| {
            widget.here && !widget.open
        })
        .await?;
        wait::until("the page's own state", read, is_own).await?;
    }
    let after: u64 = tab.run("return history.length", vec![]).await?;
    ensure!(
        after <= before + 1,
        "the history grew from {before} to {after}"
    );
    tab.back().await?;
    wait::until("the page before", read, |found| {
        found.starts_with("/{") || found.starts_with("/null")
    })
    .await?;
    Ok(())
}

/// Whether the panel is a place in this browser's history.
pub(super) const HAS_PLACES: &str = "return !window.CloseWatcher";

/// What a phone's back button is to a browser that tells of it, by the key that a desk has for it; the page keeps the key from the chat.
pub(super) async fn close_request(tab: &Tab) -> Result<()> {
    let swallow = "addEventListener('keydown', (event) => event.stopImmediatePropagation(), { capture: true, once: true })";
    tab.run::<()>(swallow, vec![]).await?;
    tab.draft("\u{E00C}").await
}

async fn a_panel_beside_the_page_adds_nothing_to_the_history(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let pages = Pages::serve([("/", page(stage.street.addr()))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    let length = "return history.length";
    let before: u64 = tab.run(length, vec![]).await?;
    tab.open_chat().await?;
    ensure!(tab.run::<u64>(length, vec![]).await? == before);
    Ok(())
}
