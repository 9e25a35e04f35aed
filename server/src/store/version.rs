//! The versions of the schema, and the way from each to the newest.

use std::collections::{BTreeMap, HashMap, VecDeque};

use holdfast_protocol::id::Epoch;
use rusqlite::{Connection, TransactionBehavior, params};

use super::write::{INSERT_EVENT, INSERT_MARK, INSERT_SITE_MARK};
use super::{BEHIND, LogEnd, MARK_EVERY, StoreError};

/// The newest version of the schema that this program knows. Version 3 has the tables of version 2, whose program would
/// number events by conversations' rows that are behind the log.
pub(super) const VERSION: u32 = 4;

/// Events of one site that are read together on the way to version 4, for each of a folder's sites at the same time.
const AT_ONCE: usize = 32;

/// The version that a database says it has; 0 where it holds nothing yet.
pub(super) fn of(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Makes the tables, or those of an earlier version into today's; whole or not at all. `random` becomes a new log's epoch.
pub(super) fn bring_up_to_date(connection: &mut Connection, random: u64) -> Result<(), StoreError> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = of(&tx)?;
    if found > VERSION {
        return Err(StoreError::Newer {
            found,
            known: VERSION,
        });
    }
    if found < 1 {
        tx.execute_batch(include_str!("schema.sql"))?;
        tx.execute(
            "INSERT INTO meta (key, value) VALUES ('epoch', ?1)",
            [Epoch::new(random).0],
        )?;
    }
    if found < 2 {
        tx.execute_batch(include_str!("schema_2.sql"))?;
    }
    if found < 4 {
        if found > 0 {
            tracing::info!(
                "writing the log anew in this version's form; the former program can't read it then. Ten million \
                 events take about a minute, and 1.8 times the database's size of free disk, of which half is left for what comes"
            );
        }
        let sites = sites(&tx)?;
        for site in &sites {
            catch_up_former(&tx, *site)?;
        }
        tx.execute_batch(include_str!("schema_4.sql"))?;
        Move::new(&tx).events_of(&sites)?;
        tx.execute_batch("DROP TABLE former_event")?;
    }
    if found < VERSION {
        tx.pragma_update(None, "user_version", VERSION)?;
    }
    Ok(tx.commit()?)
}

fn sites(connection: &Connection) -> Result<Vec<u64>, StoreError> {
    let mut statement = connection.prepare("SELECT id FROM site")?;
    let sites = statement.query_map([], |row| row.get(0))?;
    Ok(sites.collect::<Result<_, _>>()?)
}

/// Brings conversations' rows up to a log of version 3, as that version's program does at its start.
fn catch_up_former(connection: &Connection, site: u64) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE conversation SET
             last_seq = max(last_seq, ifnull(missed.seq, 0)), last_offset = missed.last,
             events = events + missed.count
         FROM (SELECT conversation, max(seq) AS seq, max(offset) AS last, count(*) AS count
               FROM event CROSS JOIN conversation AS row ON row.id = event.conversation
               WHERE event.site = ?1 AND offset > row.last_offset
                   AND offset > (SELECT max(offset) FROM event WHERE site = ?1) - ?2
               GROUP BY conversation) AS missed
         WHERE conversation.id = missed.conversation",
        params![site, BEHIND],
    )?;
    Ok(())
}

/// The events of version 3 on their way into the table of version 4, in the order in which they were accepted: each site's
/// in their own, and among sites by their time, since retention goes by both.
struct Move<'c> {
    connection: &'c Connection,
    place: u64,
    conversations: HashMap<u64, Trail>,
}

/// How far a conversation has come on the way.
#[derive(Default)]
struct Trail {
    events: u64,
    seq: u64,
    place: u64,
    newest_place: u64,
}

/// A site's log on the way.
struct SiteLog {
    site: u64,
    first: u64,
    end: LogEnd,
    next: VecDeque<Former>,
}

