//! What any store has to do. Each check takes a fresh one, so that another backend can be put to the same.

mod logs;

use std::ops::RangeInclusive;

use holdfast_protocol::event::{AgentEvent, Author, Body, Receipt, VisitorFacts};
use holdfast_protocol::id::{AgentId, ConversationId, EventId};
use holdfast_protocol::time::Millis;

use super::{Head, LogBounds, LogEnd, Store, StoreError};
use crate::key::{SiteId, VisitorId};

struct Fresh {
    store: Store,
    site: SiteId,
    place: tempfile::TempDir,
}

/// Places before the site's first event, as of another site's events, so that no place is an offset.
const BEFORE: u64 = 1000;

/// Where a site's log ends that has all places after those.
fn end(last: u64) -> LogEnd {
    LogEnd {
        offset: last,
        place: if last == 0 { 0 } else { BEFORE + last },
    }
}

fn fresh() -> Fresh {
    let place = tempfile::tempdir().unwrap();
    let mut store = Store::open(place.path(), 1 << 20).unwrap();
    let site = store.add_site("shop").unwrap().unwrap().id;
    Fresh { store, site, place }
}

fn message(offset: u64, conversation: ConversationId, body: Body) -> AgentEvent {
    AgentEvent {
        offset,
        conversation,
        seq: None,
        id: EventId(u128::from(offset)),
        at: Millis(offset),
        author: Author::Visitor {},
        body,
    }
}

fn text(n: u64) -> Body {
    let text = format!("message {n}");
    Body::Message { text }
}

fn note(n: u64) -> Body {
    let text = format!("note {n}");
    Body::Note { text }
}

impl Fresh {
    /// Two conversations that take turns, every fifth event a note; `count` events in all.
    fn fill(&mut self, count: u64) -> Vec<Head> {
        let (site, batch) = (self.site, self.store.begin().unwrap());
        let head = |n: u8| {
            let id = ConversationId(n.into());
            Head::new(id, site, VisitorId([n; 16]), VisitorFacts::default())
        };
        let mut heads = vec![head(1), head(2)];
        heads.iter().for_each(|head| batch.put_head(head).unwrap());
        batch.commit().unwrap();
        self.grow(&mut heads, 1..=count);
        let batch = self.store.begin().unwrap();
        heads.iter().for_each(|head| batch.put_head(head).unwrap());
        batch.put_end(site, end(count)).unwrap();
        batch.commit().unwrap();
        heads
    }

    /// Appends to them, and leaves their rows as they are.
    fn grow(&mut self, heads: &mut [Head], offsets: RangeInclusive<u64>) {
        let (site, batch) = (self.site, self.store.begin().unwrap());
        for offset in offsets {
            let head = &mut heads[usize::from(offset % 2 == 0)];
            let body = if offset % 5 == 0 {
                note(offset)
            } else {
                text(offset)
            };
            let event = message(offset, head.id, body);
            let row = head.push(&mut end(offset - 1), BEFORE + offset, event);
            batch.insert(site, &row, head).unwrap();
        }
        batch.commit().unwrap();
    }
}

#[test]
fn a_head_reads_back_as_it_was_written() {
    let mut fresh = fresh();
    let heads = fresh.fill(20);
    let reader = fresh.store.reader().unwrap();
    for head in heads {
        assert_eq!(reader.head(head.id).unwrap().as_ref(), Some(&head));
        let found = reader.head_of(fresh.site, head.visitor).unwrap();
        assert_eq!(found, Some(head));
    }
    let nobody = VisitorId([9; 16]);
    assert_eq!(reader.head_of(fresh.site, nobody).unwrap(), None);
    assert_eq!(reader.head(ConversationId(u64::MAX)).unwrap(), None);
    assert_eq!(fresh.store.next_conversation().unwrap(), ConversationId(3));
}

