//! Visitors who say who they are: whose conversation becomes whose, and that nothing is lost or doubled by it.

use holdfast_protocol::event::VisitorFacts;
use holdfast_protocol::profile::{Identified, Profile};

use super::*;
use crate::store::Store;

const TOKEN: VisitorId = VisitorId([1; 16]);
const OTHER_TOKEN: VisitorId = VisitorId([2; 16]);
const PERSON: VisitorId = VisitorId([9; 16]);

struct Desk {
    log: Log,
    site: SiteId,
    _folder: tempfile::TempDir,
}

fn desk() -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path(), 1 << 20).unwrap();
    let site = store.add_site("shop").unwrap().unwrap().id;
    Desk {
        log: Log::start(store, options()).unwrap(),
        site,
        _folder: folder,
    }
}

fn options() -> LogOptions {
    LogOptions {
        retain: Millis::from_secs(86_400),
        wall: || Millis(1_000_000_000_000),
    }
}

impl Desk {
    fn said(&self, visitor: VisitorId, token: Option<VisitorId>, id: u128) -> Append {
        Append {
            lane: Lane::default(),
            site: self.site,
            place: Place::Visitor {
                visitor,
                token,
                facts: None,
            },
            id: EventId(id),
            author: Author::Visitor {},
            body: Ok(Body::Message {
                text: format!("text {id}"),
            }),
        }
    }

    async fn say(&self, visitor: VisitorId, token: Option<VisitorId>, id: u128) -> Appended {
        let outcome = self.log.append(self.said(visitor, token, id)).await;
        outcome.await.unwrap().unwrap()
    }

    fn identify(&self, token: VisitorId) -> Identify {
        Identify {
            site: self.site,
            token,
            person: PERSON,
        }
    }

    async fn head(&self, visitor: VisitorId) -> Option<Head> {
        self.log.conversation_of(self.site, visitor).await.unwrap()
    }

    /// The ids of a conversation's messages, in order.
    async fn ids(&self, visitor: VisitorId) -> Vec<u128> {
        let head = self.head(visitor).await.unwrap();
        let (events, _) = self.log.visitor_history(head.id, u64::MAX).await.unwrap();
        events.iter().map(|event| event.id.0).collect()
    }

    async fn disk_full(&self, is_full: bool) {
        let command = Command::SetDiskFull(is_full);
        self.log.inner.commands.send(command).await.unwrap();
        self.log.flush().await;
    }
}

#[tokio::test]
async fn a_persons_first_conversation_is_that_of_their_token() {
    let desk = desk();
    desk.say(TOKEN, None, 1).await;
    let before = desk.head(TOKEN).await.unwrap();
    desk.log.identify(desk.identify(TOKEN)).await.unwrap();
    let after = desk.head(PERSON).await.unwrap();
    assert_eq!((after.id, after.last_seq), (before.id, 1));
    assert_eq!(desk.head(TOKEN).await, None);
    let behind = desk.log.person_behind(desk.site, TOKEN).await.unwrap();
    assert_eq!(behind, Some(PERSON));
    // Said twice it changes nothing, nor does another person take it away.
    desk.log.identify(desk.identify(TOKEN)).await.unwrap();
    let other = Identify {
        person: VisitorId([8; 16]),
        ..desk.identify(TOKEN)
    };
    desk.log.identify(other).await.unwrap();
    assert_eq!(desk.ids(PERSON).await, [1]);
    assert_eq!(desk.head(other.person).await, None);
}

#[tokio::test]
async fn what_another_tab_of_the_token_still_sends_lands_there_once() {
    let desk = desk();
    desk.say(TOKEN, None, 1).await;
    desk.log.identify(desk.identify(TOKEN)).await.unwrap();
    assert_eq!(desk.say(TOKEN, None, 2).await, Appended::New);
    let Appended::Duplicate(event) = desk.say(TOKEN, None, 1).await else {
        panic!("appended twice");
    };
    assert_eq!(event.seq, Some(1));
    let Appended::Duplicate(_) = desk.say(PERSON, Some(TOKEN), 2).await else {
        panic!("appended twice");
    };
    assert_eq!(desk.ids(PERSON).await, [1, 2]);
}

