//! The library's connection, against a server that says what the test tells it to.

use crate::common::{EPOCH, Server, message, patient};
use holdfast_agent::shell::Cursor;
use holdfast_agent::state::StateFile;
use holdfast_agent::{Config, Event, Request, connect};
use holdfast_protocol::client::{AgentCommand, Saved};
use holdfast_protocol::event::Author;
use holdfast_protocol::frame::{AgentDown, AgentUp, Rejected, RejectionCode, Resume};
use holdfast_protocol::id::{ConversationId, EventId};
use tokio::sync::mpsc::Receiver;

async fn find<T>(events: &mut Receiver<Event>, pick: impl Fn(Event) -> Option<T>) -> T {
    loop {
        let event = patient(events.recv())
            .await
            .expect("the connection has ended");
        if let Some(found) = pick(event) {
            return found;
        }
    }
}

#[tokio::test]
async fn another_certificate_is_refused_in_words_and_gets_no_secret() {
    let server = Server::start().await;
    let right = server.fingerprint().to_string();
    let wrong = "0".repeat(64);
    let address = server.address_text().replace(&right, &wrong);
    let config = Config {
        address: address.parse().unwrap(),
        storage: None,
        saved: Saved::default(),
        cursor: Cursor::Fresh,
    };
    let (_handle, mut events) = connect(config).unwrap();
    assert!(server.try_accept().await.is_err());
    let trouble = find(&mut events, |event| match event {
        Event::Trouble(why) => Some(why),
        _ => None,
    })
    .await;
    assert!(
        trouble.contains(&right) && trouble.contains(&wrong),
        "{trouble}"
    );
    assert!(trouble.contains("not the expected one"), "{trouble}");
}

#[tokio::test]
async fn the_cursor_moves_only_past_what_was_dealt_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let (storage, _) = StateFile::open(path.clone()).unwrap();
    let server = Server::start().await;
    let resume = |after| {
        Some(Resume {
            epoch: EPOCH,
            after,
        })
    };
    let config = Config {
        address: server.address(),
        storage: Some(storage),
        saved: Saved {
            cursor: resume(4),
            outbox: vec![],
        },
        cursor: Cursor::Kept,
    };
    let (handle, mut events) = connect(config).unwrap();
    let (mut peer, login) = server.welcome(4, false).await;
    assert_eq!(login.resume, resume(4));
    peer.write_events(vec![message(5, EventId(5), Author::Visitor {}, "Hi")])
        .await;
    let barrier = find(&mut events, |event| match event {
        Event::Barrier(barrier) => Some(barrier),
        _ => None,
    })
    .await;
    // The taker dies here: the connection ends, and the file still says 4.
    drop(barrier);
    assert!(patient(events.recv()).await.is_none());
    drop(handle);
    let (storage, saved) = StateFile::open(path.clone()).unwrap();
    assert_eq!(saved.cursor, None, "nothing was written");

    let config = Config {
        address: server.address(),
        storage: Some(storage),
        saved: Saved {
            cursor: resume(4),
            outbox: vec![],
        },
        cursor: Cursor::Kept,
    };
    let (_handle, mut events) = connect(config).unwrap();
    let (mut peer, _) = server.welcome(4, false).await;
    peer.write_events(vec![message(5, EventId(5), Author::Visitor {}, "Hi")])
        .await;
    let barrier = find(&mut events, |event| match event {
        Event::Barrier(barrier) => Some(barrier),
        _ => None,
    })
    .await;
    barrier.pass();
    peer.write_events(vec![message(6, EventId(6), Author::Visitor {}, "?")])
        .await;
    // The second barrier comes after the first was saved.
    find(&mut events, |event| {
        matches!(event, Event::Barrier(_)).then_some(())
    })
    .await;
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"after\":5"), "{text}");
}

