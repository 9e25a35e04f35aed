//! The widget's reader and writer against serde's: the same words, whatever is said, and whatever becomes of them.

#![allow(
    clippy::unwrap_used,
    reason = "a test that meets the impossible should stop"
)]

use std::fmt::Debug;
use std::fs;
use std::path::Path;

use holdfast_protocol::client::{Entry, Failure, Saved, Visitor, VisitorCommand};
use holdfast_protocol::compact::{self, Read, Write};
use holdfast_protocol::event::{Author, Page, Receipt, VisitorBody, VisitorEvent};
use holdfast_protocol::frame::{
    self, Beat, GoingAway, Heartbeat, Hello, Pace, Refusal, RefusalCode, Rejected, RejectionCode,
    Resume, Staff, Typing, VisitorDown, VisitorUp, VisitorWelcome,
};
use holdfast_protocol::id::{AgentId, ConversationId, Epoch, EventId};
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A case that fails is printed, and belongs into a test of its own.
fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(300)
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_a_server_says_is_read(down in down()) {
        let text = frame::write(&down).unwrap();
        prop_assert_eq!(compact::write(&down), text.clone());
        prop_assert_eq!(compact::parse(&text, limits::DOWN_FRAME_BYTES), Some(down));
    }

    #[test]
    fn what_a_visitor_says_is_written(up in up()) {
        prop_assert_eq!(compact::write(&up), frame::write(&up).unwrap());
    }

    #[test]
    fn what_a_tab_keeps_is_read_by_either(saved in saved()) {
        let text = compact::write(&saved);
        prop_assert_eq!(&serde_json::from_str::<Saved<Visitor>>(&text).unwrap(), &saved);
        prop_assert_eq!(compact::read(&text), Some(saved.clone()));
        prop_assert_eq!(compact::read(&serde_json::to_string(&saved).unwrap()), Some(saved));
    }

    #[test]
    fn a_damaged_text_is_the_same_to_both(down in down(), damage in vec(damage(), 1..4)) {
        agree::<VisitorDown>(&damaged(frame::write(&down).unwrap(), &damage));
    }
}

#[test]
fn every_input_that_fuzzing_kept_is_the_same_to_both() {
    let mut count = 0;
    for (folder, check) in [
        ("visitor_down", agree::<VisitorDown> as fn(&str)),
        ("saved", agree::<Saved<Visitor>>),
    ] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../fuzz/corpus")
            .join(folder);
        for entry in fs::read_dir(folder).unwrap() {
            if let Ok(text) = fs::read_to_string(entry.unwrap().path()) {
                check(&text);
                count += 1;
            }
        }
    }
    assert!(count > 50, "{count} inputs");
}

#[test]
fn json_is_read_to_the_letter() {
    for text in [
        r#"{"ping":{"n":0}}"#,
        " \t\r\n{ \"ping\" : { \"n\" : 18446744073709551615 } } ",
        r#"{"ping":{"n":1,"later":[-0.5e+7,1E9,{"a":[null,true,false]},[],{}]}}"#,
        r#"{"ping":{"n":1,"later":1,"later":2}}"#,
        r#"{"typing":{"active":true,"name":"\u00e4\ud83d\ude00\/\b\f\n\r\t\\\""}}"#,
        r#"{"typing":{"active":true,"conversation":null}}"#,
        r#"{"history":{"events":[ ],"more":false}}"#,
    ] {
        assert!(compact::read::<VisitorDown>(text).is_some(), "{text}");
        agree::<VisitorDown>(text);
    }
    for text in [
        "",
        "{",
        "7",
        "nul",
        r#""ping""#,
        r#"{"shout":{}}"#,
        r#"{"ping":{}}"#,
        r#"{"ping":{"n":-1}}"#,
        r#"{"ping":{"n":-0}}"#,
        r#"{"ping":{"n":01}}"#,
        r#"{"ping":{"n":1.0}}"#,
        r#"{"ping":{"n":1e3}}"#,
        r#"{"ping":{"n":18446744073709551616}}"#,
        r#"{"ping":{"n":"1"}}"#,
        r#"{"ping":{"n":null}}"#,
        r#"{"ping":{"n":1,"n":1}}"#,
        r#"{"ping":{"n":1,}}"#,
        r#"{"ping":{"n":1}}{"ping":{"n":2}}"#,
        r#"{"ping":{"n":1},"pong":{"n":1}}"#,
        r#"{"ping":{"n":1,"later":1.}}"#,
        r#"{"ping":{"n":1,"later":1e}}"#,
        r#"{"ping":{"n":1,"later":+1}}"#,
        r#"{"history":{"events":[,],"more":false}}"#,
        r#"{"typing":{"active":true,"name":"\ud83d"}}"#,
        r#"{"typing":{"active":true,"name":"\ud83d\u0041"}}"#,
        r#"{"typing":{"active":true,"name":"\ude00"}}"#,
        r#"{"typing":{"active":true,"name":"\x"}}"#,
        "{\"typing\":{\"active\":true,\"name\":\"\n\"}}",
    ] {
        assert_eq!(compact::read::<VisitorDown>(text), None, "{text}");
        agree::<VisitorDown>(text);
    }
}

