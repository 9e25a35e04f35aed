//! Events: what a log holds, in the two shapes in which its readers see them.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::{AgentId, ConversationId, EventId};
use crate::limits;
use crate::profile::{Fields, Identified};
use crate::time::Millis;

/// An event as visitors see it: the conversation's own numbering, and nothing that is the agents' alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorEvent {
    /// The place in the conversation: 1, 2, 3 … without a gap.
    pub seq: u64,
    /// The name that its writer gave it.
    pub id: EventId,
    /// When the server accepted it, in milliseconds since the Unix epoch.
    pub at: Millis,
    /// Who wrote it.
    pub author: Author,
    /// What happened.
    pub body: VisitorBody,
}

/// What can happen in a conversation as far as its visitor is concerned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitorBody {
    /// Somebody said something. It opens a conversation that was closed.
    Message {
        /// At most [`limits::TEXT_BYTES`], never blank, and never markup.
        text: String,
    },
    /// An agent closed the conversation.
    Closed {},
    /// The visitor said how content they were.
    Rated {
        /// From 1, the worst, to [`limits::BEST_SCORE`].
        score: u32,
        /// In the visitor's words, as a message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
}

/// An event as agents see it: the site's numbering, and the conversation's where it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentEvent {
    /// The place in the site's log: 1, 2, 3 … without a gap.
    pub offset: u64,
    /// The conversation that it belongs to.
    pub conversation: ConversationId,
    /// The place in the conversation; absent where the visitor may not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The name that its writer gave it.
    pub id: EventId,
    /// When the server accepted it, in milliseconds since the Unix epoch.
    pub at: Millis,
    /// Who wrote it.
    pub author: Author,
    /// What happened.
    pub body: Body,
}

/// What can happen in a conversation. `message`, `closed` and `rated` have a `seq`, the others have none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Somebody said something. It opens a conversation that was closed.
    Message {
        /// At most [`limits::TEXT_BYTES`], never blank.
        text: String,
    },
    /// An agent closed the conversation.
    Closed {},
    /// The visitor said how content they were.
    Rated {
        /// From 1, the worst, to [`limits::BEST_SCORE`].
        score: u32,
        /// In the visitor's words, as a message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// The conversation began: stands right before the first message. For agents only.
    Opened {
        /// What was known of the visitor at that moment.
        visitor: Box<VisitorFacts>,
    },
    /// More is known of the visitor, or something else. For agents only.
    Facts {
        /// All that is known of them now.
        visitor: Box<VisitorFacts>,
    },
    /// An agent wrote a note for colleagues. For agents only.
    Note {
        /// At most [`limits::TEXT_BYTES`], never blank.
        text: String,
    },
    /// The conversation is now this agent's: claimed by them, or handed to them. For agents only.
    Assigned {
        /// Whose it is now.
        to: AgentId,
    },
}

impl Body {
    /// What a visitor sees of it, or nothing where it is the agents' alone.
    #[must_use]
    pub fn for_visitor(&self) -> Option<VisitorBody> {
        match self {
            Self::Message { text } => Some(VisitorBody::Message { text: text.clone() }),
            Self::Closed {} => Some(VisitorBody::Closed {}),
            Self::Rated { score, comment } => Some(VisitorBody::Rated {
                score: *score,
                comment: comment.clone(),
            }),
            Self::Opened { .. }
            | Self::Facts { .. }
            | Self::Note { .. }
            | Self::Assigned { .. } => None,
        }
    }
}

/// Who wrote an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The visitor whose conversation it is.
    Visitor {},
    /// An agent.
    Agent {
        /// Which one.
        id: AgentId,
        /// Their name at the time, as visitors see it.
        name: String,
    },
    /// The server itself.
    System {},
}

/// What is known of a visitor: what their page says of itself when a conversation begins, and what was said of
/// them until now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorFacts {
    /// Where the visitor was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<Page>,
    /// The visitor's language, a BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Their name, as they or their page say; at most [`limits::PROFILE_NAME_BYTES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their e-mail address, as they or their page say; at most [`limits::EMAIL_BYTES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whatever else the site wants its agents to know.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub fields: Fields,
    /// Who they are to the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identified>,
}

