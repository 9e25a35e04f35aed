//! Where things lie: the checkout, the build folder, the tools.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The environment variable that names a folder of tools shared by several clones.
const TOOLS_VARIABLE: &str = "HOLDFAST_TOOLS";

/// One checkout of Holdfast.
pub(crate) struct Repo {
    root: PathBuf,
    tools: PathBuf,
    binaries: PathBuf,
}

impl Repo {
    /// The checkout that this program was built from.
    pub(crate) fn find() -> Result<Self> {
        let manifest_dir = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir
            .parent()
            .context("xtask lies in no workspace: call it as `cargo xtask`")?
            .to_path_buf();
        let tools = match env::var_os(TOOLS_VARIABLE) {
            Some(folder) if !folder.is_empty() => std::path::absolute(PathBuf::from(folder))?,
            Some(_) | None => root.join(".tools"),
        };
        // This program itself lies where cargo puts what it builds, wherever that is configured to be.
        let binaries = env::current_exe()?
            .parent()
            .and_then(Path::parent)
            .map_or_else(|| root.join("target"), Path::to_path_buf);
        Ok(Self {
            root,
            tools,
            binaries,
        })
    }

    /// The checkout's own folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder for what the set-up installs.
    pub(crate) fn tools(&self) -> &Path {
        &self.tools
    }

    /// The folder for what is generated here and is not cargo's: the built widget, logs.
    pub(crate) fn generated(&self) -> PathBuf {
        self.root.join("target")
    }

    /// A program that cargo has built here, in the plain (`debug`) or the `release` profile.
    pub(crate) fn binary(&self, name: &str, release: bool) -> PathBuf {
        let profile = if release { "release" } else { "debug" };
        self.binaries(profile).join(name)
    }

    /// The folder of the programs that cargo has built here in this profile.
    pub(crate) fn binaries(&self, profile: &str) -> PathBuf {
        self.binaries.join(profile)
    }

    /// The name of `path` for a reader who stands in the checkout.
    pub(crate) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .display()
            .to_string()
    }

    /// `program`, to be run in the checkout, with our tools first on the search path.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command.env("PATH", self.search_path());
        // What `cargo run` tells this program about itself would make other crates look changed.
        for (name, _) in env::vars_os() {
            let foreign = name.to_str().is_some_and(|name| {
                name.starts_with("CARGO_PKG_")
                    || name.starts_with("CARGO_BIN_")
                    || name.starts_with("CARGO_MANIFEST_")
                    || name == "CARGO_PRIMARY_PACKAGE"
                    || name == "CARGO_CRATE_NAME"
            });
            if foreign {
                command.env_remove(name);
            }
        }
        command
    }

    /// A cargo command in the checkout.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = self.command(program);
        command.args(arguments);
        command
    }

    /// The compiler that cargo would call.
    pub(crate) fn rustc(&self) -> Command {
        self.command(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
    }

    /// The first file of that name on the search path, our tools included.
    pub(crate) fn which(&self, name: &str) -> Option<PathBuf> {
        env::split_paths(&self.search_path())
            .map(|folder| folder.join(name))
            .find(|path| path.is_file())
    }

    fn search_path(&self) -> std::ffi::OsString {
        let ours = [
            self.tools.join("bin"),
            self.tools.join("npm").join("node_modules").join(".bin"),
        ];
        let inherited = env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = ours
            .into_iter()
            .chain(env::split_paths(&inherited))
            .collect();
        env::join_paths(folders).unwrap_or(inherited)
    }
}
