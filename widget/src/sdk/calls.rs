//! What the page's scripts may ask of a running widget.

use holdfast_protocol::compact;
use holdfast_protocol::frame::Track;

use crate::app::Msg;
use crate::person::Person;

/// A call of the page's scripts.
#[derive(Debug)]
pub(crate) enum Call {
    /// For the model.
    Msg(Msg),
    /// The page is about to say that its visitor is the person of this id.
    Expect(String),
    /// Keep what the page says of its visitor.
    Learn(Person),
    /// Tell the agents what the page has seen the visitor do.
    Track(Track),
    /// Forget the visitor.
    Logout,
    /// Show what is kept, and dial: a task of its own, like those before it.
    Begin,
    /// Show everything anew, since the language has changed.
    Redraw,
    /// Leave the page.
    Destroy,
}

impl Call {
    /// Reads a call, as `www/sdk.js` hands it over. Nothing for a name that is none.
    pub(crate) fn read(name: &str, value: String) -> Option<Self> {
        let is_by_person = value == "person";
        let msg = match name {
            "open" => Msg::Open { is_by_person },
            "toggle" => Msg::Toggle { is_by_person },
            "close" => Msg::Close,
            "show" => Msg::Launcher(true),
            "hide" => Msg::Launcher(false),
            "reach" => Msg::Reached,
            "prefill" => Msg::Prefill(value),
            "sendMessage" => Msg::Say(value),
            "expect" => return Some(Self::Expect(value)),
            "learn" => return compact::read(&value).map(Self::Learn),
            "track" => return Some(Self::Track(track(&value))),
            "rate" => rate(&value)?,
            "logout" => return Some(Self::Logout),
            "begin" => return Some(Self::Begin),
            "redraw" => return Some(Self::Redraw),
            "destroy" => return Some(Self::Destroy),
            _ => return None,
        };
        Some(Self::Msg(msg))
    }
}

/// The first line is what it was, the others are more of it.
fn track(value: &str) -> Track {
    // A search for a text, or a cut that may panic, would be kilobytes of the download.
    let end = value.bytes().position(|byte| byte == b'\n');
    let end = end.unwrap_or(value.len());
    let name = value.get(..end).unwrap_or_default();
    let detail = value.get(end + 1..).unwrap_or_default();
    Track {
        name: name.to_owned(),
        detail: Some(detail.to_owned()).filter(|detail| !detail.is_empty()),
    }
}

/// A digit for the score, and what the visitor says to it.
fn rate(value: &str) -> Option<Msg> {
    let (score, words) = value.split_at_checked(1)?;
    Some(Msg::Rate(score.parse().ok()?, words.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_without_the_visitors_hand_is_told_apart() {
        for (value, expected) in [("person", true), ("", false)] {
            let call = Call::read("open", value.to_owned());
            let Some(Call::Msg(Msg::Open { is_by_person })) = call else {
                panic!("{call:?}");
            };
            assert_eq!(is_by_person, expected);
        }
    }

    #[test]
    fn what_a_page_says_is_read_as_the_script_writes_it() {
        let value = r#"{"who":"user-17","identity":{"id":"user-17","hash":"abc"},"profile":{"name":"Ana","fields":{"plan":"pro"}}}"#;
        let call = Call::read("learn", value.to_owned());
        let Some(Call::Learn(said)) = call else {
            panic!("{call:?}");
        };
        assert_eq!(said.identity.unwrap().hash.as_deref(), Some("abc"));
        assert_eq!(said.profile.fields.get("plan"), Some("pro"));
        let call = Call::read("track", "bought\nrope".to_owned());
        let Some(Call::Track(track)) = call else {
            panic!("{call:?}");
        };
        assert_eq!(
            (track.name.as_str(), track.detail.as_deref()),
            ("bought", Some("rope"))
        );
        assert!(Call::read("learn", "{}".to_owned()).is_none());
    }

    #[test]
    fn a_rating_is_a_digit_and_perhaps_words() {
        for (value, expected) in [("5", (5, "")), ("2too slow", (2, "too slow"))] {
            let Some(Call::Msg(Msg::Rate(score, words))) = Call::read("rate", value.to_owned())
            else {
                panic!("{value} is a rating");
            };
            assert_eq!((score, words.as_str()), expected);
        }
        for value in ["", "x", "é", "-1"] {
            assert!(Call::read("rate", value.to_owned()).is_none(), "{value}");
        }
    }

    #[test]
    fn every_call_of_the_script_is_known_and_no_other() {
        for name in [
            "open",
            "close",
            "toggle",
            "show",
            "hide",
            "reach",
            "prefill",
            "sendMessage",
            "logout",
            "begin",
            "redraw",
            "destroy",
        ] {
            assert!(Call::read(name, String::new()).is_some(), "{name}");
        }
        assert!(Call::read("opne", String::new()).is_none());
    }
}
