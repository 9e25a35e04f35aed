//! A copy of the conversation, and what is pasted of it.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    in_every_engine,
    pages::{Page, Pages, with_tag},
    stage::Stage,
    wait,
};

use super::{extras, holds, inside};
use crate::hosts::cannot_show;

in_every_engine!(
    a_copy_is_pasted_on_the_page,
    a_copy_is_pasted_where_a_page_has_no_clipboard,
    a_copy_is_pasted_where_the_clipboard_is_denied,
    a_copy_is_pasted_beside_a_frame_of_another_site,
    who_can_copy_in_no_way_is_told_so_in_words,
);

/// Ctrl and V, as WebDriver writes them.
const PASTE: &str = "\u{E009}v\u{E000}";

/// What the visitor sees of the conversation, as the copy has to have it.
const SEEN: &str = "const times = [...root.querySelectorAll('time')].map((time) => time.textContent);
    return ['Today', `[${times[0]}] You: Good morning`, `[${times[1]}] Ana: How can I help?`, ''].join('\\n')";

async fn a_copy_is_pasted_on_the_page(engine: Engine) -> Result<()> {
    is_pasted(engine, "").await?;
    Ok(())
}

/// As on a page without https.
async fn a_copy_is_pasted_where_a_page_has_no_clipboard(engine: Engine) -> Result<()> {
    let missing = "delete Navigator.prototype.clipboard;
        if (navigator.clipboard) throw new Error('the page has a clipboard');";
    is_pasted(engine, missing).await?;
    Ok(())
}

/// As by a browser that asks its person, who says no.
async fn a_copy_is_pasted_where_the_clipboard_is_denied(engine: Engine) -> Result<()> {
    let tab = is_pasted(engine, DENIED).await?;
    ensure!(tab.run::<u32>("return window.asked", vec![]).await? == 1);
    Ok(())
}

const DENIED: &str = "window.asked = 0;
    for (const name of ['write', 'writeText']) Clipboard.prototype[name] = () => {
        window.asked++;
        return Promise.reject(new DOMException('denied', 'NotAllowedError'));
    };";

/// In a frame of another site, whose page does not say `allow="clipboard-write"`. Only Chromium denies the clipboard there: Firefox and
/// WebKit know no such word in `allow`, and let every frame copy that the visitor has just pressed in.
async fn a_copy_is_pasted_beside_a_frame_of_another_site(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, chat, _pages) = framed(&stage, NOTED).await?;
    let _agent = stage.greeting_in(&chat).await?;
    copies(&chat, "Copied").await?;
    let denied = match engine {
        Engine::Chromium => "NotAllowedError",
        Engine::Firefox | Engine::WebKit => {
            cannot_show(engine, "a denied clipboard", "it denies none");
            ""
        }
    };
    ensure!(noted(&chat).await? == denied, "{:?}", noted(&chat).await?);
    let seen: String = inside(&chat, SEEN).await?;
    let pasted = paste(&tab).await?;
    ensure!(pasted == seen, "{pasted:?} instead of {seen:?}");
    Ok(())
}

/// Such a frame, in which the old way is of no use either: no browser takes that away, so the page's own script does.
async fn who_can_copy_in_no_way_is_told_so_in_words(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let neither = format!("{DENIED} document.execCommand = () => false;");
    let (_tab, chat, _pages) = framed(&stage, &neither).await?;
    let _agent = stage.greeting_in(&chat).await?;
    copies(&chat, "The browser does not allow copying here.").await
}

/// Notes with which word the browser denies the clipboard.
const NOTED: &str = "window.denied = '';
    const { write } = Clipboard.prototype;
    Clipboard.prototype.write = function (items) {
        const end = write.call(this, items);
        end.catch((error) => { window.denied = error.name; });
        return end;
    };";

async fn noted(chat: &Tab) -> Result<String> {
    chat.run("return window.denied", vec![]).await
}

/// A page with a field and a frame of another site, in which there is the chat beside this script.
async fn framed(stage: &Stage, script: &str) -> Result<(Tab, Tab, [Pages; 2])> {
    let script = format!("<script>{script}</script><h1>");
    let own = with_tag(stage.street.addr(), "demo", "").replace("<h1>", &script);
    let inner = Pages::serve([("/", own)]).await?;
    let around = format!(
        "<!doctype html><title>Around</title><textarea id=field></textarea>
         <iframe src=\"{}\" width=900 height=650></iframe>",
        inner.foreign_url("/")
    );
    let outer = Pages::serve([("/", around)]).await?;
    let tab = stage.browser.open(&outer.url("/")).await?;
    let chat = tab.frame(0);
    Ok((tab, chat, [inner, outer]))
}

/// The visitor of a page with this script chooses the copy in the menu, clicks into a field of the page, and presses Ctrl
/// and V.
async fn is_pasted(engine: Engine, script: &str) -> Result<Tab> {
    let mut stage = Stage::set_in(engine).await?;
    let own = with_tag(stage.street.addr(), "demo", "").replace(
        "<h1>",
        &format!("<script>{script}</script><textarea id=field></textarea><h1>"),
    );
    let pages = Pages::serve([("/", Page::html(own))]).await?;
    let (tab, _agent, _) = stage.greeting_at(&pages.url("/")).await?;
    copies(&tab, "Copied").await?;
    let seen: String = inside(&tab, SEEN).await?;
    let pasted = paste(&tab).await?;
    ensure!(pasted == seen, "{pasted:?} instead of {seen:?}");
    ensure!(
        tab.widget().await?.draft.is_empty(),
        "it was pasted into the chat"
    );
    Ok(tab)
}

/// The visitor chooses the copy in the menu, and is told this.
async fn copies(chat: &Tab, words: &str) -> Result<()> {
    extras(chat).await?;
    chat.click_hook("menu").await?;
    chat.click_hook("copy").await?;
    let told = format!("return shown('said') && find('said').textContent === '{words}'");
    holds(chat, &told).await
}

/// Pastes into the field of the page.
async fn paste(tab: &Tab) -> Result<String> {
    const FIELD: &str = "return document.getElementById('field')";
    tab.click(FIELD, vec![]).await?;
    tab.type_keys(FIELD, vec![], PASTE).await?;
    let value = "return document.getElementById('field').value";
    let read = async || tab.run::<String>(value, vec![]).await;
    wait::until("what was pasted", read, |text| !text.is_empty()).await
}
