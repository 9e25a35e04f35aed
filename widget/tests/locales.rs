//! The files of `www/locales`: every language has every text, with the same places to fill in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

/// Every language with the plurals that it has, as Unicode's CLDR lists them for whole numbers.
const LOCALES: [(&str, &[&str]); 10] = [
    ("ar", &["few", "many", "one", "other", "two", "zero"]),
    ("de", &["one", "other"]),
    ("en", &["one", "other"]),
    ("es", &["many", "one", "other"]),
    ("fr", &["many", "one", "other"]),
    ("ja", &["other"]),
    ("pt", &["many", "one", "other"]),
    ("ru", &["few", "many", "one", "other"]),
    ("zh-Hans", &["other"]),
    ("zh-Hant", &["other"]),
];

/// Chinese, Japanese and Arabic are shorter, German and Russian longer; beyond this a text is cut or overflows.
const LONGEST: f64 = 2.4;

type Texts = BTreeMap<String, Value>;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// What the panel says, and what is loaded once it was opened.
const FOLDERS: [&str; 2] = ["www/locales", "www/later/locales"];

fn read(folder: &str, locale: &str) -> Texts {
    let path = root().join(format!("{folder}/{locale}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{locale}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{locale}: {error}"))
}

/// What is to be filled in.
fn places(text: &str) -> BTreeSet<&str> {
    let mut places = BTreeSet::new();
    for part in text.split('{').skip(1) {
        places.insert(
            part.split_once('}')
                .map_or("(a brace that is not closed)", |(name, _)| name),
        );
    }
    places
}

/// All forms of a text: one, or one for each plural.
fn forms(text: &Value) -> Vec<&str> {
    match text {
        Value::String(text) => vec![text],
        Value::Object(forms) => forms.values().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            panic!("{text} is no text")
        }
    }
}

#[test]
fn every_file_is_a_language_and_every_language_has_a_file() {
    let known = BTreeSet::from(LOCALES.map(|(locale, _)| format!("{locale}.json")));
    for folder in FOLDERS {
        let files = fs::read_dir(root().join(folder)).unwrap();
        let names = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert_eq!(names.collect::<BTreeSet<String>>(), known, "{folder}");
    }
    let script = fs::read_to_string(root().join("www/language.js")).unwrap();
    let list = script
        .lines()
        .find(|line| line.starts_with("export const LOCALES"))
        .unwrap();
    for (locale, _) in LOCALES {
        assert!(
            list.contains(&format!("\"{locale}\"")),
            "language.js does not know {locale}"
        );
    }
    assert_eq!(list.matches('"').count(), 2 * LOCALES.len());
}

#[test]
fn the_widget_asks_for_what_the_files_have() {
    let source = include_str!("../src/texts.rs");
    let keys = source.lines().filter_map(|line| line.split_once("=> \""));
    let asked: BTreeSet<&str> = keys.filter_map(|(_, key)| key.split('"').next()).collect();
    let english = read("www/locales", "en");
    let had: BTreeSet<&str> = english.keys().map(String::as_str).collect();
    assert_eq!(asked, had);
}

#[test]
fn the_extras_ask_for_what_their_files_have() {
    let folder = fs::read_dir(root().join("www/later/extras")).unwrap();
    let files = folder.map(|entry| entry.unwrap().path());
    let scripts = files.filter(|path| path.is_file());
    let source: String = scripts
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let own = read("www/later/locales", "en");
    for key in own.keys() {
        assert!(
            source.contains(&format!("\"{key}\"")),
            "nobody asks for {key}"
        );
    }
    // Together they are one vocabulary.
    let panel = read("www/locales", "en");
    assert!(own.keys().all(|key| !panel.contains_key(key)));
}

#[test]
fn every_language_has_every_text_with_the_same_places() {
    for folder in FOLDERS {
        every_text(folder);
    }
}

fn every_text(folder: &str) {
    let english = read(folder, "en");
    for (locale, plurals) in LOCALES {
        let texts = read(folder, locale);
        assert!(texts.keys().eq(english.keys()), "{locale} has other texts");
        for (key, text) in &texts {
            assert_eq!(
                text.is_object(),
                english[key].is_object(),
                "{locale}: {key}"
            );
            if let Value::Object(forms) = text {
                let mut found: Vec<&str> = forms.keys().map(String::as_str).collect();
                found.sort_unstable();
                assert_eq!(found, plurals, "{locale}: {key}");
            }
            let expected = places(forms(&english[key])[0]);
            for form in forms(text) {
                assert_eq!(places(form), expected, "{locale}: {key}");
                assert_eq!(form.trim(), form, "{locale}: {key}");
                assert!(!form.is_empty(), "{locale}: {key}");
            }
        }
    }
}

#[test]
fn no_text_is_so_long_that_it_breaks_the_layout() {
    let length = |text: &str| text.chars().count() as f64;
    for folder in FOLDERS {
        let english = read(folder, "en");
        for (locale, _) in LOCALES {
            for (key, text) in &read(folder, locale) {
                let room = length(forms(&english[key])[0]).mul_add(LONGEST, 12.0);
                let is_fit = length(forms(text)[0]) <= room;
                assert!(is_fit, "{locale}: {key} is too long");
            }
        }
    }
}
