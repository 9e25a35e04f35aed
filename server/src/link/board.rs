//! Ephemeral news: how conversations stand, who is here, who is typing. Each is serialised once for all
//! agents of a site; who lags gets the newest state instead.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holdfast_protocol::frame::{AgentDown, Colleague, SiteState, Staff, Status};
use holdfast_protocol::id::AgentId;
use holdfast_protocol::time::Millis;
use serde::Serialize;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use super::{Shared, pace};
use crate::clock::span;
use crate::desk::SiteSettings;
use crate::key::SiteId;
use crate::log::{self, Standing};
use crate::presence::{Change, VisitorView};

/// News that an agent's connection may lag behind before it gets the newest state instead.
const NEWS: usize = 256;

/// Names that a visitor is told: who reads more?
const STAFF: usize = 10;

/// Visitors hear so soon that a site has opened or closed.
const HOURS: Millis = Millis(1_000);

/// Frames for the agents of a site.
#[derive(Clone, Debug)]
pub struct News {
    /// Not for this one, whose own doing it is.
    pub except: Option<AgentId>,
    /// The frames, to be sent in this order.
    pub frames: Arc<[String]>,
}

/// Where ephemeral news goes.
#[derive(Debug, Default)]
pub struct Board {
    /// As many as there are sites.
    sites: Mutex<HashMap<SiteId, Site>>,
}

#[derive(Debug)]
struct Site {
    news: broadcast::Sender<News>,
    staff: watch::Sender<Staff>,
    state: watch::Sender<SiteState>,
    /// What the owner has set, read from the text beside it.
    settings: (Arc<str>, SiteSettings),
    /// How visitors prove who they are: the key, and whether they must.
    proof: (Option<Arc<str>>, bool),
}

impl Board {
    /// News for an agent of a site.
    #[must_use]
    pub fn news(&self, site: SiteId) -> broadcast::Receiver<News> {
        self.lock().entry(site).or_default().news.subscribe()
    }

    /// News for a visitor of a site: who could answer.
    #[must_use]
    pub fn staff(&self, site: SiteId) -> watch::Receiver<Staff> {
        self.lock().entry(site).or_default().staff.subscribe()
    }

    /// News for a visitor of a site: how it stands, at this moment first.
    #[must_use]
    pub fn site(&self, site: &log::Site, unix: Millis) -> watch::Receiver<SiteState> {
        let mut sites = self.lock();
        let place = sites.entry(site.id).or_default();
        if place.settings.0 != site.settings {
            let settings = read(site).unwrap_or_else(|error| {
                tracing::error!(site = site.name, %error, "can't read what its owner has set");
                // What held before is nearer to their wish than nothing.
                std::mem::take(&mut place.settings.1)
            });
            place.settings = (Arc::clone(&site.settings), settings);
        }
        let proof = (site.identity_key.clone(), site.requires_identity);
        let is_other_proof = std::mem::replace(&mut place.proof, proof) != place.proof;
        let state = place.settings.1.state(unix);
        place.state.send_if_modified(|now| {
            // Whose proof is none any more is woken by it, too.
            let has_changed = is_other_proof || *now != state;
            *now = state;
            has_changed
        });
        place.state.subscribe()
    }

    /// Says something to the agents of a site, if there are any.
    pub fn publish<F: Serialize>(&self, site: SiteId, except: Option<AgentId>, frame: &F) {
        self.publish_all(site, except, std::iter::once(frame));
    }

    /// The same with several frames, which are one piece of news. What they are is asked for only if somebody is there;
    /// returns how many are.
    fn publish_all<F: Serialize>(
        &self,
        site: SiteId,
        except: Option<AgentId>,
        frames: impl Iterator<Item = F>,
    ) -> usize {
        let news = self
            .lock()
            .get(&site)
            .filter(|site| site.news.receiver_count() > 0)
            .map(|site| site.news.clone());
        let Some(news) = news else { return 0 };
        let frames = frames.filter_map(|frame| serde_json::to_string(&frame).ok());
        let frames = frames.collect();
        // No agent here any more is no error.
        news.send(News { except, frames }).unwrap_or(0)
    }

