//! One life of the real server: its log, its links, its presence and its store, on the simulated disk.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use holdfast::clock::Clock;
use holdfast::key::{SiteId, VisitorId};
use holdfast::link::board::{self, Board};
use holdfast::link::{Shared, agent, visitor};
use holdfast::listen::lines::Lines;
use holdfast::log::{Log, LogOptions, StoreError};
use holdfast::presence::{Grace, Presence};
use holdfast::secret;
use holdfast::store::{Head, LogEnd, Row, Store, StoreReader, Stored};
use holdfast_protocol::event::{AgentEvent, Author, Body};
use holdfast_protocol::frame::Heartbeat;
use holdfast_protocol::id::{ConversationId, EventId};
use holdfast_protocol::limits;
use holdfast_protocol::profile::Identity;
use holdfast_protocol::time::Millis;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::ambient;
use crate::disk::{Disk, Mounted, mount};
use crate::endpoint::Endpoint;
use crate::net::Packet;
use crate::pipe::{self, End, Said};

/// The site that everybody visits and works for.
pub(crate) const SITE: &str = "shop";

/// Agents that exist.
pub(crate) const AGENTS: usize = 3;

/// Events of one look at the whole log.
const LOOK: u64 = 10_000;

/// How long before the server closes what has not closed by itself, as in the real program.
pub(crate) const STOP: Millis = Millis(5_000);

/// The secret of an agent's address.
pub(crate) fn agent_token(agent: usize) -> String {
    format!("{}A", ["B", "C", "D"][agent].repeat(42))
}

/// A disk on which a server was set up and stopped in order.
///
/// # Panics
/// When the store can't be made.
pub(crate) fn prepared_disk() -> Disk {
    let disk = Disk::new(0);
    let folder = folder();
    let _mounted = mount(&folder, &disk);
    let mut store = Store::open(Path::new(&folder), 7).unwrap();
    let site = store.add_site(SITE).unwrap().unwrap().id;
    store.set_identity_key(site, KEY).unwrap();
    for agent in 0..AGENTS {
        let hash = secret::hash(&agent_token(agent));
        store
            .add_agent(site, &format!("agent {agent}"), hash)
            .unwrap();
    }
    put_another_site(&mut store).unwrap();
    drop(store);
    disk
}

/// A site with one event, so that no event of the other's has the same number in its site and among all.
fn put_another_site(store: &mut Store) -> Result<(), StoreError> {
    let site = store.add_site("yard")?.ok_or(StoreError::Lost)?.id;
    let mut head = Head::new(ConversationId(1), site, VisitorId([9; 16]), <_>::default());
    let event = AgentEvent {
        offset: 1,
        conversation: head.id,
        seq: Some(1),
        id: EventId(1),
        at: Millis(0),
        author: Author::Visitor {},
        body: Body::Message {
            text: "ahoy".into(),
        },
    };
    let (place, prev, site_prev) = (1, 0, 0);
    (head.last_seq, head.last_offset, head.events) = (1, event.offset, 1);
    (head.last_place, head.newest_place) = (place, place);
    let end = LogEnd {
        offset: event.offset,
        place,
    };
    let row = Row {
        event,
        place,
        prev,
        site_prev,
    };
    let batch = store.begin()?;
    batch.put_head(&head)?;
    batch.insert(site, &row, &head)?;
    batch.put_end(site, end)?;
    batch.commit()
}

/// A folder for one disk at a time: histories run one a thread.
fn folder() -> String {
    format!("/{:?}", std::thread::current().id())
}

/// A server that runs.
pub(crate) struct Server {
    pub said: Said,
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
    ends: BTreeMap<usize, End>,
    reader: StoreReader,
    site: SiteId,
    _mounted: Mounted,
}

