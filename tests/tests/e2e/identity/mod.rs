//! Who a visitor is to the site: one person on several devices, another one on the same, and nobody after a logout.

mod leaving;
mod required;
mod telling;

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use hmac::{Hmac, KeyInit as _, Mac as _};
use holdfast_tests::{
    browser::{Browser, Engine, Tab},
    in_every_engine,
    pages::{Pages, with_tag},
    stage::Stage,
    wait,
};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{hosts::watched, sdk::SNIPPET};

in_every_engine!(
    a_person_has_one_conversation_on_two_devices,
    who_was_nobody_takes_the_conversation_along,
    a_wrong_proof_is_refused_in_words_and_nothing_is_lost,
);

/// What the page's script hears, whatever is said when.
const LISTEN: &str = r#"
      window.heard = [];
      for (const event of ["ready", "error", "chat:started", "chat:ended", "csat", "message:sent"])
        Holdfast.on(event, (detail) => heard.push([event, detail]));"#;

/// A page of the site, watched, whose script says something before anything is loaded.
fn page(server: SocketAddr, attributes: &str, script: &str) -> String {
    let script = format!("<script>{SNIPPET}{LISTEN}</script><script>{script}</script><h1>");
    watched(&with_tag(server, "demo", attributes)).replace("<h1>", &script)
}

/// The hash that the site's own server makes.
fn hash(key: &str, id: &str) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())?;
    mac.update(id.as_bytes());
    let bytes = mac.finalize().into_bytes();
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The call that says who the visitor is.
fn identify(id: &str, attributes: &Value, hash: &str) -> String {
    format!(
        "Holdfast.identify({}, {attributes}, {});",
        json!(id),
        json!(hash)
    )
}

async fn call(tab: &Tab, script: &str) -> Result<Value> {
    tab.run(script, vec![]).await
}

/// Waits until the page has heard `event`, and returns what came with it last.
async fn hear(tab: &Tab, event: &str) -> Result<Value> {
    let script = "return heard.filter(([name]) => name == arguments[0]).at(-1)?.[1] ?? null";
    let look = async || tab.run::<Value>(script, vec![json!(event)]).await;
    wait::until(&format!("{event:?} heard"), look, |detail| {
        !detail.is_null()
    })
    .await
}

/// What the page's own console was told.
async fn owner_reads(tab: &Tab) -> Result<Vec<String>> {
    tab.run("return window.watched.complaints", vec![]).await
}

/// All that the browser keeps for the page's site.
async fn kept(tab: &Tab) -> Result<String> {
    tab.run(
        "return JSON.stringify([{...localStorage}, {...sessionStorage}])",
        vec![],
    )
    .await
}

async fn see_texts(tab: &Tab, texts: &[&str]) -> Result<()> {
    tab.see(&format!("{texts:?}, sent"), |widget| {
        let shown: Vec<&str> = widget.messages.iter().map(|bubble| &*bubble.text).collect();
        shown == texts && widget.messages.iter().all(|bubble| bubble.seq.is_some())
    })
    .await?;
    Ok(())
}

async fn a_person_has_one_conversation_on_two_devices(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let mut agent = stage.agent("Ana").await?;
    let key = stage.server.identity_key().await?;
    let facts = json!({"name": "Lin Wei", "email": "lin@example.com", "plan": "pro", "seats": 3, "id": "not hers"});
    let script = identify("user-17", &facts, &hash(&key, "user-17")?);
    let pages = Pages::serve([("/", page(stage.street.addr(), "", &script))]).await?;
    let phone = stage.browser.open(&pages.url("/")).await?;
    phone.open_chat().await?;
    phone.write("from the phone").await?;
    let desk = agent
        .see("the message", |desk| !desk.messages.is_empty())
        .await?;
    let conversation = desk.messages[0].conversation;
    let visitor = &desk.visitors[&conversation];
    ensure!(
        visitor["identity"] == json!({"id": "user-17", "verified": true}),
        "{visitor}"
    );
    ensure!(
        visitor["name"] == "Lin Wei"
            && visitor["email"] == "lin@example.com"
            && visitor["fields"] == json!({"plan": "pro", "seats": "3"}),
        "{visitor}"
    );

    let office = Browser::start_in(engine).await?;
    let desktop = office.open(&pages.url("/")).await?;
    desktop.open_chat().await?;
    see_texts(&desktop, &["from the phone"]).await?;
    desktop.write("from the desk").await?;
    agent.write(conversation, "to both").await?;
    let texts = ["from the phone", "from the desk", "to both"];
    for tab in [&phone, &desktop] {
        tab.see("all on both", |widget| {
            texts
                .iter()
                .all(|text| widget.messages.iter().any(|bubble| bubble.text == *text))
        })
        .await?;
    }
    let desk = agent
        .see("both", |desk| desk.find("from the desk").is_some())
        .await?;
    ensure!(
        desk.messages
            .iter()
            .all(|message| message.conversation == conversation),
        "{:?}",
        desk.messages
    );

    // The next page begins as that person, and the same call again changes nothing.
    phone.reload().await?;
    phone
        .see("the conversation as it was", |widget| {
            widget.messages.len() == 3 && widget.connection == "online"
        })
        .await?;
    Ok(())
}

