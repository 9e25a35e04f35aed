//! The engines in which the widget must work, and how a browser of each is started.

use std::{ffi::OsString, fmt, net::TcpListener, path::Path, time::Duration};

use anyhow::{Context as _, Result};
use serde_json::json;
use thirtyfour::{
    Capabilities, ChromiumLikeCapabilities as _, DesiredCapabilities, LoggingPrefsLogLevel,
    common::capabilities::firefox::FirefoxPreferences,
};

use super::{Settings, Wish, trace};
use crate::{process::Process, wait};

/// What keeps Chromium from doing anything but what the test says, and from outliving its driver:
/// with a pipe instead of a port it ends when the driver's end of the pipe closes.
const CHROMIUM_FLAGS: [&str; 12] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // What pages store for good is on the disk within a second or two; otherwise, after a first time, in a minute.
    "--enable-aggressive-domstorage-flushing",
    "--remote-debugging-pipe",
    "--window-size=1000,800",
];

/// As a browser's settings call the refusal of all storage: cookies, and what is told by the same switch.
const CHROMIUM_BLOCKS_STORAGE: u8 = 2;
const FIREFOX_BLOCKS_STORAGE: u8 = 2;

/// What ChromeDriver says where it did not get its port, and how often it is then started again.
const PORT_TAKEN: &str = "IPv4 port not available";
const PORTS_TAKEN: usize = 3;

/// How long a driver is asked whether it listens.
const DRIVER_START: Duration = Duration::from_secs(10);

/// One of the three families of browsers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Chrome, Edge and most phones.
    Chromium,
    /// Firefox.
    Firefox,
    /// Debian's WebKitGTK: as close to Safari, and to every browser on an iPhone, as Linux comes.
    WebKit,
}

/// The processes of one browser's driver, and how it is spoken to.
pub(super) struct Driver {
    pub(super) url: String,
    pub(super) wishes: Capabilities,
    // Held for their ends, in this order.
    pub(super) driver: Process,
    _screen: Option<Process>,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    /// How the line of a chat stands, for programs, on a page on which nothing is going on: Firefox keeps no page with an
    /// open WebSocket for its back button, so there the chat has none.
    #[must_use]
    pub fn calm_line(self) -> &'static str {
        match self {
            Self::Chromium | Self::WebKit => "online",
            Self::Firefox => "paused",
        }
    }

    /// Whether this engine has developer tools that a test can give commands to.
    #[must_use]
    pub fn has_devtools(self) -> bool {
        match self {
            Self::Chromium => true,
            Self::Firefox | Self::WebKit => false,
        }
    }

    /// Starts the engine's driver; whatever the browser keeps, it keeps below `profile`.
    pub(super) async fn drive(self, wish: Wish, profile: &Path) -> Result<Driver> {
        match self {
            Self::Chromium => chromium(wish, profile).await,
            Self::Firefox => firefox(wish, profile).await,
            Self::WebKit => webkit(wish, profile).await,
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        })
    }
}

async fn chromium(wish: Wish, profile: &Path) -> Result<Driver> {
    let (driver, port) = chromedriver(wish.settings).await?;
    let mut wishes = DesiredCapabilities::chrome();
    for flag in CHROMIUM_FLAGS {
        wishes.add_arg(flag)?;
    }
    wishes.add_arg(&format!("--user-data-dir={}", profile.display()))?;
    wishes.set_browser_log_level(LoggingPrefsLogLevel::All)?;
    let settings = wish.settings;
    wishes.add_arg(&format!("--lang={}", settings.language))?;
    wishes.add_arg(&format!("--accept-lang={}", settings.language))?;
    if settings.is_dark {
        wishes.add_arg("--force-dark-mode")?;
    }
    if settings.is_still {
        wishes.add_arg("--force-prefers-reduced-motion")?;
    }
    if wish.is_traced {
        wishes.add_arg(trace::FLAG)?;
    }
    if !wish.has_storage {
        let content = json!({"cookies": CHROMIUM_BLOCKS_STORAGE});
        let settings = json!({"profile": {"default_content_setting_values": content}});
        wishes.add_experimental_option("prefs", settings)?;
    }
    Ok(Driver::at(port, wishes.into(), driver, None))
}

