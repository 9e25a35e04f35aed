//! Lines: when one is suspected, when another is dialled, which one wins.

use holdfast_protocol::client::{LineId, Saved, Status};
use holdfast_protocol::frame::{GoingAway, Refusal, RefusalCode, VisitorDown, VisitorUp};
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;

use crate::bench::{Bench, events, mine, welcome};

#[test]
fn a_message_without_its_event_leads_to_a_probe_then_to_another_line() {
    let mut bench = Bench::online(0);
    bench.write(1);
    bench.pass(limits::ACK_WAIT - Millis(1));
    assert_eq!(bench.last_probe(), None);
    bench.pass(Millis(1));
    assert!(bench.last_probe().is_some());
    assert_eq!(bench.dials.len(), 1);
    bench.pass(limits::PROBE_WAIT);
    assert_eq!(bench.dials.len(), 2);
    assert_eq!(bench.client.status(), &Status::Doubtful);
    assert!(bench.closes.is_empty(), "the old line may only be slow");
}

#[test]
fn a_late_answer_saves_the_line() {
    let mut bench = Bench::online(0);
    bench.write(1);
    bench.pass(limits::ACK_WAIT + limits::PROBE_WAIT);
    let n = bench.last_probe().unwrap();
    bench.hear(LineId(1), VisitorDown::Pong { n });
    assert_eq!(bench.client.status(), &Status::Online);
    assert_eq!(bench.closes, [LineId(2)]);
}

#[test]
fn only_the_answer_to_the_probe_clears_a_line_that_is_dead_in_one_direction() {
    let mut bench = Bench::online(0);
    bench.write(1);
    bench.pass(limits::ACK_WAIT);
    bench.hear(LineId(1), VisitorDown::Ping { n: 1 });
    bench.pass(limits::PROBE_WAIT);
    assert_eq!(bench.client.status(), &Status::Doubtful);
}

#[test]
fn the_first_line_that_is_welcomed_wins() {
    let mut bench = Bench::online(0);
    bench.write(1);
    bench.pass(limits::ACK_WAIT + limits::PROBE_WAIT + limits::EAGER_PAUSE);
    let lines: Vec<LineId> = bench.dials.iter().map(|(_, line)| *line).collect();
    assert!(lines.len() >= 3, "{lines:?}");
    bench.sent.clear();
    bench.open(lines[2]);
    bench.hear(lines[2], welcome(0));
    assert_eq!(bench.sent_ids(), [1]);
    assert!(bench.closes.contains(&LineId(1)) && bench.closes.contains(&lines[1]));
    assert!(!bench.closes.contains(&lines[2]));
    bench.hear(lines[1], welcome(0));
    assert_eq!(
        bench.client.status(),
        &Status::Online,
        "a line that lost is not heard"
    );
}

#[test]
fn attempts_are_near_while_something_waits_and_rare_otherwise() {
    let longest = |is_waiting: bool| {
        let mut bench = Bench::new(Saved::default());
        if is_waiting {
            bench.write(1);
        }
        bench.pass(Millis::from_secs(300));
        let pauses = bench.dials.windows(2).map(|pair| pair[1].0 - pair[0].0);
        pauses.max().unwrap()
    };
    assert!(longest(true) <= limits::EAGER_PAUSE);
    assert!(longest(false) <= limits::CALM_PAUSE && longest(false) > limits::EAGER_PAUSE);
}

#[test]
fn an_attempt_that_failed_is_followed_sooner_than_one_that_is_under_way_is_joined() {
    let soonest = limits::EAGER_PAUSE - Millis(limits::EAGER_PAUSE.0 / limits::JOIN_SLACK);
    let mut hanging = Bench::new(Saved::default());
    hanging.write(1);
    hanging.pass(soonest - Millis(1));
    assert_eq!(hanging.dials.len(), 1, "it is about to be welcomed");
    hanging.pass(Millis(1) + limits::EAGER_PAUSE - soonest);
    assert!(hanging.dials.len() > 1, "it is not waited for without end");

    let mut failing = Bench::new(Saved::default());
    failing.write(1);
    failing.client.handle_closed(LineId(1), failing.now);
    failing.pass(limits::FIRST_PAUSE);
    assert_eq!(failing.dials.len(), 2);
}

