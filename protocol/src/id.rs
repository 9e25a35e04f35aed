//! Identifiers: who made what, named so that a repeated transmission is recognised.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::time::Millis;

/// The name that a writer gives to a message or a command before its first transmission; a UUID.
///
/// It is unique per conversation *and author*. Clients should make version 7 (RFC 9562, section
/// 5.7), whose order follows time, because the server's index of ids then grows at its end; any
/// UUID is accepted. On the wire: 36 characters, lower case, with hyphens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u128);

impl EventId {
    /// A version 7 UUID of `unix` time and 74 of the `random` bits.
    #[must_use]
    pub const fn new(unix: Millis, random: u128) -> Self {
        let stamp = (unix.0 as u128 & 0xffff_ffff_ffff) << 80;
        let version = 0x7_u128 << 76;
        let variant = 0b10_u128 << 62;
        let rand_a = ((random >> 64) & 0xfff) << 64;
        let rand_b = random & 0x3fff_ffff_ffff_ffff;
        Self(stamp | version | variant | rand_a | rand_b)
    }
}

impl EventId {
    /// The id as it is written: 36 characters, in lower case. Without `core::fmt`, of which the widget has nothing else.
    #[must_use]
    pub fn text(self) -> String {
        let mut text = String::with_capacity(TEXT_LEN);
        for byte in self.0.to_be_bytes() {
            if HYPHENS.contains(&text.len()) {
                text.push('-');
            }
            for digit in [byte >> 4, byte & 0xf] {
                text.push(char::from_digit(digit.into(), 16).unwrap_or_default());
            }
        }
        text
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a UUID of 36 lower-case characters such as 01912d68-783e-7a03-8467-5661c1243ad4")]
pub struct NotAnId;

impl FromStr for EventId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if text.len() != TEXT_LEN {
            return Err(NotAnId);
        }
        let mut value = 0;
        for (at, byte) in text.bytes().enumerate() {
            if HYPHENS.contains(&at) {
                if byte != b'-' {
                    return Err(NotAnId);
                }
                continue;
            }
            // Another spelling of an id would come back in this one, and acknowledge nothing.
            if byte.is_ascii_uppercase() {
                return Err(NotAnId);
            }
            let digit = char::from(byte).to_digit(16).ok_or(NotAnId)?;
            value = (value << 4) | u128::from(digit);
        }
        Ok(Self(value))
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A borrowed string is not enough: serde_json hands out an owned one where the text has escapes.
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A conversation, as agents name it: a number that one server gives once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConversationId(pub u64);

/// An agent, by a number that one server gives once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AgentId(pub u64);

/// Names one life of a log: drawn when the log is made or restored from a backup.
///
/// A cursor means something only within the epoch in which it was taken. At most 53 bits, so that
/// every language's JSON reader takes it as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl Epoch {
    /// An epoch of the lower 53 of `random` bits.
    #[must_use]
    pub const fn new(random: u64) -> Self {
        Self(random >> 11)
    }
}

const TEXT_LEN: usize = 36;
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_was_written() {
        let id = EventId::new(Millis(0x0191_2d68_783e), u128::MAX);
        assert_eq!(id.to_string(), "01912d68-783e-7fff-bfff-ffffffffffff");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn later_ids_sort_later() {
        assert!(EventId::new(Millis(1), u128::MAX) < EventId::new(Millis(2), 0));
    }

    #[test]
    fn what_is_no_uuid_is_refused() {
        for text in [
            "",
            "x",
            "01912d68-783e-7fff-bfff-fffffffffff",
            "01912d68x783e-7fff-bfff-ffffffffffff",
            "01912D68-783e-7fff-bfff-ffffffffffff",
        ] {
            assert_eq!(text.parse::<EventId>(), Err(NotAnId), "{text}");
        }
        assert_eq!(
            "01912d68-783e-7fff-bfff-fffffffffffg".parse::<EventId>(),
            Err(NotAnId)
        );
    }
}
