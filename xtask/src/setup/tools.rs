//! The programs that are compiled or fetched into the folder of tools, each in one version.
//!
//! A stamp beside each says which version lies there, so that looking costs no process.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{debian, log};
use crate::repo::Repo;
use crate::shell;

/// A program from crates.io.
pub(super) struct Tool {
    package: &'static str,
    binary: &'static str,
    version: String,
    /// Extra words for `cargo install`.
    arguments: &'static [&'static str],
}

/// A tool in a version that this source names.
pub(super) struct Pinned {
    package: &'static str,
    binary: &'static str,
    version: &'static str,
    arguments: &'static [&'static str],
}

/// Runs the tests.
pub(super) const NEXTEST: Pinned = Pinned {
    package: "cargo-nextest",
    binary: "cargo-nextest",
    version: "0.9.151",
    arguments: &[
        "--locked",
        "--no-default-features",
        "--features",
        "default-no-update",
    ],
};

/// Checks the dependencies.
pub(super) const DENY: Pinned = Pinned {
    package: "cargo-deny",
    binary: "cargo-deny",
    version: "0.20.2",
    arguments: &["--locked"],
};

/// Drives Firefox; Debian's stable release has none.
pub(super) const GECKODRIVER: Pinned = Pinned {
    package: "geckodriver",
    binary: "geckodriver",
    version: "0.37.1",
    arguments: &["--locked"],
};

/// A program of an npm package.
pub(super) struct NpmTool {
    binary: &'static str,
    pub(super) package: &'static str,
}

/// Debian's is too old for what today's compilers emit.
pub(super) const WASM_OPT: NpmTool = NpmTool {
    binary: "wasm-opt",
    package: "binaryen@132.0.0",
};

/// Makes JavaScript smaller.
pub(super) const ESBUILD: NpmTool = NpmTool {
    binary: "esbuild",
    package: "esbuild@0.28.2",
};

/// How the tools are compiled: they run for seconds, so compiling them fast matters more than what they cost then.
const FAST_TO_COMPILE: &[(&str, &str)] = &[
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];

impl Pinned {
    pub(super) fn title(&self) -> String {
        self.tool().title()
    }

    pub(super) fn is_installed(&self, repo: &Repo) -> bool {
        self.tool().is_installed(repo)
    }

    pub(super) fn install(&self, repo: &Repo) -> Result<()> {
        self.tool().install(repo)
    }

    fn tool(&self) -> Tool {
        Tool {
            package: self.package,
            binary: self.binary,
            version: self.version.to_owned(),
            arguments: self.arguments,
        }
    }
}

impl Tool {
    /// Name and version.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.package, self.version)
    }

    /// Whether this very version lies in the folder of tools.
    pub(super) fn is_installed(&self, repo: &Repo) -> bool {
        let binary = repo.tools().join("bin").join(self.binary);
        binary.is_file() && stamped(repo, self.package).as_deref() == Some(self.version.as_str())
    }

    /// Compiles and installs it.
    pub(super) fn install(&self, repo: &Repo) -> Result<()> {
        let mut cargo = repo.cargo(&[
            "install",
            self.package,
            "--version",
            &self.version,
            "--force",
        ]);
        cargo.args(self.arguments).arg("--root").arg(repo.tools());
        cargo
            .env("CARGO_TARGET_DIR", build_folder(repo))
            .envs(FAST_TO_COMPILE.iter().copied());
        cargo
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_BUILD_TARGET");
        shell::logged(&mut cargo, &log(repo))?;
        stamp(repo, self.package, &self.version)
    }
}

/// The wasm-bindgen program of exactly the version in Cargo.lock: the two halves speak a private format. None when
/// nothing here uses wasm-bindgen.
pub(super) fn wasm_bindgen(repo: &Repo) -> Result<Option<Tool>> {
    let path = repo.root().join("Cargo.lock");
    let lock = fs::read_to_string(&path)
        .with_context(|| format!("can't read {}: is this a checkout?", path.display()))?;
    // Its own lock file has named versions that were withdrawn since, so it is not used.
    Ok(locked_version(&lock, "wasm-bindgen").map(|version| Tool {
        package: "wasm-bindgen-cli",
        binary: "wasm-bindgen",
        version,
        arguments: &[],
    }))
}

