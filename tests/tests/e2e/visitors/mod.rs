//! What visitors expect beside a conversation that is not lost.

mod asked;
mod copied;
mod heard;
mod long;
mod shown;

use anyhow::Result;
use holdfast_tests::{browser::Tab, wait};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Before a script: the widget's shadow root, and what finds in it by hook.
pub(super) const INSIDE: &str = "const root = document.querySelector('#holdfast-chat').shadowRoot;
    const find = (hook) => root.querySelector(`[data-hf=\"${hook}\"]`);
    const shown = (hook) => !!find(hook) && find(hook).checkVisibility();
    ";

/// Runs a script's body in the widget.
pub(super) async fn inside<T: DeserializeOwned>(tab: &Tab, script: &str) -> Result<T> {
    tab.run(&format!("{INSIDE}{script}"), vec![]).await
}

/// Waits until a script's body in the widget returns true.
pub(super) async fn holds(tab: &Tab, script: &str) -> Result<()> {
    let look = async || inside::<bool>(tab, script).await;
    wait::until(script, look, |holds| *holds).await?;
    Ok(())
}

/// Waits for what is loaded after the panel.
pub(super) async fn extras(tab: &Tab) -> Result<()> {
    holds(tab, "return shown('menu') && shown('emoji')").await
}

/// Types into what has this hook.
async fn keys(tab: &Tab, hook: &str, keys: &str) -> Result<()> {
    let find = format!("{INSIDE}return find('{hook}')");
    tab.type_keys(&find, vec![], keys).await
}

/// Types into what has the focus.
pub(super) async fn press(tab: &Tab, keys: &str) -> Result<()> {
    let focused = format!("{INSIDE}return root.activeElement");
    tab.type_keys(&focused, vec![], keys).await
}

/// Lets the page's scripts call something.
async fn call(tab: &Tab, script: &str) -> Result<()> {
    tab.run::<Value>(script, vec![]).await?;
    Ok(())
}

pub(super) const ENTER: &str = "\u{E007}";
pub(super) const ESCAPE: &str = "\u{E00C}";
pub(super) const RIGHT: &str = "\u{E014}";
pub(super) const HOME: &str = "\u{E011}";
pub(super) const DOWN: &str = "\u{E015}";
