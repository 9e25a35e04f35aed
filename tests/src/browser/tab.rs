//! One window of the browser.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result, bail};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thirtyfour::{WebDriver, WebElement, WindowHandle};
use tokio::sync::MutexGuard;

use super::{Engine, Seat, system};
use crate::process::Signal;

/// Runs a script's body, and writes what it returns as JSON without what the page has taught lists, texts and others. In Firefox
/// a script has a language of its own, beside the page's.
const AS_TEXT: &str = "const returned = (function () { SCRIPT }).apply(this, arguments);
    const taught = ['Object', 'Array', 'String', 'Number', 'Boolean'].map((name) => window[name].prototype)
        .filter((owner) => Object.hasOwn(owner, 'toJSON'))
        .map((owner) => [owner, Object.getOwnPropertyDescriptor(owner, 'toJSON')]);
    for (const [owner] of taught) delete owner.toJSON;
    try {
        return JSON.stringify(returned) ?? 'null';
    } finally {
        for (const [owner, way] of taught) Object.defineProperty(owner, 'toJSON', way);
    }";

/// One window, or a frame in it.
#[derive(Clone)]
pub struct Tab {
    seat: Arc<Seat>,
    window: WindowHandle,
    frame: Option<u16>,
    has_own_json: bool,
}

/// A tab that is in front, as long as this lives.
pub(super) struct Front<'a> {
    pub(super) driver: &'a WebDriver,
    _turn: MutexGuard<'a, ()>,
}

impl Tab {
    pub(super) fn new(seat: Arc<Seat>, window: WindowHandle) -> Self {
        Self {
            seat,
            window,
            frame: None,
            has_own_json: false,
        }
    }

    pub(super) fn is_in(&self, window: &WindowHandle) -> bool {
        self.window == *window
    }

    /// The same window, seen from its `index`-th frame, beginning with 0.
    #[must_use]
    pub fn frame(&self, index: u16) -> Self {
        Self {
            frame: Some(index),
            ..self.clone()
        }
    }

    /// The same window, whose page may have taught the browser's JSON to write lists and texts as it should not. Drivers use
    /// it to bring what a script returns, which therefore comes as a text, written while the page's ways are put aside.
    #[must_use]
    pub fn with_own_json(&self) -> Self {
        Self {
            has_own_json: true,
            ..self.clone()
        }
    }

    /// Goes to a page and waits until it has loaded.
    ///
    /// # Errors
    /// When it does not load.
    pub async fn goto(&self, url: &str) -> Result<()> {
        let front = self.front().await?;
        front.driver.goto(url).await.context(url.to_owned())
    }

    /// Reloads the page and waits until it has loaded.
    ///
    /// # Errors
    /// When it does not load.
    pub async fn reload(&self) -> Result<()> {
        Ok(self.front().await?.driver.refresh().await?)
    }

    /// Goes one page back, as the browser's button does.
    ///
    /// # Errors
    /// When there is none.
    pub async fn back(&self) -> Result<()> {
        Ok(self.front().await?.driver.back().await?)
    }

    /// Closes the window; the browser lives on as long as it has another one.
    ///
    /// # Errors
    /// When the window is gone already.
    pub async fn close(self) -> Result<()> {
        Ok(self.front().await?.driver.close_window().await?)
    }

    /// Runs a script's body in the page and returns what it returns.
    ///
    /// # Errors
    /// When it throws, or returns something of another type.
    pub async fn run<T: DeserializeOwned>(&self, script: &str, args: Vec<Value>) -> Result<T> {
        let front = self.front().await?;
        if self.has_own_json {
            let value = front
                .driver
                .execute(&AS_TEXT.replace("SCRIPT", script), args)
                .await?;
            let text: String = value.convert().context("the script's value, as a text")?;
            return serde_json::from_str(&text).context(text);
        }
        let value = front.driver.execute(script, args).await?;
        value.convert().context("the script's value")
    }

    /// Runs a script's body in the page that calls its last argument with what it returns, in its own time.
    ///
    /// # Errors
    /// When it throws, does not call it in time, or returns something of another type.
    pub async fn run_async<T: DeserializeOwned>(
        &self,
        script: &str,
        args: Vec<Value>,
    ) -> Result<T> {
        let front = self.front().await?;
        let value = front.driver.execute_async(script, args).await?;
        value.convert().context("the script's value")
    }