#[tokio::test]
async fn all_of_it_within_one_batch_is_the_same() {
    let desk = desk();
    let log = &desk.log;
    let first = log.append(desk.said(TOKEN, None, 1)).await;
    let (answer, identified) = oneshot::channel();
    let command = Command::Identify(desk.identify(TOKEN), answer);
    log.inner.commands.send(command).await.unwrap();
    let mut outcomes = vec![first];
    for (visitor, token, id) in [
        (TOKEN, None, 2),
        (PERSON, Some(TOKEN), 1),
        (PERSON, Some(TOKEN), 3),
        (TOKEN, None, 3),
    ] {
        outcomes.push(log.append(desk.said(visitor, token, id)).await);
    }
    let mut fresh = 0;
    for outcome in outcomes {
        fresh += usize::from(outcome.await.unwrap() == Ok(Appended::New));
    }
    identified.await.unwrap().unwrap();
    assert_eq!(fresh, 3);
    assert_eq!(desk.ids(PERSON).await, [1, 2, 3]);
}

#[tokio::test]
async fn where_a_person_has_a_conversation_the_tokens_stays_apart() {
    let desk = desk();
    desk.say(PERSON, None, 1).await;
    desk.say(TOKEN, None, 2).await;
    desk.log.identify(desk.identify(TOKEN)).await.unwrap();
    assert_eq!(desk.ids(TOKEN).await, [2]);
    assert_eq!(desk.ids(PERSON).await, [1]);
    // What the outbox sends again after identifying is in the other conversation already.
    let Appended::Apart(event) = desk.say(PERSON, Some(TOKEN), 2).await else {
        panic!("appended twice");
    };
    assert_eq!(event.id, EventId(2));
    assert_eq!(desk.say(PERSON, Some(TOKEN), 3).await, Appended::New);
    assert_eq!(desk.ids(PERSON).await, [1, 3]);
    assert_eq!(desk.ids(TOKEN).await, [2]);
}

#[tokio::test]
async fn an_older_line_that_is_slower_doubles_nothing() {
    let desk = desk();
    desk.say(PERSON, None, 1).await;
    assert_eq!(desk.say(PERSON, Some(TOKEN), 2).await, Appended::New);
    let Appended::Apart(event) = desk.say(TOKEN, None, 2).await else {
        panic!("appended twice");
    };
    assert_eq!(event.seq, Some(2));
    assert_eq!(desk.head(TOKEN).await, None);
    assert_eq!(desk.say(TOKEN, None, 3).await, Appended::New);
    assert_eq!(desk.ids(TOKEN).await, [3]);
}

#[tokio::test]
async fn a_first_message_that_was_on_its_way_comes_along() {
    let desk = desk();
    // The hello finds nothing, then an older line's message arrives, then the outbox sends it again.
    desk.log.identify(desk.identify(TOKEN)).await.unwrap();
    desk.say(TOKEN, None, 1).await;
    let Appended::Duplicate(_) = desk.say(PERSON, Some(TOKEN), 1).await else {
        panic!("appended twice, or apart");
    };
    assert_eq!(desk.ids(PERSON).await, [1]);
    desk.say(OTHER_TOKEN, None, 5).await;
    desk.say(PERSON, Some(OTHER_TOKEN), 6).await;
    assert_eq!(desk.ids(PERSON).await, [1, 6], "only where there was none");
}

#[tokio::test]
async fn readers_of_the_token_are_told_and_those_of_the_person_wake() {
    let desk = desk();
    let (site, log) = (desk.site, &desk.log);
    desk.say(TOKEN, None, 1).await;
    let mut old = log.subscribe(site, TOKEN);
    let mut new = log.subscribe(site, PERSON);
    log.conversation_of(site, TOKEN).await.unwrap();
    old.now.mark_unchanged();
    log.identify(desk.identify(TOKEN)).await.unwrap();
    assert!(old.now.borrow_and_update().has_moved);
    let now = new.now.borrow_and_update().clone();
    assert_eq!((now.conversation, now.last), (Some(ConversationId(1)), 1));
    // A look that began before it moved, and ends after.
    log.inner
        .streams
        .wake((site, TOKEN), ConversationId(1), 1, Seen::default());
    assert_eq!(old.now.borrow().conversation, None);
    let frame: Arc<str> = "typing".into();
    log.typing(site, ConversationId(1), &frame);
    assert!(new.now.borrow().typing.is_some());
    assert!(old.now.borrow().typing.is_none());
    drop(old);
    log.typing(site, ConversationId(1), &frame);
    assert_eq!(
        new.now.borrow().typing.as_ref().map(|typing| typing.count),
        Some(2)
    );
    drop(new);
    assert!(log.inner.streams.is_empty());
}