#[test]
fn attempts_in_the_air_are_bounded() {
    let mut bench = Bench::new(Saved::default());
    bench.write(1);
    bench.pass(Millis::from_secs(600));
    assert!(bench.dials.len() - bench.closes.len() <= limits::ATTEMPTS);
}

#[test]
fn a_line_of_eight_hundred_milliseconds_is_welcomed_and_kept() {
    let mut bench = Bench::new(Saved::default());
    bench.write(1);
    let trip = Millis(800);
    // TCP and TLS, upgrade, hello and its answer: four trips there and back, while others are dialled.
    bench.pass(Millis(trip.0 * 6));
    bench.open(LineId(1));
    bench.pass(Millis(trip.0 * 2));
    bench.hear(LineId(1), welcome(0));
    assert_eq!(bench.client.status(), &Status::Online);
    bench.pass(Millis(trip.0 * 2));
    bench.hear(LineId(1), events(vec![mine(1, 1)]));
    assert_eq!(bench.client.status(), &Status::Online);
    assert!(bench.last_probe().is_none());
}

#[test]
fn a_hint_probes_a_line_and_dials_where_there_is_none() {
    let mut bench = Bench::online(0);
    bench.client.handle_hint(bench.now);
    bench.drain();
    assert!(bench.last_probe().is_some());
    bench.client.handle_closed(LineId(1), bench.now);
    bench.pass(Millis::from_secs(60));
    let dials = bench.dials.len();
    bench.pass(Millis::from_secs(1));
    bench.client.handle_hint(bench.now);
    bench.drain();
    assert_eq!(bench.dials.len(), dials + 1);
}

#[test]
fn a_hint_right_after_an_attempt_that_failed_dials_at_once() {
    let mut bench = Bench::online(0);
    bench.client.handle_closed(LineId(1), bench.now);
    while bench.dials.len() < 6 {
        bench.pass(Millis(50));
        if let Some(&(_, line)) = bench.dials.last().filter(|dial| dial.1 != LineId(1)) {
            bench.client.handle_closed(line, bench.now);
        }
    }
    bench.drain();
    assert_eq!(bench.dials.len(), 6);
    bench.client.handle_hint(bench.now);
    bench.drain();
    assert_eq!(bench.dials.len(), 7);
    // What comes in a bunch with it joins the attempt.
    bench.client.handle_hint(bench.now);
    bench.drain();
    assert_eq!(bench.dials.len(), 7);
}

#[test]
fn a_hint_right_after_an_attempt_that_is_under_way_dials_at_once() {
    let mut bench = Bench::online(0);
    bench.pass(limits::STABLE);
    bench.client.handle_closed(LineId(1), bench.now);
    bench.pass(limits::FIRST_PAUSE);
    assert_eq!(bench.dials.len(), 2);
    bench.client.handle_hint(bench.now);
    bench.drain();
    assert_eq!(bench.dials.len(), 3, "it may have gone into the dead line");
    bench.pass(Millis(limits::HINT_PAUSE.0 - 1));
    bench.client.handle_hint(bench.now);
    bench.drain();
    assert_eq!(bench.dials.len(), 3, "what comes in a bunch with it joins");
}

#[test]
fn a_hint_right_after_the_first_attempt_joins_it() {
    let mut bench = Bench::new(Saved::default());
    bench.pass(Millis(limits::HINT_PAUSE.0 - 1));
    bench.client.handle_hint(bench.now);
    bench.drain();
    assert_eq!(bench.dials.len(), 1, "that a page is there says no more");
    bench.client.pause(bench.now);
    bench.pass(Millis::from_secs(60));
    bench.client.resume(bench.now);
    bench.client.handle_hint(bench.now);
    bench.drain();
    assert_eq!(bench.dials.len(), 2);
}

#[test]
fn a_line_that_does_not_answer_after_a_hint_is_joined_within_a_second() {
    let mut bench = Bench::online(0);
    bench.write(1);
    // Under suspicion already, and asked a moment ago.
    bench.pass(limits::ACK_WAIT + Millis(500));
    assert!(bench.last_probe().is_some());
    bench.client.handle_hint(bench.now);
    bench.drain();
    bench.pass(Millis(limits::HINT_WAIT.0 - 1));
    assert_eq!(bench.dials.len(), 1);
    bench.pass(Millis(1));
    assert_eq!(bench.client.status(), &Status::Doubtful);
    assert_eq!(bench.dials.len(), 2);
    assert_eq!(bench.closes, []);
}

