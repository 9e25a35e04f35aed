//! Packages of Debian and its kin.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use nix::unistd::Uid;

use super::log;
use crate::repo::Repo;
use crate::shell;

/// How long apt may wait for another apt, in seconds.
const LOCK_TIMEOUT: &str = "DPkg::Lock::Timeout=300";

/// Where Debian keeps programs for root, which is not on everybody's search path.
const ROOTS_PROGRAMS: &str = "/usr/sbin";

/// Runs its arguments while Debian starts no service by itself, unless the machine has a rule of its own for that.
const ASLEEP: &str = r#"
rule=/usr/sbin/policy-rc.d
if [ ! -e $rule ]; then
    trap "rm -f $rule" EXIT
    printf '#!/bin/sh\nexit 101\n' >$rule && chmod +x $rule || exit 1
fi
"$@"
"#;

/// Whether a program is there, for everybody or for root.
pub(super) fn has_program(repo: &Repo, name: &str) -> bool {
    repo.which(name).is_some() || Path::new(ROOTS_PROGRAMS).join(name).is_file()
}

/// Installs `packages`, as root or by sudo, without a question.
///
/// # Errors
/// Names the command to be typed by hand where this machine has no apt, or this person no root.
pub(super) fn install(repo: &Repo, packages: &[&str]) -> Result<()> {
    install_by(repo, &[], packages)
}

/// The same, and starts none of the services that they bring.
///
/// # Errors
/// As [`install`].
pub(super) fn install_asleep(repo: &Repo, packages: &[&str]) -> Result<()> {
    install_by(repo, &["sh", "-c", ASLEEP, "sh"], packages)
}

fn install_by(repo: &Repo, runner: &[&str], packages: &[&str]) -> Result<()> {
    let wanted = packages.join(" ");
    if repo.which("apt-get").is_none() {
        bail!(
            "this machine has no apt-get: install by its own means what Debian calls {wanted}, and call this again"
        );
    }
    let by_hand = format!("sudo apt-get update && sudo apt-get install {wanted}");
    apt(repo, &[], &["update"])
        .with_context(|| format!("type `{by_hand}`, and call this again"))?;
    let mut words = vec!["install", "--yes", "--no-install-recommends"];
    words.extend_from_slice(packages);
    apt(repo, runner, &words).with_context(|| format!("type `{by_hand}`, and call this again"))
}

/// True on Ubuntu, where the packages of the browser are only pointers to snaps.
pub(super) fn is_ubuntu() -> bool {
    fs::read_to_string("/etc/os-release")
        .is_ok_and(|text| text.lines().any(|line| line == "ID=ubuntu"))
}

fn apt(repo: &Repo, runner: &[&str], words: &[&str]) -> Result<()> {
    let root = Uid::effective().is_root();
    if !root && repo.which("sudo").is_none() {
        bail!("installing packages needs root, and there is no sudo");
    }
    let mut command = repo.command(if root { "env" } else { "sudo" });
    if !root {
        command.arg("env");
    }
    command
        .arg("DEBIAN_FRONTEND=noninteractive")
        .args(runner)
        .args(["apt-get", "-o", LOCK_TIMEOUT, "-q"])
        .args(words);
    shell::logged(&mut command, &log(repo))
}
