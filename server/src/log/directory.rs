//! Sites and agents, remembered. An administrator's command changes them from another process, so what is
//! remembered is looked up again every second.

use std::sync::Arc;

use holdfast_protocol::id::AgentId;
use tokio::sync::watch;

use super::Log;
use super::pool::Turn;
use super::sync::{Mutex, lock};
use crate::store::{AgentRow, Site, SiteId, StoreError};

#[derive(Debug, Default)]
pub(super) struct Directory {
    sites: Newest<Vec<Arc<Site>>>,
    staff: Newest<Vec<AgentRow>>,
}

/// What the last look into the store found.
#[derive(Debug, Default)]
pub(super) struct Newest<T> {
    looks: Mutex<Looks>,
    now: watch::Sender<Arc<T>>,
}

#[derive(Debug, Default)]
struct Looks {
    begun: u64,
    /// The newest look whose result was taken.
    taken: u64,
}

impl<T: PartialEq> Newest<T> {
    /// A look begins: to be said before the store is asked.
    pub(super) fn begin(&self) -> u64 {
        let mut looks = lock(&self.looks);
        looks.begun += 1;
        looks.begun
    }

    /// What a look has found. Nothing, where one that began later has told already: what this one saw may
    /// be older, and would send away who has only just been let in.
    pub(super) fn take(&self, look: u64, found: T) {
        let mut looks = lock(&self.looks);
        if look < looks.taken {
            return;
        }
        looks.taken = look;
        self.now.send_if_modified(|now| {
            let has_changed = **now != found;
            if has_changed {
                *now = Arc::new(found);
            }
            has_changed
        });
    }
}

impl Newest<Vec<AgentRow>> {
    pub(super) fn has(&self, site: SiteId, id: AgentId) -> bool {
        let agents = self.now.borrow();
        agents
            .iter()
            .any(|agent| agent.site == site && agent.id == id)
    }
}

impl Log {
    /// The site of a name.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn site(&self, name: &str) -> Result<Option<Arc<Site>>, StoreError> {
        let known = self.known_site(name);
        if known.is_some() {
            return Ok(known);
        }
        // Anybody may ask for a name that is none, so all sites are looked up only where there is something to learn.
        let wanted = name.to_owned();
        let pool = &self.inner.pool;
        let found = pool
            .run(Turn::Soon, move |reader| reader.site(&wanted))
            .await?;
        if found.is_some() {
            self.refresh_sites().await?;
        }
        Ok(self.known_site(name).or(found.map(Arc::new)))
    }

    /// The site of a name as it stands in the store, for whom what is remembered would send away.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn site_now(&self, name: &str) -> Result<Option<Arc<Site>>, StoreError> {
        self.refresh_sites().await?;
        Ok(self.known_site(name))
    }

    /// All sites, as of a second ago.
    #[must_use]
    pub fn sites(&self) -> watch::Receiver<Arc<Vec<Arc<Site>>>> {
        self.inner.directory.sites.now.subscribe()
    }

    /// Looks up what the sites' owners have set.
    ///
    /// # Errors
    /// When the database can't be read; what is remembered holds on.
    pub async fn refresh_sites(&self) -> Result<(), StoreError> {
        let sites = &self.inner.directory.sites;
        let look = sites.begin();
        let found = self
            .inner
            .pool
            .run(Turn::Soon, |reader| reader.sites())
            .await?;
        sites.take(look, found.into_iter().map(Arc::new).collect());
        Ok(())
    }

    /// The site of a name, as of a second ago.
    #[must_use]
    pub fn known_site(&self, name: &str) -> Option<Arc<Site>> {
        let sites = self.inner.directory.sites.now.borrow();
        sites.iter().find(|site| site.name == name).cloned()
    }

    /// Whose secret has this hash, with the site's name.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn agent_by_secret(
        &self,
        hash: [u8; 32],
    ) -> Result<Option<(AgentRow, String)>, StoreError> {
        let found = self
            .inner
            .pool
            .run(Turn::Soon, move |reader| reader.agent_by_secret(hash))
            .await?;
        if let Some((agent, _)) = &found
            && !self.is_agent(agent.site, agent.id)
        {
            self.refresh_agents().await?;
        }
        Ok(found)
    }

    /// Whether somebody works for a site, as of a second ago.
    #[must_use]
    pub fn is_agent(&self, site: SiteId, id: AgentId) -> bool {
        self.inner.directory.staff.has(site, id)
    }

    /// Everybody who works for a site, as of a second ago.
    #[must_use]
    pub fn agents_of(&self, site: SiteId) -> Vec<AgentRow> {
        let agents = self.inner.directory.staff.now.borrow();
        agents
            .iter()
            .filter(|agent| agent.site == site)
            .cloned()
            .collect()
    }

    /// Wakes when somebody comes or goes.
    #[must_use]
    pub fn agents(&self) -> watch::Receiver<Arc<Vec<AgentRow>>> {
        self.inner.directory.staff.now.subscribe()
    }

    /// Looks up who works here.
    ///
    /// # Errors
    /// When the database can't be read; what is remembered holds on.
    pub async fn refresh_agents(&self) -> Result<(), StoreError> {
        let staff = &self.inner.directory.staff;
        let look = staff.begin();
        let agents = self
            .inner
            .pool
            .run(Turn::Soon, |reader| reader.agents())
            .await?;
        staff.take(look, agents);
        Ok(())
    }
}
