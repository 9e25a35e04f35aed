//! Sites and agents, remembered. An administrator's command changes them from another process, so what is
//! remembered is looked up again every second.

use std::collections::HashMap;
use std::sync::Arc;

use holdfast_protocol::id::AgentId;
use tokio::sync::watch;

use super::Log;
use super::sync::{Mutex, lock};
use crate::store::{AgentRow, Site, SiteId, StoreError};

#[derive(Debug, Default)]
pub(super) struct Directory {
    /// As many as there are sites: a name that is none is not remembered.
    sites: Mutex<HashMap<String, SiteId>>,
    staff: Staff,
}

/// Everybody who works here, as the last look into the store found it.
#[derive(Debug, Default)]
pub(super) struct Staff {
    looks: Mutex<Looks>,
    agents: watch::Sender<Arc<Vec<AgentRow>>>,
}

#[derive(Debug, Default)]
struct Looks {
    begun: u64,
    /// The newest look whose result was taken.
    taken: u64,
}

impl Staff {
    /// A look begins: to be said before the store is asked.
    pub(super) fn begin(&self) -> u64 {
        let mut looks = lock(&self.looks);
        looks.begun += 1;
        looks.begun
    }

    /// What a look has found. Nothing, where one that began later has told already: what this one saw may
    /// be older, and would send away who has only just been let in.
    pub(super) fn take(&self, look: u64, agents: Vec<AgentRow>) {
        let mut looks = lock(&self.looks);
        if look < looks.taken {
            return;
        }
        looks.taken = look;
        self.agents.send_if_modified(|now| {
            let has_changed = **now != agents;
            if has_changed {
                *now = Arc::new(agents);
            }
            has_changed
        });
    }

    pub(super) fn has(&self, site: SiteId, id: AgentId) -> bool {
        let agents = self.agents.borrow();
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
    pub async fn site(&self, name: &str) -> Result<Option<SiteId>, StoreError> {
        let known = lock(&self.inner.directory.sites).get(name).copied();
        if known.is_some() {
            return Ok(known);
        }
        let wanted = name.to_owned();
        let found = self
            .inner
            .pool
            .run(move |reader| reader.site(&wanted))
            .await?;
        Ok(found.map(|Site { id, name }| {
            lock(&self.inner.directory.sites).insert(name, id);
            id
        }))
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
            .run(move |reader| reader.agent_by_secret(hash))
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
        let agents = self.inner.directory.staff.agents.borrow();
        agents
            .iter()
            .filter(|agent| agent.site == site)
            .cloned()
            .collect()
    }

    /// Wakes when somebody comes or goes.
    #[must_use]
    pub fn agents(&self) -> watch::Receiver<Arc<Vec<AgentRow>>> {
        self.inner.directory.staff.agents.subscribe()
    }

    /// Looks up who works here.
    ///
    /// # Errors
    /// When the database can't be read; what is remembered holds on.
    pub async fn refresh_agents(&self) -> Result<(), StoreError> {
        let staff = &self.inner.directory.staff;
        let look = staff.begin();
        let agents = self.inner.pool.run(|reader| reader.agents()).await?;
        staff.take(look, agents);
        Ok(())
    }
}
