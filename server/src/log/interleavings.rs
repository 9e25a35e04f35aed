//! What shares memory in the log, in every order of its threads' steps where that ends within seconds, and
//! in many thousand orders drawn by chance elsewhere. A thread that nobody wakes is found as a deadlock.

use std::sync::Arc;

use holdfast_protocol::event::{AgentEvent, Author, Body};
use holdfast_protocol::frame::{AgentDown, Beat, Heartbeat, Pace, VisitorDown};
use holdfast_protocol::id::{AgentId, ConversationId, EventId};
use holdfast_protocol::reader::Reader;
use holdfast_protocol::time::Millis;
use shuttle::future::block_on;
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};
use shuttle::thread::{self, JoinHandle};
use shuttle::{Config, Runner};

use super::directory::Newest;
use super::feed::{Feed, Standing};
use super::streams::{ConversationNow, Streams};
use super::sync::{Mutex, lock, step};
use super::tail::{Chunk, ChunkBuilder, agent_json, visitor_event};
use crate::store::{AgentRow, Seen, SiteId, VisitorId};

const SITE: SiteId = SiteId(1);
const VISITOR: VisitorId = VisitorId([7; 16]);
const CONVERSATION: ConversationId = ConversationId(3);

/// Orders that are drawn in each of two ways: by chance at every step, and with few changes of thread at
/// places drawn by chance.
const DRAWN: usize = 2_000;
const CHANGES: usize = 3;

/// Serialising takes more stack than shuttle's threads have by themselves.
const STACK_BYTES: usize = 256 * 1024;

fn explore(scheduler: impl Scheduler + 'static, scene: impl Fn() + Send + Sync + 'static) -> usize {
    let mut config = Config::new();
    config.stack_size = STACK_BYTES;
    Runner::new(scheduler, config).run(scene)
}

#[track_caller]
fn in_every_order(what: &str, scene: fn()) {
    let orders = explore(DfsScheduler::new(None, false), scene);
    println!("{what}: all {orders} orders");
    assert!(orders > 1, "nothing happened at the same time");
}

#[track_caller]
fn in_many_orders(what: &str, scene: fn()) {
    let orders = explore(RandomScheduler::new(DRAWN), scene)
        + explore(PctScheduler::new(CHANGES, DRAWN), scene);
    println!("{what}: {orders} orders");
}

/// The streams over a store that is a list.
#[derive(Default)]
struct World {
    streams: Arc<Streams>,
    disk: Mutex<Vec<AgentEvent>>,
}

impl World {
    fn new() -> Arc<Self> {
        Arc::default()
    }

    /// What the log's writer does in a round: commits, hands over, wakes.
    fn write(&self, count: u64) {
        let events: Vec<_> = {
            let mut disk = lock(&self.disk);
            let last = disk.len() as u64;
            disk.extend((last + 1..=last + count).map(event));
            disk[disk.len() - count as usize..].to_vec()
        };
        for event in &events {
            self.streams.publish(SITE, VISITOR, event);
        }
        let last = events[events.len() - 1].offset;
        self.streams
            .wake((SITE, VISITOR), CONVERSATION, last, Seen::default());
        self.streams.wake_site(SITE, last);
        assert!(self.streams.is_consistent());
    }

    fn last(&self) -> u64 {
        lock(&self.disk).len() as u64
    }

    fn read(&self, after: u64, json: impl Fn(&AgentEvent) -> String) -> Option<Chunk> {
        let mut chunk = ChunkBuilder::default();
        for event in lock(&self.disk).iter().skip(after as usize) {
            chunk.push(event.offset, &json(event));
        }
        chunk.finish()
    }

