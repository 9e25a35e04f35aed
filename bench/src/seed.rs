//! Logs that were written before: rows of Holdfast's own schema, made by SQLite itself.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use holdfast_protocol::frame::Resume;
use holdfast_protocol::id::Epoch;
use rusqlite::{Connection, Transaction, params};
use sha2::{Digest as _, Sha256};

use crate::fleet::{Identity, MESSAGE_BYTES};

/// The database's name in a data folder.
const FILE: &str = "holdfast.db";

/// The schema as the server makes it, as far as it concerns events.
const SCHEMA: [&str; 2] = [
    include_str!("../../server/src/store/schema.sql"),
    include_str!("../../server/src/store/schema_4.sql"),
];

/// Every so many events of a conversation, and of a site, have a mark.
const MARK_EVERY: u64 = 64;

/// When the events were accepted: all of them at one moment of the last days, so that none is old.
const AGE: Duration = Duration::from_secs(3600);

/// A conversation's worth of visitors, each with so many events of visitor and agent in turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seed {
    pub(crate) visitors: u64,
    /// Messages of each.
    pub(crate) messages: u64,
    /// Whether their conversations wait for an agent, or are closed.
    pub(crate) are_waiting: bool,
}

/// Writes conversations into the data folder of a server that does not run. Returns who their visitors are, with all
/// read.
///
/// # Errors
/// When the database can't be written.
pub(crate) fn plant(data: &Path, site: &str, seed: Seed) -> Result<Vec<Identity>> {
    let mut connection = Connection::open(data.join(FILE))?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "cache_size", -200_000)?;
    let number: u64 =
        connection.query_row("SELECT id FROM site WHERE name = ?1", [site], |row| {
            row.get(0)
        })?;
    let epoch: u64 =
        connection.query_row("SELECT value FROM meta WHERE key = 'epoch'", [], |row| {
            row.get(0)
        })?;
    let tokens: Vec<String> = (0..seed.visitors).map(token).collect();
    let tx = connection.transaction()?;
    plant_conversations(&tx, number, &tokens, seed)?;
    plant_events(&tx, number, seed)?;
    tx.commit()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let identity = |token| Identity {
        site: site.to_owned(),
        token: Some(token),
        resume: Some(Resume {
            epoch: Epoch(epoch),
            after: seed.messages,
        }),
        goal: seed.messages,
    };
    Ok(tokens.into_iter().map(identity).collect())
}

impl Identity {
    /// Somebody who has read their first message and missed the others.
    pub(crate) fn missing_all_but_one(mut self) -> Self {
        if let Some(resume) = &mut self.resume {
            resume.after = 1;
        }
        self
    }
}

/// Rows of the event table that SQLite takes in a second, `batch` to a transaction, each synced.
///
/// # Errors
/// When the database can't be written.
pub(crate) fn rows_per_second(folder: &Path, batch: u64, span: Duration) -> Result<f64> {
    let mut connection = Connection::open(folder.join("store.db"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(&SCHEMA.concat())?;
    let body = serde_json::json!({"message": {"text": "z".repeat(MESSAGE_BYTES)}}).to_string();
    let began = Instant::now();
    let mut offset = 0_u64;
    while began.elapsed() < span {
        let tx = connection.transaction()?;
        {
            let mut insert = tx.prepare_cached(
                "INSERT INTO event (place, site, offset, site_prev, conversation, seq, prev, id, author, name, at, body)
                 VALUES (?1, 1, ?1, ?1 - 1, ?2, ?3, ?4, ?5, 0, NULL, 0, ?6)",
            )?;
            for _ in 0..batch {
                offset += 1;
                let id = u128::from(offset) << 64 | u128::from(fastrand::u64(..));
                insert.execute(params![
                    offset,
                    offset % 1000,
                    offset / 1000,
                    offset.saturating_sub(1000),
                    id.to_be_bytes(),
                    body
                ])?;
            }
        }
        tx.commit()?;
    }
    #[expect(clippy::cast_precision_loss, reason = "some millions")]
    Ok(offset as f64 / began.elapsed().as_secs_f64())
}

fn plant_conversations(
    tx: &Transaction<'_>,
    site: u64,
    tokens: &[String],
    seed: Seed,
) -> Result<()> {
    let mut insert = tx.prepare(
        "INSERT INTO conversation (site, visitor, first_seq, last_seq, last_offset, last_place, newest_place, events,
             is_open, facts, visitor_delivered, visitor_read, agents_delivered, agents_read)
         VALUES (?1, ?2, 1, ?3, ?4, ?4, ?4, ?5, ?6, '{}', ?3, ?3, ?3, ?3)",
    )?;
    for (at, token) in (1..).zip(tokens) {
        let last = seed.messages * seed.visitors + at;
        let visitor = &Sha256::digest(token)[..16];
        insert.execute(params![
            site,
            visitor,
            seed.messages,
            last,
            seed.messages + 1,
            seed.are_waiting
        ])?;
    }
    Ok(())
}

/// Conversations take turns: their n-th events stand together, the opening ones first. There is one site, so an event's
/// place is its offset.
fn plant_events(tx: &Transaction<'_>, site: u64, seed: Seed) -> Result<()> {
    let span = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let at = u64::try_from((span - AGE).as_millis())?;
    let body = serde_json::json!({"message": {"text": "z".repeat(MESSAGE_BYTES)}}).to_string();
    tx.execute(
        "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < ?2 * (?3 + 1))
         INSERT INTO event (place, site, offset, site_prev, conversation, seq, prev, id, author, name, at, body)
         SELECT n + 1, ?1, n + 1, n, n % ?2 + 1, nullif(n / ?2, 0), max(n + 1 - ?2, 0),
             unhex(printf('%012x7%03x8%015x', ?4, 0, n)),
             iif(n < ?2, -1, (n / ?2 + 1) % 2), iif(n >= ?2 AND n / ?2 % 2 = 0, 'Ana', NULL), ?4,
             iif(n < ?2, '{\"opened\":{\"visitor\":{}}}', ?5)
         FROM n",
        params![site, seed.visitors, seed.messages, at, body],
    )?;
    tx.execute(
        "INSERT INTO mark (conversation, offset, place, seq)
         SELECT conversation, offset, place, ifnull(seq, 0) FROM event WHERE (ifnull(seq, 0) + 1) % ?1 = 0",
        [MARK_EVERY],
    )?;
    tx.execute(
        "INSERT INTO site_mark (site, offset, place) SELECT site, offset, place FROM event WHERE offset % ?1 = 0",
        [MARK_EVERY],
    )?;
    let last = seed.visitors * (seed.messages + 1);
    tx.execute(
        "UPDATE site SET last_offset = ?2, last_place = ?2 WHERE id = ?1",
        [site, last],
    )?;
    Ok(())
}

/// A token as the server draws them, but from a number.
fn token(number: u64) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(number.to_be_bytes()))
}
