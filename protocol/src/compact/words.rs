//! What has words: each type's members and variants by their names on the wire.

use super::value::Value;
use super::write::{self, member};
use super::{Read, Write};
use crate::client::{Entry, Failure, Saved, Visitor, VisitorCommand};
use crate::event::{Author, Page, Receipt, VisitorBody, VisitorEvent};
use crate::frame::{
    Beat, GoingAway, Heartbeat, Hello, Pace, Refusal, RefusalCode, Rejected, RejectionCode, Resume,
    Staff, Typing, VisitorDown, VisitorUp, VisitorWelcome,
};
use crate::id::{AgentId, ConversationId, Epoch, EventId};
use crate::time::Millis;

/// Reads and writes structs whose members are named like their fields, or writes them only.
macro_rules! members {
    ($($type:ty { $($field:ident),+ })+) => {
        $(
            impl Read for $type {
                fn read(value: &Value) -> Option<Self> {
                    Some(Self { $($field: value.member(stringify!($field))?),+ })
                }
            }

            members!(write $type { $($field),+ });
        )+
    };
    (write $type:ty { $($field:ident),+ }) => {
        impl Write for $type {
            fn write(&self, out: &mut String) {
                let Self { $($field),+ } = self;
                out.push('{');
                $(member(out, stringify!($field), $field);)+
                out.push('}');
            }
        }
    };
}

/// Reads and writes enums that are an object of one member, which bears the variant's name, or writes them only.
macro_rules! variants {
    ($($type:ty { $($name:literal => $variant:ident $(($inner:ident))? $({ $($field:ident),* })?,)+ })+) => {
        $(
            impl Read for $type {
                fn read(value: &Value) -> Option<Self> {
                    let (name, body) = value.only_member()?;
                    body.members()?;
                    match name {
                        $($name => Some(Self::$variant
                            $(({ let $inner = body; Read::read($inner)? }))?
                            $({ $($field: body.member(stringify!($field))?),* })?),)+
                        _ => None,
                    }
                }
            }

            variants!(write $type { $($name => $variant $(($inner))? $({ $($field),* })?,)+ });
        )+
    };
    (write $type:ty { $($name:literal => $variant:ident $(($inner:ident))? $({ $($field:ident),* })?,)+ }) => {
        impl Write for $type {
            fn write(&self, out: &mut String) {
                out.push('{');
                match self {
                    $(Self::$variant $(($inner))? $({ $($field),* })? => {
                        $(member(out, $name, $inner);)?
                        $(
                            write::text(out, $name);
                            out.push_str(":{");
                            $(member(out, stringify!($field), $field);)*
                            out.push('}');
                        )?
                    })+
                }
                out.push('}');
            }
        }
    };
}

/// Reads and writes enums that are one word, and newtypes of a number.
macro_rules! plain {
    (words $($type:ty { $($word:literal => $variant:ident,)+ })+) => {
        $(
            impl Read for $type {
                fn read(value: &Value) -> Option<Self> {
                    match value.text()? {
                        $($word => Some(Self::$variant),)+
                        _ => None,
                    }
                }
            }

            impl Write for $type {
                fn write(&self, out: &mut String) {
                    write::text(out, match self { $(Self::$variant => $word,)+ });
                }
            }
        )+
    };
    (numbers $($type:ident)+) => {
        $(
            impl Read for $type {
                fn read(value: &Value) -> Option<Self> {
                    u64::read(value).map(Self)
                }
            }

            impl Write for $type {
                fn write(&self, out: &mut String) {
                    self.0.write(out);
                }
            }
        )+
    };
}

members! {
    VisitorEvent { seq, id, at, author, body }
    Page { url, title }
    Receipt { delivered, read }
    Resume { epoch, after }
    Heartbeat { strict, calm }
    Beat { every_ms, dead_ms }
    Refusal { code, message }
    Rejected { id, code, message }
    GoingAway { retry_after_ms, message }
    Typing { conversation, active, name }
    VisitorWelcome { version, token, epoch, after, last, heartbeat, seen, receipt, staff }
    Staff { online }
    Saved<Visitor> { cursor, outbox }
    Entry<Visitor> { id, command, written, failed }
    Failure { code, message }
}
members!(write Hello { version, site, token, resume, page, locale, pace });

