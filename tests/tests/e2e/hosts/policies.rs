//! Pages that forbid what they did not ask for.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::Engine,
    documents::{at, example},
    in_every_engine,
    pages::{Page, tag, with_tag},
    stage::Stage,
    wait,
};

use super::{
    super::visitors::{extras, holds},
    CONTENT, chat_works_at, complaints, page, questions, serve, serve_with, tag_for, watch,
};

in_every_engine!(
    a_strict_policy_that_names_our_host,
    a_strict_policy_with_a_nonce,
    trusted_types_are_enforced,
    questions_are_asked_under_the_strictest_policy,
    what_only_some_pages_load_comes_under_the_strictest_policy,
    a_page_isolates_itself,
);

const POLICY: &str = "content-security-policy";

/// What the document has in the place of a nonce, and ours.
const NO_NONCE: &str = "nonce-…";
const NONCE: &str = "r4nd0m";

/// The line of docs/embed.md: the first names addresses, the second a nonce.
fn documented(stage: &Stage, index: usize) -> Result<String> {
    let line = example("Content-Security-Policy", "", index)?;
    at(stage.street.addr(), line.trim())
}

/// The same with everything else forbidden that can be.
fn strict(line: &str) -> String {
    format!(
        "default-src 'none'; base-uri 'none'; object-src 'none'; form-action 'none'; frame-ancestors 'none'; \
         img-src 'self'; style-src 'self'; {line}"
    )
}

/// The line that names addresses, with that of the site's own script.
fn with_own_script(stage: &Stage) -> Result<String> {
    let line = documented(stage, 0)?;
    let own = line.replacen("script-src ", "script-src 'self' ", 1);
    ensure!(own != line, "no script-src in {line:?}");
    Ok(strict(&own))
}

/// On the second page the document's line is the whole header, to the letter.
async fn a_strict_policy_that_names_our_host(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let tag = tag_for(&stage);
    let own = page("", &[CONTENT, &tag].concat()).with(POLICY, with_own_script(&stage)?);
    let bare = with_tag(stage.street.addr(), "demo", "");
    let exact = Page::html(bare).with(POLICY, documented(&stage, 0)?);
    let pages = serve_with(own, [("/exact", exact)]).await?;
    let tab = chat_works_at(&mut stage, &pages.url("/")).await?;
    tab.goto(&pages.url("/exact")).await?;
    watch(&tab).await?;
    tab.see("the conversation", |widget| {
        widget.messages.len() == 2 && widget.connection == "online"
    })
    .await?;
    // Neither what comes later is forbidden.
    extras(&tab).await?;
    tab.write("Still there?").await?;
    tab.see("the message sent", |widget| {
        !matches!(widget.state_of("Still there?"), None | Some("waiting"))
    })
    .await?;
    let complaints = complaints(&tab).await?;
    ensure!(complaints.is_empty(), "{complaints:#?}");
    Ok(())
}

/// The nonce covers what the script loads as well; the policy names no host for scripts.
async fn a_strict_policy_with_a_nonce(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let nonce = format!("<script nonce=\"{NONCE}\" ");
    let html = format!(
        "<!doctype html><html lang=\"en\"><title>A shop</title>{nonce}src=\"/watch.js\"></script>\
         {CONTENT}{}",
        tag_for(&stage).replace("<script ", &nonce)
    );
    let line = documented(&stage, 1)?;
    ensure!(line.contains(NO_NONCE), "{line}");
    let line = line.replace(NO_NONCE, &format!("nonce-{NONCE}"));
    let pages = serve(Page::html(html).with(POLICY, strict(&line))).await?;
    chat_works_at(&mut stage, &pages.url("/")).await?;
    Ok(())
}

/// A page that also wants every text that could become code to be of a trusted type, and has none.
fn strictest(stage: &Stage, tag: &str) -> Result<Page> {
    let types = "require-trusted-types-for 'script'; trusted-types 'none'";
    let page = page("", &[CONTENT, tag].concat());
    Ok(page.with(POLICY, format!("{}; {types}", with_own_script(stage)?)))
}

async fn trusted_types_are_enforced(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let pages = serve(strictest(&stage, &tag_for(&stage))?).await?;
    let tab = chat_works_at(&mut stage, &pages.url("/")).await?;
    let is_enforced = "try { document.createElement('div').innerHTML = '<b>'; return false; }
        catch { return true; }";
    ensure!(
        tab.run::<bool>(is_enforced, vec![]).await?,
        "{engine} does not enforce them"
    );
    Ok(())
}

async fn questions_are_asked_under_the_strictest_policy(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let pages = serve(strictest(&stage, &tag_for(&stage))?).await?;
    let tab = stage.browser.open("about:blank").await?;
    questions::are_answered(&stage, &tab, &pages.url("/")).await?;
    Ok(())
}

/// An accent, who the visitor is, and a word that the chat does not know.
async fn what_only_some_pages_load_comes_under_the_strictest_policy(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let tag = tag(
        stage.street.addr(),
        "data-site=\"demo\" data-accent=\"#7a0000\"",
    );
    let pages = serve(strictest(&stage, &tag)?).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.open_chat().await?;
    holds(
        &tab,
        "return getComputedStyle(find('title').closest('.head')).backgroundColor === 'rgb(122, 0, 0)'",
    )
    .await?;
    let calls = "Holdfast.identify('user-17', { name: 'Lin Wei' }); Holdfast.opne()";
    tab.run::<()>(calls, vec![]).await?;
    tab.write("Who am I?").await?;
    let agent = stage.agent("Ana").await?;
    agent
        .see("who it is", |desk| {
            let mut visitors = desk.visitors.values();
            visitors.any(|visitor| visitor["name"] == "Lin Wei")
        })
        .await?;
    let told = async || complaints(&tab).await;
    let told = wait::until("a hint", told, |lines| !lines.is_empty()).await?;
    // The page hears of it once, and Chromium's driver too.
    let is_hint = |line: &String| line.contains("opne") && line.contains("open");
    ensure!(told.len() <= 2 && told.iter().all(is_hint), "{told:#?}");
    Ok(())
}

async fn a_page_isolates_itself(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let isolated = page("", &[CONTENT, &tag_for(&stage)].concat())
        .with("cross-origin-embedder-policy", "require-corp")
        .with("cross-origin-opener-policy", "same-origin");
    let pages = serve(isolated).await?;
    // Browsers isolate no page of a plain address, this machine's own excepted.
    let tab = chat_works_at(&mut stage, &pages.foreign_url("/")).await?;
    let is_isolated: bool = tab.run("return window.crossOriginIsolated", vec![]).await?;
    ensure!(is_isolated, "{engine} does not isolate the page");
    Ok(())
}
