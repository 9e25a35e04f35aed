//! What a visitor downloads, against what we promise.

mod readme;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::build;
use crate::repo::Repo;
use crate::setup;

/// The script that sites paste, in brotli: every page pays it at once, whether anybody chats or not.
const SCRIPT_BUDGET: usize = 2_000;

/// Everything until the panel can be used, in brotli: what the owners of sites are promised.
const ALL_BUDGET: usize = 60_000;

/// The pasted script.
const SCRIPT: &str = "widget.js";

/// The words of the widget's languages, one file each, of which a visitor downloads one.
const LOCALES: &str = "locales";

/// The folder of what is fetched when it is called for, mostly once the panel was opened.
const LATER: &str = "later";

/// What of it the panel waits for: the colours for an owner's accent, and what a page says of its visitor. Not every page has
/// them; the budget holds for one that does.
const AWAITED: [&str; 2] = ["accent.js", "identify.js"];

/// One file, in bytes.
struct Size {
    name: String,
    plain: usize,
    brotli: usize,
    gzip: usize,
}

/// Prints the table, and judges it and README.md.
///
/// # Errors
/// When a budget is exceeded, README.md says otherwise, or the widget was built without the tools that make it small: then
/// nobody knows.
pub(crate) fn check(repo: &Repo) -> Result<()> {
    let sizes = Sizes::of(repo)?;
    sizes.print();
    let missing = missing_tools(repo)?;
    ensure!(missing.is_empty(), "{}", not_judged(&missing));
    judge(&sizes)?;
    readme::compare(repo, &sizes)
}

/// Prints the table, and judges it where it can: without some tools the widget works all the same, and is larger.
///
/// # Errors
/// When a budget is exceeded.
pub(crate) fn report(repo: &Repo) -> Result<()> {
    let sizes = Sizes::of(repo)?;
    sizes.print();
    let missing = missing_tools(repo)?;
    if missing.is_empty() {
        judge(&sizes)?;
    } else {
        println!("{}", not_judged(&missing));
    }
    Ok(())
}

/// All that a visitor downloads.
struct Sizes {
    /// Until the panel can be used, on a page on which all of it is needed.
    first: Vec<Size>,
    /// What comes later.
    later: Vec<Size>,
}

impl Sizes {
    /// Of the widget that was built. Of the languages it is the longest one.
    fn of(repo: &Repo) -> Result<Self> {
        let dist = build::dist(repo);
        let mut first = measure(&dist)?;
        let (awaited, later) = split(measure(&dist.join(LATER))?)?;
        first.extend(awaited);
        Ok(Self { first, later })
    }

    fn print(&self) {
        let all = total("together", &self.first);
        let later = total(&format!("{LATER}/, when needed"), &self.later);
        println!(
            "{:<26} {:>8} {:>8} {:>8}",
            "bytes to download", "plain", "gzip", "brotli"
        );
        for size in self.first.iter().chain([&all, &later]) {
            println!(
                "{:<26} {:>8} {:>8} {:>8}",
                size.name, size.plain, size.gzip, size.brotli
            );
        }
    }
}

fn missing_tools(repo: &Repo) -> Result<Vec<&'static str>> {
    Ok(missing([
        ("wasm-opt", setup::wasm_opt(repo).is_some()),
        ("esbuild", setup::esbuild(repo).is_some()),
        ("the library's source", setup::has_library_source(repo)?),
    ]))
}