variants! {
    VisitorBody {
        "message" => Message { text },
        "closed" => Closed {},
    }
    Author {
        "visitor" => Visitor {},
        "agent" => Agent { id, name },
        "system" => System {},
    }
    VisitorDown {
        "welcome" => Welcome(welcome),
        "refused" => Refused(refusal),
        "events" => Events { events },
        "rejected" => Rejected(rejected),
        "history" => History { events, more },
        "receipt" => Receipt(receipt),
        "typing" => Typing(typing),
        "staff" => Staff(staff),
        "ping" => Ping { n },
        "pong" => Pong { n },
        "going_away" => GoingAway(going),
    }
    VisitorCommand {
        "send" => Send { text },
    }
}
variants!(write VisitorUp {
    "hello" => Hello(hello),
    "send" => Send { id, text },
    "seen" => Seen(receipt),
    "typing" => Typing(typing),
    "page" => Page(page),
    "pace" => Pace { pace },
    "history" => History { before },
    "ping" => Ping { n },
    "pong" => Pong { n },
});

plain! { words
    Pace {
        "strict" => Strict,
        "calm" => Calm,
    }
    RefusalCode {
        "version" => Version,
        "unknown_site" => UnknownSite,
        "bad_token" => BadToken,
        "bad_frame" => BadFrame,
        "too_late" => TooLate,
        "full" => Full,
    }
    RejectionCode {
        "blank" => Blank,
        "too_long" => TooLong,
        "unknown_conversation" => UnknownConversation,
        "unknown_agent" => UnknownAgent,
    }
}

plain!(numbers AgentId ConversationId Epoch Millis);

impl Read for EventId {
    fn read(value: &Value) -> Option<Self> {
        value.text()?.parse().ok()
    }
}

impl Write for EventId {
    fn write(&self, out: &mut String) {
        write::text(out, &self.to_string());
    }
}

impl Read for u64 {
    fn read(value: &Value) -> Option<Self> {
        if let Value::Number(number) = value {
            Some(*number)
        } else {
            None
        }
    }
}

impl Write for u64 {
    fn write(&self, out: &mut String) {
        out.push_str(&self.to_string());
    }
}

impl Read for u32 {
    fn read(value: &Value) -> Option<Self> {
        u64::read(value)?.try_into().ok()
    }
}

impl Write for u32 {
    fn write(&self, out: &mut String) {
        u64::from(*self).write(out);
    }
}

impl Read for bool {
    fn read(value: &Value) -> Option<Self> {
        if let Value::Bool(is_so) = value {
            Some(*is_so)
        } else {
            None
        }
    }
}

impl Write for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl Read for String {
    fn read(value: &Value) -> Option<Self> {
        value.text().map(str::to_owned)
    }
}

impl Write for String {
    fn write(&self, out: &mut String) {
        write::text(out, self);
    }
}

impl Write for str {
    fn write(&self, out: &mut String) {
        write::text(out, self);
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: &Value) -> Option<Self> {
        if let Value::List(values) = value {
            values.iter().map(T::read).collect()
        } else {
            None
        }
    }
}

impl<T: Write> Write for Vec<T> {
    fn write(&self, out: &mut String) {
        self.as_slice().write(out);
    }
}

impl<T: Write> Write for [T] {
    fn write(&self, out: &mut String) {
        let mut before = '[';
        for value in self {
            out.push(before);
            value.write(out);
            before = ',';
        }
        out.push_str(if self.is_empty() { "[]" } else { "]" });
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: &Value) -> Option<Self> {
        if *value == Value::Null {
            Some(None)
        } else {
            T::read(value).map(Some)
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Write> Write for Option<T> {
    fn write(&self, out: &mut String) {
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Write + ?Sized> Write for &T {
    fn write(&self, out: &mut String) {
        (*self).write(out);
    }

    fn is_absent(&self) -> bool {
        (*self).is_absent()
    }
}
