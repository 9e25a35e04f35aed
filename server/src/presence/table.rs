//! Who is here, by the count of their connections. Pure: time is an argument.

use std::collections::{BTreeSet, HashMap, VecDeque};

use holdfast_protocol::event::Page;
use holdfast_protocol::frame::{Track, Tracked};
use holdfast_protocol::id::{AgentId, ConversationId};
use holdfast_protocol::time::Millis;

use super::trail::Trail;
use crate::key::{SiteId, VisitorId};

/// Visitors with a conversation whose departure is remembered; the oldest are forgotten first. At some
/// 100 bytes each.
const GONE: usize = 10_000;

/// Agents are told so long after a page has tracked something, with all that it tracks meanwhile: a page that does it in
/// a loop costs them one frame a second.
const TRACK_PAUSE: Millis = Millis(1_000);

/// A visitor of a site.
pub type VisitorKey = (SiteId, VisitorId);

/// An agent of a site.
pub type AgentKey = (SiteId, AgentId);

/// How long a cut may last before it shows as a departure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grace {
    /// Of a visitor.
    pub visitor: Millis,
    /// Of an agent.
    pub agent: Millis,
}

/// Now, by both clocks: one that never runs backwards, and the wall's.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// For spans.
    pub now: Millis,
    /// Milliseconds since the Unix epoch.
    pub unix: Millis,
}

/// Something that agents or visitors are to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The visitor of this conversation came, left, or went to another page.
    Visitor(ConversationId),
    /// An agent of this site came or left.
    Agents(SiteId),
}

/// A visitor as agents see them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VisitorView {
    /// Whether they are here.
    pub present: bool,
    /// When they were last here; absent where they have not been seen.
    pub last_seen: Option<Millis>,
    /// The page that they look at.
    pub page: Option<Page>,
    /// What their page has tracked last, oldest first.
    pub trail: Vec<Tracked>,
}

#[derive(Debug, Default)]
struct Visitor {
    connections: u32,
    page: Option<Page>,
    conversation: Option<ConversationId>,
    trail: Trail,
    left: Option<Left>,
}

#[derive(Debug, Default)]
struct Agent {
    connections: u32,
    left: Option<Left>,
}

/// When the last connection ended, and when that begins to show.
#[derive(Clone, Copy, Debug)]
struct Left {
    unix: Millis,
    shows: Millis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Visitor(VisitorKey),
    Agent(AgentKey),
    Trail(VisitorKey),
}

/// Who is here.
#[derive(Debug)]
pub struct Table {
    grace: Grace,
    visitors: HashMap<VisitorKey, Visitor>,
    agents: HashMap<AgentKey, Agent>,
    /// What shows, and when.
    due: BTreeSet<(Millis, Who)>,
    gone: HashMap<VisitorKey, Millis>,
    gone_order: VecDeque<VisitorKey>,
}

impl Table {
    /// Nobody is here.
    #[must_use]
    pub fn new(grace: Grace) -> Self {
        Self {
            grace,
            visitors: HashMap::new(),
            agents: HashMap::new(),
            due: BTreeSet::new(),
            gone: HashMap::new(),
            gone_order: VecDeque::new(),
        }
    }

    /// A visitor's tab was taken in.
    pub fn visitor_came(
        &mut self,
        key: VisitorKey,
        page: Option<Page>,
        conversation: Option<ConversationId>,
    ) -> Option<Change> {
        let visitor = self.visitors.entry(key).or_default();
        let is_return = visitor.connections == 0 && visitor.left.is_none();
        visitor.connections += 1;
        if let Some(left) = visitor.left.take() {
            self.due.remove(&(left.shows, Who::Visitor(key)));
        }
        visitor.conversation = conversation.or(visitor.conversation);
        let has_moved = page.is_some() && page != visitor.page;
        visitor.page = page.or(visitor.page.take());
        let conversation = visitor.conversation?;
        (is_return || has_moved).then_some(Change::Visitor(conversation))
    }

    /// A visitor's tab looks at another page.
    pub fn visitor_moved(&mut self, key: VisitorKey, page: Page) -> Option<Change> {
        let visitor = self.visitors.get_mut(&key)?;
        visitor.page = Some(page);
        visitor.conversation.map(Change::Visitor)
    }

    /// A visitor's page has tracked something. Returns whether there is something new to wait for.
    pub fn visitor_tracked(&mut self, key: VisitorKey, track: &Track, at: Moment) -> bool {
        let Some(visitor) = self.visitors.get_mut(&key) else {
            return false;
        };
        let is_due = visitor.trail.push(track, at.unix);
        if is_due {
            self.due.insert((at.now + TRACK_PAUSE, Who::Trail(key)));
        }
        is_due
    }

