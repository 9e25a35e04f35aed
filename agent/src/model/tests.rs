//! What is known after which events.

use holdfast_protocol::client::{AgentCommand, AgentNews, Status as Line};
use holdfast_protocol::event::{Author, Body, VisitorFacts};
use holdfast_protocol::frame::{Heartbeat, Status};
use holdfast_protocol::id::{Epoch, EventId};

use super::*;

const C: ConversationId = ConversationId(3);
const NOW: Millis = Millis(1_000_000);

fn event(offset: u64, seq: Option<u64>, author: Author, body: Body) -> AgentEvent {
    AgentEvent {
        offset,
        conversation: C,
        seq,
        id: EventId(u128::from(offset)),
        at: Millis(offset * 1000),
        author,
        body,
    }
}

fn visitor(offset: u64, seq: u64) -> AgentEvent {
    let text = format!("message {seq}");
    event(
        offset,
        Some(seq),
        Author::Visitor {},
        Body::Message { text },
    )
}

fn agent(offset: u64, seq: u64) -> AgentEvent {
    let text = format!("answer {seq}");
    let author = Author::Agent {
        id: AgentId(1),
        name: "Ana".into(),
    };
    event(offset, Some(seq), author, Body::Message { text })
}

fn welcome(restart: bool) -> Event {
    Event::Welcomed {
        welcome: AgentWelcome {
            version: 1,
            epoch: Epoch(1),
            agent: AgentId(1),
            name: "Ana".into(),
            site: "demo".into(),
            after: 10,
            last: 10,
            snapshot: restart,
            heartbeat: Heartbeat::default(),
            colleagues: vec![],
        },
        restart,
    }
}

fn snapshot(last_seq: u64, last_offset: u64, read: u64) -> Event {
    Event::News(AgentNews::Snapshot(vec![Conversation {
        conversation: C,
        visitor: VisitorFacts::default(),
        assigned: None,
        last_seq,
        last_offset,
        newest: Some(visitor(last_offset, last_seq)),
        status: status(read),
    }]))
}

fn status(read: u64) -> Status {
    Status {
        conversation: C,
        visitor: Receipt::default(),
        agents: Receipt {
            delivered: read,
            read,
        },
        present: true,
        last_seen: None,
        page: None,
        trail: Vec::new(),
    }
}

fn model(events: Vec<Event>) -> Model {
    let mut model = Model::new(NOW);
    for event in events {
        model.apply(event, NOW);
    }
    model
}

fn live(events: Vec<AgentEvent>) -> Event {
    Event::Events {
        events,
        acked: vec![],
    }
}

fn unread(model: &Model) -> u64 {
    model.unread(model.thread(C).unwrap())
}

fn offsets(model: &Model) -> Vec<u64> {
    let thread = model.thread(C).unwrap();
    thread.events().map(|event| event.offset).collect()
}

#[test]
fn a_snapshot_that_is_newer_than_the_events_after_it_stands() {
    let model = model(vec![
        welcome(true),
        snapshot(3, 12, 1),
        live(vec![visitor(11, 2), visitor(12, 3)]),
    ]);
    assert_eq!(model.thread(C).unwrap().last_seq, 3);
    assert_eq!(unread(&model), 2);
    assert_eq!(offsets(&model), [0_u64; 0], "the history brings them, once");
}

#[test]
fn history_and_live_events_meet_without_a_gap_or_a_double() {
    let mut model = model(vec![
        welcome(true),
        snapshot(3, 9, 0),
        Event::Status(Line::Online),
    ]);
    model.choose(C);
    let Some(Request::History { before, .. }) = model.want_older() else {
        panic!("history is wanted");
    };
    assert_eq!(before, 10);
    assert_eq!(model.want_older(), None, "once");
    model.apply(live(vec![visitor(11, 4)]), NOW);
    let history = AgentNews::History {
        conversation: C,
        events: vec![visitor(8, 2), visitor(9, 3)],
        more: true,
    };
    model.apply(Event::News(history), NOW);
    assert_eq!(offsets(&model), [8, 9, 11]);
    assert_eq!(unread(&model), 4, "one more is not loaded");
    let wanted = model.want_older();
    assert!(
        matches!(wanted, Some(Request::History { before: 8, .. })),
        "{wanted:?}"
    );
}

#[test]
fn a_request_that_was_lost_with_its_line_is_made_again() {
    let mut model = model(vec![
        welcome(true),
        snapshot(3, 9, 0),
        Event::Status(Line::Online),
    ]);
    model.choose(C);
    assert!(model.want_older().is_some());
    model.apply(welcome(false), NOW);
    assert!(model.want_older().is_some());
}

#[test]
fn who_answers_has_read() {
    let model = model(vec![
        welcome(false),
        live(vec![visitor(1, 1), agent(2, 2), visitor(3, 3)]),
    ]);
    assert_eq!(unread(&model), 1);
    let thread = model.thread(C).unwrap();
    assert_eq!(thread.waits_since, Some(Millis(3000)));
}

#[test]
fn receipts_are_given_and_given_again_after_a_welcome() {
    let mut model = model(vec![welcome(true), snapshot(3, 9, 3)]);
    let seen = |delivered, read| Request::Seen {
        conversation: C,
        seen: Receipt { delivered, read },
    };
    assert_eq!(model.apply(live(vec![visitor(11, 4)]), NOW), [seen(4, 3)]);
    model.choose(C);
    assert_eq!(model.look(), Some(seen(4, 4)));
    assert_eq!(model.look(), None);
    assert_eq!(model.apply(welcome(false), NOW), [seen(4, 4)]);
    model.apply(Event::News(AgentNews::Status(status(4))), NOW);
    assert_eq!(model.apply(welcome(false), NOW), []);
}

#[test]
fn a_restart_drops_the_log_and_keeps_the_outbox() {
    let entry = Entry {
        id: EventId(99),
        command: AgentCommand::Claim { conversation: C },
        written: NOW,
        failed: None,
    };
    let model = model(vec![
        welcome(true),
        live(vec![visitor(11, 1)]),
        Event::Outbox(vec![entry.clone()]),
        welcome(true),
    ]);
    assert_eq!(model.outbox, [entry]);
    assert_eq!(offsets(&model), [0_u64; 0]);
}

#[test]
fn typing_ends_with_the_message_or_with_time() {
    let typing = |name: Option<&str>| {
        Event::News(AgentNews::Typing(Typing {
            conversation: Some(C),
            active: true,
            name: name.map(str::to_owned),
            text: None,
        }))
    };
    let mut model = model(vec![
        live(vec![visitor(1, 1)]),
        typing(None),
        typing(Some("Ben")),
    ]);
    let who = |model: &Model, at| {
        let thread = model.thread(C).unwrap();
        thread
            .typing_at(at)
            .map(|name| name.map(str::to_owned))
            .collect::<Vec<_>>()
    };
    assert_eq!(who(&model, NOW), [None, Some("Ben".to_owned())]);
    model.apply(live(vec![visitor(2, 2)]), NOW);
    assert_eq!(who(&model, NOW), [Some("Ben".to_owned())]);
    assert_eq!(who(&model, NOW + Millis::from_secs(6)), []);
}
