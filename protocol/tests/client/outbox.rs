//! Outbox and cursor: what is sent, when it is done with, what is shown.

use holdfast_protocol::client::{ClientEvent, LineId, Saved, SendError, Visitor, VisitorCommand};
use holdfast_protocol::event::Author;
use holdfast_protocol::frame::{Rejected, RejectionCode, Resume, VisitorDown, VisitorUp};
use holdfast_protocol::id::{AgentId, Epoch, EventId};
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;

use crate::bench::{Bench, EPOCH, event, events, mine, welcome, welcome_after};

#[test]
fn an_outbox_empties_by_events_alone() {
    let mut bench = Bench::online(0);
    bench.write(1);
    bench.write(2);
    assert_eq!(bench.sent_ids(), [1, 2]);
    assert_eq!(bench.outbox(), [1, 2]);
    bench.hear(LineId(1), events(vec![mine(1, 1)]));
    assert_eq!(bench.outbox(), [2]);
    assert_eq!(bench.shown(), [1]);
}

#[test]
fn somebody_elses_event_with_my_id_acknowledges_nothing() {
    let mut bench = Bench::online(0);
    bench.write(1);
    let agent = Author::Agent {
        id: AgentId(1),
        name: "Ana".to_owned(),
    };
    bench.hear(LineId(1), events(vec![event(1, 1, agent)]));
    assert_eq!(bench.outbox(), [1]);
}

#[test]
fn after_a_reconnect_the_whole_outbox_goes_out_in_order_and_reading_goes_on_after_the_cursor() {
    let mut bench = Bench::online(0);
    bench.write(1);
    bench.write(2);
    bench.hear(LineId(1), events(vec![mine(1, 1)]));
    bench.client.handle_closed(LineId(1), bench.now);
    bench.drain();
    bench.write(3);
    bench.pass(Millis(2 * limits::FIRST_PAUSE.0));
    bench.sent.clear();
    bench.open(LineId(2));
    let Some(VisitorUp::Hello(hello)) = bench.sent.first() else {
        panic!("{:?}", bench.sent)
    };
    assert_eq!(
        hello.resume,
        Some(Resume {
            epoch: EPOCH,
            after: 1
        })
    );
    assert_eq!(hello.token.as_deref(), Some("token"));
    bench.hear(LineId(2), welcome_after(1, 1));
    assert_eq!(bench.sent_ids(), [2, 3]);
}

#[test]
fn an_event_that_comes_again_is_not_shown_again_but_acknowledges() {
    let mut bench = Bench::online(5);
    bench.write(1);
    bench.hear(LineId(1), events(vec![mine(3, 1)]));
    assert!(bench.outbox().is_empty());
    assert!(bench.shown().is_empty());
}

#[test]
fn a_gap_is_never_shown() {
    let mut bench = Bench::online(0);
    bench.hear(LineId(1), events(vec![mine(1, 1), mine(3, 3)]));
    assert_eq!(bench.shown(), [1]);
    assert_eq!(bench.closes, [LineId(1)]);
    assert_eq!(
        bench.client.saved().cursor,
        Some(Resume {
            epoch: EPOCH,
            after: 1
        })
    );
}

#[test]
fn another_epoch_restarts_the_cursor_and_keeps_the_outbox() {
    let saved = Saved {
        cursor: Some(Resume {
            epoch: Epoch(1),
            after: 90,
        }),
        ..Saved::default()
    };
    let mut bench = Bench::new(saved);
    bench.write(1);
    bench.open(LineId(1));
    bench.hear(LineId(1), welcome(4));
    assert_eq!(
        bench.client.saved().cursor,
        Some(Resume {
            epoch: EPOCH,
            after: 4
        })
    );
    assert_eq!(bench.sent_ids(), [1]);
    let is_restart =
        |e: &ClientEvent<Visitor>| matches!(e, ClientEvent::Welcomed { restart: true, .. });
    assert!(bench.events.iter().any(is_restart));
}

#[test]
fn what_an_old_line_still_brings_while_another_is_welcomed_stays_on_the_screen() {
    let mut bench = Bench::online(0);
    bench.write(1);
    bench.pass(limits::ACK_WAIT + limits::PROBE_WAIT);
    bench.open(LineId(2));
    bench.hear(LineId(1), events(vec![mine(1, 1)]));
    bench.hear(LineId(2), welcome_after(0, 1));
    assert_eq!(
        bench.client.saved().cursor,
        Some(Resume {
            epoch: EPOCH,
            after: 1
        })
    );
    let restarts = bench
        .events
        .iter()
        .filter(|event| matches!(event, ClientEvent::Welcomed { restart, .. } if *restart));
    assert_eq!(
        restarts.count(),
        1,
        "only the first welcome sets the cursor"
    );
    bench.hear(LineId(2), events(vec![mine(1, 1)]));
    assert_eq!(bench.shown(), [1]);
}

#[test]
fn a_rejected_message_waits_for_its_writer_and_holds_nothing_up() {
    let mut bench = Bench::online(0);
    bench.write(1);
    bench.write(2);
    bench.hear(
        LineId(1),
        VisitorDown::Rejected(Rejected {
            id: EventId(1),
            code: RejectionCode::TooLong,
            message: "too long".to_owned(),
        }),
    );
    assert!(bench.client.outbox()[0].failed.is_some());
    bench.sent.clear();
    bench.client.retry(EventId(1), EventId(9), bench.now);
    bench.drain();
    assert_eq!(bench.outbox(), [2, 9]);
    assert_eq!(bench.sent_ids(), [9]);
    assert!(
        bench.client.discard(EventId(9)).is_none(),
        "it may have been accepted by now"
    );
}

#[test]
fn what_can_not_be_accepted_is_refused_at_once() {
    let mut bench = Bench::online(0);
    let blank = VisitorCommand::Send {
        text: " ".to_owned(),
    };
    let refused = bench.client.send(EventId(1), blank, Millis(0), bench.now);
    assert!(matches!(refused, Err(SendError::Text(_))));
    for n in 0..limits::OUTBOX_ENTRIES as u128 {
        bench.write(n);
    }
    let more = VisitorCommand::Send {
        text: "more".to_owned(),
    };
    assert_eq!(
        bench.client.send(EventId(999), more, Millis(0), bench.now),
        Err(SendError::Full)
    );
    assert_eq!(bench.sent_ids().len(), limits::IN_FLIGHT);
}
