//! Real browsers of three engines, driven by WebDriver, each with an empty profile of its own.

mod engine;
mod hand;
mod settings;
mod system;
mod tab;
mod trace;
mod widget;

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use tempfile::TempDir;
use thirtyfour::WebDriver;
use tokio::sync::Mutex;

pub use engine::Engine;
pub use settings::Settings;
pub use tab::Tab;
pub use trace::{Thread, Trace, Tracing};
pub use widget::{Bubble, Widget};

use engine::Driver;

/// A page of the tests that loads longer than this hangs on a line that was cut.
const PAGE_LOAD: Duration = Duration::from_secs(15);
/// A script of the tests returns at once; longer than this the page is frozen or dead.
const SCRIPT: Duration = Duration::from_secs(10);

/// What a browser shall be like.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Whose engine it has.
    pub engine: Engine,
    /// Whether pages may keep anything; without, the person has forbidden it in the settings. WebKit's
    /// browser has no such setting.
    pub has_storage: bool,
    /// Whether the browser writes down what it does, for [`Browser::trace`]. Chromium alone can.
    pub is_traced: bool,
    /// What the person has told the system.
    pub settings: Settings,
}

impl Wish {
    /// A browser as most people have it.
    #[must_use]
    pub fn of(engine: Engine) -> Self {
        Self {
            engine,
            has_storage: true,
            is_traced: false,
            settings: Settings::default(),
        }
    }
}

/// A running browser. Dropping it kills it with all its processes.
pub struct Browser {
    seat: Arc<Seat>,
}

/// WebDriver speaks to one window at a time; whoever holds the seat has the word.
struct Seat {
    driver: Option<WebDriver>,
    turn: Mutex<()>,
    wish: Wish,
    // In this order: the processes die before their profile is removed.
    processes: Driver,
    profile: Arc<TempDir>,
}

impl Browser {
    /// Starts a Chromium with an empty profile.
    ///
    /// # Errors
    /// When it or its driver is missing or does not start.
    pub async fn start() -> Result<Self> {
        Self::start_in(Engine::Chromium).await
    }

    /// Starts a browser of this engine with an empty profile.
    ///
    /// # Errors
    /// When it or its driver is missing or does not start.
    pub async fn start_in(engine: Engine) -> Result<Self> {
        Self::start_with(Wish::of(engine)).await
    }

    /// Starts a browser as it is wished for, with an empty profile.
    ///
    /// # Errors
    /// When it or its driver is missing or does not start.
    pub async fn start_with(wish: Wish) -> Result<Self> {
        Self::start_on(wish, Arc::new(tempfile::tempdir()?)).await
    }

    /// Starts a browser with what another one has left in its profile.
    async fn start_on(wish: Wish, profile: Arc<TempDir>) -> Result<Self> {
        let processes = wish.engine.drive(wish, profile.path()).await?;
        let driver = WebDriver::new(&processes.url, processes.wishes.clone())
            .await
            .with_context(|| format!("start {}", wish.engine))?;
        driver.set_page_load_timeout(PAGE_LOAD).await?;
        driver.set_script_timeout(SCRIPT).await?;
        Ok(Self {
            seat: Arc::new(Seat {
                driver: Some(driver),
                turn: Mutex::default(),
                wish,
                processes,
                profile,
            }),
        })
    }

    /// Whose engine it has.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.seat.wish.engine
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

    /// The window that a page has opened beside `tab`; nothing while there is none.
    ///
    /// # Errors
    /// When the browser does not tell.
    pub async fn beside(&self, tab: &Tab) -> Result<Option<Tab>> {
        let _turn = self.seat.turn.lock().await;
        let windows = self.seat.driver()?.windows().await?;
        let mut others = windows.into_iter().filter(|window| !tab.is_in(window));
        let other = others.next();
        Ok(other.map(|window| Tab::new(self.seat.clone(), window)))
    }

    /// What stands on the command line, or in the environment, of every process of this browser and of no
    /// other.
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