impl Server {
    /// Starts a server on what the disk holds.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn start(disk: &Disk) -> Result<Self, StoreError> {
        let folder = folder();
        let mounted = mount(&folder, disk);
        let store = Store::open(Path::new(&folder), 7)?;
        let reader = store.reader()?;
        let site = reader.site(SITE)?.ok_or(StoreError::Lost)?.id;
        let options = LogOptions {
            retain: Millis::from_secs(30 * 86_400),
            wall: ambient::wall,
        };
        let (log, writer) = Log::start_inline(store, options, ambient::pause)?;
        let clock = Clock::new(ambient::wall);
        let grace = Grace {
            visitor: Millis::from_secs(20),
            agent: Millis::from_secs(20),
        };
        let shared = Arc::new(Shared {
            presence: Presence::new(grace, clock),
            board: Board::default(),
            clock,
            draw_token: ambient::draw_token,
            heartbeat: Heartbeat::default(),
            handshake: limits::HANDSHAKE,
            stop: CancellationToken::new(),
            log,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(writer);
        tasks.spawn(shared.log.clone().keep());
        tasks.spawn(board::run(Arc::clone(&shared)));
        Ok(Self {
            said: Said::default(),
            shared,
            tasks,
            ends: BTreeMap::new(),
            reader,
            site,
            _mounted: mounted,
        })
    }

    /// Somebody dials.
    pub(crate) fn accept(&mut self, wire: usize, is_agent: bool) {
        let shared = Arc::clone(&self.shared);
        let end = if is_agent {
            let (near, end, carry) = pipe::bytes(wire, self.said.clone());
            self.tasks.spawn(carry);
            self.tasks.spawn(agent::run(Lines::new(near), shared, ()));
            end
        } else {
            let (texts, end) = pipe::texts(wire, self.said.clone());
            self.tasks.spawn(visitor::run(texts, shared, ()));
            end
        };
        self.ends.insert(wire, end);
        // What has ended is cleared away, as a runtime does by itself.
        while self.tasks.try_join_next().is_some() {}
    }

    /// A packet comes in.
    pub(crate) fn arrive(&mut self, wire: usize, packet: Packet) {
        if let Some(end) = self.ends.get(&wire) {
            end.arrive(packet);
        }
    }

    /// The client has taken a packet in.
    pub(crate) fn taken(&self, wire: usize) {
        if let Some(end) = self.ends.get(&wire) {
            end.taken();
        }
    }

    /// The client's end of a wire is closed.
    pub(crate) fn hang_up(&mut self, wire: usize) {
        self.ends.remove(&wire);
    }

    /// Every task and every file ends where it stands.
    pub(crate) async fn die(mut self) {
        self.tasks.shutdown().await;
    }

    /// Tells all connections that the server stops.
    pub(crate) fn begin_stop(&self) {
        self.shared.stop.cancel();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.shared.stop.is_cancelled()
    }

    /// The number of the site's newest event.
    pub(crate) fn last(&self) -> Option<u64> {
        let bounds = self.reader.site_bounds(self.site);
        bounds.ok().map(|bounds| bounds.last)
    }

    /// The number of the newest event of a visitor's conversation.
    pub(crate) fn last_of(&self, token: &str, identity: Option<&str>) -> Option<u64> {
        let visitor = who(&self.reader, self.site, token, identity).ok()?;
        let head = self.reader.head_of(self.site, visitor);
        head.ok().map(|head| head.map_or(0, |head| head.last_seq))
    }

    /// Commits what was accepted, and ends.
    pub(crate) async fn stop(self) {
        self.shared.log.stop().await;
        self.die().await;
    }
}

/// Whose stream is read with a token, by somebody who says to be this or nobody.
fn who(
    reader: &StoreReader,
    site: SiteId,
    token: &str,
    identity: Option<&str>,
) -> Result<VisitorId, StoreError> {
    if let Some(id) = identity {
        return Ok(secret::person_of(site, id));
    }
    let own = secret::visitor_of(token);
    Ok(reader.alias_of(site, own)?.unwrap_or(own))
}

/// A person as the site's own server vouches for them: with the hashes of the key below.
pub(crate) fn identity(person: usize) -> Identity {
    let (id, hash) = [
        (
            "user-17",
            "84ea49180bccb6b890c42924c3c6827dc6f2a659e2818962c8999b61c69d0af8",
        ),
        (
            "user-18",
            "22ea40657abdcf7bc41051200383e4d03b23bed2fae838daf6ef9033aba03714",
        ),
    ][person];
    Identity {
        id: id.to_owned(),
        hash: Some(hash.to_owned()),
    }
}

/// The site's key of identity.
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// What a disk holds.
pub(crate) struct Found {
    /// The site's log.
    pub log: Vec<AgentEvent>,
    /// The conversation of each node that is a visitor's, where there is one.
    pub conversations: Vec<Option<ConversationId>>,
}

/// Everything that the log on a disk holds, in its order, after SQLite has found the database whole.
///
/// # Errors
/// With what is wrong with the database.
pub(crate) fn look(disk: &Disk, nodes: &[Box<dyn Endpoint>]) -> Result<Found, String> {
    let folder = folder();
    let _mounted = mount(&folder, disk);
    read(&folder, nodes).map_err(|error| format!("broken: the database says {error}"))?
}

fn read(folder: &str, nodes: &[Box<dyn Endpoint>]) -> Result<Result<Found, String>, StoreError> {
    let mut store = Store::open(Path::new(folder), 7)?;
    // Where a log ends is said by a row that may be behind it, as at any start after a death.
    store.catch_up()?;
    let faults = store.faults()?;
    if !faults.is_empty() {
        return Ok(Err(format!("broken: {faults:?}")));
    }
    let reader = store.reader()?;
    let site = reader.site(SITE)?.ok_or(StoreError::Lost)?.id;
    let log = reader.site_after(site, 0, LOOK)?.into_iter();
    let log: Vec<_> = log.map(Stored::into_event).collect::<Result<_, _>>()?;
    let mut conversations = Vec::new();
    for node in nodes {
        let head = match node.token() {
            Some(token) => {
                let visitor = who(&reader, site, token, node.identity())?;
                reader.head_of(site, visitor)?
            }
            None => None,
        };
        conversations.push(head.map(|head| head.id));
    }
    Ok(Ok(Found { log, conversations }))
}
