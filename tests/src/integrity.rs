//! Whether a database is whole, by SQLite's own judgement and in a process that is not the server's.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use rusqlite::Connection;

/// What makes up a database after a crash. The index of its log, `-shm`, is left out: after a power cut
/// there is none.
const PARTS: [&str; 2] = ["holdfast.db", "holdfast.db-wal"];

/// Checks a copy of the database in `data`, whose server must be down. A copy, because whoever opens
/// the database itself recovers it, and that is for the server to do when it comes back.
///
/// # Errors
/// Says what SQLite found.
pub fn check(data: &Path) -> Result<()> {
    let copy = tempfile::tempdir()?;
    for part in PARTS {
        let from = data.join(part);
        if from.try_exists()? {
            std::fs::copy(&from, copy.path().join(part))
                .with_context(|| format!("copy {}", from.display()))?;
        }
    }
    check_file(&copy.path().join(PARTS[0]))
        .with_context(|| format!("the database in {} is damaged", data.display()))
}

fn check_file(file: &Path) -> Result<()> {
    ensure!(file.is_file(), "there is none");
    let database = Connection::open(file)?;
    let mut check = database.prepare("PRAGMA integrity_check")?;
    let found: Vec<String> = check
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    ensure!(found == ["ok"], "integrity_check: {found:?}");
    let mut check = database.prepare("PRAGMA foreign_key_check")?;
    let orphans: Vec<String> = check
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    ensure!(orphans.is_empty(), "rows without a parent in {orphans:?}");
    let tables: u32 = database.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
        [],
        |row| row.get(0),
    )?;
    ensure!(tables > 0, "it is empty");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = "PRAGMA journal_mode = WAL;
        CREATE TABLE parent (id INTEGER PRIMARY KEY);
        CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent, text TEXT);
        CREATE INDEX child_text ON child (text);
        INSERT INTO parent VALUES (1);";

    /// A database in a folder, with its log, as a crash leaves it.
    fn crashed(rows: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let crashed = tempfile::tempdir().unwrap();
        let database = Connection::open(folder.path().join(PARTS[0])).unwrap();
        database.execute_batch(SCHEMA).unwrap();
        database.execute_batch(rows).unwrap();
        for part in PARTS {
            std::fs::copy(folder.path().join(part), crashed.path().join(part)).unwrap();
        }
        crashed
    }

    fn complaint(data: &Path) -> String {
        format!("{:#}", check(data).unwrap_err())
    }

    #[test]
    fn a_database_that_is_whole_passes_and_is_left_alone() {
        let data = crashed("INSERT INTO child VALUES (1, 1, 'one')");
        let before = std::fs::read(data.path().join(PARTS[1])).unwrap();
        check(data.path()).unwrap();
        assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 2);
        assert_eq!(std::fs::read(data.path().join(PARTS[1])).unwrap(), before);
    }

    #[test]
    fn an_index_that_does_not_fit_its_table_is_found() {
        let data = crashed(
            "INSERT INTO child VALUES (1, 1, 'one');
             PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = 'CREATE INDEX child_text ON child (parent)'
                 WHERE name = 'child_text';",
        );
        let complaint = complaint(data.path());
        assert!(complaint.contains("child_text"), "{complaint}");
    }

    #[test]
    fn a_row_without_its_parent_is_found() {
        let data = crashed(
            "PRAGMA foreign_keys = OFF;
             INSERT INTO child VALUES (1, 99, 'lost')",
        );
        let complaint = complaint(data.path());
        assert!(complaint.contains("child"), "{complaint}");
    }

    #[test]
    fn a_damaged_page_is_found() {
        let data =
            crashed("INSERT INTO child VALUES (1, 1, 'one'); PRAGMA wal_checkpoint(TRUNCATE)");
        let file = data.path().join(PARTS[0]);
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[4096..].fill(0x5a);
        std::fs::write(&file, bytes).unwrap();
        complaint(data.path());
    }

    #[test]
    fn no_database_is_not_a_whole_one() {
        let data = tempfile::tempdir().unwrap();
        complaint(data.path());
        std::fs::write(data.path().join(PARTS[0]), "").unwrap();
        assert!(complaint(data.path()).contains("it is empty"));
    }
}
