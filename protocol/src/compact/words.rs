//! What has words: each type's members and variants by their names on the wire.

use super::value::Source;
use super::write::{self, member};
use super::{Read, Write};
use crate::client::{Entry, Failure, Saved, Visitor, VisitorCommand};
use crate::event::{Author, Page, Receipt, VisitorBody, VisitorEvent};
use crate::frame::{
    Beat, GoingAway, Heartbeat, Hello, Pace, PrechatField, PrechatKind, Refusal, RefusalCode,
    Rejected, RejectionCode, Resume, SiteState, Staff, Track, Typing, VisitorDown, VisitorUp,
    VisitorWelcome,
};
use crate::id::{AgentId, ConversationId, Epoch, EventId};
use crate::profile::{Fields, Identity, Profile};
use crate::time::Millis;

/// Reads and writes structs whose members are named like their fields, or writes them only.
macro_rules! members {
    ($($type:ty { $($field:ident),+ })+) => {
        $(
            impl Read for $type {
                fn read(from: Source<'_>) -> Self {
                    Self { $($field: from.member(stringify!($field))),+ }
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
    ($($type:ty {
        $first_name:literal => $first:ident $(($first_inner:ident))? $({ $($first_field:ident),* })?,
        $($name:literal => $variant:ident $(($inner:ident))? $({ $($field:ident),* })?,)+
    })+) => {
        $(
            impl Read for $type {
                fn read(from: Source<'_>) -> Self {
                    let (name, body) = from.only_member();
                    // It is an object, even where it has no member.
                    body.members();
                    match name {
                        $($name => Self::$variant
                            $(({ let $inner = body; Read::read($inner) }))?
                            $({ $($field: body.member(stringify!($field))),* })?,)+
                        _ => {
                            from.expect(name, $first_name);
                            Self::$first
                                $(({ let $first_inner = body; Read::read($first_inner) }))?
                                $({ $($first_field: body.member(stringify!($first_field))),* })?
                        }
                    }
                }
            }

            variants!(write $type {
                $first_name => $first $(($first_inner))? $({ $($first_field),* })?,
                $($name => $variant $(($inner))? $({ $($field),* })?,)+
            });
        )+
    };
    (write $type:ty { $($name:literal => $variant:ident $(($inner:ident))? $({ $($field:ident),* })?,)+ }) => {
        impl Write for $type {
            fn write(&self, out: &mut String) {
                out.push('{');
                match self {
                    $(Self::$variant $(($inner))? $({ $($field),* })? => {
                        write::text(out, $name);
                        out.push(':');
                        $($inner.write(out);)?
                        $(
                            out.push('{');
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
    (words $($type:ty { $first_word:literal => $first:ident, $($word:literal => $variant:ident,)+ })+) => {
        $(
            impl Read for $type {
                fn read(from: Source<'_>) -> Self {
                    match from.text() {
                        $($word => Self::$variant,)+
                        word => {
                            from.expect(word, $first_word);
                            Self::$first
                        }
                    }
                }
            }

            impl Write for $type {
                fn write(&self, out: &mut String) {
                    write::text(out, match self {
                        Self::$first => $first_word,
                        $(Self::$variant => $word,)+
                    });
                }
            }
        )+
    };
    (numbers $($type:ident)+) => {
        $(
            impl Read for $type {
                fn read(from: Source<'_>) -> Self {
                    Self(u64::read(from))
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
    Typing { conversation, active, name, text }
    VisitorWelcome { version, token, epoch, after, last, heartbeat, seen, receipt, staff, site }
    PrechatField { name, label, kind, required }
    Identity { id, hash }
    Profile { name, email, fields }
    Staff { online }
    Saved<Visitor> { cursor, outbox }
    Entry<Visitor> { id, command, written, failed }
    Failure { code, message }
}
members!(write Hello { version, site, token, resume, page, locale, identity, profile, pace });
members!(write Track { name, detail });

variants! {
    VisitorBody {
        "message" => Message { text },
        "closed" => Closed {},
        "rated" => Rated { score, comment },
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
        "site" => Site(site),
        "ping" => Ping { n },
        "pong" => Pong { n },
        "going_away" => GoingAway(going),
    }
    VisitorCommand {
        "send" => Send { text },
        "rate" => Rate { score, comment },
    }
}
variants!(write VisitorUp {
    "hello" => Hello(hello),
    "send" => Send { id, text },
    "rate" => Rate { id, score, comment },
    "seen" => Seen(receipt),
    "typing" => Typing(typing),
    "page" => Page(page),
    "profile" => Profile(profile),
    "track" => Track(track),
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
    PrechatKind {
        "text" => Text,
        "email" => Email,
        "consent" => Consent,
        "long" => Long,
    }
    RefusalCode {
        "version" => Version,
        "unknown_site" => UnknownSite,
        "bad_token" => BadToken,
        "bad_identity" => BadIdentity,
        "bad_frame" => BadFrame,
        "too_late" => TooLate,
        "full" => Full,
    }
    RejectionCode {
        "blank" => Blank,
        "too_long" => TooLong,
        "bad_score" => BadScore,
        "unknown_conversation" => UnknownConversation,
        "unknown_agent" => UnknownAgent,
    }
}

impl Read for SiteState {
    fn read(from: Source<'_>) -> Self {
        if from.is_absent() {
            return Self::default();
        }
        Self {
            closed: from.member_or_default("closed"),
            opens_at: from.member("opens_at"),
            greeting: from.member("greeting"),
            away: from.member("away"),
            prechat: from.member_or_default("prechat"),
            preview: from.member_or_default("preview"),
            rating: from.member_or_default("rating"),
        }
    }
}

impl Write for SiteState {
    fn write(&self, out: &mut String) {
        let Self {
            closed,
            opens_at,
            greeting,
            away,
            prechat,
            preview,
            rating,
        } = self;
        out.push('{');
        member(out, "closed", &OrFalse(*closed));
        member(out, "opens_at", opens_at);
        member(out, "greeting", greeting);
        member(out, "away", away);
        if !prechat.is_empty() {
            member(out, "prechat", prechat);
        }
        member(out, "preview", &OrFalse(*preview));
        member(out, "rating", &OrFalse(*rating));
        out.push('}');
    }

    fn is_absent(&self) -> bool {
        self.is_plain()
    }
}

/// A truth that is left out where it is none.
struct OrFalse(bool);

impl Write for OrFalse {
    fn write(&self, out: &mut String) {
        self.0.write(out);
    }

    fn is_absent(&self) -> bool {
        !self.0
    }
}

impl Read for Fields {
    fn read(from: Source<'_>) -> Self {
        let mut fields = Self::default();
        if from.is_absent() {
            return fields;
        }
        for (name, value) in from.members() {
            fields.put(name.clone(), String::read(from.of(value)));
        }
        fields
    }
}

impl Write for Fields {
    fn write(&self, out: &mut String) {
        out.push('{');
        for (name, value) in &self.0 {
            member(out, name, value);
        }
        out.push('}');
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

plain!(numbers AgentId ConversationId Epoch Millis);

impl Read for EventId {
    fn read(from: Source<'_>) -> Self {
        from.text().parse().unwrap_or_else(|_| {
            from.refuse();
            Self(0)
        })
    }
}

impl Write for EventId {
    fn write(&self, out: &mut String) {
        write::text(out, &(*self).text());
    }
}
