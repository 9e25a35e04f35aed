//! Scripts of others, as the set-up has installed them: what sites are built with, and what judges ours.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

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

/// The folder of tools, as the set-up chooses it.
#[must_use]
pub fn tools() -> PathBuf {
    env::var_os("HOLDFAST_TOOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools"),
        PathBuf::from,
    )
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
