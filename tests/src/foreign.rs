//! Scripts of others, as the set-up has installed them: what sites are built with, and what judges ours.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use crate::process::Process;

/// A file of a package of npm, by its path in the folder of all packages.
///
/// # Errors
/// When the set-up has not installed it.
pub fn from_npm(file: &str) -> Result<String> {
    read(&packages().join(file))
}

/// A script of a Debian package, by its path in the folder of all such scripts.
///
/// # Errors
/// When the set-up has not installed it.
pub fn from_debian(file: &str) -> Result<String> {
    read(&Path::new("/usr/share/javascript").join(file))
}

/// Joins the module `main` in `folder`, what it imports there and the packages of npm that it names into one script, as
/// sites' own builds do. `mode` is `development` or `production`, which some packages ask for.
///
/// # Errors
/// When the set-up has not installed what joins them, or it finds a fault.
pub async fn bundle(folder: &Path, main: &str, mode: &str) -> Result<String> {
    let program = packages().join(".bin/esbuild");
    let mode = format!("--define:process.env.NODE_ENV=\"{mode}\"");
    let args = ["--bundle", "--jsx=automatic", "--log-level=warning", &mode];
    // What Vue asks those to decide who join its modules.
    let vue = [
        "OPTIONS_API",
        "PROD_DEVTOOLS",
        "PROD_HYDRATION_MISMATCH_DETAILS",
    ];
    let vue = vue.map(|name| format!("--define:__VUE_{name}__=false"));
    let args = args.into_iter().map(OsString::from);
    let args = args.chain(vue.map(OsString::from));
    with_packages(&program, args.chain([folder.join(main).into()])).await
}

/// Runs a script in Node that may use the packages of npm, and returns what it prints.
///
/// # Errors
/// When it fails, with what it said.
pub async fn node(script: &str, args: &[&OsStr]) -> Result<String> {
    let line = ["-e", script, "--"].map(OsStr::new);
    let line = line.into_iter().chain(args.iter().copied());
    with_packages(Path::new("node"), line.map(OsString::from)).await
}

/// The folder of tools, as the set-up chooses it.
#[must_use]
pub fn tools() -> PathBuf {
    env::var_os("HOLDFAST_TOOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools"),
        PathBuf::from,
    )
}

/// Runs a program that finds the packages of npm by their names.
async fn with_packages(program: &Path, args: impl Iterator<Item = OsString>) -> Result<String> {
    let mut found = OsString::from("NODE_PATH=");
    found.push(packages());
    let line = [found, program.into()].into_iter().chain(args);
    let mut process = Process::start("env", line)?;
    let status = process.end().await?;
    let said = process.stderr.rest().await;
    ensure!(status.success(), "{}: {status}: {said}", program.display());
    Ok(process.stdout.rest().await)
}

fn packages() -> PathBuf {
    if let Some(folder) = env::var_os("HOLDFAST_SCRIPTS") {
        return folder.into();
    }
    tools().join("scripts/node_modules")
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| {
        let path = path.display();
        format!("{path} is missing: `cargo xtask setup --for test` installs it")
    })
}