#[tokio::test]
async fn what_the_server_may_not_say_ends_the_line_and_another_is_tried() {
    let server = Server::start().await;
    let config = Config {
        address: server.address(),
        storage: None,
        saved: Saved::default(),
        cursor: Cursor::Fresh,
    };
    let (_handle, mut events) = connect(config).unwrap();
    let mut peer = server.accept().await;
    assert!(matches!(peer.read().await, AgentUp::Login(_)));
    peer.write_garbage("{\"nonsense\":{}}").await;
    let trouble = find(&mut events, |event| match event {
        Event::Trouble(why) => Some(why),
        _ => None,
    })
    .await;
    assert!(trouble.contains("nonsense"), "{trouble}");
    let (_peer, _) = server.welcome(0, false).await;
    find(&mut events, |event| {
        matches!(event, Event::Welcomed { .. }).then_some(())
    })
    .await;
}

fn say(id: EventId, text: &str) -> Request {
    Request::Command {
        id,
        command: AgentCommand::Send {
            conversation: ConversationId(3),
            text: text.into(),
        },
    }
}

fn queued(event: Event) -> Option<EventId> {
    match event {
        Event::Queued(id) => Some(id),
        _ => None,
    }
}

#[tokio::test]
async fn a_disk_that_fails_is_reported_and_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("deep");
    let (storage, saved) = StateFile::open(deep.join("state.json")).unwrap();
    let server = Server::start().await;
    let config = Config {
        address: server.address(),
        storage: Some(storage),
        saved,
        cursor: Cursor::Fresh,
    };
    let (handle, mut events) = connect(config).unwrap();
    let (mut peer, _) = server.welcome(0, false).await;
    std::fs::rename(&deep, folder.path().join("gone")).unwrap();
    handle.send(say(EventId(1), "one")).await.unwrap();
    let why = find(&mut events, |event| match event {
        Event::Queued(id) => panic!("{id} is not on disk"),
        Event::Storage(why) => why,
        _ => None,
    })
    .await;
    assert!(why.contains("state.json"), "{why}");
    assert!(matches!(peer.read().await, AgentUp::Send { id, .. } if id == EventId(1)));
    std::fs::rename(folder.path().join("gone"), &deep).unwrap();
    handle.send(say(EventId(2), "two")).await.unwrap();
    assert_eq!(find(&mut events, queued).await, EventId(1));
    assert_eq!(find(&mut events, queued).await, EventId(2));
}

#[tokio::test]
async fn a_rejected_message_goes_out_again_under_a_new_name() {
    let server = Server::start().await;
    let config = Config {
        address: server.address(),
        storage: None,
        saved: Saved::default(),
        cursor: Cursor::Fresh,
    };
    let (handle, mut events) = connect(config).unwrap();
    let (mut peer, _) = server.welcome(0, false).await;
    let (id, new) = (EventId(1), EventId(2));
    handle.send(say(id, "hello")).await.unwrap();
    peer.read().await;
    peer.write(&AgentDown::Rejected(Rejected {
        id,
        code: RejectionCode::UnknownConversation,
        message: "no".into(),
    }))
    .await;
    find(&mut events, |event| {
        matches!(event, Event::Rejected { .. }).then_some(())
    })
    .await;
    handle.send(Request::Retry { id, new }).await.unwrap();
    let again = peer.read().await;
    assert!(matches!(again, AgentUp::Send { id, text, .. } if id == new && text == "hello"));
}

#[tokio::test]
async fn what_is_said_twice_under_one_name_is_sent_once() {
    let server = Server::start().await;
    let config = Config {
        address: server.address(),
        storage: None,
        saved: Saved::default(),
        cursor: Cursor::Fresh,
    };
    let (handle, mut events) = connect(config).unwrap();
    for _ in 0..2 {
        handle.send(say(EventId(1), "once")).await.unwrap();
        assert_eq!(find(&mut events, queued).await, EventId(1));
    }
    handle.send(say(EventId(2), "after it")).await.unwrap();
    let (mut peer, _) = server.welcome(0, false).await;
    for expected in [EventId(1), EventId(2)] {
        assert!(matches!(peer.read().await, AgentUp::Send { id, .. } if id == expected));
    }
}
