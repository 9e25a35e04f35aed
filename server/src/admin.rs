//! What an administrator does, on the data folder itself, beside a running server or without one.

use anyhow::{Context, bail, ensure};
use holdfast_protocol::id::{AgentId, Epoch};
use holdfast_protocol::limits;

use crate::config::Config;
use crate::desk::SiteSettings;
use crate::folder::Folder;
use crate::listen::tls;
use crate::secret;
use crate::store::{Site, Store, StoreReader};

/// An administrator at a data folder.
#[derive(Debug)]
pub struct Admin {
    config: Config,
    folder: Folder,
    store: Store,
    reader: StoreReader,
}

impl Admin {
    /// Opens the data folder, and makes it where there is none.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn open(config: Config) -> anyhow::Result<Self> {
        let folder = Folder::open(&config.data)?;
        // A server of the earlier version would go on with tables that are gone.
        let _alone = Store::is_outdated(folder.path())?
            .then(|| folder.lock())
            .transpose()
            .context(
                "the database is of an earlier version; restart the server with this program first",
            )?;
        let store = Store::open(folder.path(), secret::draw_u64()?)?;
        Ok(Self {
            config,
            reader: store.reader()?,
            folder,
            store,
        })
    }

    /// Makes a site.
    ///
    /// # Errors
    /// When the name can't be a site's, or is one already.
    pub fn add_site(&mut self, name: &str) -> anyhow::Result<()> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        ensure!(
            (1..=limits::SITE_BYTES).contains(&name.len()) && name.bytes().all(is_name),
            "`{name}` can't be a site's name: use letters, digits, `-`, `_`, `.`, at most {} of them",
            limits::SITE_BYTES
        );
        ensure!(
            self.store.add_site(name)?.is_some(),
            "there is a site `{name}` already"
        );
        Ok(())
    }

    /// The sites' names.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn sites(&self) -> anyhow::Result<Vec<String>> {
        let sites = self.reader.sites()?;
        Ok(sites.into_iter().map(|site| site.name).collect())
    }

    /// What is set for a site, as a file for [`Admin::set_settings`].
    ///
    /// # Errors
    /// When there is no such site, or the database can't be read.
    pub fn settings(&self, site: &str) -> anyhow::Result<String> {
        let site = self.site(site)?;
        let settings = if site.settings.is_empty() {
            SiteSettings::default()
        } else {
            serde_json::from_str(&site.settings)?
        };
        Ok(toml::to_string(&settings)?)
    }

    /// Sets all that can be set for a site. A server that runs follows within seconds.
    ///
    /// # Errors
    /// When there is no such site, or the text says something that can't be; nothing has changed then.
    pub fn set_settings(&mut self, site: &str, text: &str) -> anyhow::Result<()> {
        let site = self.site(site)?;
        let settings = SiteSettings::parse(text)?;
        let json = serde_json::to_string(&settings)?;
        Ok(self.store.set_settings(site.id, &json)?)
    }

    /// The key under which a site's own server vouches for visitors, drawn where there is none or another is wanted;
    /// and whether an identity is taken only with its hash, which `is_required` changes where it says something.
    ///
    /// # Errors
    /// When there is no such site, or the database can't be written.
    pub fn identity(
        &mut self,
        site: &str,
        renew: bool,
        is_required: Option<bool>,
    ) -> anyhow::Result<(String, bool)> {
        let site = self.site(site)?;
        let key = match site.identity_key.filter(|_| !renew) {
            Some(key) => key.as_ref().to_owned(),
            None => {
                let key = secret::draw_key()?;
                self.store.set_identity_key(site.id, &key)?;
                key
            }
        };
        if let Some(is_required) = is_required {
            self.store.require_identity(site.id, is_required)?;
        }
        Ok((key, is_required.unwrap_or(site.requires_identity)))
    }

    /// Takes somebody on. Returns their address, the only place where their secret is ever shown.
    ///
    /// # Errors
    /// When there is no such site, or the name can't be an agent's.
    pub fn add_agent(&mut self, site: &str, name: &str) -> anyhow::Result<String> {
        let name = name.trim();
        ensure!(
            (1..=limits::NAME_BYTES).contains(&name.len()) && !name.contains(char::is_control),
            "`{}` can't be an agent's name: use 1 to {} bytes of plain text",
            name.escape_debug(),
            limits::NAME_BYTES
        );
        let site = self.site(site)?;
        // First, so that nobody is taken on whose address can't be told.
        let identity = tls::Identity::open(&self.folder, self.config.tls.as_ref())?;
        let secret = secret::draw()?;
        self.store.add_agent(site.id, name, secret::hash(&secret))?;
        let place = self
            .config
            .agents_public
            .clone()
            .or_else(|| self.folder.agents_address())
            .unwrap_or_else(|| self.config.agents.to_string());
        Ok(format!(
            "holdfast://{secret}@{place}/#sha256={}",
            identity.fingerprint()
        ))
    }

    /// Who works here: number, site and name, one a line.
    ///
    /// # Errors
    /// When there is no such site.
    pub fn agents(&self, site: Option<&str>) -> anyhow::Result<Vec<String>> {
        let sites = match site {
            Some(name) => vec![self.site(name)?],
            None => self.reader.sites()?,
        };
        let mut lines = Vec::new();
        for agent in self.reader.agents()? {
            if let Some(site) = sites.iter().find(|site| site.id == agent.site) {
                lines.push(format!("{}\t{}\t{}", agent.id.0, site.name, agent.name));
            }
        }
        Ok(lines)
    }

    /// Ends somebody's access.
    ///
    /// # Errors
    /// When there is nobody of that number at that site.
    pub fn remove_agent(&mut self, site: &str, id: AgentId) -> anyhow::Result<()> {
        let name = site;
        let site = self.site(name)?;
        if !self.store.remove_agent(site.id, id)? {
            bail!(
                "nobody of the number {} works for `{name}`; see `holdfast agent list {name}`",
                id.0
            );
        }
        Ok(())
    }

    /// Voids all clients' cursors.
    ///
    /// # Errors
    /// When a server runs on this folder, or the database can't be written.
    pub fn renew_epoch(&mut self) -> anyhow::Result<Epoch> {
        let _lock = self.folder.lock()?;
        Ok(self.store.renew_epoch(secret::draw_u64()?)?)
    }

    fn site(&self, name: &str) -> anyhow::Result<Site> {
        self.reader.site(name)?.with_context(|| {
            format!("there is no site `{name}`; make it with `holdfast site add {name}`")
        })
    }
}
