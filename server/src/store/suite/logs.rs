//! Sites' logs: each has its own, and what is old leaves all of them.

use holdfast_protocol::event::VisitorFacts;
use holdfast_protocol::id::ConversationId;
use holdfast_protocol::time::Millis;

use super::{BEFORE, end, fresh, message, text};
use crate::key::{SiteId, VisitorId};
use crate::store::{Head, LogBounds, Store};

/// After all events.
const EVER: Millis = Millis(u64::MAX >> 1);

#[test]
fn a_site_is_read_in_its_own_order() {
    let mut fresh = fresh();
    fresh.fill(100);
    let reader = fresh.store.reader().unwrap();
    for after in 0..=100 {
        let events = reader.site_after(fresh.site, after, 20).unwrap();
        let wanted = after + 1..=100.min(after + 20);
        assert!(events.iter().map(|event| event.offset).eq(wanted));
    }
    let other = reader.site_after(SiteId(9), 0, 64).unwrap();
    assert!(other.is_empty());
}

#[test]
fn what_is_forgotten_leaves_honest_numbers() {
    let mut fresh = fresh();
    let heads = fresh.fill(700);
    let site = fresh.site;
    assert_eq!(fresh.store.forget(Millis(301), 200).unwrap(), 200);
    assert_eq!(fresh.store.forget(Millis(301), 200).unwrap(), 100);
    assert_eq!(fresh.store.forget(Millis(301), 200).unwrap(), 0);
    let reader = fresh.store.reader().unwrap();
    let bounds = reader.site_bounds(site).unwrap();
    assert_eq!((bounds.first, bounds.last), (301, 700));
    for head in heads {
        let now = reader.head(head.id).unwrap().unwrap();
        let history = reader.visitor_history(head.id, u64::MAX, 1000).unwrap();
        assert_eq!(history.events[0].seq, Some(now.first_seq));
        assert_eq!(now.last_seq, head.last_seq);
        assert!(!history.more);
    }
}

#[test]
fn numbers_go_on_where_nothing_is_left() {
    let mut fresh = fresh();
    let mut heads = fresh.fill(7);
    assert_eq!(fresh.store.forget(EVER, 100).unwrap(), 7);
    let mut store = Store::open(fresh.place.path(), 0).unwrap();
    store.catch_up().unwrap();
    let bounds = store.reader().unwrap().site_bounds(fresh.site);
    assert_eq!(bounds.unwrap(), LogBounds { first: 8, last: 7 });
    let place = store.next_place().unwrap();
    assert_eq!(place, BEFORE + 8);
    let batch = store.begin().unwrap();
    let mut log = batch.end(fresh.site).unwrap();
    let head = &mut heads[0];
    let row = head.push(&mut log, place, message(8, head.id, text(8)));
    batch.insert(fresh.site, &row, head).unwrap();
    batch.put_head(head).unwrap();
    batch.put_end(fresh.site, log).unwrap();
    batch.commit().unwrap();
    let reader = store.reader().unwrap();
    let bounds = reader.site_bounds(fresh.site).unwrap();
    assert_eq!(bounds, LogBounds { first: 8, last: 8 });
    let all = reader.site_after(fresh.site, 7, 64).unwrap();
    assert!(all.iter().map(|event| event.offset).eq([8]));
    let history = reader.visitor_history(head.id, u64::MAX, 64).unwrap();
    assert_eq!((history.events.len(), history.more), (1, false));
    assert_eq!(history.events[0].seq, Some(head.last_seq));
    assert!(store.faults().unwrap().is_empty());
}

#[test]
fn several_sites_have_a_log_each_and_are_forgotten_by_age() {
    let mut fresh = fresh();
    let yard = fresh.store.add_site("yard").unwrap().unwrap().id;
    let head = |n: u8, site| {
        let id = ConversationId(n.into());
        Head::new(id, site, VisitorId([n; 16]), VisitorFacts::default())
    };
    // The second site says a seventh of what the first says; every event is as old as its place.
    let mut logs = [(head(1, fresh.site), end(0)), (head(2, yard), end(0))];
    let batch = fresh.store.begin().unwrap();
    for place in 1..=700 {
        let (head, end) = &mut logs[usize::from(place % 7 == 0)];
        if end.offset == 0 {
            batch.put_head(head).unwrap();
        }
        let row = head.push(end, place, message(place, head.id, text(place)));
        batch.insert(head.site, &row, head).unwrap();
    }
    for (head, end) in &logs {
        batch.put_head(head).unwrap();
        batch.put_end(head.site, *end).unwrap();
    }
    batch.commit().unwrap();
    assert_eq!((logs[0].1.offset, logs[1].1.offset), (600, 100));

    let reader = fresh.store.reader().unwrap();
    let offsets = |site, after| {
        let events = reader.site_after(site, after, 64).unwrap();
        let offsets = events.iter().map(|event| event.offset);
        offsets.collect::<Vec<_>>()
    };
    let bounds = |site| reader.site_bounds(site).unwrap();
    for after in 0..100 {
        let wanted = (after + 1..=100.min(after + 64)).collect::<Vec<_>>();
        assert_eq!(offsets(yard, after), wanted, "after {after}");
    }
    assert_eq!(fresh.store.forget(Millis(351), 500).unwrap(), 350);
    let (first, second) = (bounds(fresh.site), bounds(yard));
    assert_eq!((first.first, first.last), (301, 600));
    assert_eq!((second.first, second.last), (51, 100));
    assert_eq!(offsets(yard, 0), (51..=64).collect::<Vec<_>>());
    assert!(offsets(fresh.site, 0).is_empty(), "too far behind");
    assert_eq!(offsets(fresh.site, 300), (301..=364).collect::<Vec<_>>());
    assert_eq!(fresh.store.forget(EVER, 500).unwrap(), 350);
    let (first, second) = (bounds(fresh.site), bounds(yard));
    assert_eq!((first.first, first.last), (601, 600));
    assert_eq!((second.first, second.last), (101, 100));
    let marks = |table: &str| -> u64 {
        let count = format!("SELECT count(*) FROM {table}");
        let connection = &fresh.store.connection;
        connection.query_row(&count, [], |row| row.get(0)).unwrap()
    };
    assert_eq!((marks("mark"), marks("site_mark")), (0, 0));
}