#[tokio::test]
async fn a_disk_that_fails_moves_nothing() {
    // The writer is a task of this thread, so what is handed over before it runs is one transaction.
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path(), 1 << 20).unwrap();
    let site = store.add_site("shop").unwrap().unwrap().id;
    let (log, writer) = Log::start_inline(store, options(), || Millis(0)).unwrap();
    tokio::spawn(writer);
    let desk = Desk {
        log,
        site,
        _folder: folder,
    };
    desk.say(TOKEN, None, 1).await;
    let reader = desk.log.subscribe(desk.site, TOKEN);
    desk.disk_full(true).await;
    let (answer, identified) = oneshot::channel();
    let command = Command::Identify(desk.identify(TOKEN), answer);
    desk.log.inner.commands.send(command).await.unwrap();
    // There is no room for this one, and so for neither.
    let big = Append {
        body: Ok(Body::Message {
            text: "x".repeat(1 << 20),
        }),
        ..desk.said(OTHER_TOKEN, None, 7)
    };
    let outcome = desk.log.append(big).await;
    assert_eq!(outcome.await.unwrap(), Err(AppendError::Storage));
    assert_eq!(identified.await.unwrap(), Err(AppendError::Storage));
    assert!(!reader.now.borrow().has_moved);
    assert_eq!(desk.head(PERSON).await, None);
    desk.disk_full(false).await;
    desk.log.identify(desk.identify(TOKEN)).await.unwrap();
    assert_eq!(desk.ids(PERSON).await, [1]);
    assert!(reader.now.borrow().has_moved);
}

fn told(name: &str) -> Told {
    Told {
        profile: Profile {
            name: Some(name.to_owned()),
            ..Profile::default()
        },
        identity: Some(Identified {
            id: "user-17".to_owned(),
            verified: true,
        }),
    }
}

#[tokio::test]
async fn agents_read_what_else_became_known() {
    let desk = desk();
    desk.say(TOKEN, None, 1).await;
    let talk = desk.head(TOKEN).await.unwrap().id;
    for name in ["A", "An", "Ana"] {
        desk.log.tell(desk.site, talk, told(name)).await;
    }
    desk.log.flush().await;
    let (events, _) = desk
        .log
        .agent_history(desk.site, talk, u64::MAX)
        .await
        .unwrap();
    let facts: Vec<&VisitorFacts> = events
        .iter()
        .filter_map(|event| match &event.body {
            Body::Facts { visitor } => Some(visitor.as_ref()),
            Body::Message { .. }
            | Body::Closed {}
            | Body::Rated { .. }
            | Body::Opened { .. }
            | Body::Note { .. }
            | Body::Assigned { .. } => None,
        })
        .collect();
    assert_eq!(facts.len(), 1, "one for all of them");
    assert_eq!(facts[0].name.as_deref(), Some("Ana"));
    assert_eq!(
        (events[2].seq, &events[2].author),
        (None, &Author::System {})
    );
    let head = desk.head(TOKEN).await.unwrap();
    assert_eq!((head.facts.as_ref(), head.last_seq), (facts[0], 1));
    // Neither what is known nor another site's word adds anything.
    desk.log.tell(desk.site, talk, told("Ana")).await;
    desk.log.tell(SiteId(99), talk, told("Eve")).await;
    desk.log.flush().await;
    assert_eq!(desk.head(TOKEN).await.unwrap().events, 3);
}

#[tokio::test]
async fn a_rating_is_an_event_that_opens_nothing() {
    let desk = desk();
    let rate = |id| Append {
        body: Ok(Body::Rated {
            score: 4,
            comment: None,
        }),
        ..desk.said(TOKEN, None, id)
    };
    let outcome = desk.log.append(rate(1)).await;
    assert_eq!(
        outcome.await.unwrap(),
        Err(AppendError::UnknownConversation)
    );
    assert_eq!(desk.head(TOKEN).await, None);
    desk.say(TOKEN, None, 2).await;
    let talk = desk.head(TOKEN).await.unwrap().id;
    let close = Append {
        place: Place::Conversation(talk),
        author: Author::System {},
        body: Ok(Body::Closed {}),
        ..desk.said(TOKEN, None, 3)
    };
    desk.log.append(close).await.await.unwrap().unwrap();
    let outcome = desk.log.append(rate(4)).await;
    assert_eq!(outcome.await.unwrap(), Ok(Appended::New));
    let head = desk.head(TOKEN).await.unwrap();
    assert_eq!((head.last_seq, head.is_open), (3, false));
}
