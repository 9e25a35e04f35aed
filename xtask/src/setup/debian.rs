//! Packages of Debian and its kin.

use std::fs;

use anyhow::{Context, Result, bail};
use nix::unistd::Uid;

use super::log;
use crate::repo::Repo;
use crate::shell;

/// How long apt may wait for another apt, in seconds.
const LOCK_TIMEOUT: &str = "DPkg::Lock::Timeout=300";

/// Installs `packages`, as root or by sudo, without a question.
///
/// # Errors
/// Names the command to be typed by hand where this machine has no apt, or this person no root.
pub(super) fn install(repo: &Repo, packages: &[&str]) -> Result<()> {
    let wanted = packages.join(" ");
    if repo.which("apt-get").is_none() {
        bail!(
            "this machine has no apt-get: install by its own means what Debian calls {wanted}, and call this again"
        );
    }
    let by_hand = format!("sudo apt-get update && sudo apt-get install {wanted}");
    apt(repo, &["update"]).with_context(|| format!("type `{by_hand}`, and call this again"))?;
    let mut words = vec!["install", "--yes", "--no-install-recommends"];
    words.extend_from_slice(packages);
    apt(repo, &words).with_context(|| format!("type `{by_hand}`, and call this again"))
}

/// True on Ubuntu, where the packages of the browser are only pointers to snaps.
pub(super) fn is_ubuntu() -> bool {
    fs::read_to_string("/etc/os-release")
        .is_ok_and(|text| text.lines().any(|line| line == "ID=ubuntu"))
}

fn apt(repo: &Repo, words: &[&str]) -> Result<()> {
    let root = Uid::effective().is_root();
    if !root && repo.which("sudo").is_none() {
        bail!("installing packages needs root, and there is no sudo");
    }
    let mut command = repo.command(if root { "env" } else { "sudo" });
    if !root {
        command.arg("env");
    }
    command
        .args([
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "-o",
            LOCK_TIMEOUT,
            "-q",
        ])
        .args(words);
    shell::logged(&mut command, &log(repo))
}
