//! The browser that the end-to-end tests drive, and its driver.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::debian;
use crate::repo::Repo;
use crate::shell;

/// The variable that names the browser, for machines where it has another name or place.
const BROWSER_VARIABLE: &str = "CHROME";
/// The variable that names its driver.
const DRIVER_VARIABLE: &str = "CHROMEDRIVER";
/// Names of the browser in the distributions.
const BROWSER_NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
/// Names of its driver.
const DRIVER_NAMES: [&str; 2] = ["chromedriver", "chromium.chromedriver"];

/// Chromium, or Chrome, with the driver that fits.
pub(crate) struct Browser {
    /// The browser's program.
    chrome: PathBuf,
    /// The driver's program.
    driver: PathBuf,
}

impl Browser {
    /// What `CHROME` and `CHROMEDRIVER` name, or what the search path has.
    pub(crate) fn find(repo: &Repo) -> Option<Self> {
        let chrome = named(BROWSER_VARIABLE).or_else(|| first(repo, &BROWSER_NAMES))?;
        let driver = named(DRIVER_VARIABLE).or_else(|| first(repo, &DRIVER_NAMES))?;
        Some(Self { chrome, driver })
    }

    /// The same as environment variables, for the tests.
    pub(crate) fn variables(&self) -> [(&'static str, &Path); 2] {
        [
            (BROWSER_VARIABLE, &self.chrome),
            (DRIVER_VARIABLE, &self.driver),
        ]
    }
}

pub(super) fn install(repo: &Repo) -> Result<()> {
    if debian::is_ubuntu() {
        bail!(
            "Ubuntu has Chromium only as a snap, which tests can't always drive. Install Chrome and its driver with \
             `npx @puppeteer/browsers install chrome@stable` and `npx @puppeteer/browsers install \
             chromedriver@stable`, then name the two programs in {BROWSER_VARIABLE} and {DRIVER_VARIABLE}, and call \
             this again. `cargo xtask run` works without them"
        );
    }
    debian::install(repo, &["chromium", "chromium-driver", "fonts-liberation"])
}

/// Firefox's name in Debian, and elsewhere.
const FIREFOX_NAMES: [&str; 2] = ["firefox-esr", "firefox"];

pub(super) fn has_firefox(repo: &Repo) -> bool {
    first(repo, &FIREFOX_NAMES).is_some()
}

pub(super) fn install_firefox(repo: &Repo) -> Result<()> {
    if debian::is_ubuntu() {
        bail!(
            "Ubuntu has Firefox only as a snap, which tests can't always drive. Install Mozilla's own package \
             (https://support.mozilla.org/kb/install-firefox-linux), and call this again. `cargo xtask run` works \
             without it"
        );
    }
    debian::install(repo, &["firefox-esr"])
}

pub(super) fn has_webkit(repo: &Repo) -> bool {
    repo.which("WebKitWebDriver").is_some() && repo.which("Xvfb").is_some()
}

pub(super) fn install_webkit(repo: &Repo) -> Result<()> {
    debian::install(repo, &["webkit2gtk-driver", "xvfb"])
}

/// What the system's list of fonts is asked for, and must have.
const FONTS: [&str; 2] = [":lang=zh-cn", ":charset=1f600:color=true"];

pub(super) fn has_fonts(repo: &Repo) -> bool {
    let has = |wanted| shell::output(repo.command("fc-list").arg(wanted));
    let is_there = |wanted| has(wanted).is_ok_and(|found| !found.trim().is_empty());
    FONTS.into_iter().all(is_there)
}

pub(super) fn install_fonts(repo: &Repo) -> Result<()> {
    let packages = ["fontconfig", "fonts-wqy-microhei", "fonts-noto-color-emoji"];
    debian::install(repo, &packages)
}

fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_file())
}

fn first(repo: &Repo, names: &[&str]) -> Option<PathBuf> {
    names.iter().find_map(|name| repo.which(name))
}
