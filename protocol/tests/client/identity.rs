//! Who the visitor is: said in every hello, changed while lines and messages are under way.

use holdfast_protocol::client::{
    Client, ClientEvent, LineId, Output, Saved, Status, VisitorGreeting,
};
use holdfast_protocol::frame::{Refusal, RefusalCode, Resume, Track, VisitorDown, VisitorUp};
use holdfast_protocol::limits;
use holdfast_protocol::profile::{Identity, Profile};

use crate::bench::{Bench, EPOCH, events, mine, welcome, welcome_after};

fn identity(id: &str) -> Option<Identity> {
    Some(Identity {
        id: id.to_owned(),
        hash: Some("proof".to_owned()),
    })
}

fn step(name: &str) -> VisitorUp {
    VisitorUp::Track(Track {
        name: name.to_owned(),
        detail: None,
    })
}

fn steps(bench: &Bench) -> Vec<&str> {
    let mut steps = Vec::new();
    for up in &bench.sent {
        if let VisitorUp::Track(track) = up {
            steps.push(track.name.as_str());
        }
    }
    steps
}

#[test]
fn who_becomes_a_person_keeps_the_outbox_and_reads_from_the_start() {
    let mut bench = Bench::online(4);
    bench.write(1);
    bench.sent.clear();
    bench.client.greeting_mut().identity = identity("user-17");
    bench.client.reidentify(bench.now);
    bench.drain();
    assert_eq!(bench.closes, [LineId(1)]);
    bench.open(LineId(2));
    let Some(VisitorUp::Hello(hello)) = bench.sent.first() else {
        panic!("{:?}", bench.sent)
    };
    assert_eq!(hello.identity, identity("user-17"));
    assert_eq!(hello.token.as_deref(), Some("token"));
    assert_eq!(hello.resume, None);
    bench.hear(LineId(2), welcome_after(1, 9));
    let Some(ClientEvent::Welcomed { restart: true, .. }) = bench
        .events
        .iter()
        .rfind(|event| matches!(event, ClientEvent::Welcomed { .. }))
    else {
        panic!("{:?}", bench.events)
    };
    assert_eq!(bench.sent_ids(), [1]);
}

/// All that were dialled.
fn lines(bench: &Bench) -> Vec<LineId> {
    bench.dials.iter().map(|(_, line)| *line).collect()
}

#[test]
fn a_line_that_is_being_opened_is_kept_for_the_person_and_one_that_was_greeted_is_not() {
    let mut bench = Bench::new(Saved::default());
    assert_eq!(lines(&bench), [LineId(1)]);
    bench.client.greeting_mut().identity = identity("user-17");
    bench.client.reidentify(bench.now);
    bench.drain();
    assert_eq!(lines(&bench), [LineId(1)]);
    assert!(bench.closes.is_empty());
    bench.open(LineId(1));
    let Some(VisitorUp::Hello(hello)) = bench.sent.last() else {
        panic!("{:?}", bench.sent)
    };
    assert_eq!(hello.identity, identity("user-17"));
    // Not welcomed yet, but the server has heard who it was.
    bench.client.greeting_mut().identity = identity("user-18");
    bench.client.reidentify(bench.now);
    bench.drain();
    assert_eq!(bench.closes, [LineId(1)]);
    assert_eq!(lines(&bench), [LineId(1), LineId(2)]);
    bench.open(LineId(2));
    let Some(VisitorUp::Hello(hello)) = bench.sent.last() else {
        panic!("{:?}", bench.sent)
    };
    assert_eq!(hello.identity, identity("user-18"));
    bench.hear(LineId(2), welcome(0));
    assert_eq!(bench.client.status(), &Status::Online);
}

#[test]
fn what_an_earlier_line_has_not_sent_yet_is_not_said_as_the_person() {
    let mut bench = Bench::online(0);
    bench.client.send_lossy(step("as nobody"));
    bench.client.greeting_mut().identity = identity("user-17");
    bench.client.reidentify(bench.now);
    bench.drain();
    assert!(steps(&bench).is_empty(), "{:?}", bench.sent);
}

#[test]
fn a_message_that_stands_in_the_conversation_of_before_is_acknowledged_and_not_shown() {
    let mut bench = Bench::online(0);
    bench.write(1);
    bench.client.greeting_mut().identity = identity("user-17");
    bench.client.reidentify(bench.now);
    bench.drain();
    bench.open(LineId(2));
    bench.hear(LineId(2), welcome_after(3, 3));
    bench.hear(LineId(2), events(vec![mine(0, 1)]));
    assert!(bench.outbox().is_empty());
    assert!(bench.shown().is_empty());
    assert!(bench.closes.iter().all(|line| *line != LineId(2)));
    assert_eq!(
        bench.client.saved().cursor,
        Some(Resume {
            epoch: EPOCH,
            after: 3
        })
    );
}