    /// The names of the cookies that the page's site has.
    ///
    /// # Errors
    /// When the browser does not tell.
    pub async fn cookies(&self) -> Result<Vec<String>> {
        let cookies = self.front().await?.driver.get_all_cookies().await?;
        Ok(cookies.into_iter().map(|cookie| cookie.name).collect())
    }

    /// Gives the window this size, its frame included.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        let front = self.front().await?;
        Ok(front.driver.set_window_rect(0, 0, width, height).await?)
    }

    /// Whose engine shows this.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.seat.wish.engine
    }

    /// Freezes the page as a phone does with one in the background: timers and sockets' events stop. Chromium is told to, as
    /// its phones tell it; of the others all processes are stopped, as an iPhone does, so that no tab answers meanwhile.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn freeze(&self) -> Result<()> {
        self.set_frozen(true).await
    }

    /// Thaws a frozen page.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn thaw(&self) -> Result<()> {
        self.set_frozen(false).await
    }

    async fn set_frozen(&self, is_frozen: bool) -> Result<()> {
        if self.engine().has_devtools() {
            let state = if is_frozen { "frozen" } else { "active" };
            self.devtools("Page.setWebLifecycleState", json!({"state": state}))
                .await?;
            return Ok(());
        }
        let signal = if is_frozen {
            Signal::STOP
        } else {
            Signal::CONT
        };
        let _turn = self.seat.turn.lock().await;
        system::signal_below(self.seat.processes.driver.id(), signal)
    }

    /// Gives a command to the browser's developer tools, for this window.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn devtools(&self, method: &str, params: Value) -> Result<Value> {
        let front = self.front().await?;
        let answer = front.driver.cdp().send_raw(method, params).await;
        answer.with_context(|| method.to_owned())
    }

    /// What the page and the browser wrote to the console since the last call.
    ///
    /// # Errors
    /// When the browser does not tell.
    pub async fn console(&self) -> Result<Vec<String>> {
        let front = self.front().await?;
        let entries = front.driver.browser_log().await?;
        Ok(entries.into_iter().map(|entry| entry.message).collect())
    }

    /// Saves a picture of what the window shows, for people who look into a failure.
    ///
    /// # Errors
    /// When it can't be taken or written.
    pub async fn picture(&self, path: &Path) -> Result<()> {
        Ok(self.front().await?.driver.screenshot(path).await?)
    }

    /// Saves a picture of what the script's body returns.
    ///
    /// # Errors
    /// When there is no such element, or the picture can't be taken or written.
    pub async fn picture_of(&self, script: &str, path: &Path) -> Result<()> {
        let front = self.front().await?;
        let element = front.element(script, Vec::new()).await?;
        Ok(element.screenshot(path).await?)
    }

    /// Clicks, with the mouse, on what the script's body returns.
    ///
    /// # Errors
    /// When there is no such element, or it can't be clicked.
    pub async fn click(&self, script: &str, args: Vec<Value>) -> Result<()> {
        let front = self.front().await?;
        Ok(front.element(script, args).await?.click().await?)
    }

    /// Types, with the keyboard, into what the script's body returns.
    ///
    /// # Errors
    /// When there is no such element, or it takes no input.
    pub async fn type_keys(&self, script: &str, args: Vec<Value>, keys: &str) -> Result<()> {
        let front = self.front().await?;
        Ok(front.element(script, args).await?.send_keys(keys).await?)
    }

    pub(super) async fn front(&self) -> Result<Front<'_>> {
        let turn = self.seat.turn.lock().await;
        let driver = self.seat.driver()?;
        driver.switch_to_window(self.window.clone()).await?;
        if let Some(index) = self.frame {
            driver.enter_frame(index).await?;
        }
        Ok(Front {
            driver,
            _turn: turn,
        })
    }
}

impl Front<'_> {
    async fn element(&self, script: &str, args: Vec<Value>) -> Result<WebElement> {
        let found = self.driver.execute(script, args).await?;
        if found.json().is_null() {
            bail!("nothing on the page for: {script}");
        }
        Ok(found.element()?)
    }
}