/// Where wasm-opt lies, if it is installed.
pub(crate) fn wasm_opt(repo: &Repo) -> Option<PathBuf> {
    WASM_OPT.path(repo)
}

/// Where esbuild lies, if it is installed.
pub(crate) fn esbuild(repo: &Repo) -> Option<PathBuf> {
    ESBUILD.path(repo)
}

impl NpmTool {
    fn path(&self, repo: &Repo) -> Option<PathBuf> {
        let path = npm_folder(repo)
            .join("node_modules")
            .join(".bin")
            .join(self.binary);
        let right = stamped(repo, self.binary).as_deref() == Some(self.package);
        (right && path.is_file()).then_some(path)
    }
}

/// Fetches wasm-opt and esbuild. Where that is not possible it warns: the widget works without, it only is larger.
pub(super) fn install_npm_tools(repo: &Repo) -> Result<()> {
    if let Err(error) = fetch_npm_tools(repo) {
        eprintln!("warning: {error:#}");
        eprintln!(
            "warning: going on without wasm-opt and esbuild. The widget will work and be half as large again."
        );
        return Ok(());
    }
    for tool in [WASM_OPT, ESBUILD] {
        stamp(repo, tool.binary, tool.package)?;
    }
    Ok(())
}

/// Removes what compiling the tools has left; it is large and serves nothing more.
pub(super) fn remove_leftovers(repo: &Repo) {
    let _ = fs::remove_dir_all(build_folder(repo));
}

fn fetch_npm_tools(repo: &Repo) -> Result<()> {
    // Together: npm removes what it is not told of.
    npm_install(repo, "npm", &[WASM_OPT.package, ESBUILD.package])
}

/// Fetches packages of npm into a folder of the folder of tools.
pub(super) fn npm_install(repo: &Repo, folder: &str, packages: &[&str]) -> Result<()> {
    if repo.which("npm").is_none() {
        debian::install(repo, &["nodejs", "npm"])?;
    }
    let mut npm = repo.command("npm");
    npm.args([
        "install",
        "--no-audit",
        "--no-fund",
        "--no-save",
        "--ignore-scripts",
        "--loglevel=error",
    ]);
    let prefix = repo.tools().join(folder);
    npm.arg("--prefix").arg(prefix).args(packages);
    shell::logged(&mut npm, &log(repo))
}

fn npm_folder(repo: &Repo) -> PathBuf {
    repo.tools().join("npm")
}

fn build_folder(repo: &Repo) -> PathBuf {
    repo.tools().join("build")
}

fn stamp_file(repo: &Repo, name: &str) -> PathBuf {
    repo.tools().join("versions").join(name)
}

pub(super) fn stamped(repo: &Repo, name: &str) -> Option<String> {
    fs::read_to_string(stamp_file(repo, name)).ok()
}

pub(super) fn stamp(repo: &Repo, name: &str, version: &str) -> Result<()> {
    let file = stamp_file(repo, name);
    fs::create_dir_all(repo.tools().join("versions"))?;
    fs::write(&file, version).with_context(|| format!("can't write {}", file.display()))
}

/// The version of a package in the text of a Cargo.lock.
fn locked_version(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines();
    lines.find(|line| *line == name)?;
    let version = lines
        .next()?
        .strip_prefix("version = \"")?
        .strip_suffix('"')?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.2.1\"\n\n\
        [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";

    #[test]
    fn a_locked_version_is_that_of_the_package_with_exactly_this_name() {
        assert_eq!(
            locked_version(LOCK, "wasm-bindgen").as_deref(),
            Some("0.2.130")
        );
        assert_eq!(locked_version(LOCK, "wasm"), None);
    }
}
