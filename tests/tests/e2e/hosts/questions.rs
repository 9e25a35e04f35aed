//! The form before the first message, on a page that makes it hard.

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{browser::Tab, samples::QUESTIONS, stage::Stage};
use serde_json::Value;

use super::super::visitors::{holds, press};
use super::complaints;

const SPACE: &str = " ";
const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";

/// A visitor goes to the page at `url`, is asked, begins to answer, loads the page again, goes on where they were, and sends:
/// the agent has the answers with the message, and nothing was complained about. Returns what the agent knows of the visitor.
pub(super) async fn are_answered(stage: &Stage, tab: &Tab, url: &str) -> Result<Value> {
    stage.server.set_site(QUESTIONS).await?;
    let agent = stage.agent("Ana").await?;
    tab.goto(url).await?;
    tab.open_chat().await?;
    holds(tab, "return shown('prechat')").await?;
    // What is missing is told, and the focus is led there.
    tab.draft(&format!("Is it red?{ENTER}")).await?;
    let is_missed =
        "return root.activeElement?.name === 'name' && root.activeElement.ariaInvalid === 'true'";
    holds(tab, is_missed).await?;
    let answers = format!("Björn{ENTER}bjorn@x.example{ENTER}A-17");
    press(tab, &answers).await?;
    let is_saved = "const all = Object.values({ ...sessionStorage }).join();
        return all.includes('A-17') && all.includes('Is it red?')";
    holds(tab, is_saved).await?;
    nothing_said(tab).await?;

    tab.reload().await?;
    let is_back = "return shown('prechat') && find('composer').value === 'Is it red?'
        && [...find('prechat').elements].map((field) => field.value).slice(0, 3).join() === 'Björn,bjorn@x.example,A-17'";
    holds(tab, is_back).await?;
    let order =
        "return document.querySelector('#holdfast-chat').shadowRoot.querySelector('[name=order]')";
    tab.type_keys(order, vec![], &format!("{TAB}{SPACE}"))
        .await?;
    let is_ticked = "return root.activeElement?.name === 'privacy' && root.activeElement.checked";
    holds(tab, is_ticked).await?;
    tab.click_hook("send").await?;
    let desk = agent
        .see("the message", |desk| desk.find("Is it red?").is_some())
        .await?;
    let conversation = desk.find("Is it red?").context("it")?.conversation;
    let visitor = desk.visitors[&conversation].clone();
    let fields = &visitor["fields"];
    ensure!(
        visitor["name"] == "Björn"
            && visitor["email"] == "bjorn@x.example"
            && fields["order"] == "A-17"
            && fields["privacy"] == "yes",
        "{visitor}"
    );
    holds(tab, "return !shown('prechat')").await?;
    nothing_said(tab).await?;
    Ok(visitor)
}

async fn nothing_said(tab: &Tab) -> Result<()> {
    let complaints = complaints(tab).await?;
    ensure!(complaints.is_empty(), "{complaints:#?}");
    Ok(())
}
