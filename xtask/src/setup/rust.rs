//! What belongs to the Rust toolchain itself.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result, bail};

use super::log;
use crate::repo::Repo;
use crate::shell;

/// The target that the widget is built for.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Where distributions put libraries, beside `/usr/lib/llvm-*/lib`.
const LIBRARY_FOLDERS: [&str; 3] = ["/usr/lib", "/usr/lib64", "/usr/local/lib"];

/// What to do on a machine whose Rust is not rustup's, or that can't reach its server.
const WITHOUT_RUSTUP: &str = "install rustup (https://rustup.rs) and call this again. Or let Debian's Rust compile \
    that library: `apt-get install rustc-web cargo-web rust-web-src lld-22`, and put before the command: \
    `PATH=/usr/bin:$PATH RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-22`";

pub(super) fn has_c_compiler(repo: &Repo) -> bool {
    env::var_os("CC").is_some()
        || ["cc", "gcc", "clang"]
            .iter()
            .any(|name| repo.which(name).is_some())
}

/// Whether there is a libclang where bindgen looks: in `LIBCLANG_PATH`, or in a folder of the distribution.
pub(super) fn has_libclang() -> bool {
    let versions = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let folders = versions.map(|version| version.path().join("lib"));
    env::var_os("LIBCLANG_PATH").is_some()
        || folders
            .chain(LIBRARY_FOLDERS.map(PathBuf::from))
            .any(|folder| folder.join("libclang.so").exists())
}

/// Whether the target's library is there, ready-made or to be compiled.
pub(super) fn has_wasm_target(repo: &Repo) -> Result<bool> {
    Ok(has_wasm_library(repo)? || has_library_source(repo)?)
}

/// What cargo must be told, beside the target, to build for it with this machine's Rust.
///
/// Where the library's source is here, the library is compiled along, so that a panic is nothing but the trap that it
/// becomes in a browser: a twentieth of the wasm is messages of panics which nobody can read there, and the
/// places of them, which name folders of this machine. The compiler asks for
/// its own permission to do that (`RUSTC_BOOTSTRAP`), which holds for the widget's build alone.
pub(crate) fn wasm_environment(repo: &Repo) -> Result<Vec<(&'static str, &'static str)>> {
    if !has_library_source(repo)? {
        return Ok(Vec::new());
    }
    Ok(vec![
        ("RUSTC_BOOTSTRAP", "1"),
        ("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort"),
        ("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size"),
        (
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
            "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none",
        ),
    ])
}

/// Whether the source of the standard library is here.
pub(crate) fn has_library_source(repo: &Repo) -> Result<bool> {
    let source = sysroot(repo)?.join("lib/rustlib/src/rust/library/std/Cargo.toml");
    Ok(source.is_file())
}

/// The widget builds without it, so a machine that can't have it is told, and goes on.
pub(super) fn add_library_source(repo: &Repo) -> Result<()> {
    if let Err(error) = rustup(repo, &["component", "add", "rust-src"]) {
        eprintln!("warning: {error:#}");
        eprintln!("warning: going on without it. The widget will work and be a twentieth larger.");
    }
    Ok(())
}

pub(super) fn add_wasm_target(repo: &Repo) -> Result<()> {
    rustup(repo, &["target", "add", WASM_TARGET])
}

pub(super) fn has_components(repo: &Repo) -> Result<bool> {
    let programs = sysroot(repo)?.join("bin");
    Ok(["cargo-clippy", "rustfmt"]
        .iter()
        .all(|name| programs.join(name).is_file()))
}

pub(super) fn add_components(repo: &Repo) -> Result<()> {
    rustup(repo, &["component", "add", "rustfmt", "clippy"])
}

fn has_wasm_library(repo: &Repo) -> Result<bool> {
    let mut rustc = repo.rustc();
    rustc.args(["--print", "target-libdir", "--target", WASM_TARGET]);
    let folder = shell::output(&mut rustc)?;
    Ok(PathBuf::from(folder.trim()).is_dir())
}

fn sysroot(repo: &Repo) -> Result<PathBuf> {
    let folder = shell::output(repo.rustc().args(["--print", "sysroot"]))?;
    Ok(PathBuf::from(folder.trim()))
}

fn rustup(repo: &Repo, arguments: &[&str]) -> Result<()> {
    let typed = format!("rustup {}", arguments.join(" "));
    if repo.which("rustup").is_none() {
        bail!("`{typed}` is needed, and rustup is not here: {WITHOUT_RUSTUP}");
    }
    shell::logged(repo.command("rustup").args(arguments), &log(repo)).with_context(|| {
        format!("`{typed}` failed. Without a way to rustup's server: {WITHOUT_RUSTUP}")
    })
}
