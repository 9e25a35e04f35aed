//! What a visitor's tab is told of its site.

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// How the site stands, and what its owner wants of the widget. Each member is left out where it is as in a
/// site of which nothing was said: always open, with nothing asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteState {
    /// Whether it is outside the opening hours. Messages are taken all the same.
    #[serde(default, skip_serializing_if = "is_not")]
    pub closed: bool,
    /// While closed: when it opens next, in milliseconds since the Unix epoch; absent where it is not within
    /// [`crate::limits::OPENS_WITHIN_DAYS`] days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<Millis>,
    /// What the visitor reads before their first message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greeting: Option<String>,
    /// The same while closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<String>,
    /// What the visitor is asked before their first message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prechat: Vec<PrechatField>,
    /// Whether agents see what the visitor types before it is sent. The visitor must be told so.
    #[serde(default, skip_serializing_if = "is_not")]
    pub preview: bool,
    /// Whether a visitor is asked how it was once the conversation is closed.
    #[serde(default, skip_serializing_if = "is_not")]
    pub rating: bool,
}

/// Something that the visitor is asked before their first message. The answers go into the profile: that of
/// `name` and that of `email` into the members of these names, the others into `fields`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrechatField {
    /// The field's name in the profile, at most [`crate::limits::FIELD_NAME_BYTES`].
    pub name: String,
    /// What the visitor reads, at most [`crate::limits::LABEL_BYTES`].
    pub label: String,
    /// How it is asked.
    pub kind: PrechatKind,
    /// Whether it must be answered.
    pub required: bool,
}

/// How something is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrechatKind {
    /// A line of text.
    Text,
    /// An e-mail address.
    Email,
    /// A box to be ticked; the answer is `yes`.
    Consent,
    /// Several lines; they are kept as one.
    Long,
}

impl SiteState {
    /// Whether it is as in a site of which nothing was said.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_not(is: &bool) -> bool {
    !*is
}
