//! The log over a real store: numbering, dedupe, waking, and what holds when the disk fails.

use std::collections::HashMap;

use holdfast_protocol::event::VisitorEvent;
use holdfast_protocol::frame::{RejectionCode, VisitorDown};
use holdfast_protocol::id::AgentId;
use holdfast_protocol::reader::Read;

use super::*;

const NOW: Millis = Millis(1_000_000_000_000);

pub(super) struct Place {
    pub(super) log: Log,
    pub(super) site: SiteId,
    pub(super) folder: tempfile::TempDir,
}

pub(super) fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path(), 1 << 20).unwrap();
    let site = store.add_site("shop").unwrap().unwrap().id;
    store.add_site("other").unwrap().unwrap();
    let log = start(store);
    Place { log, site, folder }
}

pub(super) fn start(store: Store) -> Log {
    let options = LogOptions {
        retain: Millis::from_secs(86_400),
        wall: || NOW,
    };
    Log::start(store, options).unwrap()
}

fn visitor(n: u8) -> VisitorId {
    VisitorId([n; 16])
}

fn ann() -> Author {
    Author::Agent {
        id: AgentId(1),
        name: "Ann".to_owned(),
    }
}

impl Place {
    fn said(&self, lane: &Lane, from: u8, id: u128, text: &str) -> Append {
        Append {
            lane: lane.clone(),
            site: self.site,
            place: super::Place::Visitor {
                visitor: visitor(from),
                token: None,
                facts: None,
            },
            id: EventId(id),
            author: Author::Visitor {},
            body: Ok(Body::Message {
                text: text.to_owned(),
            }),
        }
    }

    fn answered(&self, conversation: u64, id: u128, body: Body) -> Append {
        Append {
            lane: Lane::default(),
            site: self.site,
            place: super::Place::Conversation(ConversationId(conversation)),
            id: EventId(id),
            author: ann(),
            body: Ok(body),
        }
    }

    pub(super) async fn say(
        &self,
        from: u8,
        id: u128,
        text: &str,
    ) -> Result<Appended, AppendError> {
        self.append(self.said(&Lane::default(), from, id, text))
            .await
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.log.append(append).await.await.unwrap()
    }

    pub(super) async fn head(&self, from: u8) -> Head {
        let head = self.log.conversation_of(self.site, visitor(from)).await;
        head.unwrap().unwrap()
    }

    pub(super) async fn events(&self, from: u8) -> Vec<VisitorEvent> {
        let head = self.head(from).await;
        let (events, _) = self.log.visitor_history(head.id, u64::MAX).await.unwrap();
        events
    }

    async fn set_disk_full(&self, is_full: bool) {
        let command = Command::SetDiskFull(is_full);
        self.log.inner.commands.send(command).await.unwrap();
        self.log.flush().await;
    }
}

#[tokio::test]
async fn one_id_is_one_event() {
    let place = place();
    assert_eq!(place.say(1, 7, "hello").await, Ok(Appended::New));
    let Ok(Appended::Duplicate(event)) = place.say(1, 7, "hello").await else {
        panic!("appended twice");
    };
    assert_eq!((event.seq, event.offset), (Some(1), 2));
    assert_eq!(place.events(1).await.len(), 1);
    // Neither another visitor nor an agent can take the place of a message by its id.
    assert_eq!(place.say(2, 7, "hello").await, Ok(Appended::New));
    let body = Body::Message {
        text: "hi".to_owned(),
    };
    let answer = place.answered(1, 7, body);
    assert_eq!(place.append(answer).await, Ok(Appended::New));
}

#[tokio::test]
async fn one_id_is_one_event_within_a_batch_too() {
    let place = place();
    let lane = Lane::default();
    let mut outcomes = Vec::new();
    for _ in 0..9 {
        let append = place.said(&lane, 1, 7, "hello");
        outcomes.push(place.log.append(append).await);
    }
    let mut fresh = 0;
    for outcome in outcomes {
        fresh += usize::from(outcome.await.unwrap() == Ok(Appended::New));
    }
    assert_eq!(fresh, 1);
    assert_eq!(place.events(1).await.len(), 1);
}

