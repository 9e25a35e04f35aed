//! Outbox and cursor in a file: what a crash must not take.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use holdfast_protocol::client::{Agent, Saved};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::address::Address;
use crate::clock::unix_now;

/// A state file that this program alone uses, until it is dropped.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    _lock: File,
}

/// Why a state file can't be used. Nothing was changed.
#[derive(Debug, Error)]
pub enum StateError {
    /// Neither `XDG_STATE_HOME` nor a home directory is known.
    #[error("there is no home directory for the state file; name a file with --state FILE")]
    NoHome,
    /// Another program has it.
    #[error(
        "{} is in use by another holdfast-agent: two of them would send each other's messages. \
         End the other one, or give this one a file of its own with --state FILE", .0.display()
    )]
    InUse(PathBuf),
    /// It is there, but is not what this program writes.
    #[error(
        "{} is damaged: {reason}. It may hold messages that were not sent yet. Look into it; with \
         --reset-state it is moved aside, and a new one is begun", path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system says no.
    #[error("can't {action} {}: {source}; --state FILE names another place", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    saved: Saved<Agent>,
}

const VERSION: u32 = 1;

impl StateFile {
    /// Opens the file and reads what it holds; a file that is not there yet holds nothing.
    ///
    /// # Errors
    /// When it is in use, damaged, or can't be read or written.
    pub fn open(path: PathBuf) -> Result<(Self, Saved<Agent>), StateError> {
        let file = Self::lock(path)?;
        let bytes = match fs::read(&file.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Written at once, so that a folder that can't be written shows before anything is lost.
                let saved = Saved::default();
                file.write(&saved)?;
                return Ok((file, saved));
            }
            Err(source) => return Err(io_error("read", &file.path, source)),
        };
        match serde_json::from_slice::<Stored>(&bytes) {
            Ok(stored) if stored.version == VERSION => Ok((file, stored.saved)),
            Ok(stored) => Err(StateError::Damaged {
                path: file.path.clone(),
                reason: format!("it has the format {}, not {VERSION}", stored.version),
            }),
            Err(error) => Err(StateError::Damaged {
                path: file.path.clone(),
                reason: error.to_string(),
            }),
        }
    }

    /// Moves a damaged file aside, so that [`Self::open`] begins a new one. Returns where it lies now, or
    /// nothing where the file is not damaged.
    ///
    /// # Errors
    /// When it is in use or can't be moved.
    pub fn reset(path: &Path) -> Result<Option<PathBuf>, StateError> {
        match Self::open(path.to_owned()) {
            Ok(_) => Ok(None),
            Err(StateError::Damaged { .. }) => {
                let aside = with_suffix(path, &format!(".damaged-{}", unix_now().0));
                fs::rename(path, &aside).map_err(|source| io_error("move", path, source))?;
                Ok(Some(aside))
            }
            Err(other) => Err(other),
        }
    }

    /// Replaces what the file holds, in one step: after a crash it holds the old or the new.
    ///
    /// # Errors
    /// When the system can't write it to disk; the old contents are still there then.
    pub fn write(&self, saved: &Saved<Agent>) -> Result<(), StateError> {
        // Synced even where only the cursor moved: renaming a file that is not on disk yet may leave an
        // empty one after a power cut, and the outbox would be gone with it.
        self.replace(saved)
            .map_err(|source| io_error("write", &self.path, source))
    }

    fn replace(&self, saved: &Saved<Agent>) -> io::Result<()> {
        let stored = Stored {
            version: VERSION,
            saved: saved.clone(),
        };
        let bytes = serde_json::to_vec(&stored).map_err(io::Error::other)?;
        let new = with_suffix(&self.path, ".new");
        let mut options = private();
        let mut file = options.truncate(true).open(&new)?;
        file.write_all(&bytes)?;
        file.sync_data()?;
        fs::rename(&new, &self.path)?;
        sync_folder_of(&self.path)
    }

    fn lock(path: PathBuf) -> Result<Self, StateError> {
        // Beside the file, since the file itself is replaced by every write.
        let lock_path = with_suffix(&path, ".lock");
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            create_private(folder).map_err(|source| io_error("make", folder, source))?;
        }
        let lock = private()
            .open(&lock_path)
            .map_err(|source| io_error("open", &lock_path, source))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StateError::InUse(path)),
            Err(TryLockError::Error(source)) => Err(io_error("lock", &lock_path, source)),
        }
    }
}

/// Where an address' state is kept unless the user names a file: one file for each agent of each
/// server, in the user's state directory.
///
/// # Errors
/// When the system knows no such directory.
pub fn default_path(address: &Address) -> Result<PathBuf, StateError> {
    let folder = dirs::state_dir()
        .or_else(dirs::data_local_dir)
        .ok_or(StateError::NoHome)?;
    // A hash, so that the file's name tells nobody the secret.
    let text = format!(
        "{}\n{}\n{}",
        address.host(),
        address.port(),
        address.secret()
    );
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let name: String = digest.as_ref()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(folder.join("holdfast").join(format!("agent-{name}.json")))
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> StateError {
    StateError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// For the eyes of this user alone: messages stand in it.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Elsewhere a folder can't be opened to be synced; the rename itself is in the journal.
#[cfg(not(unix))]
fn sync_folder_of(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_protocol::client::{AgentCommand, Entry};
    use holdfast_protocol::id::{ConversationId, EventId};
    use holdfast_protocol::time::Millis;

    fn one_message() -> Saved<Agent> {
        let command = AgentCommand::Send {
            conversation: ConversationId(1),
            text: "still here".into(),
        };
        Saved {
            cursor: None,
            outbox: vec![Entry {
                id: EventId(7),
                command,
                written: Millis(1),
                failed: None,
            }],
        }
    }

    #[test]
    fn what_was_written_is_read_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/state.json");
        let (file, saved) = StateFile::open(path.clone()).unwrap();
        assert_eq!(saved, Saved::default());
        file.write(&one_message()).unwrap();
        drop(file);
        assert_eq!(StateFile::open(path).unwrap().1, one_message());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let _file = StateFile::open(path.clone()).unwrap();
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn two_programs_do_not_share_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let first = StateFile::open(path.clone()).unwrap();
        let second = StateFile::open(path.clone());
        assert!(matches!(second, Err(StateError::InUse(_))), "{second:?}");
        drop(first);
        StateFile::open(path).unwrap();
    }

    #[test]
    fn a_damaged_file_is_kept_until_its_owner_says_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        fs::write(&path, "{\"version\":1,\"sav").unwrap();
        for _ in 0..2 {
            let error = StateFile::open(path.clone()).unwrap_err();
            assert!(error.to_string().contains("--reset-state"), "{error}");
        }
        let aside = StateFile::reset(&path).unwrap().unwrap();
        assert_eq!(fs::read_to_string(aside).unwrap(), "{\"version\":1,\"sav");
        let (file, saved) = StateFile::open(path.clone()).unwrap();
        assert_eq!(saved, Saved::default());
        drop(file);
        assert_eq!(StateFile::reset(&path).unwrap(), None);
    }
}