    fn set_staff(&self, site: SiteId, staff: Staff) {
        let mut sites = self.lock();
        let place = &sites.entry(site).or_default().staff;
        place.send_if_modified(|now| {
            let has_changed = *now != staff;
            *now = staff;
            has_changed
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SiteId, Site>> {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Site {
    fn default() -> Self {
        Self {
            news: broadcast::Sender::new(NEWS),
            staff: watch::Sender::new(Staff::default()),
            state: watch::Sender::new(SiteState::default()),
            settings: ("".into(), SiteSettings::default()),
            proof: (None, false),
        }
    }
}

fn read(site: &log::Site) -> Result<SiteSettings, serde_json::Error> {
    if site.settings.is_empty() {
        return Ok(SiteSettings::default());
    }
    serde_json::from_str(&site.settings)
}

/// Tells agents and visitors what changes in the log's receipts, in presence and among the agents, until
/// the server stops.
pub async fn run(shared: Arc<Shared>) {
    let mut agents = shared.log.agents();
    let mut sites = shared.log.sites();
    let mut hours = tokio::time::interval(span(HOURS));
    let mut next = Instant::now();
    loop {
        tokio::select! {
            biased;
            () = shared.stop.cancelled() => return,
            () = standings(&shared, next) => {
                let agents = tell_standings(&shared);
                next = Instant::now() + pace::of_standings(agents);
            }
            _ = sites.changed() => tell_sites(&shared, &sites),
            _ = hours.tick() => tell_sites(&shared, &sites),
            changes = shared.presence.changes() => tell(&shared, changes).await,
            changed = agents.changed() => {
                let mut sites: Vec<_> = agents.borrow_and_update().iter().map(|agent| agent.site).collect();
                // A site whose last agent was removed has connections that know it.
                sites.extend(shared.board.lock().keys());
                sites.sort_unstable();
                sites.dedup();
                sites.into_iter().for_each(|site| tell_agents(&shared, site));
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

/// Returns when conversations stand otherwise than before, at the `next` moment for it or later. To be dropped at any
/// await without loss: the change is the last that is waited for.
async fn standings(shared: &Shared, next: Instant) {
    tokio::time::sleep_until(next).await;
    shared.log.feed().changed().await;
}

/// Returns how many agents had to hear it, where that is most.
fn tell_standings(shared: &Shared) -> usize {
    let mut most = 0;
    let mut by_site: BTreeMap<SiteId, Vec<Standing>> = BTreeMap::new();
    for standing in shared.log.feed().take() {
        by_site.entry(standing.site).or_default().push(standing);
    }
    for (site, standings) in by_site {
        let frames = standings
            .into_iter()
            .map(|standing| AgentDown::Status(status(shared, standing)));
        most = most.max(shared.board.publish_all(site, None, frames));
    }
    most
}

/// How a conversation stands.
pub(super) fn status(shared: &Shared, standing: Standing) -> Status {
    let VisitorView {
        present,
        last_seen,
        page,
        trail,
    } = shared.presence.view((standing.site, standing.visitor));
    Status {
        conversation: standing.conversation,
        visitor: standing.seen.visitor,
        agents: standing.seen.agents,
        present,
        last_seen,
        page,
        trail,
    }
}

/// Who works for a site.
pub(super) fn colleagues(shared: &Shared, site: SiteId) -> Vec<Colleague> {
    let agents = shared.log.agents_of(site);
    let colleagues = agents.into_iter().map(|agent| Colleague {
        online: shared.presence.is_agent_here((site, agent.id)),
        id: agent.id,
        name: agent.name,
    });
    colleagues.collect()
}

async fn tell(shared: &Shared, changes: Vec<Change>) {
    for change in changes {
        match change {
            // The log knows the receipts, and answers in its feed.
            Change::Visitor(conversation) => shared.log.touch(conversation).await,
            Change::Agents(site) => tell_agents(shared, site),
        }
    }
}

fn tell_sites(shared: &Shared, sites: &watch::Receiver<Arc<Vec<Arc<log::Site>>>>) {
    let unix = shared.clock.unix();
    for site in sites.borrow().iter() {
        // Whoever is here is woken where it has changed.
        drop(shared.board.site(site, unix));
    }
}

fn tell_agents(shared: &Shared, site: SiteId) {
    let colleagues = colleagues(shared, site);
    let online = colleagues.iter().filter(|colleague| colleague.online);
    let staff = Staff {
        online: online
            .map(|colleague| colleague.name.clone())
            .take(STAFF)
            .collect(),
    };
    shared.board.set_staff(site, staff);
    shared
        .board
        .publish(site, None, &AgentDown::Colleagues { colleagues });
}
