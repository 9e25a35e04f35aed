//! Databases of earlier versions are brought up to date, and those of later ones are left alone.

use holdfast_protocol::event::{Author, Body, Receipt};
use holdfast_protocol::id::{AgentId, ConversationId, EventId};
use holdfast_protocol::time::Millis;
use rusqlite::Connection;
use tempfile::TempDir;

use super::{Store, StoreError, VisitorId};
use crate::admin::Admin;
use crate::config::Settings;
use crate::folder::Folder;
use crate::key::SiteId;

/// A site with two conversations as the program of version 2 has left them: each row is as far as the log is. The
/// second has been handed over to a person; the first has a note at its end, which its visitor may not see.
const ROWS: &str = r#"
    INSERT INTO meta (key, value) VALUES ('epoch', 7);
    INSERT INTO site (name, settings, identity_key, requires_identity) VALUES ('shop', '{"rating":true}', 'a key', 1);
    INSERT INTO agent (id, site, name, secret_hash) VALUES (3, 1, 'Ana', x'00ff');
    INSERT INTO conversation VALUES
        (1, 1, x'01010101010101010101010101010101', 1, 2, 4, 3, 3, 1, 3, '{"locale":"en"}', 2, 1, 1, 1),
        (2, 1, x'02020202020202020202020202020202', 1, 1, 2, 2, 1, 0, NULL, '{}', 1, 1, 1, 0);
    INSERT INTO alias VALUES (1, x'09090909090909090909090909090909', x'02020202020202020202020202020202');
    INSERT INTO event VALUES
        (1, 1, 1, 1, 0, x'00000000000000000000000000000011', 0, NULL, 100, '{"message":{"text":"hello"}}'),
        (1, 2, 2, 1, 0, x'00000000000000000000000000000012', 0, NULL, 101, '{"message":{"text":"me too"}}'),
        (1, 3, 1, 2, 1, x'00000000000000000000000000000013', 3, 'Ana', 102, '{"message":{"text":"how can I help?"}}'),
        (1, 4, 1, NULL, 3, x'00000000000000000000000000000014', 3, 'Ana', 103, '{"note":{"text":"a regular"}}');
    PRAGMA user_version = 2;
"#;

/// The data folder of a server of version 2.
fn of_version_2() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let connection = Connection::open(place.path().join("holdfast.db")).unwrap();
    let steps = [
        include_str!("schema.sql"),
        include_str!("schema_2.sql"),
        ROWS,
    ];
    for step in steps {
        connection.execute_batch(step).unwrap();
    }
    place
}

fn version(store: &Store) -> u32 {
    let read = |row: &rusqlite::Row<'_>| row.get(0);
    store
        .connection
        .pragma_query_value(None, "user_version", read)
        .unwrap()
}

