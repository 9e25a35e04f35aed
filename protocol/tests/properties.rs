//! Laws of the values that everything rests on, and of snapshot and restore, over random cases.

#![allow(
    clippy::unwrap_used,
    reason = "a test that meets the impossible should stop"
)]

#[allow(dead_code, reason = "the fuzz targets use the rest")]
mod fuzzed;

use fuzzed::run::{Act, Run};
use holdfast_protocol::client::{
    Agent, AgentCommand, Audience, Entry, Failure, Saved, Visitor, VisitorCommand,
};
use holdfast_protocol::event::{Page, Receipt, cut};
use holdfast_protocol::frame::{RejectionCode, Resume};
use holdfast_protocol::id::{AgentId, ConversationId, Epoch, EventId};
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// A case that fails is printed, and belongs into a test of its own.
fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(100)
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_visitors_snapshot_restores_to_itself(saved in saved::<Visitor>(visitor_command())) {
        prop_assert_eq!(read_back(&saved), saved);
    }

    #[test]
    fn an_agents_snapshot_restores_to_itself(saved in saved::<Agent>(agent_command())) {
        prop_assert_eq!(read_back(&saved), saved);
    }

    #[test]
    fn a_visitor_restored_at_any_point_loses_nothing(acts in vec(act(), 0..120)) {
        prop_assert_eq!(play::<Visitor>(&acts), Ok(()));
    }

    #[test]
    fn an_agent_restored_at_any_point_loses_nothing(acts in vec(act(), 0..120)) {
        prop_assert_eq!(play::<Agent>(&acts), Ok(()));
    }

    #[test]
    fn an_id_reads_back_as_it_was_printed(bits: u128, unix: u64) {
        for id in [EventId(bits), EventId::new(Millis(unix), bits)] {
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn an_id_has_one_spelling(text in prop_oneof![any::<String>(), "[-0-9a-fA-F]{36}", UUID_LIKE]) {
        if let Ok(id) = text.parse::<EventId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn a_cut_is_the_longest_beginning_that_fits(text: String, bytes in 0..64_usize) {
        let short = cut(&text, bytes);
        prop_assert!(text.starts_with(short) && short.len() <= bytes);
        let next = text[short.len()..].chars().next();
        prop_assert!(next.is_none_or(|next| short.len() + next.len_utf8() > bytes));
    }

    #[test]
    fn a_page_keeps_its_limits(url in long_text(), title in long_text()) {
        let page = Page::new(&url, &title);
        prop_assert!(page.url.len() <= limits::PAGE_URL_BYTES && url.starts_with(&page.url));
        prop_assert!(page.title.len() <= limits::PAGE_TITLE_BYTES && title.starts_with(&page.title));
        prop_assert_eq!(Page::new(&page.url, &page.title), page);
    }

    #[test]
    fn receipts_only_grow_whatever_their_order(a in receipt(), b in receipt(), c in receipt()) {
        prop_assert_eq!(a.max(b), b.max(a));
        prop_assert_eq!(a.max(b).max(c), a.max(b.max(c)));
        prop_assert_eq!(a.max(b).max(b), a.max(b));
        let both = a.max(b);
        prop_assert!(both.delivered >= a.delivered && both.read >= a.read);
        prop_assert!(both.delivered >= both.read);
    }

    #[test]
    fn nobody_has_read_what_is_not_there(a in receipt(), b in receipt(), last in number(), more in number()) {
        let kept = a.up_to(last);
        prop_assert!(kept.delivered <= last && kept.read <= last);
        prop_assert_eq!(kept.up_to(more), a.up_to(last.min(more)));
        prop_assert_eq!(a.max(b).up_to(last), a.up_to(last).max(b.up_to(last)));
    }
}

/// A UUID's shape, in either case.
const UUID_LIKE: &str = "[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

fn play<A: fuzzed::frames::Audible>(acts: &[Act]) -> Result<(), String> {
    let mut run = Run::<A>::new();
    for act in acts {
        run.act(*act);
    }
    run.heal()
}

fn read_back<A: Audience>(saved: &Saved<A>) -> Saved<A> {
    serde_json::from_str(&serde_json::to_string(saved).unwrap()).unwrap()
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Act::Write),
        2 => Just(Act::OtherWrites),
        4 => Just(Act::Open),
        8 => Just(Act::Serve),
        8 => Just(Act::Read),
        1 => Just(Act::Cut),
        1 => Just(Act::Wait),
        1 => (0..6_usize).prop_map(Act::CrashAfterWrite),
        1 => (0..6_usize).prop_map(Act::CrashAfterRead),
    ]
}

/// Small numbers, which meet each other, and any.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..8_u64, any::<u64>()]
}

fn receipt() -> impl Strategy<Value = Receipt> {
    (number(), number()).prop_map(|(delivered, read)| Receipt { delivered, read })
}

fn long_text() -> impl Strategy<Value = String> {
    (any::<String>(), 0..60_usize).prop_map(|(text, times)| text.repeat(times))
}

fn visitor_command() -> impl Strategy<Value = VisitorCommand> {
    any::<String>().prop_map(|text| VisitorCommand::Send { text })
}

fn agent_command() -> impl Strategy<Value = AgentCommand> {
    let place = || any::<u64>().prop_map(ConversationId);
    prop_oneof![
        (place(), any::<String>())
            .prop_map(|(conversation, text)| AgentCommand::Send { conversation, text }),
        (place(), any::<String>())
            .prop_map(|(conversation, text)| AgentCommand::Note { conversation, text }),
        place().prop_map(|conversation| AgentCommand::Claim { conversation }),
        (place(), any::<u64>()).prop_map(|(conversation, to)| AgentCommand::Transfer {
            conversation,
            to: AgentId(to),
        }),
        place().prop_map(|conversation| AgentCommand::Close { conversation }),
    ]
}

fn saved<A: Audience>(
    command: impl Strategy<Value = A::Command>,
) -> impl Strategy<Value = Saved<A>> {
    let cursor = option::of((any::<u64>(), any::<u64>())).prop_map(|cursor| {
        cursor.map(|(epoch, after)| Resume {
            epoch: Epoch(epoch),
            after,
        })
    });
    let failed = option::of(any::<String>()).prop_map(|message| {
        message.map(|message| Failure {
            code: RejectionCode::TooLong,
            message,
        })
    });
    let entry = (any::<u128>(), command, any::<u64>(), failed);
    let entry = entry.prop_map(|(id, command, written, failed)| Entry {
        id: EventId(id),
        command,
        written: Millis(written),
        failed,
    });
    (cursor, vec(entry, 0..12)).prop_map(|(cursor, outbox)| Saved { cursor, outbox })
}
