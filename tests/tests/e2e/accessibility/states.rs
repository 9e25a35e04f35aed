//! The same judge for what comes up in a long conversation: the privacy line, the way to the newest message, the mark before
//! what is new, a refused message, and what is said of something done; each in light and in dark.

use anyhow::{Context as _, Result};
use holdfast_tests::{
    browser::{Engine, Tab},
    in_every_engine,
    stage::Stage,
};

use super::{audit, below, inside, site};

in_every_engine!(what_comes_up_in_a_long_conversation);

/// Enough for a list that is longer than the panel.
const LINES: usize = 20;

/// The page's clipboard may be none that a driver lets it use: whatever it says, something is said.
const QUIET: &str = "document.execCommand = () => true;
    if (navigator.clipboard) navigator.clipboard.write = navigator.clipboard.writeText = async () => {};";

/// Judges the state in both themes, while `script` says that it lasts.
async fn audit_both(tab: &Tab, state: &str, script: &str) -> Result<()> {
    for theme in ["light", "dark"] {
        let call = format!("Holdfast.setTheme('{theme}')");
        tab.run::<()>(&call, vec![]).await?;
        inside(
            tab,
            &format!("return find('root').dataset.theme === '{theme}'"),
        )
        .await?;
        inside(tab, script).await?;
        audit(tab, &format!("{state}, {theme}")).await?;
        inside(tab, script).await?;
    }
    Ok(())
}

async fn what_comes_up_in_a_long_conversation(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    stage.server.set_site("typing-preview = true\n").await?;
    let mut agent = stage.agent("Ana").await?;
    let pages = site(&stage, "light").await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.open_chat().await?;
    below(&tab).await?;
    audit_both(&tab, "typing preview", "return !find('privacy').hidden").await?;

    stage.visitor_writes(&tab, "Good morning").await?;
    let desk = agent.see("it", |desk| !desk.messages.is_empty()).await?;
    let conversation = desk.find("Good morning").context("it")?.conversation;
    for n in 0..LINES {
        let line = format!("line {n}");
        stage.agent_writes(&mut agent, conversation, &line).await?;
    }
    stage.settle(&[&tab], &agent, conversation).await?;
    inside(&tab, "find('list').scrollTop = 0; return true").await?;
    let jump = "return !find('jump').hidden && !find('jump').classList.contains('new')";
    audit_both(&tab, "far from the newest", jump).await?;
    stage.agent_writes(&mut agent, conversation, "new").await?;
    let jump = "return !find('jump').hidden && find('jump').classList.contains('new')";
    audit_both(&tab, "something new below", jump).await?;
    tab.click_hook("jump").await?;
    inside(&tab, "return find('jump').hidden").await?;

    tab.write("Refuse this").await?;
    let refused = "return !!find('retry') && find('retry').getClientRects().length > 0";
    audit_both(&tab, "refused", refused).await?;
    tab.click_hook("discard").await?;

    tab.click_hook("close").await?;
    tab.see("no panel", |widget| !widget.open).await?;
    stage
        .agent_writes(&mut agent, conversation, "unseen")
        .await?;
    tab.see("it", |widget| widget.unread == "1").await?;
    audit(&tab, "one unread").await?;
    tab.open_chat().await?;
    let divided = "return !!root.querySelector('.divider')";
    audit_both(&tab, "what is new", divided).await?;

    // What is said is gone after a moment: it stays here until it was judged.
    tab.run::<()>(QUIET, vec![]).await?;
    tab.click_hook("menu").await?;
    tab.click_hook("copy").await?;
    inside(&tab, "return !find('said').hidden").await?;
    let said = "find('said').hidden = false; return find('said').textContent !== ''";
    audit_both(&tab, "said", said).await
}