    /// A visitor's tab, which reads up to `last` and leaves.
    fn visit(&self, last: u64) {
        let mut stream = self.streams.subscribe(SITE, VISITOR);
        let found = self.last();
        if found > 0 {
            self.streams
                .wake((SITE, VISITOR), CONVERSATION, found, Seen::default());
        }
        let mut reader = reader(found);
        let mut taken = Vec::new();
        loop {
            step();
            let now = stream.now.borrow_and_update().clone();
            reader.handle_grown(now.last);
            while let Some(read) = reader.poll_read() {
                let chunk = stream.tail(read.after).or_else(|| {
                    now.conversation?;
                    self.read(read.after, |event| {
                        serde_json::to_string(&visitor_event(event).unwrap()).unwrap()
                    })
                });
                let chunk = chunk.expect("what was told of can be read");
                reader.handle_sent(chunk.last);
                let VisitorDown::Events { events } = serde_json::from_str(&chunk.frame).unwrap()
                else {
                    panic!("{}", chunk.frame);
                };
                taken.extend(events.iter().map(|event| event.seq));
            }
            if reader.sent() >= last {
                break;
            }
            step();
            block_on(stream.now.changed()).unwrap();
        }
        is_whole(&taken, last);
        // The way by the conversation's number leads to whoever is here and knows it.
        step();
        let before = stream.now.borrow().clone();
        self.streams.typing(SITE, CONVERSATION, &"typing".into());
        step();
        let count = |now: &ConversationNow| now.typing.as_ref().map_or(0, |typing| typing.count);
        let is_told = count(&stream.now.borrow()) > count(&before);
        assert!(is_told || before.conversation.is_none());
        drop(stream);
        assert!(self.streams.is_consistent());
    }

    /// An agent's client, which reads up to `last` and leaves.
    fn work(&self, last: u64) {
        let mut stream = self.streams.subscribe_site(SITE);
        let mut reader = reader(self.last());
        let mut taken = Vec::new();
        loop {
            step();
            reader.handle_grown(*stream.last.borrow_and_update());
            while let Some(read) = reader.poll_read() {
                let chunk = stream.tail(read.after);
                let chunk = chunk
                    .or_else(|| self.read(read.after, |event| agent_json(event).unwrap()))
                    .expect("what was told of can be read");
                reader.handle_sent(chunk.last);
                let AgentDown::Events { events } = serde_json::from_str(&chunk.frame).unwrap()
                else {
                    panic!("{}", chunk.frame);
                };
                taken.extend(events.iter().map(|event| event.offset));
            }
            if reader.sent() >= last {
                break;
            }
            step();
            block_on(stream.last.changed()).unwrap();
        }
        is_whole(&taken, last);
    }
}

fn event(number: u64) -> AgentEvent {
    AgentEvent {
        offset: number,
        conversation: CONVERSATION,
        seq: Some(number),
        id: EventId(number.into()),
        at: Millis(0),
        author: Author::Visitor {},
        body: Body::Message {
            text: String::new(),
        },
    }
}

/// The server's half of a connection that begins at the log's beginning.
fn reader(last: u64) -> Reader {
    let beat = Beat {
        every_ms: Millis(1),
        dead_ms: Millis(2),
    };
    let heartbeat = Heartbeat {
        strict: beat,
        calm: beat,
    };
    let mut reader = Reader::new(heartbeat, Millis(0));
    reader.handle_welcomed(0, last, Pace::Calm, Millis(0));
    reader
}

/// No gap, and nothing twice.
#[track_caller]
fn is_whole(taken: &[u64], last: u64) {
    assert!(
        taken.iter().copied().eq(1..=taken.len() as u64),
        "{taken:?}"
    );
    assert!(taken.len() as u64 >= last, "{taken:?}");
}

fn together(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
}

/// A thread that does this in a world.
fn at(world: &Arc<World>, act: fn(&World)) -> JoinHandle<()> {
    let world = Arc::clone(world);
    thread::spawn(move || act(&world))
}

#[test]
fn who_comes_at_any_moment_misses_nothing() {
    in_many_orders("a tab comes while events are written", || {
        let world = World::new();
        let writer = at(&world, |world| (0..3).for_each(|_| world.write(2)));
        together([writer, at(&world, |world| world.visit(6))]);
        assert!(world.streams.is_empty());
    });
    in_many_orders("an agent comes while events are written", || {
        let world = World::new();
        let writer = at(&world, |world| (0..3).for_each(|_| world.write(2)));
        together([
            writer,
            at(&world, |world| world.work(6)),
            at(&world, |world| world.work(4)),
        ]);
    });
}