#[test]
fn rows_that_are_behind_the_log_are_brought_up_to_it() {
    for written in [2, 3, 11, 40] {
        let mut fresh = fresh();
        let mut heads = fresh.fill(written);
        fresh.grow(&mut heads, written + 1..=40);
        let path = fresh.place.path();
        drop(fresh.store);
        let mut store = Store::open(path, 0).unwrap();
        for _ in 0..2 {
            store.catch_up().unwrap();
            let reader = store.reader().unwrap();
            for head in &heads {
                assert_eq!(reader.head(head.id).unwrap().as_ref(), Some(head));
            }
            assert_eq!(reader.site_bounds(fresh.site).unwrap().last, 40);
            assert_eq!(store.next_place().unwrap(), BEFORE + 41);
            assert!(store.faults().unwrap().is_empty());
        }
    }
}

#[test]
fn who_reads_sees_what_is_ahead_of_the_rows() {
    let mut fresh = fresh();
    let mut heads = fresh.fill(9);
    let reader = fresh.store.reader().unwrap();
    fresh.grow(&mut heads, 10..=21);
    heads[1].seen.agents = Receipt {
        delivered: 4,
        read: 3,
    };
    fresh.store.ahead().put(heads.iter());
    let ends = [(fresh.site, end(21))];
    fresh.store.ahead().put_ends(ends.into_iter());
    assert_eq!(reader.site_bounds(fresh.site).unwrap().last, 21);
    let log = reader.site_after(fresh.site, 0, 99).unwrap();
    assert!(log.iter().map(|event| event.offset).eq(1..=21));
    let pages = reader.open_conversations(fresh.site, ConversationId(0), 9);
    for (head, (open, newest)) in heads.iter().zip(pages.unwrap()) {
        let newest = newest.unwrap().offset;
        assert_eq!((head, head.newest_place), (&open, BEFORE + newest));
        assert_eq!(reader.head(head.id).unwrap().as_ref(), Some(head));
        let found = reader.head_of(fresh.site, head.visitor).unwrap();
        assert_eq!(found.as_ref(), Some(head));
        let events = reader.conversation_after(head.id, 1, 99).unwrap();
        assert_eq!(events.len() as u64, head.last_seq - 1);
        let history = reader.agent_history(head.id, u64::MAX, 99).unwrap();
        assert_eq!(history.events.len() as u64, head.events);
    }
}

#[test]
fn a_batch_that_is_dropped_never_was() {
    let mut fresh = fresh();
    let mut head = Head::new(
        ConversationId(1),
        fresh.site,
        VisitorId([1; 16]),
        VisitorFacts::default(),
    );
    let batch = fresh.store.begin().unwrap();
    batch.put_head(&head).unwrap();
    let row = head.push(&mut end(0), 1, message(1, head.id, text(1)));
    batch.insert(fresh.site, &row, &head).unwrap();
    let (author, id) = (Author::Visitor {}, EventId(1));
    let found = batch.find(head.id, &author, id).unwrap();
    assert!(found.is_some(), "a batch sees what it wrote");
    drop(batch);
    let batch = fresh.store.begin().unwrap();
    assert_eq!(batch.head(head.id).unwrap(), None);
    assert_eq!(batch.find(head.id, &author, id).unwrap(), None);
    assert_eq!(batch.end(fresh.site).unwrap(), LogEnd::default());
    drop(batch);
    let bounds = fresh.store.reader().unwrap().site_bounds(fresh.site);
    assert_eq!(bounds.unwrap(), LogBounds { first: 1, last: 0 });
    assert_eq!(fresh.store.next_place().unwrap(), 1);
}

#[test]
fn an_id_is_found_by_its_author_in_its_conversation() {
    let mut fresh = fresh();
    fresh.fill(4);
    let batch = fresh.store.begin().unwrap();
    let find = |conversation, author: &Author| {
        let found = batch.find(ConversationId(conversation), author, EventId(3));
        found.unwrap().map(|event| event.offset)
    };
    let agent = Author::Agent {
        id: AgentId(1),
        name: "Ann".to_owned(),
    };
    assert_eq!(find(1, &Author::Visitor {}), Some(3));
    assert_eq!(find(2, &Author::Visitor {}), None);
    assert_eq!(find(1, &agent), None);
    assert_eq!(find(1, &Author::System {}), None);
}

