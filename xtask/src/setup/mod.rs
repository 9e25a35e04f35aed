//! The set-up: what the machine must have, why, and how to get it.
//!
//! Each need is looked for first, cheaply; only what is missing is installed, one line saying what and why.

mod browser;
mod debian;
mod rust;
mod scripts;
mod tools;
mod types;

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::repo::Repo;

pub(crate) use browser::Browser;
pub(crate) use rust::{WASM_TARGET, has_library_source, wasm_environment};
pub(crate) use scripts::folder as scripts;
pub(crate) use tools::{esbuild, wasm_opt};
pub(crate) use types::compiler as typescript;

/// Something that a command of ours can't do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// A C compiler: SQLite is compiled from its source.
    CCompiler,
    /// libclang, by which the simulator's build reads SQLite's headers.
    Libclang,
    /// The standard library for wasm32-unknown-unknown.
    WasmTarget,
    /// The source of the standard library. The widget builds without it, and is larger then.
    LibrarySource,
    /// rustfmt and clippy.
    RustComponents,
    /// wasm-bindgen in the version of Cargo.lock.
    WasmBindgen,
    /// wasm-opt and esbuild. The widget builds without them, and is larger then.
    NpmTools,
    /// The test runner.
    Nextest,
    /// The check of the dependencies' licences and sources.
    Deny,
    /// Chromium and its driver.
    Browser,
    /// `ip`, which makes the network namespaces whose cables the soak pulls.
    Namespaces,
    /// nginx, the proxy that stands between a site's visitors and the server.
    Proxy,
    /// SQLite's own program.
    Sqlite,
    /// strace, which shows a test the server's system calls.
    Strace,
    /// Firefox.
    Firefox,
    /// The driver of Firefox.
    Geckodriver,
    /// WebKit's browser and driver, and a screen for them.
    WebKit,
    /// Fonts with Chinese signs and emoji in colour.
    Fonts,
    /// Foreign scripts that pages of the tests are made of, and the check for accessibility.
    Scripts,
    /// TypeScript's compiler.
    TypeScript,
}

/// What `build` and `run` need.
pub(crate) const FOR_RUN: &[Need] = &[
    Need::CCompiler,
    Need::WasmTarget,
    Need::LibrarySource,
    Need::WasmBindgen,
    Need::NpmTools,
];

/// What `test` needs.
pub(crate) const FOR_TEST: &[Need] = &[
    Need::CCompiler,
    Need::Libclang,
    Need::WasmTarget,
    Need::LibrarySource,
    Need::RustComponents,
    Need::WasmBindgen,
    Need::NpmTools,
    Need::Nextest,
    Need::Deny,
    Need::Browser,
    Need::Namespaces,
    Need::Proxy,
    Need::Sqlite,
    Need::Strace,
    Need::Firefox,
    Need::Geckodriver,
    Need::WebKit,
    Need::Scripts,
    Need::TypeScript,
];

/// What `soak` needs.
pub(crate) const FOR_SOAK: &[Need] = &[
    Need::CCompiler,
    Need::WasmTarget,
    Need::LibrarySource,
    Need::WasmBindgen,
    Need::NpmTools,
    Need::Browser,
    Need::Namespaces,
    Need::Proxy,
    Need::Sqlite,
];

/// What `gallery` needs.
pub(crate) const FOR_GALLERY: &[Need] = &[
    Need::CCompiler,
    Need::WasmTarget,
    Need::LibrarySource,
    Need::WasmBindgen,
    Need::NpmTools,
    Need::Browser,
    Need::Firefox,
    Need::Geckodriver,
    Need::WebKit,
];

/// Installs what is missing of `needs`. Says nothing when nothing is.
///
/// # Errors
/// Names what could not be installed, the command that failed, and what to do by hand.
pub(crate) fn ensure(repo: &Repo, needs: &[Need]) -> Result<()> {
    let missing = missing(repo, needs)?;
    if missing.is_empty() {
        return Ok(());
    }
    let _lock = lock(repo)?;
    // Another set-up may have held the lock, and have installed the same.
    for need in self::missing(repo, &missing)? {
        eprintln!("setup: {}", need.why(repo)?);
        let began = Instant::now();
        need.install(repo)?;
        eprintln!("setup: took {} s", began.elapsed().as_secs());
    }
    tools::remove_leftovers(repo);
    Ok(())
}

/// The log that installers write to.
fn log(repo: &Repo) -> PathBuf {
    repo.generated().join("setup.log")
}

fn missing(repo: &Repo, needs: &[Need]) -> Result<Vec<Need>> {
    let mut missing = Vec::new();
    for need in needs {
        if !need.present(repo)? {
            missing.push(*need);
        }
    }
    Ok(missing)
}

/// One set-up at a time in one folder of tools, which clones may share.
fn lock(repo: &Repo) -> Result<File> {
    let folder = repo.tools();
    fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    let file = File::create(folder.join("lock"))?;
    if file.try_lock().is_err() {
        eprintln!(
            "setup: waiting for another set-up that uses {}",
            folder.display()
        );
        file.lock()?;
    }
    Ok(file)
}

