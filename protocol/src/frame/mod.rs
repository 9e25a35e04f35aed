//! Every frame, one enum per direction and audience.
//!
//! A frame is one JSON object with one member, whose name says what the frame is:
//! `{"ping":{"n":3}}`. Visitors send and get one frame per WebSocket text message, agents one frame
//! per line. Members that a reader does not know are skipped, so that a later version can add some;
//! a frame whose name is not known is an error.

mod agent;
mod shared;
mod site;
mod visitor;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::event::cut;
use crate::limits;

pub use agent::{
    AgentDown, AgentUp, AgentWelcome, Colleague, Conversation, Login, Status, Tracked,
};
pub use shared::{
    Beat, GoingAway, Heartbeat, Pace, Refusal, RefusalCode, Rejected, RejectionCode, Resume, Typing,
};
pub use site::{PrechatField, PrechatKind, SiteState};
pub use visitor::{Hello, Staff, Track, VisitorDown, VisitorUp, VisitorWelcome};

/// A text that is no frame.
#[derive(Debug, Error)]
pub enum FrameError {
    /// Longer than the direction allows; it was not looked at.
    #[error("the frame has {size} bytes, at most {limit} are allowed")]
    TooLong {
        /// Its size in bytes.
        size: usize,
        /// The limit of its direction.
        limit: usize,
    },
    /// Not JSON, not a known frame, or a field of another type than its description says.
    #[error("not a frame of this protocol: {}", brief(.0))]
    Malformed(#[from] serde_json::Error),
}

/// Reads a frame of at most `limit` bytes ([`crate::limits::UP_FRAME_BYTES`] or
/// [`crate::limits::DOWN_FRAME_BYTES`]).
///
/// # Errors
/// When the text is too long or no frame; the error says where.
pub fn parse<F: DeserializeOwned>(text: &str, limit: usize) -> Result<F, FrameError> {
    if text.len() > limit {
        return Err(FrameError::TooLong {
            size: text.len(),
            limit,
        });
    }
    Ok(serde_json::from_str(text)?)
}

/// The error in words that do not grow with the text: serde_json quotes it at full length, and what can't be
/// printed takes several times its size.
fn brief(error: &serde_json::Error) -> String {
    let words = error.to_string();
    if words.len() <= limits::ERROR_BYTES {
        return words;
    }
    let beginning = cut(&words, limits::ERROR_BYTES);
    let (line, column) = (error.line(), error.column());
    format!("{beginning}… at line {line} column {column}")
}

/// Writes a frame: one JSON object without a line break in it.
///
/// # Errors
/// Never for the frames of this module, whose maps all have text for keys.
pub fn write<F: Serialize>(frame: &F) -> Result<String, serde_json::Error> {
    serde_json::to_string(frame)
}
