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

in_every_engine!(
    a_copy_is_pasted_on_the_page,
    a_copy_is_pasted_where_a_page_has_no_clipboard,
    a_copy_is_pasted_where_the_clipboard_is_denied,
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

/// As in a frame that the page around it does not let copy.
async fn a_copy_is_pasted_where_the_clipboard_is_denied(engine: Engine) -> Result<()> {
    let denied = "window.asked = 0;
        for (const name of ['write', 'writeText']) Clipboard.prototype[name] = () => {
            window.asked++;
            return Promise.reject(new DOMException('denied', 'NotAllowedError'));
        };";
    let tab = is_pasted(engine, denied).await?;
    ensure!(tab.run::<u32>("return window.asked", vec![]).await? == 1);
    Ok(())
}

/// The visitor of a page with this script chooses the copy in the menu, clicks into a field of the page, and presses Ctrl
/// and V.
async fn is_pasted(engine: Engine, script: &str) -> Result<Tab> {
    const FIELD: &str = "return document.getElementById('field')";
    let mut stage = Stage::set_in(engine).await?;
    let own = with_tag(stage.street.addr(), "demo", "").replace(
        "<h1>",
        &format!("<script>{script}</script><textarea id=field></textarea><h1>"),
    );
    let pages = Pages::serve([("/", Page::html(own))]).await?;
    let (tab, _agent, _) = stage.greeting_at(&pages.url("/")).await?;
    extras(&tab).await?;
    tab.click_hook("menu").await?;
    tab.click_hook("copy").await?;
    holds(
        &tab,
        "return shown('said') && find('said').textContent === 'Copied'",
    )
    .await?;
    let seen: String = inside(&tab, SEEN).await?;
    tab.click(FIELD, vec![]).await?;
    tab.type_keys(FIELD, vec![], PASTE).await?;
    let read = async || {
        tab.run::<String>("return document.getElementById('field').value", vec![])
            .await
    };
    let pasted = wait::until("what was pasted", read, |text| !text.is_empty()).await?;
    ensure!(pasted == seen, "{pasted:?} instead of {seen:?}");
    ensure!(
        tab.widget().await?.draft.is_empty(),
        "it was pasted into the chat"
    );
    Ok(tab)
}
