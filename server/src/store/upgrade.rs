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
fn a_database_of_the_first_version_is_brought_up_to_date() {
    let place = tempfile::tempdir().unwrap();
    let connection = Connection::open(place.path().join("holdfast.db")).unwrap();
    connection
        .execute_batch(include_str!("schema.sql"))
        .unwrap();
    connection
        .execute_batch(
            "INSERT INTO meta (key, value) VALUES ('epoch', 7);
             INSERT INTO site (name) VALUES ('shop');
             INSERT INTO conversation VALUES (4, 1, x'01010101010101010101010101010101', 1, 1, 1, 1, 1, 1,
                 NULL, '{\"locale\":\"en\"}', 0, 0, 0, 0);
             INSERT INTO event VALUES (1, 1, 4, 1, 0, x'00000000000000000000000000000001', 0, NULL, 5,
                 '{\"message\":{\"text\":\"hello\"}}');
             PRAGMA user_version = 1;",
        )
        .unwrap();
    drop(connection);
    let store = Store::open(place.path(), 1 << 20).unwrap();
    assert_eq!(store.epoch().unwrap().0, 7, "the log lives on");
    let reader = store.reader().unwrap();
    let site = reader.site("shop").unwrap().unwrap();
    assert!(site.settings.is_empty() && !site.requires_identity);
    let head = reader
        .head_of(site.id, VisitorId([1; 16]))
        .unwrap()
        .unwrap();
    assert_eq!(head.facts.locale.as_deref(), Some("en"));
    let events = reader.conversation_after(head.id, 0, 9).unwrap();
    assert_eq!(events[0].body.get(), r#"{"message":{"text":"hello"}}"#);
    assert_eq!(reader.alias_of(site.id, head.visitor).unwrap(), None);
    drop((store, reader));
    Store::open(place.path(), 0).expect("a second time nothing is to be done");
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
    assert_eq!((first.last_offset, first.events), (4, 3));
    assert_eq!((first.last_place, first.newest_place), (4, 3));
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
    let place_of_next = store.next_place().unwrap();
    let batch = store.begin().unwrap();
    let mut head = batch.head(ConversationId(1)).unwrap().unwrap();
    let text = "where were we?".to_owned();
    let mut end = batch.end(SiteId(1)).unwrap();
    let event = holdfast_protocol::event::AgentEvent {
        offset: 0,
        conversation: head.id,
        seq: None,
        id: EventId(0x15),
        at: Millis(104),
        author: Author::Visitor {},
        body: Body::Message { text },
    };
    let row = head.push(&mut end, place_of_next, event);
    batch.insert(SiteId(1), &row, &head).unwrap();
    batch.put_head(&head).unwrap();
    batch.put_end(SiteId(1), end).unwrap();
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

/// Two sites of version 3, whose events take turns: one that has its whole log, with a clock that was once set back, and
/// another whose first hundred events were removed. The rows of both conversations are behind their logs.
const LONG_LOGS: &str = r#"
    INSERT INTO meta (key, value) VALUES ('epoch', 7);
    INSERT INTO site (name) VALUES ('shop'), ('yard');
    INSERT INTO conversation VALUES
        (1, 1, x'01010101010101010101010101010101', 1, 200, 200, 200, 200, 1, NULL, '{}', 0, 0, 0, 0),
        (2, 2, x'02020202020202020202020202020202', 101, 120, 120, 120, 120, 1, NULL, '{}', 0, 0, 0, 0);
    WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 300)
    INSERT INTO event SELECT 1, n, 1, n, n - 1, unhex(printf('%032x', n)), 0, NULL, iif(n = 50, 3, 2 * n),
        '{"message":{"text":"hello"}}' FROM n;
    INSERT INTO event SELECT 2, offset + 100, 2, seq + 100, prev + 100, unhex(printf('%032x', 1000 + offset)), 0, NULL,
        2 * offset + 1, body FROM event WHERE site = 1 AND offset <= 150;
    PRAGMA user_version = 3;
"#;

#[test]
fn logs_of_the_third_version_come_into_one_order_by_time() {
    let place = tempfile::tempdir().unwrap();
    let connection = Connection::open(place.path().join("holdfast.db")).unwrap();
    let steps = [
        include_str!("schema.sql"),
        include_str!("schema_2.sql"),
        LONG_LOGS,
    ];
    for step in steps {
        connection.execute_batch(step).unwrap();
    }
    drop(connection);
    let mut store = Store::open(place.path(), 1 << 20).unwrap();
    store.catch_up().unwrap();
    let reader = store.reader().unwrap();
    for (site, kept) in [(1, 1..=300), (2, 101..=250)] {
        let bounds = reader.site_bounds(SiteId(site)).unwrap();
        assert_eq!((bounds.first, bounds.last), (*kept.start(), *kept.end()));
        let head = reader.head(ConversationId(site)).unwrap().unwrap();
        assert_eq!(
            (head.last_seq, head.last_offset),
            (*kept.end(), *kept.end())
        );
        assert_eq!(
            head.events,
            *kept.end(),
            "those that are gone are counted too"
        );
        for after in kept.start() - 1..=*kept.end() {
            let wanted = after + 1..=(after + 30).min(*kept.end());
            let log = reader.site_after(SiteId(site), after, 30).unwrap();
            assert!(log.iter().map(|event| event.offset).eq(wanted.clone()));
            let read = reader.conversation_after(head.id, after, 30).unwrap();
            assert!(read.iter().filter_map(|event| event.seq).eq(wanted));
        }
        for before in kept.start() + 1..=kept.end() + 1 {
            let wanted = (*kept.start()).max(before.saturating_sub(30))..=before - 1;
            let history = reader.agent_history(head.id, before, 30).unwrap();
            assert_eq!(history.more, wanted.start() > kept.start());
            assert!(history.events.iter().map(|event| event.offset).eq(wanted));
        }
    }
    assert_eq!(store.forget(Millis(101), 1000).unwrap(), 99);
    let first = |site| reader.site_bounds(SiteId(site)).unwrap().first;
    assert_eq!((first(1), first(2)), (51, 150), "each but what is younger");
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
