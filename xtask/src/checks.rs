//! `cargo xtask test`: every check and test, in the order that finds cheap faults first.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::build;
use crate::repo::Repo;
use crate::setup::{self, Browser, Need};
use crate::shell;
use crate::sizes;
use crate::tidy;

/// What `holdfast-protocol` must not pull in, directly or through others: clocks, randomness, sockets, a browser.
const IMPURE: &[&str] = &[
    "getrandom",
    "rand",
    "tokio",
    "mio",
    "socket2",
    "js-sys",
    "web-sys",
    "wasm-bindgen",
];
/// How long the list of advisories may take to be fetched; it is a few megabytes.
const ADVISORIES_LIMIT: Duration = Duration::from_secs(60);

/// One stage of `cargo xtask test`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// The code is formatted.
    Fmt,
    /// The rules of the house hold.
    Tidy,
    /// Clippy has nothing to say, natively and for the browser.
    Clippy,
    /// The documentation builds without a warning, and its examples run.
    Doc,
    /// The dependencies' licences and sources are acceptable.
    Deny,
    /// The protocol builds for the browser and pulls in no clock, randomness or IO.
    Wasm,
    /// The declarations for TypeScript accept what is right and refuse what is wrong.
    Types,
    /// The widget is built and keeps to its budgets, then all tests run.
    Tests,
}

/// All stages in their order. The tests are last, so that the output ends with their summary.
const ALL: &[Stage] = &[
    Stage::Fmt,
    Stage::Tidy,
    Stage::Clippy,
    Stage::Doc,
    Stage::Deny,
    Stage::Wasm,
    Stage::Types,
    Stage::Tests,
];

/// Runs all stages, or `only` one; with `filters`, the tests that match one of them.
pub(crate) fn run(repo: &Repo, only: Option<Stage>, filters: &[String]) -> Result<ExitCode> {
    let only = if filters.is_empty() {
        only
    } else {
        Some(Stage::Tests)
    };
    let stages = only.as_ref().map_or(ALL, std::slice::from_ref);
    match only {
        None => setup::ensure(repo, setup::FOR_TEST)?,
        Some(stage) => setup::ensure(repo, stage.needs())?,
    }
    for stage in stages {
        let name = stage
            .to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned());
        if *stage == Stage::Tests {
            eprintln!("test: {name} …");
            return tests(repo, filters);
        }
        let began = Instant::now();
        stage
            .check(repo)
            .with_context(|| format!("the stage `{name}` failed"))?;
        eprintln!(
            "test: {name} passed in {:.1} s",
            began.elapsed().as_secs_f64()
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// `cargo xtask tidy`.
pub(crate) fn report_tidy(repo: &Repo) -> Result<ExitCode> {
    check_tidy(repo)?;
    println!("tidy: nothing to complain about");
    Ok(ExitCode::SUCCESS)
}

impl Stage {
    fn needs(self) -> &'static [Need] {
        match self {
            Self::Fmt => &[Need::RustComponents],
            Self::Tidy => &[],
            Self::Doc => &[Need::CCompiler, Need::Libclang],
            Self::Clippy => &[
                Need::CCompiler,
                Need::Libclang,
                Need::RustComponents,
                Need::WasmTarget,
            ],
            Self::Deny => &[Need::Deny],
            Self::Wasm => &[Need::WasmTarget],
            Self::Types => &[Need::TypeScript],
            Self::Tests => setup::FOR_TEST,
        }
    }

    fn check(self, repo: &Repo) -> Result<()> {
        match self {
            Self::Fmt => shell::open(&mut repo.cargo(&["fmt", "--all", "--check"])),
            Self::Tidy => check_tidy(repo),
            Self::Clippy => clippy(repo),
            Self::Doc => doc(repo),
            Self::Deny => deny(repo),
            Self::Wasm => wasm(repo),
            Self::Types => types(repo),
            Self::Tests => Ok(()),
        }
    }
}

fn check_tidy(repo: &Repo) -> Result<()> {
    let findings = tidy::findings(repo.root())?;
    for finding in &findings {
        eprintln!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings", findings.len());
    }
    Ok(())
}

fn clippy(repo: &Repo) -> Result<()> {
    shell::open(&mut repo.cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))?;
    let mut browser = repo.cargo(&[
        "clippy",
        "--package",
        "holdfast-widget",
        "--target",
        "wasm32-unknown-unknown",
    ]);
    browser
        .args(["--quiet", "--", "-D", "warnings"])
        .envs(setup::wasm_environment(repo)?);
    shell::open(&mut browser)
}

