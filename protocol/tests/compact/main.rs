//! The widget's reader and writer against serde's: the same words, whatever is said, and whatever becomes of them.

#![allow(
    clippy::unwrap_used,
    reason = "a test that meets the impossible should stop"
)]

mod said;

use std::fmt::Debug;
use std::fs;
use std::path::Path;

use holdfast_protocol::client::{Saved, Visitor};
use holdfast_protocol::compact::{self, Read, Write};
use holdfast_protocol::frame::{self, VisitorDown};
use holdfast_protocol::limits;
use holdfast_protocol::profile::Profile;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::Serialize;
use serde::de::DeserializeOwned;

use said::{down, identity, profile, saved, up};

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
    fn what_is_said_of_a_visitor_is_kept_by_either(profile in profile(), identity in identity()) {
        let text = compact::write(&profile);
        prop_assert_eq!(&text, &serde_json::to_string(&profile).unwrap());
        prop_assert_eq!(compact::read(&text), Some(profile));
        let text = compact::write(&identity);
        prop_assert_eq!(&text, &serde_json::to_string(&identity).unwrap());
        prop_assert_eq!(compact::read(&text), Some(identity));
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
        r#"{"site":{}}"#,
        r#"{"site":{"closed":false,"opens_at":null,"prechat":[],"later":{}}}"#,
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
        r#"{"site":{"closed":null}}"#,
        r#"{"site":{"prechat":null}}"#,
        r#"{"site":{"prechat":[{"name":"a","label":"A","kind":"colour","required":true}]}}"#,
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

#[test]
fn a_name_that_comes_twice_has_its_last_value() {
    for text in [
        r#"{"fields":{"a":"1","b":"2","a":"3"}}"#,
        r#"{"fields":{}}"#,
        r#"{"fields":{"a":1}}"#,
        r#"{"fields":["a"]}"#,
        r#"{"fields":null}"#,
    ] {
        agree::<Profile>(text);
    }
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
