//! The people who work for sites.

use holdfast_protocol::id::AgentId;
use rusqlite::{OptionalExtension, params};

use super::{SiteId, Store, StoreError, StoreReader};

/// Somebody who works for a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRow {
    /// Which one.
    pub id: AgentId,
    /// For which site.
    pub site: SiteId,
    /// Their name, as visitors see it.
    pub name: String,
}

impl Store {
    /// Takes somebody on. Only the hash of their secret is kept.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn add_agent(
        &mut self,
        site: SiteId,
        name: &str,
        secret_hash: [u8; 32],
    ) -> Result<AgentId, StoreError> {
        self.connection.execute(
            "INSERT INTO agent (site, name, secret_hash) VALUES (?1, ?2, ?3)",
            params![site.0, name, secret_hash],
        )?;
        Ok(AgentId(
            u64::try_from(self.connection.last_insert_rowid()).unwrap_or(0),
        ))
    }

    /// Ends somebody's access; what they wrote stays. Whether there was such an agent.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn remove_agent(&mut self, site: SiteId, id: AgentId) -> Result<bool, StoreError> {
        let changed = self.connection.execute(
            "UPDATE agent SET removed = 1 WHERE site = ?1 AND id = ?2 AND removed = 0",
            params![site.0, id.0],
        )?;
        Ok(changed > 0)
    }
}

impl StoreReader {
    /// Everybody who has access now, by number.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn agents(&self) -> Result<Vec<AgentRow>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, site, name FROM agent WHERE removed = 0 ORDER BY id")?;
        let agents = statement.query_map([], |row| {
            Ok(AgentRow {
                id: AgentId(row.get(0)?),
                site: SiteId(row.get(1)?),
                name: row.get(2)?,
            })
        })?;
        Ok(agents.collect::<Result<_, _>>()?)
    }

    /// Whose secret has this hash, with the site's name. Nobody who was removed.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn agent_by_secret(
        &self,
        secret_hash: [u8; 32],
    ) -> Result<Option<(AgentRow, String)>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT agent.id, agent.site, agent.name, site.name FROM agent
                 JOIN site ON site.id = agent.site
                 WHERE secret_hash = ?1 AND removed = 0",
            )?
            .query_row([secret_hash], |row| {
                let agent = AgentRow {
                    id: AgentId(row.get(0)?),
                    site: SiteId(row.get(1)?),
                    name: row.get(2)?,
                };
                Ok((agent, row.get(3)?))
            })
            .optional()?)
    }
}
