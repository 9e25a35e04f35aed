//! What the site's owner wrote into the tag.

use web_sys::{HtmlScriptElement, Url};

/// The tag's attributes.
#[derive(Debug)]
pub(crate) struct Options {
    /// `data-site`.
    pub(crate) site: String,
    /// The WebSocket of the server that the script came from.
    pub(crate) socket: String,
    /// An address there that answers at once.
    pub(crate) reach: String,
    /// `data-position`: `left`, or `right` by default.
    pub(crate) position: &'static str,
    /// `data-theme`: `light`, `dark`, or `auto` by default, which follows the visitor's system.
    pub(crate) theme: &'static str,
    /// `data-identity="tab"`: the visitor is known in this tab alone.
    pub(crate) is_tab_only: bool,
}

impl Options {
    /// Reads them off the tag. Nothing where the script has no address.
    pub(crate) fn read(tag: &HtmlScriptElement) -> Option<Self> {
        let server = Url::new(&tag.src()).ok()?;
        let scheme = if server.protocol() == "http:" {
            "ws://"
        } else {
            "wss://"
        };
        let attribute = |name| tag.get_attribute(name).unwrap_or_default();
        Some(Self {
            site: attribute("data-site"),
            socket: [scheme, &server.host(), "/ws"].concat(),
            reach: [&server.origin(), "/healthz"].concat(),
            position: one_of(&attribute("data-position"), &["right", "left"]),
            theme: one_of(&attribute("data-theme"), &["auto", "light", "dark"]),
            is_tab_only: attribute("data-identity") == "tab",
        })
    }
}

/// The word that was written, or the first of those that are known.
fn one_of(word: &str, known: &[&'static str]) -> &'static str {
    known
        .iter()
        .find(|known| **known == word)
        .or(known.first())
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_word_means_the_first() {
        assert_eq!(one_of("left", &["right", "left"]), "left");
        assert_eq!(one_of("", &["right", "left"]), "right");
        assert_eq!(one_of("top", &["right", "left"]), "right");
    }
}
