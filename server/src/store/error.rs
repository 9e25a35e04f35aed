//! What can go wrong on the disk.

use rusqlite::ErrorCode;
use thiserror::Error;

/// What can go wrong on the disk, sorted by what a person has to do about it.
#[derive(Debug, Error)]
pub enum StoreError {
    /// No room. Writing works again as soon as there is some.
    #[error(
        "the disk is full: free some space where the data folder lies; nothing is lost, clients send again"
    )]
    Full(#[source] rusqlite::Error),
    /// Another program holds the database.
    #[error("the database is locked by another program: end what has opened holdfast.db")]
    Busy(#[source] rusqlite::Error),
    /// Another program reads the database, so that its journal can't be emptied.
    #[error("the database is being read by another program: end what has opened holdfast.db")]
    Held,
    /// The file is damaged.
    #[error(
        "the database is damaged: stop the server, restore the data folder from a backup, and run `holdfast new-epoch`"
    )]
    Corrupt(#[source] rusqlite::Error),
    /// Made by a later version of this program.
    #[error(
        "the database has version {found}, this program knows up to {known}: use the newer program again"
    )]
    Newer {
        /// The file's version.
        found: u32,
        /// The newest that this program knows.
        known: u32,
    },
    /// A value in the database that this program can't have written.
    #[error("the database holds something unreadable: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// Anything else, in SQLite's words.
    #[error("the database failed: {0}")]
    Other(#[source] rusqlite::Error),
    /// The thread that reads was lost.
    #[error("a reading thread was lost")]
    Lost,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(error),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(error),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error),
            _ => Self::Other(error),
        }
    }
}
