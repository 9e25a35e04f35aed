//! Sites, and what their owners have set.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{SiteId, Store, StoreError, StoreReader};

/// A site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its number.
    pub id: SiteId,
    /// Its name, as in the tag's `data-site`.
    pub name: String,
    /// What its owner has set, as JSON; empty where that is nothing.
    pub settings: Arc<str>,
    /// The key under which its own server vouches for visitors, once it was asked for.
    pub identity_key: Option<Arc<str>>,
    /// Whether a visitor who has an identity must prove it.
    pub requires_identity: bool,
}

const COLUMNS: &str = "id, name, settings, identity_key, requires_identity";

fn read(row: &Row<'_>) -> rusqlite::Result<Site> {
    let (settings, key): (String, Option<String>) = (row.get(2)?, row.get(3)?);
    Ok(Site {
        id: SiteId(row.get(0)?),
        name: row.get(1)?,
        settings: settings.into(),
        identity_key: key.map(Into::into),
        requires_identity: row.get(4)?,
    })
}

fn find(connection: &Connection, name: &str) -> Result<Option<Site>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM site WHERE name = ?1"))?
        .query_row([name], read)
        .optional()?)
}

impl Store {
    /// Makes a site; nothing where one of that name exists.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn add_site(&mut self, name: &str) -> Result<Option<Site>, StoreError> {
        // No RETURNING: a row that is read before the statement has ended says nothing of the commit.
        let made = self.connection.execute(
            "INSERT INTO site (name) VALUES (?1) ON CONFLICT DO NOTHING",
            [name],
        )?;
        if made == 0 {
            return Ok(None);
        }
        find(&self.connection, name)
    }

    /// What a site's owner has set, as JSON.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn set_settings(&mut self, site: SiteId, settings: &str) -> Result<(), StoreError> {
        let set = "UPDATE site SET settings = ?2 WHERE id = ?1";
        self.connection.execute(set, params![site.0, settings])?;
        Ok(())
    }

    /// The site's key of identity, which takes the place of another.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn set_identity_key(&mut self, site: SiteId, key: &str) -> Result<(), StoreError> {
        let set = "UPDATE site SET identity_key = ?2 WHERE id = ?1";
        self.connection.execute(set, params![site.0, key])?;
        Ok(())
    }

    /// Whether a visitor who has an identity must prove it.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn require_identity(&mut self, site: SiteId, is_required: bool) -> Result<(), StoreError> {
        let set = "UPDATE site SET requires_identity = ?2 WHERE id = ?1";
        self.connection.execute(set, params![site.0, is_required])?;
        Ok(())
    }
}

impl StoreReader {
    /// The site of a name.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn site(&self, name: &str) -> Result<Option<Site>, StoreError> {
        find(&self.connection, name)
    }

    /// All sites, by name.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn sites(&self) -> Result<Vec<Site>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM site ORDER BY name"))?;
        let sites = statement.query_map([], read)?;
        Ok(sites.collect::<Result<_, _>>()?)
    }
}
