//! Retention: old events go, in pieces, and the numbers stay honest.

use holdfast_protocol::time::Millis;
use rusqlite::TransactionBehavior;

use super::{Store, StoreError};

impl Store {
    /// Removes at most `count` of the oldest events, of whatever sites, that were accepted before `before`. Returns how many
    /// went; fewer than `count` means that no more are due. To be done while the sites' rows are as far as the log, since
    /// numbers go on from them where nothing is left.
    ///
    /// # Errors
    /// When the database can't be written; nothing was removed then.
    pub fn forget(&mut self, before: Millis, count: u64) -> Result<u64, StoreError> {
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Places follow time, so the old ones are a prefix; a clock that was set back ends it early,
        // which keeps more, never less.
        let end: Option<u64> = {
            let mut statement =
                tx.prepare_cached("SELECT place, at FROM event ORDER BY place LIMIT ?1")?;
            let mut rows = statement.query([count])?;
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
                   WHERE place <= ?1 AND seq IS NOT NULL GROUP BY conversation) AS gone
             WHERE conversation.id = gone.conversation",
        )?
        .execute([end])?;
        tx.prepare_cached(
            "UPDATE site SET first_offset = gone.last + 1
             FROM (SELECT site, max(offset) AS last FROM event WHERE place <= ?1 GROUP BY site) AS gone
             WHERE site.id = gone.site",
        )?
        .execute([end])?;
        tx.prepare_cached(
            "DELETE FROM mark WHERE (conversation, offset) IN
                 (SELECT conversation, offset FROM event WHERE place <= ?1)",
        )?
        .execute([end])?;
        tx.prepare_cached(
            "DELETE FROM site_mark WHERE (site, offset) IN
                 (SELECT site, offset FROM event WHERE place <= ?1)",
        )?
        .execute([end])?;
        let gone = tx
            .prepare_cached("DELETE FROM event WHERE place <= ?1")?
            .execute([end])?;
        tx.commit()?;
        Ok(gone as u64)
    }
}
