//! The words on the wire are those of PROTOCOL.md, to the letter: other people's clients rely on them.

#![allow(
    clippy::unwrap_used,
    reason = "a test that meets the impossible should stop"
)]

use std::fmt::Debug;

use holdfast_protocol::event::{
    AgentEvent, Author, Body, Page, Receipt, VisitorBody, VisitorFacts,
};
use holdfast_protocol::frame::{
    self, AgentDown, AgentUp, FrameError, Hello, Login, Pace, PrechatField, PrechatKind, Resume,
    SiteState, Status, Track, Tracked, Typing, VisitorDown, VisitorUp,
};
use holdfast_protocol::id::{AgentId, ConversationId, Epoch, EventId};
use holdfast_protocol::limits;
use holdfast_protocol::profile::{Identified, Identity, Profile};
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
            identity: None,
            profile: None,
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
            text: None,
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
fn what_visitors_say_of_themselves() {
    let id: EventId = ID.parse().unwrap();
    let mut profile = Profile {
        name: Some("Ana".to_owned()),
        email: Some("ana@shop.example".to_owned()),
        ..Profile::default()
    };
    profile.fields.set("plan", "pro");
    check(
        VisitorUp::Hello(Hello {
            version: 1,
            site: "demo".to_owned(),
            token: None,
            resume: None,
            page: None,
            locale: None,
            identity: Some(Identity {
                id: "user-17".to_owned(),
                hash: Some("0a1b".to_owned()),
            }),
            profile: Some(profile.clone()),
            pace: Pace::Calm,
        }),
        concat!(
            r#"{"hello":{"version":1,"site":"demo","identity":{"id":"user-17","hash":"0a1b"},"#,
            r#""profile":{"name":"Ana","email":"ana@shop.example","fields":{"plan":"pro"}},"pace":"calm"}}"#
        ),
    );
    check(
        VisitorUp::Profile(profile),
        r#"{"profile":{"name":"Ana","email":"ana@shop.example","fields":{"plan":"pro"}}}"#,
    );
    check(
        VisitorUp::Rate {
            id,
            score: 5,
            comment: Some("quick".to_owned()),
        },
        r#"{"rate":{"id":"01912d68-783e-7a03-8467-5661c1243ad4","score":5,"comment":"quick"}}"#,
    );
    check(
        VisitorUp::Track(Track {
            name: "cart".to_owned(),
            detail: Some("3 pieces".to_owned()),
        }),
        r#"{"track":{"name":"cart","detail":"3 pieces"}}"#,
    );
    check(
        VisitorUp::Typing(Typing {
            conversation: None,
            active: true,
            name: None,
            text: Some("Hel".to_owned()),
        }),
        r#"{"typing":{"active":true,"text":"Hel"}}"#,
    );
}

#[test]
fn what_visitors_hear_of_their_site() {
    check(
        VisitorDown::Site(SiteState {
            closed: true,
            opens_at: Some(Millis(1_795_239_000_000)),
            greeting: None,
            away: Some("Back at nine.".to_owned()),
            prechat: vec![PrechatField {
                name: "order".to_owned(),
                label: "Your order".to_owned(),
                kind: PrechatKind::Text,
                required: false,
            }],
            preview: true,
            rating: true,
        }),
        concat!(
            r#"{"site":{"closed":true,"opens_at":1795239000000,"away":"Back at nine.","#,
            r#""prechat":[{"name":"order","label":"Your order","kind":"text","required":false}],"#,
            r#""preview":true,"rating":true}}"#
        ),
    );
    let welcome = concat!(
        r#"{"welcome":{"version":1,"token":"T","epoch":1,"after":0,"last":0,"#,
        r#""heartbeat":{"strict":{"every_ms":1,"dead_ms":2},"calm":{"every_ms":1,"dead_ms":2}},"#,
        r#""seen":{"delivered":0,"read":0},"receipt":{"delivered":0,"read":0},"staff":{"online":[]}}}"#
    );
    let read = frame::parse::<VisitorDown>(welcome, limits::DOWN_FRAME_BYTES).unwrap();
    assert_eq!(
        frame::write(&read).unwrap(),
        welcome,
        "a plain site is left out"
    );
    let rated = r#"{"rated":{"score":4}}"#;
    let body: VisitorBody = serde_json::from_str(rated).unwrap();
    assert_eq!(
        body,
        VisitorBody::Rated {
            score: 4,
            comment: None
        }
    );
    assert_eq!(serde_json::to_string(&body).unwrap(), rated);
}

#[test]
fn what_agents_hear_of_a_visitor() {
    let mut visitor = VisitorFacts {
        name: Some("Ana".to_owned()),
        identity: Some(Identified {
            id: "user-17".to_owned(),
            verified: true,
        }),
        ..VisitorFacts::default()
    };
    visitor.fields.set("plan", "pro");
    let body = Body::Facts {
        visitor: Box::new(visitor),
    };
    assert_eq!(
        serde_json::to_string(&body).unwrap(),
        concat!(
            r#"{"facts":{"visitor":{"name":"Ana","fields":{"plan":"pro"},"#,
            r#""identity":{"id":"user-17","verified":true}}}}"#
        )
    );
    assert_eq!(body.for_visitor(), None);
    check(
        AgentDown::Status(Status {
            conversation: ConversationId(1),
            visitor: Receipt::default(),
            agents: Receipt::default(),
            present: true,
            last_seen: None,
            page: None,
            trail: vec![Tracked {
                at: Millis(7),
                name: "cart".to_owned(),
                detail: None,
            }],
        }),
        concat!(
            r#"{"status":{"conversation":1,"visitor":{"delivered":0,"read":0},"#,
            r#""agents":{"delivered":0,"read":0},"present":true,"trail":[{"at":7,"name":"cart"}]}}"#
        ),
    );
}

#[test]
fn all_that_is_said_of_a_visitor_fits_into_a_hello() {
    let long = |bytes: usize| "\\".repeat(bytes);
    let mut profile = Profile::default();
    profile.merge(&Profile {
        name: Some(long(limits::PROFILE_NAME_BYTES)),
        email: Some(long(limits::EMAIL_BYTES)),
        ..Profile::default()
    });
    for n in 0..limits::FIELDS {
        let name = format!("{n}{}", long(limits::FIELD_NAME_BYTES));
        assert!(profile.fields.set(&name, &long(limits::FIELD_VALUE_BYTES)));
    }
    let hello = VisitorUp::Hello(Hello {
        version: 1,
        site: long(limits::SITE_BYTES),
        token: Some(long(limits::TOKEN_BYTES)),
        resume: Some(Resume {
            epoch: Epoch(u64::MAX),
            after: u64::MAX,
        }),
        page: Some(Page {
            url: "\u{1}".repeat(limits::PAGE_URL_BYTES),
            title: "\u{1}".repeat(limits::PAGE_TITLE_BYTES),
        }),
        locale: Some("\u{1}".repeat(limits::LOCALE_BYTES)),
        identity: Some(Identity {
            id: "\u{1}".repeat(limits::IDENTITY_BYTES),
            hash: Some("0".repeat(64)),
        }),
        profile: Some(profile),
        pace: Pace::Strict,
    });
    assert!(frame::write(&hello).unwrap().len() <= limits::UP_FRAME_BYTES);
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
