//! `cargo xtask gallery`: pictures of the widget, for people to look at.

use std::fs;

use anyhow::Result;

use crate::build;
use crate::repo::Repo;
use crate::setup::{self, Need};
use crate::shell;

/// Builds everything and takes the pictures, or measures what the tag costs a page.
///
/// # Errors
/// When something can't be installed, built or shown.
pub(crate) fn run(repo: &Repo, measure: bool) -> Result<()> {
    setup::ensure(repo, setup::FOR_GALLERY)?;
    build::widget(repo)?;
    build::binaries(repo, false)?;
    let packages = ["build", "--package", "holdfast-tests", "--bins"];
    shell::open(&mut repo.cargo(&packages))?;
    let program = repo.binary("holdfast-gallery", false);
    let mut gallery = repo.command(&program);
    if let Some(binaries) = program.parent() {
        gallery.env("HOLDFAST_BIN_DIR", binaries);
    }
    if measure {
        return shell::open(
            gallery
                .arg("--measure")
                .arg(repo.generated().join("traces")),
        );
    }
    setup::ensure(repo, &[Need::Fonts])?;
    let folder = repo.generated().join("gallery");
    // Pictures of scenes that are no more would be looked at in vain.
    if folder.is_dir() {
        fs::remove_dir_all(&folder)?;
    }
    shell::open(gallery.arg(&folder))
}
