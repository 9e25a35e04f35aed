//! Makes the built widget smaller: short names between its wasm and its JavaScript, and no needless characters.
//!
//! wasm-bindgen names each function that one half calls in the other at full length, with a hash that no
//! compression helps, and writes all of them into both halves.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::repo::Repo;
use crate::setup;
use crate::shell;
use crate::widget::SCRIPTS;

const GLUE: &str = "holdfast-widget.js";
const SDK: &str = "sdk.js";
const SCRIPT: &str = "widget.js";

/// What is fetched when it is called for: each script by itself, with its parts in a folder of its name.
pub(crate) const LATER: &str = "later";
const EXTRAS: &str = "extras";

/// The program, as wasm-bindgen names it.
pub(crate) const WASM: &str = "holdfast-widget_bg.wasm";

/// What wasm-bindgen calls its own half.
const MODULE: &str = "\"./holdfast-widget_bg.js\"";
const SHORT_MODULE: &str = "\"a\"";

/// What wasm-opt says of the names that it made short.
#[derive(Debug, Deserialize)]
struct Renamed {
    /// Module, old name and new name of what the wasm calls.
    imports: Vec<(String, String, String)>,
    /// Old name and new name of what it offers.
    exports: Vec<(String, String)>,
}

/// Makes the widget in `dist` smaller, as far as the tools for it are here.
pub(crate) fn pack(repo: &Repo, dist: &Path) -> Result<()> {
    if setup::wasm_opt(repo).is_some() {
        shorten_names(repo, dist)?;
    }
    if setup::esbuild(repo).is_some() {
        // One file each, since a second would be asked for only when the first is there.
        let bundle = ["--bundle", "--format=esm"];
        let folder = dist.join(LATER);
        for module in scripts(&folder)? {
            minify(repo, &module, &bundle)?;
        }
        let parts = folder.join(EXTRAS);
        fs::remove_dir_all(&parts).with_context(|| format!("can't remove {}", parts.display()))?;
        let later = format!("--external:./{LATER}/*");
        minify(repo, &dist.join(SDK), &[&bundle[..], &[&later]].concat())?;
        let joined = SCRIPTS.iter().filter(|name| ![SDK, SCRIPT].contains(name));
        for joined in joined.chain([&GLUE]) {
            remove(&dist.join(joined))?;
        }
        minify(repo, &dist.join(SCRIPT), &[])?;
    }
    Ok(())
}

/// The scripts in a folder.
fn scripts(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("can't read {}", folder.display()))?;
    let paths: Vec<_> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    let is_script = |path: &PathBuf| path.extension() == Some(OsStr::new("js"));
    Ok(paths.into_iter().filter(is_script).collect())
}

fn remove(file: &Path) -> Result<()> {
    fs::remove_file(file).with_context(|| format!("can't remove {}", file.display()))
}

fn shorten_names(repo: &Repo, dist: &Path) -> Result<()> {
    let (wasm, glue) = (dist.join(WASM), dist.join(GLUE));
    let mut wasm_opt = repo.command("wasm-opt");
    wasm_opt.args([
        "--strip-producers",
        "--strip-target-features",
        "--minify-imports-and-exports-and-modules",
        // No hints at how values in memory are aligned, and locals that are numbered alike in what is alike: engines need neither,
        // and compression likes both.
        "--dealign",
        "--merge-locals",
        "--coalesce-locals-learning",
        "--vacuum",
    ]);
    let said = shell::output(wasm_opt.arg(&wasm).arg("-o").arg(&wasm))?;
    let renamed: Renamed =
        serde_json::from_str(&said).context("wasm-opt does not say which names it made short")?;
    let text = read(&glue)?;
    fs::write(&glue, rename(&text, &renamed)?)?;
    Ok(())
}

/// The JavaScript with the short names.
fn rename(glue: &str, renamed: &Renamed) -> Result<String> {
    ensure!(
        glue.matches(MODULE).count() == 1,
        "{GLUE} does not name its module {MODULE} once"
    );
    let mut short = glue.replace(MODULE, SHORT_MODULE);
    for (_, old, new) in &renamed.imports {
        let (old, new) = (format!("{old}: "), format!("{new}: "));
        ensure!(
            short.matches(&old).count() == 1,
            "{GLUE} does not hold `{old}` once"
        );
        short = short.replace(&old, &new);
    }
    // Longer names first: some are the beginning of others.
    let mut exports: Vec<_> = renamed.exports.iter().collect();
    exports.sort_by_key(|(old, _)| std::cmp::Reverse(old.len()));
    for (old, new) in exports {
        short = short.replace(&format!("wasm.{old}"), &format!("wasm.{new}"));
    }
    Ok(short)
}

fn minify(repo: &Repo, script: &Path, options: &[&str]) -> Result<()> {
    let mut esbuild = repo.command("esbuild");
    esbuild
        .args(["--minify", "--log-level=warning", "--charset=utf8"])
        .args(options)
        .arg(script);
    let small = shell::output(&mut esbuild)?;
    fs::write(script, small).with_context(|| format!("can't write {}", script.display()))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLUE_TEXT: &str = "function imports() { return { \"./holdfast-widget_bg.js\": {
        __wbg_now_1: function() { return 1; },
    } }; }
    wasm.start(); wasm.start_again(); first(wasm.memory.buffer);";

    fn renamed(import: &str) -> Renamed {
        let name = |old: &str, new: &str| (old.to_owned(), new.to_owned());
        Renamed {
            imports: vec![("./holdfast-widget_bg.js".into(), import.into(), "a".into())],
            exports: vec![
                name("start", "b"),
                name("start_again", "c"),
                name("memory", "d"),
            ],
        }
    }

    #[test]
    fn both_halves_get_the_same_names() {
        let short = rename(GLUE_TEXT, &renamed("__wbg_now_1")).unwrap();
        assert!(short.contains("{ \"a\": {"), "{short}");
        assert!(short.contains(" a: function() { return 1; }"), "{short}");
        assert!(
            short.ends_with("wasm.b(); wasm.c(); first(wasm.d.buffer);"),
            "{short}"
        );
    }

    #[test]
    fn a_name_that_is_not_there_is_an_error() {
        assert!(rename(GLUE_TEXT, &renamed("__wbg_later_1")).is_err());
    }
}
