//! Building: the widget where its sources have changed, and the programs.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::repo::Repo;
use crate::setup;
use crate::shell;
use crate::widget;

/// Builds the widget into `target/widget/dist`, unless what lies there was built from the same sources.
pub(crate) fn widget(repo: &Repo) -> Result<()> {
    let folder = folder(repo);
    let stamp = folder.join("stamp");
    let fingerprint = fingerprint(repo)?;
    let built = dist(repo).is_dir();
    if built && fs::read_to_string(&stamp).is_ok_and(|stamped| stamped == fingerprint) {
        return Ok(());
    }
    eprintln!("build: the widget");
    let began = Instant::now();
    // A build that is broken off must not leave the mark of a whole one.
    let _ = fs::remove_file(&stamp);
    widget::assemble(repo, &dist(repo))?;
    fs::write(&stamp, fingerprint).with_context(|| format!("can't write {}", stamp.display()))?;
    eprintln!("build: the widget took {} s", began.elapsed().as_secs());
    Ok(())
}

/// What of the widget the server hands out.
pub(crate) fn dist(repo: &Repo) -> PathBuf {
    folder(repo).join("dist")
}

/// Builds the server and the agent's client.
///
/// The plain profile is the default: the tests use the same, so the libraries are compiled once for both, in half
/// the time that an optimised build takes, and one visitor does not feel the difference.
pub(crate) fn binaries(repo: &Repo, release: bool) -> Result<()> {
    let mut cargo = repo.cargo(&[
        "build",
        "--package",
        "holdfast",
        "--package",
        "holdfast-agent",
    ]);
    if release {
        cargo.arg("--release");
    }
    shell::open(&mut cargo)
}

fn folder(repo: &Repo) -> PathBuf {
    repo.generated().join("widget")
}

fn fingerprint(repo: &Repo) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    shell::output(repo.rustc().arg("-vV"))?.hash(&mut hasher);
    setup::wasm_environment(repo)?.hash(&mut hasher);
    setup::wasm_opt(repo).is_some().hash(&mut hasher);
    setup::esbuild(repo).is_some().hash(&mut hasher);
    for source in widget::sources() {
        for file in files_below(&repo.root().join(source))? {
            repo.shown(&file).hash(&mut hasher);
            fs::read(&file)
                .with_context(|| format!("can't read {}", file.display()))?
                .hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// `path` itself when it is a file, all files below it when it is a folder, in a fixed order.
fn files_below(path: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    if path.is_file() {
        found.insert(path.to_path_buf());
    } else if path.is_dir() {
        for entry in fs::read_dir(path)? {
            found.append(&mut files_below(&entry?.path())?);
        }
    }
    Ok(found)
}
