//! Pages inside of other pages, and pages that may keep nothing.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Browser, Engine, Wish},
    in_every_engine,
    pages::Page,
    stage::Stage,
};

use super::{CONTENT, cannot_show, chat_works_in, page, serve, serve_with, tag_for, talk};

in_every_engine!(
    a_page_in_a_frame_of_another_site,
    a_page_that_its_own_policy_sandboxes,
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
    let has_storage = false;
    stage.browser = Browser::start_with(Wish {
        engine,
        has_storage,
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
