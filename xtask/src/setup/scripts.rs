//! Foreign scripts that the tests put onto their pages; none of them is ever part of what is shipped.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{debian, tools};
use crate::repo::Repo;

/// The check for accessibility, and what sites are built with: an old and ubiquitous library, one that swaps pages'
/// bodies, and two frameworks with what joins their modules into a script.
const FROM_NPM: [&str; 7] = [
    "axe-core@4.14.1",
    "jquery@1.12.4",
    "@hotwired/turbo@8.0.23",
    "react@19.3.1",
    "react-dom@19.3.1",
    "vue@3.5.45",
    tools::ESBUILD.package,
];
/// Libraries that patch the language's own objects; npm has them for servers only.
const FROM_DEBIAN: [(&str, &str); 2] = [
    (
        "libjs-prototype",
        "/usr/share/javascript/prototype/prototype.js",
    ),
    (
        "libjs-mootools",
        "/usr/share/javascript/mootools/mootools.js",
    ),
];
/// The folder of npm's packages within that of the tools, and the name of its stamp.
const NAME: &str = "scripts";

/// The folder that holds the packages of npm.
pub(crate) fn folder(repo: &Repo) -> PathBuf {
    repo.tools().join(NAME).join("node_modules")
}

pub(super) fn are_installed(repo: &Repo) -> bool {
    tools::stamped(repo, NAME) == Some(version()) && missing_of_debian().is_empty()
}

pub(super) fn install(repo: &Repo) -> Result<()> {
    let missing = missing_of_debian();
    if !missing.is_empty() {
        debian::install(repo, &missing)?;
    }
    tools::npm_install(repo, NAME, &FROM_NPM)?;
    tools::stamp(repo, NAME, &version())
}

fn version() -> String {
    FROM_NPM.join(" ")
}

fn missing_of_debian() -> Vec<&'static str> {
    let missing = FROM_DEBIAN
        .iter()
        .filter(|(_, file)| !Path::new(file).exists());
    missing.map(|(package, _)| *package).collect()
}