#[test]
fn what_is_too_long_or_too_deep_is_not_read() {
    let text = r#"{"ping":{"n":1}}"#;
    assert_eq!(compact::parse(text, text.len() - 1), None);
    let deep = |depth| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        compact::read::<VisitorDown>(&format!(r#"{{"ping":{{"n":1,"later":{open}{close}}}}}"#))
    };
    assert!(deep(60).is_some());
    assert_eq!(deep(100_000), None);
}

/// serde takes a list for an object, with the members in their order; PROTOCOL.md does not.
#[test]
fn a_list_is_no_object() {
    let text = r#"{"ping":[1]}"#;
    assert!(serde_json::from_str::<VisitorDown>(text).is_ok());
    assert_eq!(compact::read::<VisitorDown>(text), None);
}

/// Both take the text for the same, or neither takes it.
fn agree<T: Read + Write + Serialize + DeserializeOwned + Debug + PartialEq>(text: &str) {
    let expected = serde_json::from_str::<T>(text).ok();
    assert_eq!(compact::read::<T>(text), expected, "{text}");
}

/// A place in a text, and the character that takes its place, or is put in, or none.
type Damage = (Index, Option<char>, bool);

fn damage() -> impl Strategy<Value = Damage> {
    let chars: Vec<char> = "{}\":,0123456789-.eE\\ubtfnlrs x\u{1}é".chars().collect();
    (any::<Index>(), option::of(select(chars)), any::<bool>())
}

fn damaged(text: String, damage: &[Damage]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (place, char, is_replaced) in damage {
        if chars.is_empty() {
            break;
        }
        let at = place.index(chars.len());
        chars.splice(at..at + usize::from(*is_replaced), *char);
    }
    chars.into_iter().collect()
}

/// Small numbers and any.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..8_u64, any::<u64>()]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[\u{0}-\u{7f}]{0,40}", "[a-z ]{0,20}"]
}

fn id() -> impl Strategy<Value = EventId> {
    any::<u128>().prop_map(EventId)
}

fn millis() -> impl Strategy<Value = Millis> {
    number().prop_map(Millis)
}

fn receipt() -> impl Strategy<Value = Receipt> {
    (number(), number()).prop_map(|(delivered, read)| Receipt { delivered, read })
}

fn page() -> impl Strategy<Value = Page> {
    (text(), text()).prop_map(|(url, title)| Page { url, title })
}

fn resume() -> impl Strategy<Value = Resume> {
    (number(), number()).prop_map(|(epoch, after)| Resume {
        epoch: Epoch(epoch),
        after,
    })
}

fn pace() -> impl Strategy<Value = Pace> {
    select(vec![Pace::Strict, Pace::Calm])
}

fn typing() -> impl Strategy<Value = Typing> {
    let conversation = option::of(number().prop_map(ConversationId));
    (conversation, any::<bool>(), option::of(text())).prop_map(|(conversation, active, name)| {
        Typing {
            conversation,
            active,
            name,
        }
    })
}

fn rejection_code() -> impl Strategy<Value = RejectionCode> {
    use RejectionCode::{Blank, TooLong, UnknownAgent, UnknownConversation};
    select(vec![Blank, TooLong, UnknownAgent, UnknownConversation])
}