impl Need {
    fn present(self, repo: &Repo) -> Result<bool> {
        Ok(match self {
            Self::CCompiler => rust::has_c_compiler(repo),
            Self::Libclang => rust::has_libclang(),
            Self::WasmTarget => rust::has_wasm_target(repo)?,
            Self::LibrarySource => has_library_source(repo)?,
            Self::RustComponents => rust::has_components(repo)?,
            Self::WasmBindgen => match tools::wasm_bindgen(repo)? {
                Some(tool) => tool.is_installed(repo),
                None => true,
            },
            Self::NpmTools => wasm_opt(repo).is_some() && esbuild(repo).is_some(),
            Self::Nextest => repo.which("cargo-nextest").is_some(),
            Self::Deny => tools::DENY.is_installed(repo),
            Self::Browser => Browser::find(repo).is_some(),
            Self::Namespaces => debian::has_program(repo, "ip"),
            Self::Proxy => debian::has_program(repo, "nginx"),
            Self::Sqlite => debian::has_program(repo, "sqlite3"),
            Self::Strace => repo.which("strace").is_some(),
            Self::Firefox => browser::has_firefox(repo),
            Self::Geckodriver => tools::GECKODRIVER.is_installed(repo),
            Self::WebKit => browser::has_webkit(repo),
            Self::Fonts => browser::has_fonts(repo),
            Self::Scripts => scripts::are_installed(repo),
            Self::TypeScript => types::is_installed(repo),
        })
    }

    fn install(self, repo: &Repo) -> Result<()> {
        match self {
            Self::CCompiler => debian::install(repo, &["build-essential"]),
            Self::Libclang => debian::install(repo, &["libclang-dev"]),
            Self::WasmTarget => rust::add_wasm_target(repo),
            Self::LibrarySource => rust::add_library_source(repo),
            Self::RustComponents => rust::add_components(repo),
            Self::WasmBindgen => match tools::wasm_bindgen(repo)? {
                Some(tool) => tool.install(repo),
                None => Ok(()),
            },
            Self::NpmTools => tools::install_npm_tools(repo),
            Self::Nextest => tools::NEXTEST.install(repo),
            Self::Deny => tools::DENY.install(repo),
            Self::Browser => browser::install(repo),
            Self::Namespaces => debian::install(repo, &["iproute2"]),
            Self::Proxy => debian::install_asleep(repo, &["nginx-light"]),
            Self::Sqlite => debian::install(repo, &["sqlite3"]),
            Self::Strace => debian::install(repo, &["strace"]),
            Self::Firefox => browser::install_firefox(repo),
            Self::Geckodriver => tools::GECKODRIVER.install(repo),
            Self::WebKit => browser::install_webkit(repo),
            Self::Fonts => browser::install_fonts(repo),
            Self::Scripts => scripts::install(repo),
            Self::TypeScript => types::install(repo),
        }
    }

    /// What is installed and why, for the person who waits. Times are of a machine with two cores.
    fn why(self, repo: &Repo) -> Result<String> {
        Ok(match self {
            Self::CCompiler => {
                "installing build-essential: SQLite, inside the server, is compiled from C".into()
            }
            Self::Libclang => {
                "installing libclang-dev: the simulator puts a failing disk under SQLite, whose headers its build \
                 reads"
                    .into()
            }
            Self::WasmTarget => {
                format!("adding Rust's {WASM_TARGET}: the widget runs in browsers")
            }
            Self::LibrarySource => {
                "adding the source of Rust's library: compiled along with the widget it makes that smaller".into()
            }
            Self::RustComponents => {
                "adding rustfmt and clippy: the tests check form and lints".into()
            }
            Self::WasmBindgen => {
                let title =
                    tools::wasm_bindgen(repo)?.map_or_else(String::new, |tool| tool.title());
                format!("compiling {title}: it joins the widget to JavaScript (about 2 minutes)")
            }
            Self::NpmTools => format!(
                "fetching wasm-opt and esbuild (npm's {} and {}): they make the widget smaller",
                tools::WASM_OPT.package,
                tools::ESBUILD.package
            ),
            Self::Nextest => format!(
                "compiling {}: it runs the tests (about 3 minutes)",
                tools::NEXTEST.title()
            ),
            Self::Deny => {
                format!(
                    "compiling {}: it checks the dependencies' licences (about 2 minutes)",
                    tools::DENY.title()
                )
            }
            Self::Browser => {
                "installing Chromium and its driver: the tests chat in a real browser".into()
            }
            Self::Namespaces => {
                "installing iproute2: the soak pulls the cables of network namespaces".into()
            }
            Self::Proxy => {
                "installing nginx-light, without starting it: the soak has a proxy before the server".into()
            }
            Self::Sqlite => {
                "installing sqlite3: the soak lets a foreign program check the database".into()
            }
            Self::Strace => {
                "installing strace: a test looks at what the server writes, and when".into()
            }
            Self::Firefox => "installing Firefox: the tests chat in a second engine".into(),
            Self::Geckodriver => format!(
                "compiling {}: it drives Firefox (about 1 minute)",
                tools::GECKODRIVER.title()
            ),
            Self::WebKit => {
                "installing WebKitGTK with its driver, and Xvfb, the screen it wants: the engine of iPhones".into()
            }
            Self::Fonts => {
                "installing fonts with Chinese signs and emoji: the gallery's pictures have such texts".into()
            }
            Self::Scripts => {
                "fetching axe-core, jQuery and Turbo, and Debian's Prototype and MooTools: the tests check for \
                 accessibility, and chat on pages that are built with such scripts"
                    .into()
            }
            Self::TypeScript => {
                "fetching TypeScript's compiler: the tests check the declarations that sites use"
                    .into()
            }
        })
    }
}
