//! The chat's widget as a person sees and uses it: by the hooks in its shadow root.

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::json;

use super::Tab;
use crate::{
    checker::{Line, Writer},
    wait,
};

/// Finds an element of the widget by its hook, or nothing.
const FIND: &str = "return document.querySelector('#holdfast-chat')?.shadowRoot
    ?.querySelector(`[data-hf=\"${arguments[0]}\"]`) ?? null;";

/// Reads everything that a person can see of the widget, in one go.
const READ: &str = r#"
    const root = document.querySelector('#holdfast-chat')?.shadowRoot;
    if (!root) return { here: false };
    const find = (hook) => root.querySelector(`[data-hf="${hook}"]`);
    const shown = (element) => !!element && element.checkVisibility({ visibilityProperty: true });
    const text = (hook) => { const e = find(hook); return shown(e) ? e.textContent.trim() : ''; };
    return {
        here: true,
        open: shown(find('composer')),
        messages: [...root.querySelectorAll('[data-hf="message"]')].map((message) => ({
            author: message.dataset.author,
            text: message.querySelector('[data-hf="text"]').textContent,
            state: message.dataset.state ?? null,
            seq: message.dataset.seq ? Number(message.dataset.seq) : null,
        })),
        connection: find('connection')?.dataset.state ?? '',
        words: text('connection'),
        typing: text('typing'),
        unread: text('unread'),
        draft: find('composer')?.value ?? '',
    };
"#;

/// How much of the widget is moving.
const MOVING: &str = "return document.querySelector('#holdfast-chat').shadowRoot.getAnimations()
    .filter((it) => it.effect.getComputedTiming().iterations !== Infinity).length";

/// What a person can see of the widget.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Widget {
    /// Whether the widget is on the page at all.
    pub here: bool,
    /// Whether its panel is open.
    pub open: bool,
    /// The list of messages, from the top.
    pub messages: Vec<Bubble>,
    /// How the line is, for programs.
    pub connection: String,
    /// How the line is, in words; empty where nothing is shown.
    pub words: String,
    /// Who is typing; empty where nobody is.
    pub typing: String,
    /// The count at the launcher; empty where nothing is unread.
    pub unread: String,
    /// What stands in the composer.
    pub draft: String,
}

/// One message on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Bubble {
    /// Who wrote it.
    pub author: Writer,
    /// What it says.
    pub text: String,
    /// `waiting`, `sent`, `delivered`, `read` or `failed`; nothing at an agent's message.
    pub state: Option<String>,
    /// Its number in the conversation, once it has one.
    pub seq: Option<u64>,
}

impl Widget {
    /// The messages as the checker compares them.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let line = |bubble: &Bubble| Line {
            writer: bubble.author,
            text: bubble.text.clone(),
        };
        self.messages.iter().map(line).collect()
    }

    /// The state of the message with this text; nothing where it is not shown.
    #[must_use]
    pub fn state_of(&self, text: &str) -> Option<&str> {
        let bubble = self.messages.iter().find(|bubble| bubble.text == text)?;
        bubble.state.as_deref()
    }
}

impl Tab {
    /// What a person can see of the widget now.
    ///
    /// # Errors
    /// When the page can't be asked.
    pub async fn widget(&self) -> Result<Widget> {
        self.run(READ, Vec::new()).await
    }

    /// Waits until `is_wanted` holds for what a person can see of the widget.
    ///
    /// # Errors
    /// When it does not within [`wait::PATIENCE`].
    pub async fn see(&self, what: &str, is_wanted: impl FnMut(&Widget) -> bool) -> Result<Widget> {
        wait::until(what, async || self.widget().await, is_wanted).await
    }

    /// Waits for the widget and opens its panel, where it is not open already.
    ///
    /// # Errors
    /// When there is no widget, or its panel does not open.
    pub async fn open_chat(&self) -> Result<()> {
        let widget = self.see("the widget", |widget| widget.here).await?;
        if !widget.open {
            self.click(FIND, vec![json!("launcher")]).await?;
        }
        self.see("the open panel", |widget| widget.open).await?;
        Ok(())
    }

    /// Types into the composer, and sends nothing.
    ///
    /// # Errors
    /// When the panel is closed.
    pub async fn draft(&self, text: &str) -> Result<()> {
        self.type_keys(FIND, vec![json!("composer")], text).await
    }

    /// Types a message and sends it with the Enter key; returns when it is in the list.
    ///
    /// # Errors
    /// When the panel is closed, or the message does not appear.
    pub async fn write(&self, text: &str) -> Result<()> {
        ensure!(!text.contains('\n'), "Enter sends: {text:?}");
        self.draft(&format!("{text}{ENTER}")).await?;
        self.see(&format!("{text:?} in the list"), |widget| {
            widget.messages.iter().any(|bubble| bubble.text == text)
        })
        .await?;
        Ok(())
    }

    /// Waits until nothing of the widget moves any more, what moves for ever aside: the launcher grows under the
    /// mouse, and the panel rises.
    ///
    /// # Errors
    /// When it does not come to rest.
    pub async fn at_rest(&self) -> Result<()> {
        let look = async || self.run::<u64>(MOVING, Vec::new()).await;
        wait::until("the widget at rest", look, |moving| *moving == 0).await?;
        Ok(())
    }

    /// Clicks on the element with this hook.
    ///
    /// # Errors
    /// When it is not there, or can't be clicked.
    pub async fn click_hook(&self, hook: &str) -> Result<()> {
        self.click(FIND, vec![json!(hook)]).await
    }
}

/// The Enter key, as WebDriver writes it.
const ENTER: char = '\u{E007}';
