//! Pages inside of other pages, and pages that may keep nothing.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Browser, Engine, Tab, Wish},
    in_every_engine,
    pages::{Page, with_sandbox},
    stage::Stage,
};
use serde_json::json;

use super::super::visitors::{extras, holds};
use super::{CONTENT, cannot_show, chat_works_in, page, serve, serve_with, tag_for, talk};

in_every_engine!(
    a_page_in_a_frame_of_another_site,
    a_page_that_its_own_policy_sandboxes,
    a_frame_that_may_open_no_window_says_so,
    a_person_who_forbids_all_storage,
);

/// Storage is the frame's own there, or none.
async fn a_page_in_a_frame_of_another_site(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let inner = page("", &[CONTENT, &tag_for(&stage)].concat());
    let site = serve(inner).await?;
    let frame = format!(
        "<iframe src=\"{}\" width=900 height=700></iframe>",
        site.foreign_url("/")
    );
    let portal = serve(page("", &frame)).await?;
    let tab = stage.browser.open(&portal.url("/")).await?;
    chat_works_in(&mut stage, &tab.frame(0)).await?;
    let complaints: Vec<String> = tab.run("return window.watched.complaints", vec![]).await?;
    ensure!(complaints.is_empty(), "{complaints:?}");
    Ok(())
}

async fn a_page_that_its_own_policy_sandboxes(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let own = page("", &[CONTENT, &tag_for(&stage)].concat())
        .with("content-security-policy", "sandbox allow-scripts");
    let pages = serve_with(own, [("/other", Page::html("other"))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    ensure!(
        tab.run::<bool>(DENIED, vec![]).await?,
        "storage is not denied"
    );
    chat_works_in(&mut stage, &tab).await
}

/// The panel stays as it is, so that the visitor can go on.
async fn a_frame_that_may_open_no_window_says_so(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let inner = page("", &[CONTENT, &tag_for(&stage)].concat());
    let portal = serve_with(Page::html(with_sandbox("/inner")), [("/inner", inner)]).await?;
    let tab = stage.browser.open(&portal.url("/")).await?;
    let frame = tab.frame(0);
    frame.open_chat().await?;
    extras(&frame).await?;
    frame.click_hook("menu").await?;
    frame.click_hook("popout").await?;
    let is_told =
        "return shown('said') && find('said').textContent === 'The browser did not open a window.'
        && shown('panel') && root.activeElement === find('menu')";
    holds(&frame, is_told).await?;
    ensure!(
        stage.browser.beside(&tab).await?.is_none(),
        "a window was opened"
    );
    Ok(())
}

const DENIED: &str = "try { localStorage; return false; } catch { return true; }";

/// By the browser's settings, in every page. The conversation lasts as long as the page.
async fn a_person_who_forbids_all_storage(engine: Engine) -> Result<()> {
    if engine == Engine::WebKit {
        cannot_show(
            engine,
            "storage forbidden in the settings",
            "its browser has no such setting",
        );
        return Ok(());
    }
    let mut stage = Stage::set_in(engine).await?;
    stage.browser = Browser::start_with(Wish {
        has_storage: false,
        ..Wish::of(engine)
    })
    .await?;
    let pages = serve(page("", &[CONTENT, &tag_for(&stage)].concat())).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    ensure!(
        tab.run::<bool>(DENIED, vec![]).await?,
        "storage is not denied"
    );
    chat_works_in(&mut stage, &tab).await?;
    tab.reload().await?;
    tab.see("a chat that begins anew", |widget| {
        widget.here && widget.messages.is_empty()
    })
    .await?;
    stage.paper = holdfast_tests::checker::Paper::default();
    talk(&mut stage, &tab).await
}

/// A phone is turned, with a conversation at its end: the messages become higher, and the newest one stays in sight,
/// on the next page too. Only Chromium can be told to be a phone.
#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_is_turned_shows_the_newest_message() -> Result<()> {
    let mut stage = Stage::set().await?;
    let viewport = "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">";
    let site = serve(page(viewport, &[CONTENT, &tag_for(&stage)].concat())).await?;
    let tab = stage.browser.open(&site.url("/")).await?;
    hold(&tab, 740, 360).await?;
    tab.open_chat().await?;
    for round in 0..8 {
        let text =
            format!("{round}: long enough for more than one line on a phone, and for some more");
        stage.visitor_writes(&tab, &text).await?;
    }
    tab.see("everything sent", |widget| {
        !widget.messages.iter().any(|message| message.seq.is_none())
    })
    .await?;
    for turn in 0..4 {
        let (width, height) = if turn % 2 == 0 {
            (360, 740)
        } else {
            (740, 360)
        };
        hold(&tab, width, height).await?;
        at_the_end(&tab).await?;
        tab.reload().await?;
        at_the_end(&tab).await?;
    }
    Ok(())
}

async fn hold(tab: &Tab, width: u32, height: u32) -> Result<()> {
    let phone = json!({"width": width, "height": height, "deviceScaleFactor": 2, "mobile": true});
    tab.devtools("Emulation.setDeviceMetricsOverride", phone)
        .await?;
    Ok(())
}

async fn at_the_end(tab: &Tab) -> Result<()> {
    tab.see("the open chat on its line", |widget| {
        widget.open && widget.connection == "online"
    })
    .await?;
    tab.at_rest().await?;
    // Two frames later everything that follows from a new size has followed.
    let frames = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))";
    tab.run_async::<()>(frames, vec![]).await?;
    let (below, is_hidden): (f64, bool) = tab.run(BELOW, vec![]).await?;
    ensure!(
        below < 2.0 && is_hidden,
        "{below} pixels below what is seen"
    );
    Ok(())
}

/// How far the end of the list is, and whether the way to it is hidden.
const BELOW: &str = "const root = document.querySelector('#holdfast-chat').shadowRoot;
    const list = root.querySelector('[data-hf=list]');
    return [Math.floor(list.scrollHeight - list.scrollTop - list.clientHeight),
        root.querySelector('[data-hf=jump]').hidden];";
