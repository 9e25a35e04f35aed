//! Whatever can be said or kept.

use holdfast_protocol::client::{Entry, Failure, Saved, Visitor, VisitorCommand};
use holdfast_protocol::event::{Author, Page, Receipt, VisitorBody, VisitorEvent};
use holdfast_protocol::frame::{
    Beat, GoingAway, Heartbeat, Hello, Pace, PrechatField, PrechatKind, Refusal, RefusalCode,
    Rejected, RejectionCode, Resume, SiteState, Staff, Track, Typing, VisitorDown, VisitorUp,
    VisitorWelcome,
};
use holdfast_protocol::id::{AgentId, ConversationId, Epoch, EventId};
use holdfast_protocol::profile::{Fields, Identity, Profile};
use holdfast_protocol::time::Millis;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Small numbers and any.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..8_u64, any::<u64>()]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[\u{0}-\u{7f}]{0,40}", "[a-z ]{0,20}"]
}

fn id() -> impl Strategy<Value = EventId> {
    any::<u128>().prop_map(EventId)
}

fn millis() -> impl Strategy<Value = Millis> {
    number().prop_map(Millis)
}

fn receipt() -> impl Strategy<Value = Receipt> {
    (number(), number()).prop_map(|(delivered, read)| Receipt { delivered, read })
}

fn page() -> impl Strategy<Value = Page> {
    (text(), text()).prop_map(|(url, title)| Page { url, title })
}

fn resume() -> impl Strategy<Value = Resume> {
    (number(), number()).prop_map(|(epoch, after)| Resume {
        epoch: Epoch(epoch),
        after,
    })
}

fn pace() -> impl Strategy<Value = Pace> {
    select(vec![Pace::Strict, Pace::Calm])
}

fn typing() -> impl Strategy<Value = Typing> {
    let conversation = option::of(number().prop_map(ConversationId));
    let words = (option::of(text()), option::of(text()));
    (conversation, any::<bool>(), words).prop_map(|(conversation, active, (name, text))| Typing {
        conversation,
        active,
        name,
        text,
    })
}

fn rejection_code() -> impl Strategy<Value = RejectionCode> {
    use RejectionCode::{BadScore, Blank, TooLong, UnknownAgent, UnknownConversation};
    select(vec![
        BadScore,
        Blank,
        TooLong,
        UnknownAgent,
        UnknownConversation,
    ])
}

fn refusal_code() -> impl Strategy<Value = RefusalCode> {
    use RefusalCode::{BadFrame, BadIdentity, BadToken, Full, TooLate, UnknownSite, Version};
    select(vec![
        BadFrame,
        BadIdentity,
        BadToken,
        Full,
        TooLate,
        UnknownSite,
        Version,
    ])
}

fn author() -> impl Strategy<Value = Author> {
    prop_oneof![
        Just(Author::Visitor {}),
        Just(Author::System {}),
        (number(), text()).prop_map(|(id, name)| Author::Agent {
            id: AgentId(id),
            name
        }),
    ]
}

fn event() -> impl Strategy<Value = VisitorEvent> {
    let body = prop_oneof![
        text().prop_map(|text| VisitorBody::Message { text }),
        Just(VisitorBody::Closed {}),
        rating().prop_map(|(score, comment)| VisitorBody::Rated { score, comment }),
    ];
    (number(), id(), millis(), author(), body).prop_map(|(seq, id, at, author, body)| {
        VisitorEvent {
            seq,
            id,
            at,
            author,
            body,
        }
    })
}

fn rating() -> impl Strategy<Value = (u32, Option<String>)> {
    (any::<u32>(), option::of(text()))
}

fn fields() -> impl Strategy<Value = Fields> {
    vec((text(), text()), 0..4).prop_map(|pairs| {
        let mut fields = Fields::default();
        for (name, value) in pairs {
            fields.set(&name, &value);
        }
        fields
    })
}

pub(crate) fn profile() -> impl Strategy<Value = Profile> {
    (option::of(text()), option::of(text()), fields()).prop_map(|(name, email, fields)| Profile {
        name,
        email,
        fields,
    })
}

pub(crate) fn identity() -> impl Strategy<Value = Identity> {
    (text(), option::of(text())).prop_map(|(id, hash)| Identity { id, hash })
}

