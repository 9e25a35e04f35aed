//! The visitor's words, read and written by code that is small once it is compiled: for the widget, which every
//! visitor downloads before the first message.
//!
//! serde makes code of its own for every type; here all types share one reader and one writer. It is the same
//! JSON as [`crate::frame::write`] and [`crate::frame::parse`] make and take, which `tests/compact/` holds
//! against each other; only the words of an error are missing. What it knows is listed in `words`, and does not
//! compile any more where a type has got another member or variant.

mod plain;
mod value;
mod words;
mod write;

use crate::frame::VisitorDown;

use value::Value;

pub use value::Source;
pub use write::member;

/// What can be read.
pub trait Read: Sized {
    /// Reads it. Where the value is of another kind, the source is told so, and what is returned has no meaning.
    fn read(from: Source<'_>) -> Self;
}

/// What can be written.
pub trait Write {
    /// Writes its JSON to the end of `out`.
    fn write(&self, out: &mut String);

    /// Whether its member is left out.
    fn is_absent(&self) -> bool {
        false
    }
}

/// Reads a frame of at most `limit` bytes; nothing where the text is longer, or no frame.
#[must_use]
pub fn parse(text: &str, limit: usize) -> Option<VisitorDown> {
    if text.len() > limit {
        return None;
    }
    read(text)
}

/// Reads any of the types that have words here; nothing where the text is not one.
#[must_use]
pub fn read<T: Read>(text: &str) -> Option<T> {
    Source::read(&Value::parse(text)?)
}

/// A number in decimal digits. Without `core::fmt`, which is some 2 KB of a program that has no other use for it.
#[must_use]
pub fn decimal(number: u64) -> String {
    let mut out = String::new();
    write::number(&mut out, number);
    out
}

/// Writes any of the types that have words here, without a line break in it.
#[must_use]
pub fn write(value: &dyn Write) -> String {
    let mut out = String::new();
    value.write(&mut out);
    out
}
