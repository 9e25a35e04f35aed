//! The data folder and what lies in it.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The data folder.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

/// The right to serve a data folder, until it is dropped.
#[derive(Debug)]
pub struct ServeLock {
    _file: File,
}

impl Folder {
    /// The folder; it is made, for its owner alone, where there is none.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(|| {
                format!(
                    "can't make the data folder {}; choose another with --data DIR",
                    path.display()
                )
            })?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The right to serve it, which only one process has at a time.
    ///
    /// # Errors
    /// When another process has it.
    pub fn lock(&self) -> anyhow::Result<ServeLock> {
        let path = self.path.join("lock");
        let file = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .with_context(|| format!("can't open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(ServeLock { _file: file }),
            Err(TryLockError::WouldBlock) => bail!(
                "the data folder {} is served by another `holdfast serve`; end that one, or choose another \
                 folder with --data DIR",
                self.path.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("can't lock {}", path.display()))
            }
        }
    }

    /// The agents' address as the last `serve` had it.
    #[must_use]
    pub fn agents_address(&self) -> Option<String> {
        let text = fs::read_to_string(self.path.join(AGENTS_ADDRESS)).ok()?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Notes the agents' address for `agent add`.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn set_agents_address(&self, address: &str) -> anyhow::Result<()> {
        self.write(AGENTS_ADDRESS, &format!("{address}\n"))
    }

    /// A file's text, if there is such a file.
    ///
    /// # Errors
    /// When it is there and can't be read.
    pub fn read(&self, name: &str) -> anyhow::Result<Option<String>> {
        let path = self.path.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("can't read {}", path.display())),
        }
    }

    /// Writes a file that only its owner can read, whole or not at all.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.path.join(name);
        // Two commands may write at once, and each must rename a file that is whole.
        let draft = self.path.join(format!("{name}.{}.tmp", std::process::id()));
        let write = || {
            let mut file = File::options()
                .create(true)
                .write(true)
                .truncate(true)
                .mode(0o600)
                .open(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)
        };
        write().with_context(|| format!("can't write {}", path.display()))
    }
}

const AGENTS_ADDRESS: &str = "agents.addr";

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_folder_is_its_owners_alone() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(&place.path().join("a/b")).unwrap();
        folder.write("key", "secret").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(folder.path()), 0o700);
        assert_eq!(mode(&folder.path().join("key")), 0o600);
        assert_eq!(folder.read("key").unwrap().as_deref(), Some("secret"));
        assert_eq!(folder.read("none").unwrap(), None);
    }

    #[test]
    fn one_serves_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let lock = folder.lock().unwrap();
        let error = folder.lock().unwrap_err().to_string();
        assert!(error.contains("--data"), "{error}");
        drop(lock);
        assert!(folder.lock().is_ok());
    }
}