fn missing(tools: [(&'static str, bool); 3]) -> Vec<&'static str> {
    let missing = tools.into_iter().filter(|(_, is_there)| !is_there);
    missing.map(|(name, _)| name).collect()
}

fn not_judged(missing: &[&str]) -> String {
    format!(
        "the widget was built without {}, so its budgets could not be judged; `cargo xtask setup --for test` installs them",
        missing.join(" and ")
    )
}

fn judge(sizes: &Sizes) -> Result<()> {
    let all = total("together", &sizes.first);
    let mut first = sizes.first.iter();
    let script = first
        .find(|size| size.name == SCRIPT)
        .with_context(|| format!("{SCRIPT} was not built"))?;
    ensure!(
        script.brotli <= SCRIPT_BUDGET,
        "the script that sites paste has {} bytes compressed, and {SCRIPT_BUDGET} are the budget",
        script.brotli
    );
    ensure!(
        all.brotli <= ALL_BUDGET,
        "until the panel can be used {} bytes are downloaded, and {ALL_BUDGET} are the budget; `wasm-opt \
         --func-metrics` tells where they are",
        all.brotli
    );
    Ok(())
}

/// All that a visitor downloads of a folder; of the languages it is the longest one. Styles and icons are in the wasm,
/// and what is fetched when it is needed is in a folder of its own.
fn measure(dist: &Path) -> Result<Vec<Size>> {
    let mut sizes = files(dist, &[".js", ".wasm"])?;
    let locales = dist.join(LOCALES);
    if locales.is_dir() {
        let locales = files(&locales, &[".json"])?;
        sizes.extend(locales.into_iter().max_by_key(|size| size.brotli));
    }
    sizes.sort_by_key(|size| size.plain);
    Ok(sizes)
}

/// What the panel waits for, and the rest.
fn split(later: Vec<Size>) -> Result<(Vec<Size>, Vec<Size>)> {
    let is_awaited = |size: &Size| AWAITED.contains(&size.name.as_str());
    let (awaited, rest): (Vec<_>, _) = later.into_iter().partition(is_awaited);
    ensure!(
        awaited.len() == AWAITED.len(),
        "{} were not built into {LATER}/",
        AWAITED.join(" and ")
    );
    Ok((awaited, rest))
}

/// The files in a folder whose names end like this.
fn files(folder: &Path, ends: &[&str]) -> Result<Vec<Size>> {
    let mut sizes = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("can't read {}", folder.display()))? {
        let path = entry?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let Some(name) = name.filter(|name| ends.iter().any(|end| name.ends_with(end))) else {
            continue;
        };
        let bytes = fs::read(&path)?;
        sizes.push(Size {
            name,
            plain: bytes.len(),
            brotli: brotli(&bytes)?,
            gzip: gzip(&bytes)?,
        });
    }
    Ok(sizes)
}

fn total(name: &str, sizes: &[Size]) -> Size {
    Size {
        name: name.to_owned(),
        plain: sizes.iter().map(|size| size.plain).sum(),
        brotli: sizes.iter().map(|size| size.brotli).sum(),
        gzip: sizes.iter().map(|size| size.gzip).sum(),
    }
}

/// As the server's build compresses what it serves.
fn brotli(bytes: &[u8]) -> Result<usize> {
    let mut compressed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut compressed, 1 << 16, 11, 22);
    writer.write_all(bytes)?;
    writer.flush()?;
    drop(writer);
    Ok(compressed.len())
}

fn gzip(bytes: &[u8]) -> Result<usize> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes)?;
    Ok(writer.finish()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(name: &str, brotli: usize) -> Size {
        Size {
            name: name.to_owned(),
            plain: 3 * brotli,
            brotli,
            gzip: brotli,
        }
    }

    fn judged(script: usize, wasm: usize) -> Result<()> {
        judge(&Sizes {
            first: vec![size(SCRIPT, script), size("widget.wasm", wasm)],
            later: Vec::new(),
        })
    }

    #[test]
    fn what_is_missing_is_named() {
        let tools = |is_there| missing([("a", true), ("b", is_there), ("c", is_there)]);
        assert!(tools(true).is_empty());
        assert!(not_judged(&tools(false)).contains("without b and c, so"));
    }

    #[test]
    fn what_the_panel_waits_for_is_there_and_counted() {
        let later = || {
            vec![
                size("accent.js", 1),
                size("extras.js", 2),
                size("identify.js", 3),
            ]
        };
        let (awaited, rest) = split(later()).unwrap();
        assert_eq!(total("", &awaited).brotli, 4);
        assert_eq!(total("", &rest).brotli, 2);
        assert!(split(later().into_iter().skip(1).collect()).is_err());
    }

    #[test]
    fn a_budget_is_a_limit() {
        assert!(judged(SCRIPT_BUDGET, ALL_BUDGET - SCRIPT_BUDGET).is_ok());
        assert!(judged(SCRIPT_BUDGET + 1, 0).is_err());
        assert!(judged(1, ALL_BUDGET).is_err());
        let nothing = Sizes {
            first: Vec::new(),
            later: Vec::new(),
        };
        assert!(judge(&nothing).is_err());
    }
}