async fn who_was_nobody_takes_the_conversation_along(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let agent = stage.agent("Ana").await?;
    let key = stage.server.identity_key().await?;
    let script = identify("user-18", &json!({}), &hash(&key, "user-18")?);
    let pages = Pages::serve([
        ("/", page(stage.street.addr(), "", "")),
        ("/mine", page(stage.street.addr(), "", &script)),
    ])
    .await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.open_chat().await?;
    tab.write("asked before the login").await?;
    see_texts(&tab, &["asked before the login"]).await?;
    let two = stage.browser.open_another(&pages.url("/")).await?;
    two.open_chat().await?;
    see_texts(&two, &["asked before the login"]).await?;

    call(&tab, &script).await?;
    tab.write("and after it").await?;
    let texts = ["asked before the login", "and after it"];
    // The other tab hears of it by the browser's storage, and is the same person.
    for tab in [&tab, &two] {
        see_texts(tab, &texts).await?;
    }
    let desk = agent.see("both", |desk| desk.messages.len() == 2).await?;
    let conversation = desk.messages[0].conversation;
    ensure!(desk.messages[1].conversation == conversation);
    agent
        .see("who it is", |desk| {
            desk.visitors[&conversation]["identity"]["verified"] == true
        })
        .await?;
    let other = Browser::start_in(engine).await?;
    let far = other.open(&pages.url("/mine")).await?;
    far.open_chat().await?;
    see_texts(&far, &texts).await?;
    Ok(())
}

/// What a page's owner reads where the hash is wrong.
const WRONG: &str = "the identity's hash does not fit its id";

/// The visitor and the page are told in words, once, that the server does not take them in, and nothing is shown of the person whom
/// the page names.
async fn is_refused(tab: &Tab, why: &str) -> Result<()> {
    let widget = tab
        .see("a refusal", |widget| widget.connection == "refused")
        .await?;
    ensure!(
        widget.words.contains("could not confirm who you are"),
        "{:?}",
        widget.words
    );
    let told = hear(tab, "error").await?;
    let said = told["message"].as_str().unwrap_or_default();
    ensure!(said.starts_with(why), "{told}");
    let lines = owner_reads(tab).await?;
    let refusals: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("the server refuses this page"))
        .collect();
    ensure!(
        refusals.len() == 1 && refusals[0].contains(why),
        "{lines:?}"
    );
    Ok(())
}

async fn a_wrong_proof_is_refused_in_words_and_nothing_is_lost(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let agent = stage.agent("Ana").await?;
    let key = stage.server.identity_key().await?;
    let wrong = identify("user-17", &json!({}), &hash("another key", "user-17")?);
    let pages = Pages::serve([
        ("/", page(stage.street.addr(), "", &wrong)),
        ("/plain", page(stage.street.addr(), "", "")),
    ])
    .await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.open_chat().await?;
    is_refused(&tab, WRONG).await?;
    tab.write("written in the meantime").await?;

    // A page that does not say it again is not held up by what another page said wrong.
    tab.goto(&pages.url("/plain")).await?;
    see_texts(&tab, &["written in the meantime"]).await?;
    call(
        &tab,
        &identify("user-17", &json!({}), &hash(&key, "user-17")?),
    )
    .await?;
    tab.write("proven").await?;
    see_texts(&tab, &["written in the meantime", "proven"]).await?;
    agent.see("both", |desk| desk.messages.len() == 2).await?;
    Ok(())
}
