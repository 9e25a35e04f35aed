//! The widget: compiled for the browser, joined to JavaScript, made small, and laid beside the scripts that go with it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::pack::{self, LATER, WASM};
use crate::repo::Repo;
use crate::setup;
use crate::shell;

/// The package, and what wasm-bindgen makes of it.
const NAME: &str = "holdfast-widget";

/// The folder of `www` that holds the scripts.
const WWW: &str = "www";

/// The script that sites paste, `sdk.js`, which that loads, and what is joined into it.
pub(crate) const SCRIPTS: [&str; 7] = [
    "widget.js",
    "sdk.js",
    "site.js",
    "language.js",
    "breath.js",
    "browser.js",
    "place.js",
];

/// What is fetched when it is called for: languages, and parts of the widget.
const FOLDERS: [&str; 2] = ["locales", LATER];

/// Passes of wasm-opt beside the usual ones for size, which make the widget a little smaller once it is compressed.
const PASSES: [&str; 5] = [
    "--converge",
    "--one-caller-inline-max-function-size=20",
    "--low-memory-unused",
    "--skip-pass=local-cse",
    "--reorder-functions-by-name",
];

/// Everything that the built widget follows from, as paths in the checkout.
pub(crate) fn sources() -> Vec<String> {
    let fixed = [
        "widget",
        "protocol",
        "xtask/src/pack.rs",
        "xtask/src/widget.rs",
        "Cargo.lock",
        "Cargo.toml",
    ];
    let of_www = SCRIPTS.iter().chain(&FOLDERS);
    let of_www = of_www.map(|name| format!("{WWW}/{name}"));
    fixed.into_iter().map(str::to_owned).chain(of_www).collect()
}

/// Builds the widget into the folder `dist`, which is made anew.
///
/// # Errors
/// When a tool fails or a source is missing.
pub(crate) fn assemble(repo: &Repo, dist: &Path) -> Result<()> {
    if dist.is_dir() {
        fs::remove_dir_all(dist).with_context(|| format!("can't remove {}", dist.display()))?;
    }
    fs::create_dir_all(dist).with_context(|| format!("can't make {}", dist.display()))?;
    compile(repo)?;
    join(repo, dist)?;
    if setup::wasm_opt(repo).is_some() {
        optimise(repo, &dist.join(WASM))?;
    }
    let www = repo.root().join(WWW);
    for name in SCRIPTS.iter().chain(&FOLDERS) {
        copy(&www.join(name), &dist.join(name))?;
    }
    pack::pack(repo, dist)
}

fn compile(repo: &Repo) -> Result<()> {
    let mut cargo = repo.cargo(&["build", "--package", NAME, "--lib", "--profile", "widget"]);
    cargo.args(["--target", setup::WASM_TARGET]);
    cargo.envs(setup::wasm_environment(repo)?);
    shell::open(&mut cargo)
}

fn join(repo: &Repo, dist: &Path) -> Result<()> {
    let folder = repo.binaries(setup::WASM_TARGET).join("widget");
    let mut wasm_bindgen = repo.command("wasm-bindgen");
    wasm_bindgen.args(["--target", "web", "--no-typescript", "--out-name", NAME]);
    wasm_bindgen.arg("--out-dir").arg(dist);
    wasm_bindgen.arg(folder.join(format!("{}.wasm", NAME.replace('-', "_"))));
    shell::open(&mut wasm_bindgen)
}

fn optimise(repo: &Repo, wasm: &Path) -> Result<()> {
    let mut wasm_opt = repo.command("wasm-opt");
    wasm_opt.arg("-Oz").args(PASSES);
    shell::open(wasm_opt.arg(wasm).arg("-o").arg(wasm))
}

/// Copies a file, or a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let failed = || format!("can't copy {}", from.display());
    if from.is_file() {
        return fs::copy(from, to).map(drop).with_context(failed);
    }
    fs::create_dir_all(to).with_context(failed)?;
    for entry in fs::read_dir(from).with_context(failed)? {
        let name = entry.with_context(failed)?.file_name();
        copy(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}