#[test]
fn a_database_of_the_second_version_keeps_all_that_it_holds() {
    let place = of_version_2();
    let mut store = Store::open(place.path(), 1 << 20).unwrap();
    store.catch_up().unwrap();
    assert_eq!(version(&store), 4);
    assert_eq!(store.epoch().unwrap().0, 7, "the log lives on");
    assert_eq!(store.next_conversation().unwrap(), ConversationId(3));
    assert_eq!(store.greatest_id().unwrap(), EventId(0x14));

    let reader = store.reader().unwrap();
    let site = reader.site("shop").unwrap().unwrap();
    assert_eq!(&*site.settings, r#"{"rating":true}"#);
    assert_eq!(site.identity_key.as_deref(), Some("a key"));
    assert!(site.requires_identity);
    let alias = reader.alias_of(site.id, VisitorId([9; 16])).unwrap();
    assert_eq!(alias, Some(VisitorId([2; 16])));

    let first = reader
        .head_of(site.id, VisitorId([1; 16]))
        .unwrap()
        .unwrap();
    assert_eq!((first.first_seq, first.last_seq), (1, 2));
    assert_eq!(
        (first.last_offset, first.newest_offset, first.events),
        (4, 3, 3)
    );
    assert!(first.is_open && first.assigned == Some(AgentId(3)));
    assert_eq!(first.facts.locale.as_deref(), Some("en"));
    let seen = Receipt {
        delivered: 2,
        read: 1,
    };
    assert_eq!(first.seen.visitor, seen);
    let second = reader
        .head_of(site.id, VisitorId([2; 16]))
        .unwrap()
        .unwrap();
    assert_eq!(
        (second.last_seq, second.last_offset, second.events),
        (1, 2, 1)
    );
    assert!(!second.is_open);

    let events = reader.site_after(site.id, 0, 9).unwrap();
    let known: Vec<_> = events
        .iter()
        .map(|event| (event.offset, event.body.get()))
        .collect();
    let log = [
        (1, r#"{"message":{"text":"hello"}}"#),
        (2, r#"{"message":{"text":"me too"}}"#),
        (3, r#"{"message":{"text":"how can I help?"}}"#),
        (4, r#"{"note":{"text":"a regular"}}"#),
    ];
    assert_eq!(known, log);
}

#[test]
fn a_conversation_of_the_second_version_goes_on() {
    let place = of_version_2();
    let mut store = Store::open(place.path(), 1 << 20).unwrap();
    store.catch_up().unwrap();
    let batch = store.begin().unwrap();
    let mut head = batch.head(ConversationId(1)).unwrap().unwrap();
    let text = "where were we?".to_owned();
    let row = head.push(holdfast_protocol::event::AgentEvent {
        offset: 5,
        conversation: head.id,
        seq: None,
        id: EventId(0x15),
        at: Millis(104),
        author: Author::Visitor {},
        body: Body::Message { text },
    });
    batch.insert(SiteId(1), &row, &head).unwrap();
    batch.put_head(&head).unwrap();
    batch.commit().unwrap();
    drop(store);

    let store = Store::open(place.path(), 0).expect("a second time nothing is to be done");
    let reader = store.reader().unwrap();
    let read = reader.conversation_after(ConversationId(1), 0, 9).unwrap();
    let seqs: Vec<_> = read.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, [Some(1), Some(2), Some(3)]);
    assert!(store.faults().unwrap().is_empty());
}

#[test]
fn sites_of_the_second_version_stay_apart() {
    let place = of_version_2();
    let connection = Connection::open(place.path().join("holdfast.db")).unwrap();
    let second = r#"
        INSERT INTO site (name) VALUES ('yard');
        INSERT INTO conversation VALUES
            (3, 2, x'03030303030303030303030303030303', 1, 1, 1, 1, 1, 1, NULL, '{}', 1, 1, 1, 1);
        INSERT INTO event VALUES (2, 1, 3, 1, 0, x'00000000000000000000000000000001', 0, NULL, 90,
            '{"message":{"text":"ahoy"}}');
    "#;
    connection.execute_batch(second).unwrap();
    drop(connection);
    let store = Store::open(place.path(), 1 << 20).unwrap();
    let reader = store.reader().unwrap();
    let offsets = |site| -> Vec<u64> {
        let events = reader.site_after(SiteId(site), 0, 9).unwrap();
        events.iter().map(|event| event.offset).collect()
    };
    assert_eq!(offsets(1), [1, 2, 3, 4]);
    assert_eq!(offsets(2), [1]);
    assert_eq!(reader.site_bounds(SiteId(1)).unwrap().last, 4);
    assert_eq!(reader.site_bounds(SiteId(2)).unwrap().last, 1);
    let ahoy = reader.conversation_after(ConversationId(3), 0, 9).unwrap();
    assert_eq!(ahoy[0].body.get(), r#"{"message":{"text":"ahoy"}}"#);
    let hello = reader.conversation_after(ConversationId(1), 0, 9).unwrap();
    assert_eq!(hello[0].body.get(), r#"{"message":{"text":"hello"}}"#);
    assert!(store.faults().unwrap().is_empty());
}

#[test]
fn a_command_leaves_a_running_server_of_the_second_version_its_database() {
    let place = of_version_2();
    let sites = || -> anyhow::Result<Vec<String>> {
        let config = Settings::default().resolve(Some(place.path().to_owned()))?;
        Admin::open(config)?.sites()
    };
    let serving = Folder::open(place.path()).unwrap().lock().unwrap();
    let error = format!("{:#}", sites().unwrap_err());
    assert!(error.contains("restart the server"), "{error}");
    assert!(Store::is_outdated(place.path()).unwrap());
    drop(serving);
    assert_eq!(sites().unwrap(), ["shop"]);
    assert!(!Store::is_outdated(place.path()).unwrap());
    let _serving_the_new_one = Folder::open(place.path()).unwrap().lock().unwrap();
    assert_eq!(sites().unwrap(), ["shop"]);
}

#[test]
fn the_next_version_is_refused_and_stays_what_it_is() {
    let place = of_version_2();
    let store = Store::open(place.path(), 1 << 20).unwrap();
    let next = version(&store) + 1;
    store
        .connection
        .pragma_update(None, "user_version", next)
        .unwrap();
    let error = Store::open(place.path(), 0).unwrap_err();
    assert!(
        matches!(error, StoreError::Newer { found, known } if (found, known) == (next, next - 1)),
        "{error}"
    );
    assert_eq!(version(&store), next);
}
