//! Retention: old events go, in pieces, and the numbers stay honest.

use holdfast_protocol::time::Millis;
use rusqlite::{TransactionBehavior, params};

use super::{SiteId, Store, StoreError};

impl Store {
    /// Removes at most `count` of a site's oldest events that were accepted before `before`. The site's
    /// newest event stays whatever its age, since the numbering goes on from it. Returns how many
    /// went; fewer than `count` means that no more are due.
    ///
    /// # Errors
    /// When the database can't be written; nothing was removed then.
    pub fn forget(&mut self, site: SiteId, before: Millis, count: u64) -> Result<u64, StoreError> {
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Places follow time, so the old ones are a prefix; a clock that was set back ends it early,
        // which keeps more, never less.
        let end: Option<u64> = {
            let mut statement = tx.prepare_cached(
                "SELECT offset, at FROM event
                 WHERE place > ?1 AND place < (SELECT max(place) FROM event WHERE place <= ?2)
                 ORDER BY place LIMIT ?3",
            )?;
            let mut rows = statement.query(params![site.place(0), site.place(u64::MAX), count])?;
            let mut end = None;
            while let Some(row) = rows.next()? {
                let at: u64 = row.get(1)?;
                if at >= before.0 {
                    break;
                }
                end = Some(row.get(0)?);
            }
            end
        };
        let Some(end) = end else {
            return Ok(0);
        };
        tx.prepare_cached(
            "UPDATE conversation SET first_seq = gone.last + 1
             FROM (SELECT conversation, max(seq) AS last FROM event
                   WHERE place > ?1 AND place <= ?2 AND seq IS NOT NULL GROUP BY conversation) AS gone
             WHERE conversation.id = gone.conversation",
        )?
        .execute([site.place(0), site.place(end)])?;
        tx.prepare_cached(
            "DELETE FROM mark WHERE offset <= ?3
               AND conversation IN (SELECT conversation FROM event WHERE place > ?1 AND place <= ?2)",
        )?
        .execute(params![site.place(0), site.place(end), end])?;
        let gone = tx
            .prepare_cached("DELETE FROM event WHERE place > ?1 AND place <= ?2")?
            .execute([site.place(0), site.place(end)])?;
        tx.commit()?;
        Ok(gone as u64)
    }
}
