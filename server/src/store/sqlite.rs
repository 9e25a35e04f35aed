//! Opening the database, its log's epoch, and the numbers that go on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use holdfast_protocol::id::{ConversationId, Epoch, EventId};
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::version::{self, VERSION};
use super::{Ahead, StoreError, StoreReader};

/// The database's name in the data folder.
const FILE: &str = "holdfast.db";

/// How long a write waits for another program (an administrator's command beside the server).
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// More conversations than a server makes between a backup and the day on which it is needed.
const LOST_CONVERSATIONS: u64 = 1_000_000;

/// The one writer of a data folder's database.
#[derive(Debug)]
pub struct Store {
    pub(super) connection: Connection,
    pub(super) ahead: Ahead,
    path: PathBuf,
}

impl Store {
    /// Opens the database of a data folder, and makes it where there is none. `random` becomes a new
    /// log's epoch.
    ///
    /// # Errors
    /// When the file can't be opened, is damaged, or comes from a later version of this program.
    pub fn open(folder: &Path, random: u64) -> Result<Self, StoreError> {
        let path = folder.join(FILE);
        let mut connection = Connection::open(&path)?;
        connection.busy_timeout(BUSY_WAIT)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // Nothing is said of an event before it has reached the disk, so every commit syncs.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.set_prepared_statement_cache_capacity(64);
        version::bring_up_to_date(&mut connection, random)?;
        Ok(Self {
            connection,
            ahead: Ahead::default(),
            path,
        })
    }

    /// Whether the data folder holds a database of an earlier version of this program, which [`Store::open`] would
    /// write anew.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn is_outdated(folder: &Path) -> Result<bool, StoreError> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(false);
        }
        let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.busy_timeout(BUSY_WAIT)?;
        Ok((1..VERSION).contains(&version::of(&connection)?))
    }

    /// Moves all that the journal holds into the database, and syncs both. To be done before anything is read for
    /// others: after a sync that failed Linux keeps what it could not write in its cache and takes it for written
    /// (fsync(2), NOTES), so a journal that the process before this one left may look whole and not be on the disk.
    ///
    /// # Errors
    /// When the disk has no room for it or fails, or another program reads for too long.
    pub fn settle(&self) -> Result<(), StoreError> {
        let is_busy: bool =
            self.connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if is_busy {
            return Err(StoreError::Held);
        }
        Ok(())
    }

    /// What SQLite itself finds wrong with the file, and which sites' logs are not as long as their rows say; nothing where
    /// it is whole. Reads all of it; to be asked after [`Store::catch_up`].
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn faults(&self) -> Result<Vec<String>, StoreError> {
        let mut faults = Vec::new();
        self.connection
            .pragma_query(None, "integrity_check", |row| {
                let words: String = row.get(0)?;
                if words != "ok" {
                    faults.push(words);
                }
                Ok(())
            })?;
        let mut statement = self.connection.prepare(
            "SELECT name, last_offset + 1 - first_offset AS said,
                 (SELECT count(*) FROM event WHERE event.site = site.id) AS found
             FROM site WHERE said <> found",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (name, said, found): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            faults.push(format!("{name} has {found} events instead of {said}"));
        }
        Ok(faults)
    }

    /// Another connection to the same database, for reading.
    ///
    /// # Errors
    /// When the file can't be opened.
    pub fn reader(&self) -> Result<StoreReader, StoreError> {
        let connection = Connection::open_with_flags(
            &self.path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(BUSY_WAIT)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(StoreReader::new(connection, self.ahead.clone()))
    }

    /// The log's life.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn epoch(&self) -> Result<Epoch, StoreError> {
        let epoch =
            self.connection
                .query_row("SELECT value FROM meta WHERE key = 'epoch'", [], |row| {
                    row.get(0)
                })?;
        Ok(Epoch(epoch))
    }

    /// Begins another life of the log: every cursor taken before it is void. To be done after a backup
    /// was restored, since the same numbers may name other events then. Conversations that were made
    /// after the backup are lost; their numbers are left out, lest an agent's waiting answer goes to
    /// another visitor.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn renew_epoch(&mut self, random: u64) -> Result<Epoch, StoreError> {
        let epoch = Epoch::new(random);
        let tx = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        tx.execute(
            "UPDATE sqlite_sequence SET seq = seq + ?1 WHERE name = 'conversation'",
            [LOST_CONVERSATIONS],
        )?;
        tx.execute(
            "INSERT INTO meta (key, value) VALUES ('epoch', ?1)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [epoch.0],
        )?;
        tx.commit()?;
        Ok(epoch)
    }

    /// The number that the next conversation gets.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn next_conversation(&self) -> Result<ConversationId, StoreError> {
        let last: Option<u64> = self
            .connection
            .query_row(
                "SELECT seq FROM sqlite_sequence WHERE name = 'conversation'",
                [],
                |row| row.get(0),
            )
            .optional()?;
        Ok(ConversationId(last.unwrap_or(0) + 1))
    }

    /// The place that the next event gets; right after [`Store::catch_up`].
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn next_place(&self) -> Result<u64, StoreError> {
        let last: Option<u64> =
            self.connection
                .query_row("SELECT max(last_place) FROM site", [], |row| row.get(0))?;
        Ok(last.unwrap_or(0) + 1)
    }

    /// The greatest name of all events, zero where there is none.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn greatest_id(&self) -> Result<EventId, StoreError> {
        let greatest: Option<[u8; 16]> =
            self.connection
                .query_row("SELECT max(id) FROM event", [], |row| row.get(0))?;
        Ok(EventId(greatest.map_or(0, u128::from_be_bytes)))
    }

    /// Lets the database grow no further than it is, as a full disk does, or takes that back.
    #[cfg(test)]
    pub(crate) fn set_disk_full(&self, is_full: bool) -> Result<(), StoreError> {
        let pages: u64 = if is_full {
            self.connection
                .pragma_query_value(None, "page_count", |row| row.get(0))?
        } else {
            1 << 30
        };
        Ok(self
            .connection
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?)
    }
}