fn doc(repo: &Repo) -> Result<()> {
    let mut doc = repo.cargo(&["doc", "--workspace", "--no-deps", "--quiet"]);
    shell::open(doc.env("RUSTDOCFLAGS", "-D warnings"))
}

fn deny(repo: &Repo) -> Result<()> {
    let offline_checks = ["bans", "licenses", "sources"];
    let mut check = repo.command("cargo-deny");
    check
        .args(["--log-level", "error", "check", "--hide-inclusion-graph"])
        .args(offline_checks);
    shell::open(&mut check)?;
    let mut fetch = repo.command("cargo-deny");
    fetch.args(["fetch", "db"]).env("GIT_TERMINAL_PROMPT", "0");
    if !shell::succeeds_within(&mut fetch, ADVISORIES_LIMIT) {
        eprintln!(
            "test: the list of security advisories could not be fetched, so they were not checked"
        );
        return Ok(());
    }
    let mut check = repo.command("cargo-deny");
    check.args([
        "--log-level",
        "error",
        "check",
        "--disable-fetch",
        "advisories",
    ]);
    shell::open(&mut check)
}

fn wasm(repo: &Repo) -> Result<()> {
    let package = [
        "--package",
        "holdfast-protocol",
        "--target",
        "wasm32-unknown-unknown",
    ];
    let mut check = repo.cargo(&["check", "--quiet"]);
    check.args(package).envs(setup::wasm_environment(repo)?);
    shell::open(&mut check)?;
    let mut tree = repo.cargo(&[
        "tree",
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    let tree = shell::output(tree.args(package))?;
    for line in tree.lines() {
        let crate_name = line.split_whitespace().next().unwrap_or_default();
        if IMPURE.contains(&crate_name) {
            bail!(
                "holdfast-protocol pulls in `{crate_name}`: time, ids and randomness are arguments there. \
                 `cargo tree -p holdfast-protocol -i {crate_name}` shows by which way"
            );
        }
    }
    Ok(())
}

fn types(repo: &Repo) -> Result<()> {
    // In `mistakes.ts` each mistake is expected, and one that is none is an error.
    let files = [
        "www/holdfast.d.ts",
        "tests/types/usage.ts",
        "tests/types/mistakes.ts",
    ];
    let mut compiler = repo.command(setup::typescript(repo));
    compiler.args(["--noEmit", "--strict", "--lib", "es2020,dom"]);
    shell::open(compiler.args(files))
}

fn tests(repo: &Repo, filters: &[String]) -> Result<ExitCode> {
    build::widget(repo)?;
    sizes::check(repo)?;
    // One build for all of it: the programs that the end-to-end tests start, and the tests.
    shell::open(&mut repo.cargo(&["build", "--workspace", "--bins", "--tests"]))?;
    if filters.is_empty() {
        shell::open(&mut repo.cargo(&["test", "--workspace", "--doc", "--quiet"]))?;
        interleavings(repo)?;
    }
    let mut nextest = repo.cargo(&["nextest", "run", "--workspace"]);
    nextest.args(filters);
    with_browser(repo, &mut nextest);
    let status = shell::status(&mut nextest)?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The tests for which the server's log is built with other locks. The whole workspace is named, so that nothing
/// else is built otherwise than for the other tests.
fn interleavings(repo: &Repo) -> Result<()> {
    let mut nextest = repo.cargo(&["nextest", "run", "--workspace", "--lib"]);
    nextest
        .args(["--features", "holdfast/shuttle"])
        .args(["--filterset", "test(/^log::interleavings::/)"])
        .args(["--success-output", "immediate"]);
    shell::open(&mut nextest)
}

fn with_browser(repo: &Repo, command: &mut Command) {
    if let Some(browser) = Browser::find(repo) {
        command.envs(browser.variables());
    }
    command.env("HOLDFAST_SCRIPTS", setup::scripts(repo));
}