    /// A visitor has a conversation now, so that agents care for them.
    pub fn visitor_wrote(
        &mut self,
        key: VisitorKey,
        conversation: ConversationId,
    ) -> Option<Change> {
        let visitor = self.visitors.get_mut(&key)?;
        let is_new = visitor.conversation.replace(conversation) != Some(conversation);
        is_new.then_some(Change::Visitor(conversation))
    }

    /// A visitor's tab is gone. It shows after the grace, unless one comes back.
    pub fn visitor_left(&mut self, key: VisitorKey, at: Moment) {
        let Some(visitor) = self.visitors.get_mut(&key) else {
            return;
        };
        visitor.connections = visitor.connections.saturating_sub(1);
        if visitor.connections > 0 {
            return;
        }
        let shows = at.now + self.grace.visitor;
        visitor.left = Some(Left {
            unix: at.unix,
            shows,
        });
        self.due.insert((shows, Who::Visitor(key)));
    }

    /// An agent's client was taken in.
    pub fn agent_came(&mut self, key: AgentKey) -> Option<Change> {
        let agent = self.agents.entry(key).or_default();
        let is_return = agent.connections == 0 && agent.left.is_none();
        agent.connections += 1;
        if let Some(left) = agent.left.take() {
            self.due.remove(&(left.shows, Who::Agent(key)));
        }
        is_return.then_some(Change::Agents(key.0))
    }

    /// An agent's client is gone. It shows after the grace, unless one comes back.
    pub fn agent_left(&mut self, key: AgentKey, at: Moment) {
        let Some(agent) = self.agents.get_mut(&key) else {
            return;
        };
        agent.connections = agent.connections.saturating_sub(1);
        if agent.connections > 0 {
            return;
        }
        let shows = at.now + self.grace.agent;
        agent.left = Some(Left {
            unix: at.unix,
            shows,
        });
        self.due.insert((shows, Who::Agent(key)));
    }