async fn firefox(wish: Wish, profile: &Path) -> Result<Driver> {
    let args = ["--port=0", "--websocket-port=0", "--profile-root"];
    let args = args.map(OsString::from).into_iter();
    let driver = start("geckodriver", args.chain([profile.into()]), wish.settings)
        .context("is firefox with its geckodriver installed?")?;
    let port = port_after(&driver, "Listening on 127.0.0.1:").await?;
    let mut wishes = DesiredCapabilities::firefox();
    wishes.add_arg("-headless")?;
    wishes.add_arg("--width=1000")?;
    wishes.add_arg("--height=800")?;
    // What one that was killed has left behind.
    if let Some(left) = std::fs::read_dir(profile)?.next() {
        wishes.add_arg("-profile")?;
        wishes.add_arg(&left?.path().display().to_string())?;
    }
    let mut settings = FirefoxPreferences::new();
    settings.set("intl.accept_languages", wish.settings.language)?;
    settings.set("ui.systemUsesDarkTheme", u8::from(wish.settings.is_dark))?;
    settings.set("ui.prefersReducedMotion", u8::from(wish.settings.is_still))?;
    // A person's wheel goes this way, too; without it the driver's own scrolls by other rules.
    settings.set("remote.events.async.wheel.enabled", true)?;
    if !wish.has_storage {
        settings.set("network.cookie.cookieBehavior", FIREFOX_BLOCKS_STORAGE)?;
    }
    wishes.set_preferences(settings)?;
    Ok(Driver::at(port, wishes.into(), driver, None))
}

/// WebKit's browser wants a screen, and keeps nothing on disk while it is driven.
async fn webkit(wish: Wish, profile: &Path) -> Result<Driver> {
    let screen = ["-displayfd", "1", "-screen", "0", "1280x1024x24"];
    let screen = Process::start("Xvfb", screen.into_iter().chain(["-nolisten", "tcp"]))
        .context("is xvfb installed?")?;
    let number = screen.stdout.wait_for("a screen", |lines| {
        lines.first().map(|line| line.trim().to_owned())
    });
    let display = format!("DISPLAY=:{}", number.await?);
    let folder = format!("TMPDIR={}", profile.display());
    let theme = format!("GTK_THEME={}", wish.settings.gtk_theme());
    let config = format!("XDG_CONFIG_HOME={}", profile.display());
    let gtk = profile.join("gtk-3.0");
    std::fs::create_dir_all(&gtk)?;
    std::fs::write(gtk.join("settings.ini"), wish.settings.gtk())?;
    // It takes no port 0. Between this moment and its start somebody else may get the port: then it ends.
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let at = format!("--port={port}");
    let driver: [&str; 6] = [&display, &folder, &config, &theme, "WebKitWebDriver", &at];
    let zone = wish.settings.zone();
    let driver = zone.iter().map(String::as_str).chain(driver);
    let driver = Process::start("env", driver).context("is webkit2gtk-driver installed?")?;
    wait::until_for(
        DRIVER_START,
        "WebKit's driver",
        async || {
            Ok(tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .is_ok())
        },
        |listens| *listens,
    )
    .await?;
    Ok(Driver::at(port, Capabilities::new(), driver, Some(screen)))
}

/// It is given a port of IPv6 by the system, and ends where somebody else has the same one of IPv4.
async fn chromedriver(settings: Settings) -> Result<(Process, u16)> {
    let mut others = 0..PORTS_TAKEN;
    loop {
        let driver = start("chromedriver", ["--port=0".into()], settings)
            .context("is chromium with its chromedriver installed?")?;
        match port_after(&driver, "started successfully on port ").await {
            Err(error) if error.to_string().contains(PORT_TAKEN) && others.next().is_some() => {}
            port => return Ok((driver, port?)),
        }
    }
}

/// Starts a driver, and with it the browser, in the person's time zone.
fn start(
    driver: &str,
    args: impl IntoIterator<Item = OsString>,
    settings: Settings,
) -> Result<Process> {
    match settings.zone() {
        Some(zone) => {
            let variable = [zone.into(), driver.into()];
            Process::start("env", variable.into_iter().chain(args))
        }
        None => Process::start(driver, args),
    }
}

async fn port_after(driver: &Process, words: &str) -> Result<u16> {
    let find = |lines: &[String]| {
        lines.iter().find_map(|line| {
            let (_, port) = line.split_once(words)?;
            port.trim().trim_end_matches('.').parse::<u16>().ok()
        })
    };
    driver.stdout.wait_for("the driver's port", find).await
}

impl Driver {
    fn at(port: u16, wishes: Capabilities, driver: Process, screen: Option<Process>) -> Self {
        Self {
            url: format!("http://127.0.0.1:{port}"),
            wishes,
            driver,
            _screen: screen,
        }
    }
}
