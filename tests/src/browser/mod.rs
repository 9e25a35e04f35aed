//! A real headless Chromium, driven by WebDriver, with an empty profile of its own.

mod tab;
mod widget;

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use tempfile::TempDir;
use thirtyfour::{
    ChromiumLikeCapabilities as _, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver,
};
use tokio::sync::Mutex;

pub use tab::Tab;
pub use widget::{Bubble, Widget};

use crate::process::Process;

/// A page of the tests that loads longer than this hangs on a line that was cut.
const PAGE_LOAD: Duration = Duration::from_secs(15);
/// A script of the tests returns at once; longer than this the page is frozen or dead.
const SCRIPT: Duration = Duration::from_secs(10);

/// What keeps Chromium from doing anything but what the test says, and from outliving its driver:
/// with a pipe instead of a port it ends when the driver's end of the pipe closes.
const FLAGS: [&str; 12] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
    "--window-size=1000,800",
    "--lang=en-GB",
];

/// A running browser. Dropping it kills it with all its processes.
pub struct Browser {
    seat: Arc<Seat>,
}

/// WebDriver speaks to one window at a time; whoever holds the seat has the word.
struct Seat {
    driver: Option<WebDriver>,
    turn: Mutex<()>,
    // In this order: the processes die before their profile is removed.
    _chromedriver: Process,
    profile: TempDir,
}

impl Browser {
    /// Starts a browser with an empty profile.
    ///
    /// # Errors
    /// When `chromedriver` or Chromium is missing or does not start.
    pub async fn start() -> Result<Self> {
        let chromedriver = Process::start("chromedriver", ["--port=0"])
            .context("is chromium with its chromedriver installed?")?;
        let port = chromedriver
            .stdout
            .wait_for("chromedriver's port", |lines| {
                lines.iter().find_map(|line| {
                    let (_, port) = line.split_once("started successfully on port ")?;
                    port.trim_end_matches('.').parse::<u16>().ok()
                })
            })
            .await?;
        let profile = tempfile::tempdir()?;
        let mut wishes = DesiredCapabilities::chrome();
        for flag in FLAGS {
            wishes.add_arg(flag)?;
        }
        wishes.add_arg(&format!("--user-data-dir={}", profile.path().display()))?;
        wishes.set_browser_log_level(LoggingPrefsLogLevel::All)?;
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), wishes)
            .await
            .context("start chromium")?;
        driver.set_page_load_timeout(PAGE_LOAD).await?;
        driver.set_script_timeout(SCRIPT).await?;
        Ok(Self {
            seat: Arc::new(Seat {
                driver: Some(driver),
                turn: Mutex::default(),
                _chromedriver: chromedriver,
                profile,
            }),
        })
    }

    /// The tab with which the browser began, at `url`.
    ///
    /// # Errors
    /// When the page does not load.
    pub async fn open(&self, url: &str) -> Result<Tab> {
        let driver = self.seat.driver()?;
        let window = {
            let _turn = self.seat.turn.lock().await;
            let windows = driver.windows().await?;
            windows.first().context("the first window")?.clone()
        };
        let tab = Tab::new(self.seat.clone(), window);
        tab.goto(url).await?;
        Ok(tab)
    }

    /// Another window of the same person, at `url`. It is a window and not a tab, so that both
    /// stay visible.
    ///
    /// # Errors
    /// When the page does not load.
    pub async fn open_another(&self, url: &str) -> Result<Tab> {
        let driver = self.seat.driver()?;
        let window = {
            let _turn = self.seat.turn.lock().await;
            // The window that had the word last may be closed.
            let windows = driver.windows().await?;
            let any = windows.first().context("a window")?;
            driver.switch_to_window(any.clone()).await?;
            driver.new_window().await?
        };
        let tab = Tab::new(self.seat.clone(), window);
        tab.goto(url).await?;
        Ok(tab)
    }

    /// What stands on the command line of every process of this browser, and of no other.
    #[must_use]
    pub fn profile_mark(&self) -> String {
        self.seat.profile.path().display().to_string()
    }
}

impl Seat {
    fn driver(&self) -> Result<&WebDriver> {
        self.driver.as_ref().context("the browser is gone")
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // Its processes are killed in an instant; a farewell by HTTP would block the executor.
        if let Some(driver) = self.driver.take() {
            let _ = driver.leak();
        }
    }
}
