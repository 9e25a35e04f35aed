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
    agents: watch::Sender<Arc<Vec<AgentRow>>>,
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
        self.inner
            .directory
            .agents
            .borrow()
            .iter()
            .any(|agent| agent.site == site && agent.id == id)
    }

    /// Everybody who works for a site, as of a second ago.
    #[must_use]
    pub fn agents_of(&self, site: SiteId) -> Vec<AgentRow> {
        let agents = self.inner.directory.agents.borrow();
        agents
            .iter()
            .filter(|agent| agent.site == site)
            .cloned()
            .collect()
    }

    /// Wakes when somebody comes or goes.
    #[must_use]
    pub fn agents(&self) -> watch::Receiver<Arc<Vec<AgentRow>>> {
        self.inner.directory.agents.subscribe()
    }

    /// Looks up who works here.
    ///
    /// # Errors
    /// When the database can't be read; what is remembered holds on.
    pub async fn refresh_agents(&self) -> Result<(), StoreError> {
        let agents = self.inner.pool.run(|reader| reader.agents()).await?;
        self.inner.directory.agents.send_if_modified(|now| {
            let has_changed = **now != agents;
            if has_changed {
                *now = Arc::new(agents);
            }
            has_changed
        });
        Ok(())
    }
}