#[test]
fn a_looking_person_has_a_silent_line_probed_within_seconds() {
    let mut bench = Bench::online(0);
    bench.pass(Millis::from_secs(30));
    assert_eq!(bench.last_probe(), None, "calm");
    bench.client.set_looking(true, bench.now);
    bench.drain();
    assert!(
        bench.last_probe().is_some(),
        "silent for longer than the strict pace allows"
    );
}

#[test]
fn a_paused_client_has_no_line_and_no_timer() {
    let mut bench = Bench::online(0);
    bench.client.pause(bench.now);
    bench.drain();
    assert_eq!(bench.closes, [LineId(1)]);
    assert_eq!(bench.client.poll_timeout(bench.now), None);
    bench.client.resume(bench.now);
    bench.drain();
    assert_eq!(bench.dials.len(), 2);
}

#[test]
fn a_server_that_goes_away_is_given_the_time_that_it_asked_for() {
    let mut bench = Bench::online(0);
    bench.write(1);
    let going = GoingAway {
        retry_after_ms: Millis(5_000),
        message: "restarting".to_owned(),
    };
    bench.hear(LineId(1), VisitorDown::GoingAway(going.clone()));
    assert_eq!(bench.client.status(), &Status::GoingAway(going));
    bench.pass(Millis(4_999));
    assert_eq!(bench.dials.len(), 1);
    bench.pass(Millis(5_001));
    assert!(bench.dials.len() > 1);
    assert_eq!(bench.outbox(), [1]);
}

#[test]
fn a_refusal_is_told_and_tried_again_rarely() {
    let mut bench = Bench::new(Saved::default());
    bench.write(1);
    bench.open(LineId(1));
    let refusal = Refusal {
        code: RefusalCode::UnknownSite,
        message: "no such site".to_owned(),
    };
    bench.hear(LineId(1), VisitorDown::Refused(refusal.clone()));
    assert_eq!(bench.client.status(), &Status::Refused(refusal));
    bench.pass(Millis(limits::REFUSED_PAUSE.0 / 2 - 1));
    assert_eq!(bench.dials.len(), 1);
    bench.pass(limits::REFUSED_PAUSE);
    assert!(bench.dials.len() > 1);
    assert_eq!(bench.outbox(), [1]);
}

#[test]
fn a_bad_token_is_dropped_and_the_visitor_comes_back_as_a_new_one() {
    let mut bench = Bench::online(3);
    bench.write(1);
    let refusal = Refusal {
        code: RefusalCode::BadToken,
        message: "bad token".to_owned(),
    };
    bench.hear(LineId(1), VisitorDown::Refused(refusal));
    bench.pass(Millis(2 * limits::FIRST_PAUSE.0));
    bench.sent.clear();
    bench.open(LineId(2));
    let Some(VisitorUp::Hello(hello)) = bench.sent.first() else {
        panic!("{:?}", bench.sent)
    };
    assert_eq!((hello.token.clone(), hello.resume), (None, None));
    assert_eq!(bench.outbox(), [1]);
}

#[test]
fn a_text_that_is_no_frame_closes_the_line_and_loses_nothing() {
    let mut bench = Bench::online(0);
    bench.write(1);
    for text in [
        "",
        "{",
        "[]",
        r#"{"nonsense":{}}"#,
        r#"{"events":{"events":[{"seq":"1"}]}}"#,
    ] {
        let line = bench.dials.last().unwrap().1;
        bench.client.handle_text(line, text, bench.now);
        bench.drain();
        assert!(bench.closes.contains(&line), "{text}");
        bench.pass(limits::EAGER_PAUSE);
    }
    assert_eq!(bench.outbox(), [1]);
}

/// A server that waited in vain for a greeting tells a slow line so; that is no reason to stay away.
#[test]
fn a_greeting_that_came_too_late_is_said_again_as_after_a_cut() {
    let mut bench = Bench::new(Saved::default());
    bench.open(LineId(1));
    bench.hear(
        LineId(1),
        VisitorDown::Refused(Refusal {
            code: RefusalCode::TooLate,
            message: "the first frame did not come in time".to_owned(),
        }),
    );
    assert!(!matches!(bench.client.status(), Status::Refused(_)));
    bench.pass(limits::EAGER_PAUSE);
    assert_eq!(bench.dials.len(), 2);
}