fn site() -> impl Strategy<Value = SiteState> {
    use PrechatKind::{Consent, Email, Long, Text};
    let field = (text(), text(), any::<bool>()).prop_flat_map(|(name, label, required)| {
        select(vec![Text, Email, Consent, Long]).prop_map(move |kind| PrechatField {
            name: name.clone(),
            label: label.clone(),
            kind,
            required,
        })
    });
    let words = (option::of(text()), option::of(text()), vec(field, 0..3));
    let switches = (any::<bool>(), any::<bool>(), any::<bool>());
    (option::of(millis()), words, switches).prop_map(
        |(opens_at, (greeting, away, prechat), (closed, preview, rating))| SiteState {
            closed,
            opens_at,
            greeting,
            away,
            prechat,
            preview,
            rating,
        },
    )
}

fn beat() -> impl Strategy<Value = Beat> {
    (millis(), millis()).prop_map(|(every_ms, dead_ms)| Beat { every_ms, dead_ms })
}

fn staff() -> impl Strategy<Value = Staff> {
    vec(text(), 0..3).prop_map(|online| Staff { online })
}

fn welcome() -> impl Strategy<Value = VisitorWelcome> {
    let numbers = (any::<u32>(), number(), number(), number());
    let receipts = (receipt(), receipt());
    let place = (staff(), prop_oneof![Just(SiteState::default()), site()]);
    (numbers, text(), (beat(), beat()), receipts, place).prop_map(
        |((version, epoch, after, last), token, (strict, calm), (seen, receipt), (staff, site))| {
            VisitorWelcome {
                version,
                token,
                epoch: Epoch(epoch),
                after,
                last,
                heartbeat: Heartbeat { strict, calm },
                seen,
                receipt,
                staff,
                site,
            }
        },
    )
}

pub(crate) fn down() -> impl Strategy<Value = VisitorDown> {
    use VisitorDown as Down;
    prop_oneof![
        welcome().prop_map(Down::Welcome),
        (refusal_code(), text())
            .prop_map(|(code, message)| Down::Refused(Refusal { code, message })),
        vec(event(), 0..4).prop_map(|events| Down::Events { events }),
        (id(), rejection_code(), text()).prop_map(|(id, code, message)| Down::Rejected(Rejected {
            id,
            code,
            message
        })),
        (vec(event(), 0..4), any::<bool>())
            .prop_map(|(events, more)| Down::History { events, more }),
        receipt().prop_map(Down::Receipt),
        typing().prop_map(Down::Typing),
        staff().prop_map(Down::Staff),
        site().prop_map(Down::Site),
        number().prop_map(|n| Down::Ping { n }),
        number().prop_map(|n| Down::Pong { n }),
        (millis(), text()).prop_map(|(retry_after_ms, message)| Down::GoingAway(GoingAway {
            retry_after_ms,
            message
        })),
    ]
}

pub(crate) fn up() -> impl Strategy<Value = VisitorUp> {
    let hello = (any::<u32>(), text(), option::of(text()), pace());
    let place = (option::of(resume()), option::of(page()), option::of(text()));
    let person = (option::of(identity()), option::of(profile()));
    let hello = (hello, place, person).prop_map(
        |((version, site, token, pace), (resume, page, locale), (identity, profile))| Hello {
            version,
            site,
            token,
            resume,
            page,
            locale,
            identity,
            profile,
            pace,
        },
    );
    prop_oneof![
        hello.prop_map(VisitorUp::Hello),
        (id(), text()).prop_map(|(id, text)| VisitorUp::Send { id, text }),
        receipt().prop_map(VisitorUp::Seen),
        typing().prop_map(VisitorUp::Typing),
        (id(), rating()).prop_map(|(id, (score, comment))| VisitorUp::Rate { id, score, comment }),
        page().prop_map(VisitorUp::Page),
        profile().prop_map(VisitorUp::Profile),
        (text(), option::of(text()))
            .prop_map(|(name, detail)| VisitorUp::Track(Track { name, detail })),
        pace().prop_map(|pace| VisitorUp::Pace { pace }),
        number().prop_map(|before| VisitorUp::History { before }),
        number().prop_map(|n| VisitorUp::Ping { n }),
        number().prop_map(|n| VisitorUp::Pong { n }),
    ]
}

pub(crate) fn saved() -> impl Strategy<Value = Saved<Visitor>> {
    let failed = (rejection_code(), text()).prop_map(|(code, message)| Failure { code, message });
    let command = prop_oneof![
        text().prop_map(|text| VisitorCommand::Send { text }),
        rating().prop_map(|(score, comment)| VisitorCommand::Rate { score, comment }),
    ];
    let entry = (id(), command, millis(), option::of(failed));
    let entry = entry.prop_map(|(id, command, written, failed)| Entry {
        id,
        command,
        written,
        failed,
    });
    (option::of(resume()), vec(entry, 0..4)).prop_map(|(cursor, outbox)| Saved { cursor, outbox })
}