#[tokio::test]
async fn numbers_have_no_gap_and_keep_each_writers_order() {
    let place = place();
    let mut writers = tokio::task::JoinSet::new();
    for from in 1..=5 {
        let lane = Lane::default();
        let appends: Vec<_> = (0..40)
            .map(|n| place.said(&lane, from, n, &format!("{n}")))
            .collect();
        let log = place.log.clone();
        writers.spawn(async move {
            let mut outcomes = Vec::new();
            for append in appends {
                outcomes.push(log.append(append).await);
            }
            for outcome in outcomes {
                assert_eq!(outcome.await.unwrap(), Ok(Appended::New));
            }
        });
    }
    writers.join_all().await;

    let stream = place.log.subscribe_site(place.site);
    let (mut after, mut texts) = (0, HashMap::<_, Vec<_>>::new());
    while let Some(chunk) = {
        let read = Read { after, last: 205 };
        assert_eq!(
            stream.tail(after),
            None,
            "nobody was there to keep a tail for"
        );
        place.log.read_site(place.site, read).await.unwrap()
    } {
        let frame = serde_json::from_str(&chunk.frame).unwrap();
        let holdfast_protocol::frame::AgentDown::Events { events } = frame else {
            panic!("not events");
        };
        for event in events {
            assert_eq!(event.offset, after + 1);
            after = event.offset;
            match event.body {
                Body::Message { text } => texts.entry(event.conversation).or_default().push(text),
                Body::Opened { .. } => assert!(!texts.contains_key(&event.conversation)),
                Body::Closed {}
                | Body::Rated { .. }
                | Body::Facts { .. }
                | Body::Note { .. }
                | Body::Assigned { .. } => {
                    panic!("nobody did that")
                }
            }
        }
        assert_eq!(chunk.last, after);
    }
    assert_eq!(
        after, 205,
        "5 conversations begin, and have 40 messages each"
    );
    for said in texts.values() {
        assert!(
            said.iter()
                .map(|text| text.parse::<u32>().unwrap())
                .eq(0..40)
        );
    }
}

#[tokio::test]
async fn a_tab_that_waits_without_a_conversation_is_woken_by_its_beginning() {
    let place = place();
    let mut stream = place.log.subscribe(place.site, visitor(1));
    place.say(1, 1, "hello").await.unwrap();
    stream.now.changed().await.unwrap();
    let now = stream.now.borrow_and_update().clone();
    assert_eq!((now.conversation, now.last), (Some(ConversationId(1)), 1));
    let live = stream.tail(0).unwrap();
    let read = Read { after: 0, last: 1 };
    let stored = place.log.read_conversation(ConversationId(1), read).await;
    assert_eq!(stored.unwrap(), Some(live.clone()), "memory and disk agree");
    let frame = serde_json::from_str(&live.frame).unwrap();
    assert!(matches!(frame, VisitorDown::Events { events } if events.len() == 1));
}

#[tokio::test]
async fn a_stream_that_nobody_reads_is_gone() {
    let place = place();
    let one = place.log.subscribe(place.site, visitor(1));
    let two = place.log.subscribe(place.site, visitor(1));
    place.say(1, 1, "hello").await.unwrap();
    drop(one);
    assert!(!place.log.inner.streams.is_empty());
    drop(two);
    assert!(place.log.inner.streams.is_empty());
}

#[tokio::test]
async fn notes_are_the_agents_alone() {
    let place = place();
    let stream = place.log.subscribe_site(place.site);
    place.say(1, 1, "hello").await.unwrap();
    let text = "tread softly".to_owned();
    let note = place.answered(1, 2, Body::Note { text });
    assert_eq!(place.append(note).await, Ok(Appended::New));
    let close = place.answered(1, 3, Body::Closed {});
    assert_eq!(place.append(close).await, Ok(Appended::New));
    assert!(!place.head(1).await.is_open);
    let seqs: Vec<_> = place.events(1).await.iter().map(|e| e.seq).collect();
    assert_eq!(seqs, [1, 2], "message and closed");
    place.say(1, 4, "one more thing").await.unwrap();
    let head = place.head(1).await;
    assert!(head.is_open);
    assert_eq!((head.last_seq, head.last_offset), (3, 5));
    let read = Read { after: 0, last: 5 };
    let stored = place.log.read_site(place.site, read).await.unwrap();
    assert_eq!(stored, stream.tail(0), "memory and disk agree");
}

#[tokio::test]
async fn what_was_accepted_is_never_rejected_when_it_comes_again() {
    let place = place();
    place.say(1, 1, "hello").await.unwrap();
    let rejected = Rejected {
        id: EventId(2),
        code: RejectionCode::UnknownAgent,
        message: "nobody of that number works here".to_owned(),
    };
    let mut append = place.answered(1, 2, Body::Assigned { to: AgentId(7) });
    assert_eq!(place.append(append.clone()).await, Ok(Appended::New));
    append.body = Err(rejected.clone());
    let again = place.append(append.clone()).await;
    assert!(matches!(again, Ok(Appended::Duplicate(_))), "{again:?}");
    append.id = EventId(3);
    let new = place.append(append).await;
    assert_eq!(new, Err(AppendError::Rejected(Box::new(rejected))));
}

#[tokio::test]
async fn a_rejected_first_message_makes_no_conversation() {
    let place = place();
    let mut append = place.said(&Lane::default(), 1, 1, " ");
    append.body = Err(Rejected {
        id: EventId(1),
        code: RejectionCode::Blank,
        message: "blank".to_owned(),
    });
    assert!(place.append(append).await.is_err());
    let head = place.log.conversation_of(place.site, visitor(1)).await;
    assert_eq!(head.unwrap(), None);
}

