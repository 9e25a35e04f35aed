//! The demo's site and agent, made once and kept with the data.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::SITE;
use crate::repo::Repo;
use crate::shell;

/// How an agent's address begins.
const SCHEME: &str = "holdfast://";

/// The file with the demo agent's address. The address holds a secret that the server keeps only a hash of, so it
/// can't be asked for again.
pub(super) fn address_file(data: &Path) -> PathBuf {
    data.join("demo-agent")
}

/// Makes sure that the site and the agent exist, and that the file has an address that leads to `agents`.
pub(super) fn ensure_agent(
    repo: &Repo,
    program: &Path,
    data: &Path,
    agents: SocketAddr,
    name: &str,
) -> Result<()> {
    let holdfast = |words: &[&str]| -> Command {
        let mut command = repo.command(program);
        command.arg("--data").arg(data).args(words);
        command
    };
    if !lists(&shell::output(&mut holdfast(&["site", "list"]))?, SITE) {
        shell::output(&mut holdfast(&["site", "add", SITE]))?;
    }
    let known = lists(
        &shell::output(&mut holdfast(&["agent", "list", SITE]))?,
        name,
    );
    let file = address_file(data);
    let address = match fs::read_to_string(&file) {
        Ok(address) if known => address,
        Ok(_) | Err(_) => shell::output(&mut holdfast(&["agent", "add", SITE, name]))?,
    };
    let address = leading_to(address.trim(), agents)?;
    write_secret(&file, &address)
}

/// Whether one line of a listing has `name` as one of its columns.
fn lists(listing: &str, name: &str) -> bool {
    listing
        .lines()
        .any(|line| line.split('\t').map(str::trim).any(|column| column == name))
}

/// The same agent's address with another place: the server may have been moved to another port since.
fn leading_to(address: &str, place: SocketAddr) -> Result<String> {
    let parts = address.strip_prefix(SCHEME).and_then(|rest| {
        let (secret, rest) = rest.split_once('@')?;
        let (_, fingerprint) = rest.split_once('/')?;
        Some((secret, fingerprint))
    });
    let Some((secret, fingerprint)) = parts else {
        bail!(
            "an agent's address begins with {SCHEME}SECRET@HOST:PORT/; remove the file demo-agent from the data folder"
        );
    };
    Ok(format!("{SCHEME}{secret}@{place}/{fingerprint}"))
}

/// Writes `text` for this person's eyes only.
fn write_secret(file: &Path, text: &str) -> Result<()> {
    let fresh = file.with_extension("new");
    let _ = fs::remove_file(&fresh);
    let write = || -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        let mut opened = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh)?;
        writeln!(opened, "{text}")?;
        fs::rename(&fresh, file)
    };
    write().with_context(|| format!("can't write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_secret_and_fingerprint_when_the_server_moves() {
        let moved = leading_to(
            "holdfast://s3cret@127.0.0.1:8443/#sha256=ab",
            "[::1]:9".parse().unwrap(),
        );
        assert_eq!(moved.unwrap(), "holdfast://s3cret@[::1]:9/#sha256=ab");
        assert!(leading_to("Ana was added", "[::1]:9".parse().unwrap()).is_err());
    }

    #[test]
    fn a_listing_is_searched_for_whole_columns() {
        assert!(lists("demo\tdemo.example\nother\t-", "demo"));
        assert!(!lists("demonstration\tx", "demo"));
    }
}
