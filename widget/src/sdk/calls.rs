//! What the page's scripts may ask of a running widget.

use crate::app::Msg;

/// A call of the page's scripts.
#[derive(Debug)]
pub(crate) enum Call {
    /// For the model.
    Msg(Msg),
    /// Forget the visitor.
    Logout,
    /// Show what is kept, and dial: a task of its own, since putting the widget onto the page is a long one already.
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
            "prefill" => Msg::Prefill(value),
            "sendMessage" => Msg::Say(value),
            "logout" => return Some(Self::Logout),
            "begin" => return Some(Self::Begin),
            "redraw" => return Some(Self::Redraw),
            "destroy" => return Some(Self::Destroy),
            _ => return None,
        };
        Some(Self::Msg(msg))
    }
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
    fn every_call_of_the_script_is_known_and_no_other() {
        for name in [
            "open",
            "close",
            "toggle",
            "show",
            "hide",
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