#[test]
fn a_conversation_is_read_after_any_cursor() {
    let mut fresh = fresh();
    let heads = fresh.fill(700);
    let reader = fresh.store.reader().unwrap();
    for head in heads {
        for after in 0..=head.last_seq {
            let events = reader.conversation_after(head.id, after, 64).unwrap();
            let seqs: Vec<_> = events.iter().filter_map(|event| event.seq).collect();
            let wanted: Vec<_> = (after + 1..=head.last_seq.min(after + 64)).collect();
            assert_eq!(seqs, wanted, "after {after}");
        }
    }
}

#[test]
fn history_leads_back_to_the_beginning() {
    let mut fresh = fresh();
    let heads = fresh.fill(700);
    let reader = fresh.store.reader().unwrap();
    let head = &heads[0];
    let (mut before, mut seqs) = (u64::MAX, Vec::new());
    loop {
        let history = reader.visitor_history(head.id, before, 50).unwrap();
        seqs.splice(0..0, history.events.iter().filter_map(|event| event.seq));
        before = seqs[0];
        assert_eq!(history.more, before > 1);
        if !history.more {
            break;
        }
    }
    assert!(seqs.into_iter().eq(1..=head.last_seq));

    let (mut before, mut offsets) = (u64::MAX, Vec::new());
    loop {
        let history = reader.agent_history(head.id, before, 50).unwrap();
        offsets.splice(0..0, history.events.iter().map(|event| event.offset));
        before = offsets[0];
        if !history.more {
            break;
        }
    }
    assert!(offsets.into_iter().eq((1..=700).step_by(2)));
}

#[test]
fn open_conversations_come_in_pages_with_their_newest_event() {
    let mut fresh = fresh();
    let mut heads = fresh.fill(10);
    let reader = fresh.store.reader().unwrap();
    let page = |above| {
        let page = reader.open_conversations(fresh.site, ConversationId(above), 1);
        page.unwrap().pop()
    };
    let (head, newest) = page(1).unwrap();
    assert_eq!(head, heads[1]);
    assert_eq!(newest.map(|event| event.offset), Some(8), "10 is a note");
    assert_eq!(page(2), None);
    heads[1].is_open = false;
    let batch = fresh.store.begin().unwrap();
    batch.put_head(&heads[1]).unwrap();
    batch.commit().unwrap();
    assert_eq!(page(1), None);
}

#[test]
fn agents_come_and_go() {
    let mut fresh = fresh();
    let site = fresh.site;
    let ann = fresh.store.add_agent(site, "Ann", [1; 32]).unwrap();
    let bob = fresh.store.add_agent(site, "Bob", [2; 32]).unwrap();
    let reader = fresh.store.reader().unwrap();
    let (found, name) = reader.agent_by_secret([2; 32]).unwrap().unwrap();
    assert_eq!((found.id, name.as_str()), (bob, "shop"));
    assert!(!fresh.store.remove_agent(SiteId(9), bob).unwrap());
    assert!(fresh.store.remove_agent(site, bob).unwrap());
    assert!(!fresh.store.remove_agent(site, bob).unwrap());
    assert_eq!(reader.agent_by_secret([2; 32]).unwrap(), None);
    let left: Vec<_> = reader.agents().unwrap().iter().map(|row| row.id).collect();
    assert_eq!(left, [ann]);
    let next = fresh.store.add_agent(site, "Cy", [3; 32]).unwrap();
    assert!(next > bob, "a number is given once");
}