struct Former {
    offset: u64,
    conversation: u64,
    seq: Option<u64>,
    id: [u8; 16],
    author: i64,
    name: Option<String>,
    at: u64,
    body: String,
}

impl<'c> Move<'c> {
    fn new(connection: &'c Connection) -> Self {
        Self {
            connection,
            place: 0,
            conversations: HashMap::new(),
        }
    }

    fn events_of(mut self, sites: &[u64]) -> Result<(), StoreError> {
        let mut logs = BTreeMap::new();
        for site in sites {
            let log = SiteLog {
                site: *site,
                first: 1,
                end: LogEnd::default(),
                next: VecDeque::new(),
            };
            self.put_back(log, 0, &mut logs)?;
        }
        while let Some(((at, _), mut log)) = logs.pop_first() {
            if let Some(event) = log.next.pop_front() {
                self.event(&mut log, &event)?;
            }
            self.put_back(log, at, &mut logs)?;
        }
        let mut put = self
            .connection
            .prepare("UPDATE conversation SET last_place = ?2, newest_place = ?3 WHERE id = ?1")?;
        for (conversation, trail) in &self.conversations {
            put.execute([*conversation, trail.place, trail.newest_place])?;
        }
        Ok(())
    }

    /// A log waits for its next event's turn, by time, or is done. A clock that was set back makes no event earlier than
    /// the one before it.
    fn put_back(
        &self,
        mut log: SiteLog,
        at: u64,
        logs: &mut BTreeMap<(u64, u64), SiteLog>,
    ) -> Result<(), StoreError> {
        if log.next.is_empty() {
            log.next = self.next_of(&log)?;
        }
        if let Some(next) = log.next.front() {
            if log.end.offset == 0 {
                log.first = next.offset;
            }
            logs.insert((next.at.max(at), log.site), log);
            return Ok(());
        }
        if log.end.offset > 0 {
            self.connection.execute(
                "UPDATE site SET first_offset = ?2, last_offset = ?3, last_place = ?4 WHERE id = ?1",
                [log.site, log.first, log.end.offset, log.end.place],
            )?;
        }
        Ok(())
    }

    fn next_of(&self, log: &SiteLog) -> Result<VecDeque<Former>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT offset, conversation, seq, id, author, name, at, body FROM former_event
             WHERE site = ?1 AND offset > ?2 ORDER BY offset LIMIT ?3",
        )?;
        let rows = statement.query_map(params![log.site, log.end.offset, AT_ONCE], |row| {
            Ok(Former {
                offset: row.get(0)?,
                conversation: row.get(1)?,
                seq: row.get(2)?,
                id: row.get(3)?,
                author: row.get(4)?,
                name: row.get(5)?,
                at: row.get(6)?,
                body: row.get(7)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn event(&mut self, log: &mut SiteLog, event: &Former) -> Result<(), StoreError> {
        self.place += 1;
        let trail = self.conversations.entry(event.conversation).or_default();
        self.connection
            .prepare_cached(INSERT_EVENT)?
            .execute(params![
                self.place,
                log.site,
                event.offset,
                log.end.place,
                event.conversation,
                event.seq,
                trail.place,
                event.id,
                event.author,
                event.name,
                event.at,
                event.body,
            ])?;
        trail.events += 1;
        trail.place = self.place;
        if let Some(seq) = event.seq {
            (trail.seq, trail.newest_place) = (seq, self.place);
        }
        // Counted from the first that is kept, so that the marks may be twice as far apart where old ones and new ones meet.
        if trail.events.is_multiple_of(MARK_EVERY) {
            self.connection.prepare_cached(INSERT_MARK)?.execute([
                event.conversation,
                event.offset,
                self.place,
                trail.seq,
            ])?;
        }
        if event.offset.is_multiple_of(MARK_EVERY) {
            self.connection.prepare_cached(INSERT_SITE_MARK)?.execute([
                log.site,
                event.offset,
                self.place,
            ])?;
        }
        log.end = LogEnd {
            offset: event.offset,
            place: self.place,
        };
        Ok(())
    }
}