    /// When [`Table::expire`] has something to do.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Millis> {
        self.due.first().map(|(shows, _)| *shows)
    }

    /// Departures whose grace has ended.
    pub fn expire(&mut self, now: Millis) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Some((shows, who)) = self.due.first().copied() {
            if shows > now {
                break;
            }
            self.due.pop_first();
            match who {
                Who::Visitor(key) => {
                    let conversation = self.forget_visitor(key);
                    changes.extend(conversation.map(Change::Visitor));
                }
                Who::Agent(key) => {
                    self.agents.remove(&key);
                    changes.push(Change::Agents(key.0));
                }
                Who::Trail(key) => {
                    if let Some(visitor) = self.visitors.get_mut(&key) {
                        visitor.trail.told();
                        changes.extend(visitor.conversation.map(Change::Visitor));
                    }
                }
            }
        }
        changes
    }

    /// A visitor as agents see them.
    #[must_use]
    pub fn visitor(&self, key: VisitorKey, unix: Millis) -> VisitorView {
        match self.visitors.get(&key) {
            Some(visitor) => VisitorView {
                present: true,
                last_seen: Some(visitor.left.map_or(unix, |left| left.unix)),
                page: visitor.page.clone(),
                trail: visitor.trail.steps(),
            },
            None => VisitorView {
                present: false,
                last_seen: self.gone.get(&key).copied(),
                page: None,
                trail: Vec::new(),
            },
        }
    }

    /// Whether an agent is here.
    #[must_use]
    pub fn is_agent_here(&self, key: AgentKey) -> bool {
        self.agents.contains_key(&key)
    }

    fn forget_visitor(&mut self, key: VisitorKey) -> Option<ConversationId> {
        let visitor = self.visitors.remove(&key)?;
        let conversation = visitor.conversation?;
        if let Some(left) = visitor.left
            && self.gone.insert(key, left.unix).is_none()
        {
            self.gone_order.push_back(key);
        }
        if self.gone_order.len() > GONE
            && let Some(oldest) = self.gone_order.pop_front()
        {
            self.gone.remove(&oldest);
        }
        Some(conversation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VISITOR: VisitorKey = (SiteId(1), VisitorId([7; 16]));
    const AGENT: AgentKey = (SiteId(1), AgentId(3));
    const TALK: ConversationId = ConversationId(5);

    fn table() -> Table {
        Table::new(Grace {
            visitor: Millis(10),
            agent: Millis(30),
        })
    }

    fn at(now: u64) -> Moment {
        Moment {
            now: Millis(now),
            unix: Millis(1000 + now),
        }
    }

    #[test]
    fn a_short_cut_of_a_visitor_does_not_show() {
        let mut table = table();
        let came = table.visitor_came(VISITOR, None, Some(TALK));
        assert_eq!(came, Some(Change::Visitor(TALK)));
        table.visitor_left(VISITOR, at(0));
        assert_eq!(table.next_expiry(), Some(Millis(10)));
        assert!(table.expire(Millis(9)).is_empty());
        assert!(table.visitor(VISITOR, Millis(1009)).present);
        assert_eq!(table.visitor_came(VISITOR, None, Some(TALK)), None);
        assert!(table.expire(Millis(99)).is_empty());
        assert_eq!(table.next_expiry(), None);
    }

    #[test]
    fn a_long_cut_of_a_visitor_shows_with_the_time_of_the_cut() {
        let mut table = table();
        table.visitor_came(VISITOR, Some(Page::new("/a", "A")), Some(TALK));
        table.visitor_left(VISITOR, at(5));
        assert_eq!(table.expire(Millis(15)), [Change::Visitor(TALK)]);
        let view = table.visitor(VISITOR, Millis(1015));
        assert_eq!(view.last_seen, Some(Millis(1005)));
        assert!(!view.present && view.page.is_none());
    }

    #[test]
    fn a_visitor_without_a_conversation_concerns_nobody() {
        let mut table = table();
        assert_eq!(table.visitor_came(VISITOR, None, None), None);
        assert_eq!(table.visitor_moved(VISITOR, Page::new("/b", "B")), None);
        let wrote = table.visitor_wrote(VISITOR, TALK);
        assert_eq!(wrote, Some(Change::Visitor(TALK)));
        assert_eq!(table.visitor_wrote(VISITOR, TALK), None);
        assert_eq!(
            table.visitor(VISITOR, Millis(0)).page,
            Some(Page::new("/b", "B"))
        );
    }

    #[test]
    fn a_page_that_tracks_in_a_loop_is_told_once_a_second() {
        let mut table = table();
        table.visitor_came(VISITOR, None, Some(TALK));
        let track = |n: u64| Track {
            name: format!("step\n{n}"),
            detail: Some(" ".to_owned()),
        };
        assert!(table.visitor_tracked(VISITOR, &track(0), at(0)));
        for n in 1..100 {
            assert!(!table.visitor_tracked(VISITOR, &track(n), at(n)));
            assert!(!table.visitor_tracked(VISITOR, &track(n), at(n + 1)));
        }
        assert_eq!(table.next_expiry(), Some(TRACK_PAUSE));
        assert!(table.expire(Millis(TRACK_PAUSE.0 - 1)).is_empty());
        assert_eq!(table.expire(TRACK_PAUSE), [Change::Visitor(TALK)]);
        let trail = table.visitor(VISITOR, Millis(0)).trail;
        let names: Vec<_> = trail.iter().map(|step| step.name.as_str()).collect();
        assert_eq!(
            (names.len(), names[0], names[9]),
            (10, "step 90", "step 99")
        );
        assert_eq!(
            (trail[9].at, trail[9].detail.as_deref()),
            (Millis(1100), None)
        );
        assert!(table.visitor_tracked(VISITOR, &track(7), at(2000)));
    }

    #[test]
    fn a_trail_of_nobody_is_not_told() {
        let mut table = table();
        let track = Track {
            name: "cart".to_owned(),
            detail: None,
        };
        assert!(!table.visitor_tracked(VISITOR, &track, at(0)), "not here");
        table.visitor_came(VISITOR, None, None);
        assert!(table.visitor_tracked(VISITOR, &track, at(0)));
        assert!(table.expire(TRACK_PAUSE).is_empty(), "no conversation");
        assert_eq!(table.visitor(VISITOR, Millis(0)).trail.len(), 1);
    }

    #[test]
    fn of_two_tabs_the_last_one_counts() {
        let mut table = table();
        table.visitor_came(VISITOR, None, Some(TALK));
        table.visitor_came(VISITOR, None, Some(TALK));
        table.visitor_left(VISITOR, at(0));
        assert_eq!(table.next_expiry(), None);
        table.visitor_left(VISITOR, at(1));
        assert_eq!(table.next_expiry(), Some(Millis(11)));
    }

    #[test]
    fn an_agent_is_here_until_the_grace_ends() {
        let mut table = table();
        assert_eq!(table.agent_came(AGENT), Some(Change::Agents(SiteId(1))));
        table.agent_left(AGENT, at(0));
        assert!(table.expire(Millis(29)).is_empty());
        assert!(table.is_agent_here(AGENT));
        assert_eq!(table.expire(Millis(30)), [Change::Agents(SiteId(1))]);
        assert!(!table.is_agent_here(AGENT));
        assert_eq!(table.agent_came(AGENT), Some(Change::Agents(SiteId(1))));
    }

    #[test]
    fn departures_are_remembered_up_to_a_bound() {
        let mut table = table();
        for n in 0..=GONE {
            let key = (SiteId(1), VisitorId((n as u128).to_be_bytes()));
            table.visitor_came(key, None, Some(TALK));
            table.visitor_left(key, at(0));
        }
        table.expire(Millis(10));
        assert_eq!(table.gone.len(), GONE);
    }
}