/// A page of the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Its address, at most [`limits::PAGE_URL_BYTES`].
    pub url: String,
    /// Its title, at most [`limits::PAGE_TITLE_BYTES`].
    pub title: String,
}

impl Page {
    /// A page with both fields cut to their limits, at a character.
    #[must_use]
    pub fn new(url: &str, title: &str) -> Self {
        Self {
            url: cut(url, limits::PAGE_URL_BYTES).to_owned(),
            title: cut(title, limits::PAGE_TITLE_BYTES).to_owned(),
        }
    }
}

/// How far each side of a conversation has come, by `seq`: everything up to it was delivered to, or
/// read on, at least one screen of that side. Both only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The newest `seq` that reached a screen.
    pub delivered: u64,
    /// The newest `seq` that was in a person's sight.
    pub read: u64,
}

impl Receipt {
    /// The further of the two, field by field.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            delivered: self
                .delivered
                .max(other.delivered)
                .max(self.read)
                .max(other.read),
            read: self.read.max(other.read),
        }
    }

    /// No further than a log that ends at `last`: nobody has read what is not there.
    #[must_use]
    pub fn up_to(self, last: u64) -> Self {
        Self {
            delivered: self.delivered.min(last),
            read: self.read.min(last),
        }
    }
}

/// What can't be a message, or a rating.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("the message is empty; write something first")]
    Blank,
    /// Over the limit.
    #[error("the message has {0} bytes, at most {max} are possible; shorten or divide it", max = limits::TEXT_BYTES)]
    TooLong(usize),
    /// A rating that is none.
    #[error("a rating of {0} is not possible; choose one from 1 to {max}", max = limits::BEST_SCORE)]
    Score(u32),
}

/// Whether `text` can be a message: not blank, at most [`limits::TEXT_BYTES`].
///
/// # Errors
/// Says in words for its writer what is wrong.
pub fn check_text(text: &str) -> Result<(), TextError> {
    if text.len() > limits::TEXT_BYTES {
        return Err(TextError::TooLong(text.len()));
    }
    if text.trim().is_empty() {
        return Err(TextError::Blank);
    }
    Ok(())
}

/// Whether a rating can be one: a score from 1 to [`limits::BEST_SCORE`], with a comment, if any, that could be a
/// message.
///
/// # Errors
/// Says in words for its writer what is wrong.
pub fn check_rating(score: u32, comment: Option<&str>) -> Result<(), TextError> {
    if !(1..=limits::BEST_SCORE).contains(&score) {
        return Err(TextError::Score(score));
    }
    comment.map_or(Ok(()), check_text)
}

/// The longest beginning of `text` that has at most `bytes` bytes and ends at a character.
#[must_use]
pub fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
        assert_eq!(cut("aé", 9), "aé");
    }

    #[test]
    fn blank_and_long_texts_are_refused() {
        assert_eq!(check_text(" \n"), Err(TextError::Blank));
        let long = "x".repeat(limits::TEXT_BYTES + 1);
        assert_eq!(check_text(&long), Err(TextError::TooLong(long.len())));
        assert_eq!(check_text(&long[1..]), Ok(()));
        assert_eq!(check_rating(5, None), Ok(()));
        assert_eq!(check_rating(0, None), Err(TextError::Score(0)));
        assert_eq!(check_rating(6, None), Err(TextError::Score(6)));
        assert_eq!(check_rating(1, Some(" ")), Err(TextError::Blank));
    }

    #[test]
    fn what_was_read_was_delivered() {
        let read = Receipt {
            delivered: 0,
            read: 4,
        };
        assert_eq!(
            read.max(Receipt::default()),
            Receipt {
                delivered: 4,
                read: 4
            }
        );
        assert_eq!(
            read.max(Receipt::default()).up_to(3),
            Receipt {
                delivered: 3,
                read: 3
            }
        );
    }
}
