//! Any bytes as a frame: a frame that reads back as it was written, or an error that fits on a screen.

use std::fmt::Debug;

use holdfast_protocol::frame::{self, VisitorDown};
use holdfast_protocol::{compact, limits};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest error of a decoder, in bytes: it goes into logs and into `refused`, so it must not grow with
/// what the peer wrote.
const ERROR_BYTES: usize = 1024;

pub(crate) fn check<F>(bytes: &[u8], limit: usize)
where
    F: Debug + PartialEq + Serialize + DeserializeOwned,
{
    // A WebSocket's text and an agent's line are both known to be UTF-8 before they get here.
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let frame = match frame::parse::<F>(text, limit) {
        Ok(frame) => frame,
        Err(error) => {
            let words = error.to_string();
            assert!(
                words.len() <= ERROR_BYTES,
                "an error of {} bytes for a text of {}",
                words.len(),
                text.len()
            );
            return;
        }
    };
    let written = frame::write(&frame).unwrap();
    assert!(!written.contains('\n'), "a frame is one line: {written}");
    let again = frame::parse::<F>(&written, usize::MAX).unwrap();
    assert_eq!(again, frame, "{written}");
    assert_eq!(frame::write(&again).unwrap(), written);
}

/// The widget's own reader takes nothing that the other one does not take, and understands the same.
pub(crate) fn check_compact(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if let Some(down) = compact::parse(text, limits::DOWN_FRAME_BYTES) {
        let other = frame::parse::<VisitorDown>(text, limits::DOWN_FRAME_BYTES);
        assert_eq!(other.ok(), Some(down), "{text}");
    }
}
