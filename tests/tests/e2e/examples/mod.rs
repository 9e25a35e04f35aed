//! The examples of `docs/embed.md`, taken out of it and run as they stand: what people copy works.

mod apps;
mod shops;

use anyhow::{Context as _, Result, ensure};
use hmac::{Hmac, KeyInit as _, Mac as _};
use holdfast_tests::{
    browser::{Engine, Tab},
    documents::{at, example},
    in_every_engine,
    pages::Page,
    stage::Stage,
    wait,
};
use serde_json::Value;
use sha2::Sha256;

use super::hosts::{chat_works_at, complaints, page, serve, serve_with};

in_every_engine!(
    the_tag_of_plain_html,
    the_calls_and_events_of_a_page,
    a_page_says_who_its_visitor_is,
);

/// What the document has in the place of the hash.
const NO_HASH: &str = "HASH_FROM_YOUR_SERVER";

/// The document's tag for plain HTML, for the stage's server.
fn plain_tag(stage: &Stage) -> Result<String> {
    at(stage.street.addr(), example("Plain HTML", "html", 0)?)
}

async fn the_tag_of_plain_html(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let pages = serve(page("", &plain_tag(&stage)?)).await?;
    chat_works_at(&mut stage, &pages.url("/")).await?;
    Ok(())
}

/// The snippet for early calls, the tag, and the page's own button and title.
async fn the_calls_and_events_of_a_page(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let snippet = example("Calls", "html", 0)?;
    let own = example("Events", "html", 0)?;
    let body = [snippet, &plain_tag(&stage)?, own].concat();
    let pages = serve(page("", &body)).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    let is_hidden = "return document.querySelector('#holdfast-chat').shadowRoot
        .querySelector('[data-hf=launcher]').hidden";
    tab.see("the widget", |widget| widget.here).await?;
    holds(&tab, is_hidden).await?;

    tab.click("return document.querySelector('button')", vec![])
        .await?;
    tab.see("the panel", |widget| widget.open).await?;
    let mut agent = stage.agent("Ana").await?;
    stage.visitor_writes(&tab, "Is it in stock?").await?;
    let desk = agent
        .see("the question", |desk| !desk.messages.is_empty())
        .await?;
    let conversation = desk.messages[0].conversation;
    tab.click_hook("close").await?;
    tab.see("no panel", |widget| !widget.open).await?;
    for (answer, title) in [("Yes.", "(1) A shop"), ("Or no.", "(2) A shop")] {
        stage.agent_writes(&mut agent, conversation, answer).await?;
        holds(&tab, &format!("return document.title === '{title}'")).await?;
    }
    tab.click("return document.querySelector('button')", vec![])
        .await?;
    holds(&tab, "return document.title === 'A shop'").await?;
    let complaints = complaints(&tab).await?;
    ensure!(complaints.is_empty(), "{complaints:#?}");
    Ok(())
}

/// By the lines for a page that was made for its visitor, then by those for an application, which asks its server. The hash
/// is this test's: `server/tests/examples.rs` runs the lines that make it.
async fn a_page_says_who_its_visitor_is(engine: Engine) -> Result<()> {
    const HEADING: &str = "Who the visitor is";
    let stage = Stage::set_in(engine).await?;
    let agent = stage.agent("Ana").await?;
    let key = stage.server.identity_key().await?;
    let snippet = example("Calls", "html", 0)?;
    let said = example(HEADING, "html", 0)?;
    ensure!(said.contains(NO_HASH), "{said}");
    let said = said.replace(NO_HASH, &hash(&key, "user-17")?);
    let app = example(HEADING, "js", 1)?;
    ensure!(app.contains("/api/chat-hash"), "{app}");
    let app = format!("<script>const user = {{ id: 99, name: 'Rey' }};\n{app}</script>");
    let tag = plain_tag(&stage)?;
    let whole = |script: &str| page("", &[snippet, script, &tag].concat());
    let answer = Page::script(hash(&key, "99")?);
    let more = [("/app", whole(&app)), ("/api/chat-hash", answer)];
    let pages = serve_with(whole(&said), more).await?;
    for (path, id, text) in [
        ("/", "user-17", "from a page"),
        ("/app", "99", "from an app"),
    ] {
        let tab = stage.browser.open(&pages.url(path)).await?;
        tab.open_chat().await?;
        tab.write(text).await?;
        let desk = agent.see(text, |desk| desk.find(text).is_some()).await?;
        let conversation = desk.find(text).context("it")?.conversation;
        let desk = agent
            .see("who it is", |desk| {
                let visitor = desk.visitors.get(&conversation);
                visitor.is_some_and(|visitor| visitor["identity"]["verified"] == true)
            })
            .await?;
        let visitor = &desk.visitors[&conversation];
        ensure!(visitor["identity"]["id"] == id, "{visitor}");
        let name = if id == "99" { "Rey" } else { "Lin Wei" };
        ensure!(visitor["name"] == name, "{visitor}");
        let complaints = complaints(&tab).await?;
        ensure!(complaints.is_empty(), "{path}: {complaints:#?}");
        // As an application does before it shows its door again.
        tab.run::<()>("Holdfast.logout()", vec![]).await?;
        tab.see("nobody's chat", |widget| widget.messages.is_empty())
            .await?;
    }
    Ok(())
}

fn hash(key: &str, id: &str) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())?;
    mac.update(id.as_bytes());
    let bytes = mac.finalize().into_bytes();
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Waits until a script's body in the page returns true.
async fn holds(tab: &Tab, script: &str) -> Result<()> {
    let look = async || tab.run::<Value>(script, vec![]).await;
    wait::until(script, look, |found| *found == true).await?;
    Ok(())
}
