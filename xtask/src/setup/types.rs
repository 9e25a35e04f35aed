//! TypeScript's compiler, which checks the declarations that sites use; nothing of it is ever shipped.

use std::path::PathBuf;

use anyhow::Result;

use super::tools;
use crate::repo::Repo;

const TYPESCRIPT: &str = "typescript@7.0.2";
/// The folder within that of the tools, and the name of its stamp.
const NAME: &str = "types";

/// The compiler.
pub(crate) fn compiler(repo: &Repo) -> PathBuf {
    repo.tools().join(NAME).join("node_modules/.bin/tsc")
}

pub(super) fn is_installed(repo: &Repo) -> bool {
    tools::stamped(repo, NAME).as_deref() == Some(TYPESCRIPT) && compiler(repo).is_file()
}

pub(super) fn install(repo: &Repo) -> Result<()> {
    tools::npm_install(repo, NAME, &[TYPESCRIPT])?;
    tools::stamp(repo, NAME, TYPESCRIPT)
}