#[test]
fn a_wake_up_is_lost_in_no_order_at_all() {
    in_every_order("one event, and a tab that waits for it", || {
        let world = World::new();
        let mut stream = world.streams.subscribe(SITE, VISITOR);
        let writer = at(&world, |world| {
            world
                .streams
                .wake((SITE, VISITOR), CONVERSATION, 1, Seen::default());
        });
        step();
        if stream.now.borrow_and_update().last == 0 {
            block_on(stream.now.changed()).unwrap();
            assert_eq!(stream.now.borrow_and_update().last, 1);
        }
        together([writer]);
    });
}

#[test]
fn a_stream_lives_as_long_as_its_readers() {
    in_many_orders("tabs come and go while events are written", || {
        let world = World::new();
        let writer = at(&world, |world| (0..2).for_each(|_| world.write(1)));
        let short = |world: &World| world.visit(0);
        let threads = [
            writer,
            at(&world, short),
            at(&world, short),
            at(&world, |world| world.visit(2)),
        ];
        together(threads);
        assert!(world.streams.is_empty(), "a stream is left over");
    });
}

#[test]
fn the_last_tabs_may_leave_at_once() {
    in_every_order("two tabs leave, and one of them comes before", || {
        let world = World::new();
        let first = world.streams.subscribe(SITE, VISITOR);
        let second = at(&world, |world| drop(world.streams.subscribe(SITE, VISITOR)));
        drop(first);
        together([second]);
        assert!(world.streams.is_empty(), "a stream is left over");
    });
}

fn standing(number: u64, seen: u64) -> Standing {
    let mut standing = Standing {
        conversation: ConversationId(number),
        site: SITE,
        visitor: VISITOR,
        seen: Seen::default(),
    };
    standing.seen.visitor.read = seen;
    standing
}

#[test]
fn the_feed_ends_with_the_newest_standings() {
    in_every_order("three standings are put while they are taken", || {
        let feed = Arc::new(Feed::default());
        let puts = Arc::clone(&feed);
        let writer = thread::spawn(move || {
            for (number, seen) in [(1, 1), (2, 1), (1, 2)] {
                puts.put(std::iter::once(standing(number, seen)));
            }
        });
        let newest = [standing(1, 2), standing(2, 1)];
        let mut known = [None, None];
        while known != newest.map(Some) {
            block_on(feed.changed());
            step();
            for standing in feed.take() {
                known[standing.conversation.0 as usize - 1] = Some(standing);
            }
        }
        together([writer]);
        assert_eq!(feed.take(), []);
    });
}

#[test]
fn an_older_look_undoes_no_newer_one() {
    in_every_order("somebody logs in while a look is under way", || {
        let staff = Arc::new(Newest::<Vec<AgentRow>>::default());
        // A read of the store is one step, so that all orders can be tried.
        let store = Arc::new(std::sync::Mutex::new(Vec::new()));
        let refresh = |staff: &Newest<Vec<AgentRow>>, store: &std::sync::Mutex<Vec<AgentRow>>| {
            let look = staff.begin();
            step();
            let found = store.lock().unwrap().clone();
            staff.take(look, found);
        };
        let (theirs, rows) = (Arc::clone(&staff), Arc::clone(&store));
        let ticks = thread::spawn(move || refresh(&theirs, &rows));
        step();
        store.lock().unwrap().push(AgentRow {
            id: AgentId(1),
            site: SITE,
            name: "Ann".to_owned(),
        });
        refresh(&staff, &store);
        assert!(staff.has(SITE, AgentId(1)), "unknown once let in");
        together([ticks]);
        assert!(staff.has(SITE, AgentId(1)), "sent away by an older look");
    });
}