#[test]
fn a_refused_identity_is_said_rarely_and_another_proof_at_once() {
    let mut bench = Bench::online(0);
    bench.write(1);
    bench.client.greeting_mut().identity = identity("user-17");
    bench.client.reidentify(bench.now);
    bench.drain();
    bench.open(LineId(2));
    let refusal = Refusal {
        code: RefusalCode::BadIdentity,
        message: "another hash is expected".to_owned(),
    };
    bench.hear(LineId(2), VisitorDown::Refused(refusal.clone()));
    assert_eq!(bench.client.status(), &Status::Refused(refusal));
    let dialled = bench.dials.len();
    bench.pass(limits::EAGER_PAUSE);
    assert_eq!(bench.dials.len(), dialled, "nobody but the owner mends it");
    assert_eq!(bench.outbox(), [1]);
    assert_eq!(
        bench.client.greeting().identity,
        identity("user-17"),
        "nobody becomes anonymous by a wrong proof"
    );

    bench.client.greeting_mut().identity = identity("user-17");
    bench.client.reidentify(bench.now);
    bench.drain();
    assert_eq!(bench.client.status(), &Status::Connecting);
    assert_eq!(bench.dials.len(), dialled + 1);

    // So it is where the line for it is being opened, and fails.
    let (_, line) = bench.dials[dialled];
    bench.open(line);
    let refusal = VisitorDown::Refused(Refusal {
        code: RefusalCode::BadIdentity,
        message: "another hash is expected".to_owned(),
    });
    bench.hear(line, refusal);
    bench.pass(limits::REFUSED_PAUSE);
    let (_, line) = *bench.dials.last().unwrap();
    assert_eq!(bench.dials.len(), dialled + 2);
    bench.client.reidentify(bench.now);
    bench.client.handle_closed(line, bench.now);
    bench.pass(limits::EAGER_PAUSE);
    assert!(bench.dials.len() > dialled + 2, "its pause is over");
}

#[test]
fn what_is_said_without_a_line_waits_for_one_within_bounds() {
    let mut bench = Bench::online(0);
    bench.client.send_soon(step("at once"));
    bench.drain();
    assert_eq!(steps(&bench), ["at once"]);
    bench.client.handle_closed(LineId(1), bench.now);
    bench.drain();
    bench.sent.clear();
    let many = limits::HELD_FRAMES + 1;
    let names: Vec<String> = (0..many).map(|n| n.to_string()).collect();
    for name in &names {
        bench.client.send_soon(step(name));
    }
    let profile = Profile {
        name: Some("Ana".to_owned()),
        ..Profile::default()
    };
    bench.client.greeting_mut().profile.merge(&profile);
    bench.pass(limits::EAGER_PAUSE);
    bench.open(LineId(2));
    let Some(VisitorUp::Hello(hello)) = bench.sent.first() else {
        panic!("{:?}", bench.sent)
    };
    assert_eq!(hello.profile, Some(profile));
    assert!(steps(&bench).is_empty(), "before the welcome");
    bench.hear(LineId(2), welcome(0));
    assert_eq!(steps(&bench), names[1..]);
    bench.sent.clear();
    bench.client.handle_closed(LineId(2), bench.now);
    bench.drain();
    bench.pass(limits::EAGER_PAUSE);
    bench.open(LineId(3));
    bench.hear(LineId(3), welcome(0));
    assert!(steps(&bench).is_empty(), "said twice");
}

/// Another person is another client: nothing of the one before is in it.
#[test]
fn a_new_client_begins_with_its_identity() {
    let greeting = VisitorGreeting {
        site: "demo".to_owned(),
        identity: identity("user-18"),
        ..VisitorGreeting::default()
    };
    let mut bench = Bench::online(0);
    bench.write(1);
    bench.client = Client::new(greeting, Saved::default(), 1, bench.now);
    bench.sent.clear();
    let line = match bench.client.poll_output() {
        Some(Output::Dial(line)) => line,
        other => panic!("{other:?}"),
    };
    bench.open(line);
    bench.hear(line, welcome(0));
    assert!(bench.sent_ids().is_empty());
    let Some(VisitorUp::Hello(hello)) = bench.sent.first() else {
        panic!("{:?}", bench.sent)
    };
    assert_eq!(
        (hello.identity.clone(), hello.token.clone()),
        (identity("user-18"), None)
    );
}
