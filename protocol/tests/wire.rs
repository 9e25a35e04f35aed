//! The words on the wire are those of PROTOCOL.md, to the letter: other people's clients rely on them.

#![allow(
    clippy::unwrap_used,
    reason = "a test that meets the impossible should stop"
)]

use std::fmt::Debug;

use holdfast_protocol::event::{AgentEvent, Author, Body, Page, Receipt};
use holdfast_protocol::frame::{
    self, AgentDown, AgentUp, FrameError, Hello, Login, Pace, Resume, Typing, VisitorDown,
    VisitorUp,
};
use holdfast_protocol::id::{AgentId, ConversationId, Epoch, EventId};
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;
use serde::Serialize;
use serde::de::DeserializeOwned;

const ID: &str = "01912d68-783e-7a03-8467-5661c1243ad4";

fn check<F: Debug + PartialEq + Serialize + DeserializeOwned>(frame: F, text: &str) {
    assert_eq!(frame::write(&frame).unwrap(), text);
    assert_eq!(
        frame::parse::<F>(text, limits::DOWN_FRAME_BYTES).unwrap(),
        frame
    );
}

#[test]
fn what_visitors_say() {
    check(
        VisitorUp::Hello(Hello {
            version: 1,
            site: "demo".to_owned(),
            token: Some("secret".to_owned()),
            resume: Some(Resume {
                epoch: Epoch(7),
                after: 3,
            }),
            page: Some(Page::new("https://shop.example/", "Shop")),
            locale: Some("pt-BR".to_owned()),
            pace: Pace::Strict,
        }),
        concat!(
            r#"{"hello":{"version":1,"site":"demo","token":"secret","resume":{"epoch":7,"after":3},"#,
            r#""page":{"url":"https://shop.example/","title":"Shop"},"locale":"pt-BR","pace":"strict"}}"#
        ),
    );
    let id: EventId = ID.parse().unwrap();
    check(
        VisitorUp::Send {
            id,
            text: "Hi \"you\"\n".to_owned(),
        },
        r#"{"send":{"id":"01912d68-783e-7a03-8467-5661c1243ad4","text":"Hi \"you\"\n"}}"#,
    );
    check(
        VisitorUp::Seen(Receipt {
            delivered: 4,
            read: 2,
        }),
        r#"{"seen":{"delivered":4,"read":2}}"#,
    );
    check(
        VisitorUp::Typing(Typing {
            conversation: None,
            active: true,
            name: None,
        }),
        r#"{"typing":{"active":true}}"#,
    );
    check(
        VisitorUp::Pace { pace: Pace::Calm },
        r#"{"pace":{"pace":"calm"}}"#,
    );
    check(VisitorUp::Ping { n: 3 }, r#"{"ping":{"n":3}}"#);
}

#[test]
fn a_hello_needs_no_more_than_version_and_site() {
    let hello = r#"{"hello":{"version":1,"site":"demo","from_a_later_version":[1]}}"#;
    let Ok(VisitorUp::Hello(hello)) = frame::parse(hello, limits::UP_FRAME_BYTES) else {
        panic!("not taken");
    };
    assert_eq!(
        (hello.token, hello.resume, hello.pace),
        (None, None, Pace::Calm)
    );
}

#[test]
fn what_agents_say_and_hear() {
    check(
        AgentUp::Login(Login {
            version: 1,
            token: "SECRET".to_owned(),
            resume: None,
        }),
        r#"{"login":{"version":1,"token":"SECRET"}}"#,
    );
    let id: EventId = ID.parse().unwrap();
    check(
        AgentUp::Transfer {
            id,
            conversation: ConversationId(1),
            to: AgentId(2),
        },
        r#"{"transfer":{"id":"01912d68-783e-7a03-8467-5661c1243ad4","conversation":1,"to":2}}"#,
    );
    let event = AgentEvent {
        offset: 3,
        conversation: ConversationId(1),
        seq: Some(2),
        id,
        at: Millis(1_795_239_000_123),
        author: Author::Agent {
            id: AgentId(1),
            name: "Ana".to_owned(),
        },
        body: Body::Message {
            text: "Good morning!".to_owned(),
        },
    };
    check(
        AgentDown::Events {
            events: vec![event],
        },
        concat!(
            r#"{"events":{"events":[{"offset":3,"conversation":1,"seq":2,"#,
            r#""id":"01912d68-783e-7a03-8467-5661c1243ad4","at":1795239000123,"#,
            r#""author":{"agent":{"id":1,"name":"Ana"}},"body":{"message":{"text":"Good morning!"}}}]}}"#
        ),
    );
}

#[test]
fn the_largest_message_fits_into_a_frame_of_either_direction() {
    let id: EventId = ID.parse().unwrap();
    let text = "\u{1}".repeat(limits::TEXT_BYTES);
    let up = AgentUp::Send {
        id,
        conversation: ConversationId((1 << 53) - 1),
        text,
    };
    assert!(frame::write(&up).unwrap().len() <= limits::UP_FRAME_BYTES);
}

#[test]
fn what_is_no_frame_is_an_error_that_says_where() {
    let long = " ".repeat(limits::UP_FRAME_BYTES + 1);
    assert!(matches!(
        frame::parse::<VisitorUp>(&long, limits::UP_FRAME_BYTES),
        Err(FrameError::TooLong { .. })
    ));
    for (text, word) in [
        ("", "EOF"),
        ("{", "EOF"),
        ("7", "expected"),
        (r#"{"shout":{}}"#, "unknown variant `shout`"),
        (r#"{"ping":{}}"#, "missing field `n`"),
        (r#"{"ping":{"n":-1}}"#, "invalid value"),
        (r#"{"send":{"id":"1","text":"x"}}"#, "not a UUID"),
        (r#"{"ping":{"n":1}}{"ping":{"n":2}}"#, "trailing characters"),
    ] {
        let error = frame::parse::<VisitorUp>(text, limits::UP_FRAME_BYTES).unwrap_err();
        assert!(error.to_string().contains(word), "{text}: {error}");
        assert!(frame::parse::<VisitorDown>(text, limits::UP_FRAME_BYTES).is_err());
    }
}