fn refusal_code() -> impl Strategy<Value = RefusalCode> {
    use RefusalCode::{BadFrame, BadToken, Full, TooLate, UnknownSite, Version};
    select(vec![
        BadFrame,
        BadToken,
        Full,
        TooLate,
        UnknownSite,
        Version,
    ])
}

fn author() -> impl Strategy<Value = Author> {
    prop_oneof![
        Just(Author::Visitor {}),
        Just(Author::System {}),
        (number(), text()).prop_map(|(id, name)| Author::Agent {
            id: AgentId(id),
            name
        }),
    ]
}

fn event() -> impl Strategy<Value = VisitorEvent> {
    let body = prop_oneof![
        text().prop_map(|text| VisitorBody::Message { text }),
        Just(VisitorBody::Closed {}),
    ];
    (number(), id(), millis(), author(), body).prop_map(|(seq, id, at, author, body)| {
        VisitorEvent {
            seq,
            id,
            at,
            author,
            body,
        }
    })
}

fn beat() -> impl Strategy<Value = Beat> {
    (millis(), millis()).prop_map(|(every_ms, dead_ms)| Beat { every_ms, dead_ms })
}

fn staff() -> impl Strategy<Value = Staff> {
    vec(text(), 0..3).prop_map(|online| Staff { online })
}

fn welcome() -> impl Strategy<Value = VisitorWelcome> {
    let numbers = (any::<u32>(), number(), number(), number());
    let receipts = (receipt(), receipt());
    (numbers, text(), (beat(), beat()), receipts, staff()).prop_map(
        |((version, epoch, after, last), token, (strict, calm), (seen, receipt), staff)| {
            VisitorWelcome {
                version,
                token,
                epoch: Epoch(epoch),
                after,
                last,
                heartbeat: Heartbeat { strict, calm },
                seen,
                receipt,
                staff,
            }
        },
    )
}

fn down() -> impl Strategy<Value = VisitorDown> {
    use VisitorDown as Down;
    prop_oneof![
        welcome().prop_map(Down::Welcome),
        (refusal_code(), text())
            .prop_map(|(code, message)| Down::Refused(Refusal { code, message })),
        vec(event(), 0..4).prop_map(|events| Down::Events { events }),
        (id(), rejection_code(), text()).prop_map(|(id, code, message)| Down::Rejected(Rejected {
            id,
            code,
            message
        })),
        (vec(event(), 0..4), any::<bool>())
            .prop_map(|(events, more)| Down::History { events, more }),
        receipt().prop_map(Down::Receipt),
        typing().prop_map(Down::Typing),
        staff().prop_map(Down::Staff),
        number().prop_map(|n| Down::Ping { n }),
        number().prop_map(|n| Down::Pong { n }),
        (millis(), text()).prop_map(|(retry_after_ms, message)| Down::GoingAway(GoingAway {
            retry_after_ms,
            message
        })),
    ]
}

fn up() -> impl Strategy<Value = VisitorUp> {
    let hello = (any::<u32>(), text(), option::of(text()), pace());
    let place = (option::of(resume()), option::of(page()), option::of(text()));
    let hello = (hello, place).prop_map(
        |((version, site, token, pace), (resume, page, locale))| Hello {
            version,
            site,
            token,
            resume,
            page,
            locale,
            pace,
        },
    );
    prop_oneof![
        hello.prop_map(VisitorUp::Hello),
        (id(), text()).prop_map(|(id, text)| VisitorUp::Send { id, text }),
        receipt().prop_map(VisitorUp::Seen),
        typing().prop_map(VisitorUp::Typing),
        page().prop_map(VisitorUp::Page),
        pace().prop_map(|pace| VisitorUp::Pace { pace }),
        number().prop_map(|before| VisitorUp::History { before }),
        number().prop_map(|n| VisitorUp::Ping { n }),
        number().prop_map(|n| VisitorUp::Pong { n }),
    ]
}

fn saved() -> impl Strategy<Value = Saved<Visitor>> {
    let failed = (rejection_code(), text()).prop_map(|(code, message)| Failure { code, message });
    let entry = (id(), text(), millis(), option::of(failed));
    let entry = entry.prop_map(|(id, text, written, failed)| Entry {
        id,
        command: VisitorCommand::Send { text },
        written,
        failed,
    });
    (option::of(resume()), vec(entry, 0..4)).prop_map(|(cursor, outbox)| Saved { cursor, outbox })
}
