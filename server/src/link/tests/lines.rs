//! The heartbeat, the handshake's deadline and the stop, on a virtual clock.

use holdfast_protocol::frame::{RefusalCode, VisitorDown};
use tokio::time::Instant;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_come_ends_the_line() {
    let place = Place::new();
    for connect in [Place::connect_visitor, Place::connect_agent] {
        let mut peer = connect(&place);
        let begun = Instant::now();
        let VisitorDown::Refused(refusal) = peer.hear().await else {
            panic!("not refused");
        };
        assert_eq!(refusal.code, RefusalCode::TooLate);
        assert_eq!(begun.elapsed(), clock::span(limits::HANDSHAKE));
        peer.closed().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_asked_and_then_dead() {
    let place = Place::new();
    let (mut peer, welcome) = place.visitor(None, None).await;
    let begun = Instant::now();
    let mut pings = 0;
    while let Some(text) = peer.hear_text().await {
        pings += usize::from(text.contains("ping"));
    }
    let dead = clock::span(welcome.heartbeat.strict.dead_ms);
    assert_eq!(pings, 2, "at 3 and 6 seconds");
    assert!(begun.elapsed() >= dead && begun.elapsed() < 2 * dead);
    peer.task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_transports_pong_is_a_sign_of_life() {
    let place = Place::new();
    let (mut peer, _) = place.visitor(None, None).await;
    for _ in 0..10 {
        peer.until(|down| matches!(down, VisitorDown::Ping { .. }).then_some(()))
            .await;
        peer.to_server.send(Incoming::Alive).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_calm_peer_is_asked_rarely() {
    let place = Place::new();
    let (mut peer, welcome) = place.visitor(None, None).await;
    peer.say(&VisitorUp::Pace { pace: Pace::Calm }).await;
    let begun = Instant::now();
    peer.until(|down| matches!(down, VisitorDown::Ping { .. }).then_some(()))
        .await;
    let every = clock::span(welcome.heartbeat.calm.every_ms);
    assert!(begun.elapsed() >= every && begun.elapsed() < 2 * every);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_dead() {
    let place = Place::new();
    let (peer, _) = place.visitor(None, None).await;
    // Answers to these fill the line, and nobody takes them out.
    for n in 0..9 {
        peer.say(&VisitorUp::Ping { n }).await;
    }
    peer.task.await.unwrap();
}

#[tokio::test]
async fn a_stop_is_told_to_all() {
    let place = Place::new();
    let (_, token) = place.agent("Ann");
    let (mut ann, _) = place.agent_in(&token, None).await;
    let (mut visitor, _) = place.visitor(None, None).await;
    let mut stranger = place.connect_visitor();
    place.shared.stop.cancel();
    for peer in [&mut ann, &mut visitor, &mut stranger] {
        let going = peer
            .until(|down: serde_json::Value| down.get("going_away").cloned())
            .await;
        assert_eq!(going["retry_after_ms"], 1000);
    }
    ann.closed().await;
}

#[tokio::test]
async fn a_closed_log_is_no_rejection() {
    let place = Place::new();
    let (mut peer, _) = place.visitor(None, None).await;
    place.shared.log.stop().await;
    peer.say(&said(1, "hello")).await;
    peer.until(|down| match down {
        VisitorDown::GoingAway(_) => Some(()),
        VisitorDown::Rejected(rejected) => panic!("{rejected:?}"),
        _ => None,
    })
    .await;
}
