//! Who a visitor is: what their page and they themselves say, and what the site's own server vouches for.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::event::{VisitorFacts, cut};
use crate::limits;

/// Who the visitor is to the site: its own name for a person, and the proof that this tab may use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The site's name for the person, at most [`limits::IDENTITY_BYTES`], not empty.
    pub id: String,
    /// HMAC-SHA256 of `id` under the site's identity key, in lower-case hexadecimal digits. Without it the id
    /// is a claim, which a site may refuse, and which never opens a conversation of another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// Who a visitor is to the site, as agents see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identified {
    /// The site's name for the person.
    pub id: String,
    /// Whether the site's server vouched for it; otherwise the page merely claims it.
    pub verified: bool,
}

/// What a page or a visitor says of the visitor. Member by member the newest value wins, what is absent
/// stays as it was, and an empty text takes a value away. A tab keeps what it has said and repeats it in every
/// `hello`, so that nothing of it is lost with a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// At most [`limits::PROFILE_NAME_BYTES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// At most [`limits::EMAIL_BYTES`]. Nobody has looked whether mail arrives there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whatever else the site wants its agents to know.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub fields: Fields,
}

impl Profile {
    /// Takes in what was said later, each text in one line and cut to its limit.
    pub fn merge(&mut self, newer: &Self) {
        if let Some(name) = &newer.name {
            self.name = Some(one_line(name, limits::PROFILE_NAME_BYTES));
        }
        if let Some(email) = &newer.email {
            self.email = Some(one_line(email, limits::EMAIL_BYTES));
        }
        for (name, value) in newer.fields.iter() {
            self.fields.set(name, value);
        }
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.name.is_none() && self.email.is_none() && self.fields.is_empty()
    }
}

impl VisitorFacts {
    /// Takes in what a page or a visitor says, within the limits.
    pub fn learn(&mut self, profile: &Profile) {
        let mut known = Profile {
            name: self.name.take(),
            email: self.email.take(),
            fields: std::mem::take(&mut self.fields),
        };
        known.merge(profile);
        self.name = known.name.filter(|name| !name.is_empty());
        self.email = known.email.filter(|email| !email.is_empty());
        known.fields.0.retain(|(_, value)| !value.is_empty());
        self.fields = known.fields;
    }
}

/// Texts by name, in the order in which they were first said; at most [`limits::FIELDS`] once they were set.
/// On the wire an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(pub(crate) Vec<(String, String)>);

impl Fields {
    /// Sets a value, both texts in one line and cut to [`limits::FIELD_NAME_BYTES`] and
    /// [`limits::FIELD_VALUE_BYTES`]. Returns whether there was room, and a name.
    pub fn set(&mut self, name: &str, value: &str) -> bool {
        let name = one_line(name, limits::FIELD_NAME_BYTES);
        let value = one_line(value, limits::FIELD_VALUE_BYTES);
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| *known == name) {
            *known = value;
            return true;
        }
        let has_room = !name.is_empty() && self.0.len() < limits::FIELDS;
        if has_room {
            self.0.push((name, value));
        }
        has_room
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.iter();
        fields.find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As it was read, with no limit but the frame's: of a name that comes twice the last value.
    pub(crate) fn put(&mut self, name: String, value: String) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name, value)),
        }
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some((name, value)) = map.next_entry()? {
                    fields.put(name, value);
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Texts)
    }
}

/// A text for one line of a list: control characters become blanks, blanks around it go, and it is cut at a
/// character.
#[must_use]
pub fn one_line(text: &str, bytes: usize) -> String {
    let text = cut(text.trim(), bytes);
    let blanked = |char: char| if char.is_control() { ' ' } else { char };
    text.chars().map(blanked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: Option<&str>, fields: &[(&str, &str)]) -> Profile {
        let mut profile = Profile {
            name: name.map(str::to_owned),
            ..Profile::default()
        };
        for (name, value) in fields {
            profile.fields.set(name, value);
        }
        profile
    }

    #[test]
    fn the_newest_value_wins_member_by_member() {
        let mut facts = VisitorFacts::default();
        facts.learn(&said(Some("Ana"), &[("plan", "free"), ("shop", "7")]));
        facts.learn(&said(None, &[("plan", "pro")]));
        assert_eq!(facts.name.as_deref(), Some("Ana"));
        assert_eq!(facts.fields.get("plan"), Some("pro"));
        assert_eq!(facts.fields.get("shop"), Some("7"));
    }

    #[test]
    fn an_empty_text_takes_a_value_away_even_when_it_is_said_again() {
        let mut facts = VisitorFacts::default();
        facts.learn(&said(Some("Ana"), &[("plan", "free")]));
        let mut kept = said(Some("Ana"), &[("plan", "free")]);
        kept.merge(&said(Some(""), &[("plan", " ")]));
        facts.learn(&kept);
        assert_eq!(facts, VisitorFacts::default());
        assert_eq!(kept.fields.get("plan"), Some(""));
    }

    #[test]
    fn what_is_too_much_is_cut() {
        let mut facts = VisitorFacts::default();
        let long = "é".repeat(300);
        facts.learn(&said(Some(&long), &[(&long, &long), ("a\nb", "\u{1b}[2J")]));
        assert_eq!(facts.name.as_ref().map(String::len), Some(64));
        let fields: Vec<_> = facts.fields.iter().collect();
        assert_eq!((fields[0].0.len(), fields[0].1.len()), (40, 256));
        assert_eq!(fields[1], ("a b", "[2J"));
        for n in 0..limits::FIELDS {
            facts.fields.set(&n.to_string(), "x");
        }
        assert_eq!(facts.fields.iter().count(), limits::FIELDS);
        assert!(facts.fields.set("1", "y"), "what is there may change");
    }
}