#[test]
fn sites_have_one_name_each() {
    let mut fresh = fresh();
    assert_eq!(fresh.store.add_site("shop").unwrap(), None);
    let reader = fresh.store.reader().unwrap();
    assert_eq!(reader.site("shop").unwrap().unwrap().id, fresh.site);
    assert_eq!(reader.site("Shop").unwrap(), None);
    assert_eq!(reader.sites().unwrap().len(), 1);
}

#[test]
fn an_epoch_lasts_until_it_is_renewed() {
    let mut fresh = fresh();
    let epoch = fresh.store.epoch().unwrap();
    let again = Store::open(fresh.place.path(), 2 << 20).unwrap();
    assert_eq!(again.epoch().unwrap(), epoch);
    let renewed = fresh.store.renew_epoch(3 << 20).unwrap();
    assert_ne!(renewed, epoch);
    assert_eq!(again.epoch().unwrap(), renewed);
    let first = again.next_conversation().unwrap();
    assert_eq!(
        first,
        ConversationId(1),
        "nothing is left out where nothing was"
    );
}

#[test]
fn what_an_owner_sets_reads_back() {
    let mut fresh = fresh();
    let (site, reader) = (fresh.site, fresh.store.reader().unwrap());
    let plain = reader.site("shop").unwrap().unwrap();
    assert_eq!((&*plain.settings, &plain.identity_key), ("", &None));
    fresh.store.set_settings(site, "{}").unwrap();
    fresh.store.set_identity_key(site, "key").unwrap();
    fresh.store.require_identity(site, true).unwrap();
    let set = reader.sites().unwrap().remove(0);
    assert_eq!(&*set.settings, "{}");
    assert_eq!(set.identity_key.as_deref(), Some("key"));
    assert!(set.requires_identity);
}

#[test]
fn a_conversation_is_handed_over_whole_or_not_at_all() {
    let mut fresh = fresh();
    let heads = fresh.fill(20);
    let (site, person) = (fresh.site, VisitorId([9; 16]));
    let batch = fresh.store.begin().unwrap();
    batch.hand_over(&heads[0], person).unwrap();
    drop(batch);
    let reader = fresh.store.reader().unwrap();
    assert_eq!(reader.head_of(site, person).unwrap(), None);
    assert_eq!(reader.alias_of(site, heads[0].visitor).unwrap(), None);
    let batch = fresh.store.begin().unwrap();
    batch.hand_over(&heads[0], person).unwrap();
    batch.commit().unwrap();
    let found = reader.head_of(site, person).unwrap().unwrap();
    assert_eq!((found.id, found.last_seq), (heads[0].id, heads[0].last_seq));
    assert_eq!(reader.head_of(site, heads[0].visitor).unwrap(), None);
    let alias = |head: &Head| reader.alias_of(site, head.visitor).unwrap();
    assert_eq!((alias(&heads[0]), alias(&heads[1])), (Some(person), None));
}

#[test]
fn a_damaged_file_is_told_as_such() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("holdfast.db"), "no database ".repeat(99)).unwrap();
    let error = Store::open(place.path(), 0).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
}

#[test]
fn a_full_disk_is_told_as_such_and_harms_nothing() {
    let mut fresh = fresh();
    let heads = fresh.fill(10);
    fresh.store.set_disk_full(true).unwrap();
    let mut head = heads[0].clone();
    let body = Body::Message {
        text: "x".repeat(8000),
    };
    let row = head.push(&mut end(10), BEFORE + 11, message(11, head.id, body));
    let write = |store: &mut Store| -> Result<(), StoreError> {
        let batch = store.begin()?;
        batch.insert(fresh.site, &row, &head)?;
        batch.put_head(&head)?;
        batch.commit()
    };
    let error = write(&mut fresh.store).unwrap_err();
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    let reader = fresh.store.reader().unwrap();
    assert_eq!(reader.head(head.id).unwrap().as_ref(), Some(&heads[0]));
    fresh.store.set_disk_full(false).unwrap();
    write(&mut fresh.store).unwrap();
    assert_eq!(reader.head(head.id).unwrap(), Some(head));
}