#[tokio::test]
async fn a_conversation_of_another_site_is_unknown() {
    let place = place();
    place.say(1, 1, "hello").await.unwrap();
    let mut append = place.answered(1, 2, Body::Closed {});
    append.site = SiteId(place.site.0 + 1);
    assert_eq!(
        place.append(append).await,
        Err(AppendError::UnknownConversation)
    );
    let append = place.answered(u64::MAX, 3, Body::Closed {});
    assert_eq!(
        place.append(append).await,
        Err(AppendError::UnknownConversation)
    );
}

#[tokio::test]
async fn receipts_only_grow_go_no_further_than_the_log_and_last() {
    let place = place();
    place.say(1, 1, "hello").await.unwrap();
    let mut stream = place.log.subscribe(place.site, visitor(1));
    let conversation = ConversationId(1);
    for read in [9, 0] {
        let seen = Receipt { delivered: 0, read };
        let log = &place.log;
        log.seen(place.site, conversation, Side::Agents, seen).await;
    }
    place.log.flush().await;
    assert!(stream.now.has_changed().unwrap());
    let all = Receipt {
        delivered: 1,
        read: 1,
    };
    assert_eq!(stream.now.borrow_and_update().seen.agents, all);
    let news = place.log.feed().take();
    assert_eq!(news.last().map(|standing| standing.seen.agents), Some(all));
    assert_eq!(place.head(1).await.seen.agents, all);
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_keeps_the_order() {
    let place = place();
    place.say(1, 1, "hello").await.unwrap();
    let mut stream = place.log.subscribe(place.site, visitor(1));
    place.set_disk_full(true).await;
    let long = "x".repeat(8000);
    let lane = Lane::default();
    let first = place.said(&lane, 1, 2, &long);
    assert_eq!(place.append(first.clone()).await, Err(AppendError::Storage));
    let new = place.say(2, 9, &long).await;
    assert_eq!(new, Err(AppendError::Storage));
    place.set_disk_full(false).await;

    let second = place.said(&lane, 1, 3, "after it");
    let answer = place.append(second.clone()).await;
    assert_eq!(answer, Err(AppendError::Storage), "not before the first");
    assert!(!stream.now.has_changed().unwrap(), "nothing was said of it");

    let lane = Lane::default();
    for append in [first, second] {
        let append = Append {
            lane: lane.clone(),
            ..append
        };
        assert_eq!(place.append(append).await, Ok(Appended::New));
    }
    let ids: Vec<_> = place.events(1).await.iter().map(|e| e.id.0).collect();
    assert_eq!(ids, [1, 2, 3]);
    stream.now.changed().await.unwrap();
    place.say(2, 9, "hello").await.unwrap();
    let head = place.head(2).await;
    assert_eq!(head.id, ConversationId(2), "no number was spent in vain");
    assert_eq!(head.last_offset, 6);
}

#[tokio::test]
async fn a_stop_commits_what_was_accepted() {
    let place = place();
    let lane = Lane::default();
    let mut outcomes = Vec::new();
    for id in 0..100 {
        let append = place.said(&lane, 1, id, "hello");
        outcomes.push(place.log.append(append).await);
    }
    place.log.stop().await;
    for outcome in outcomes {
        assert_eq!(outcome.await.unwrap(), Ok(Appended::New));
    }
    let late = place.said(&lane, 1, 100, "too late");
    assert!(place.log.append(late).await.await.is_err());
    let store = Store::open(place.folder.path(), 0).unwrap();
    let log = start(store);
    let head = log.conversation_of(place.site, visitor(1)).await.unwrap();
    assert_eq!(head.unwrap().last_seq, 100);
}

#[tokio::test]
async fn numbering_goes_on_after_a_restart() {
    let place = place();
    place.say(1, 1, "hello").await.unwrap();
    place.log.stop().await;
    let place = Place {
        log: start(Store::open(place.folder.path(), 0).unwrap()),
        ..place
    };
    assert!(matches!(
        place.say(1, 1, "hello").await,
        Ok(Appended::Duplicate(_))
    ));
    place.say(1, 2, "again").await.unwrap();
    place.say(2, 3, "another").await.unwrap();
    assert_eq!(place.head(1).await.last_offset, 3);
    assert_eq!(place.head(2).await.id, ConversationId(2));
}

#[tokio::test]
async fn old_events_are_removed_at_a_tick_and_the_rest_goes_on() {
    let place = place();
    place.say(1, 1, "old").await.unwrap();
    place.log.stop().await;
    let store = Store::open(place.folder.path(), 0).unwrap();
    let options = LogOptions {
        retain: Millis::from_secs(86_400),
        wall: || NOW + Millis::from_secs(2 * 86_400),
    };
    let place = Place {
        log: Log::start(store, options).unwrap(),
        ..place
    };
    place.say(1, 2, "new").await.unwrap();
    place.log.inner.commands.send(Command::Tick).await.unwrap();
    place.log.flush().await;
    let bounds = place.log.site_bounds(place.site).await.unwrap();
    assert_eq!((bounds.first, bounds.last), (3, 3));
    place.say(1, 3, "newer").await.unwrap();
    let head = place.head(1).await;
    assert_eq!((head.first_seq, head.last_seq), (2, 3));
}
