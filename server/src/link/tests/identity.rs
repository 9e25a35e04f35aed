//! Visitors who say who they are, over their connections.

use holdfast_protocol::event::{Author, Body, VisitorBody};
use holdfast_protocol::frame::RefusalCode;
use holdfast_protocol::profile::{Identified, Identity};

use super::*;

/// The example of PROTOCOL.md.
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const HASH: &str = "84ea49180bccb6b890c42924c3c6827dc6f2a659e2818962c8999b61c69d0af8";

async fn place() -> Place {
    let place = Place::new();
    let set_key = |store: &mut Store, site| store.set_identity_key(site, KEY).unwrap();
    place.administer(set_key).await;
    place
}

fn who(token: Option<&str>, resume: Option<Resume>, hash: Option<&str>) -> Hello {
    Hello {
        identity: Some(Identity {
            id: "user-17".to_owned(),
            hash: hash.map(str::to_owned),
        }),
        ..hello(token, resume)
    }
}

fn ids(events: &[VisitorEvent]) -> Vec<(u64, u128)> {
    events.iter().map(|event| (event.seq, event.id.0)).collect()
}

async fn refused(place: &Place, hello: Hello) -> Option<RefusalCode> {
    let mut peer = place.connect_visitor();
    peer.say(&VisitorUp::Hello(hello)).await;
    match peer.hear().await {
        VisitorDown::Refused(refusal) => Some(refusal.code),
        _ => None,
    }
}

async fn refusal(peer: &mut Peer) -> RefusalCode {
    peer.until(|down| match down {
        VisitorDown::Refused(refusal) => Some(refusal.code),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_hash_must_be_right_and_where_the_owner_says_so_must_be_there() {
    let place = place().await;
    let wrong = HASH.replace('8', "9");
    let bad = Some(RefusalCode::BadIdentity);
    assert_eq!(refused(&place, who(None, None, Some(&wrong))).await, bad);
    assert_eq!(refused(&place, who(None, None, Some(HASH))).await, None);
    assert_eq!(refused(&place, who(None, None, None)).await, None);
    let require = |store: &mut Store, site| store.require_identity(site, true).unwrap();
    place.administer(require).await;
    assert_eq!(refused(&place, who(None, None, None)).await, bad);
    assert_eq!(refused(&place, who(None, None, Some(HASH))).await, None);
    assert_eq!(refused(&place, hello(None, None)).await, None);
}

#[tokio::test]
async fn who_is_here_already_is_asked_by_what_the_owner_wants_now() {
    let place = place().await;
    let (mut nobody, _) = place.visitor(None, None).await;
    let (mut claim, _) = place.visitor_who(who(None, None, None)).await;
    let (mut proven, _) = place.visitor_who(who(None, None, Some(HASH))).await;
    let require = |store: &mut Store, site| store.require_identity(site, true).unwrap();
    place.administer(require).await;
    assert_eq!(refusal(&mut claim).await, RefusalCode::BadIdentity);
    assert_eq!(claim.hear_text().await, None);
    proven.pong().await;
    let renew = |store: &mut Store, site| {
        store
            .set_identity_key(site, &KEY.replace('0', "f"))
            .unwrap();
    };
    place.administer(renew).await;
    assert_eq!(refusal(&mut proven).await, RefusalCode::BadIdentity);
    assert_eq!(proven.hear_text().await, None);
    nobody.pong().await;
}

#[tokio::test]
async fn a_key_that_was_made_a_moment_ago_sends_nobody_away() {
    let place = Place::new();
    let _ = place.visitor(None, None).await;
    let mut store = Store::open(place.folder.path(), 0).unwrap();
    store.set_identity_key(place.site, KEY).unwrap();
    assert_eq!(refused(&place, who(None, None, Some(HASH))).await, None);
}

#[tokio::test]
async fn two_devices_of_one_person_share_a_conversation() {
    let place = place().await;
    let (mut phone, at_phone) = place.visitor_who(who(None, None, Some(HASH))).await;
    let (mut desk, at_desk) = place.visitor_who(who(None, None, Some(HASH))).await;
    assert_ne!(at_phone.token, at_desk.token);
    phone.say(&said(1, "from the phone")).await;
    assert_eq!(ids(&phone.visitor_events().await), [(1, 1)]);
    assert_eq!(ids(&desk.visitor_events().await), [(1, 1)]);
    desk.say(&said(2, "from the desk")).await;
    assert_eq!(ids(&phone.visitor_events().await), [(2, 2)]);
    // Neither token alone is the person.
    let (_, alone) = place.visitor(Some(&at_phone.token), None).await;
    assert_eq!(alone.last, 0);
}

#[tokio::test]
async fn a_claim_opens_nothing_and_is_told_as_such() {
    let place = place().await;
    let (_, ann) = place.agent("Ann");
    let (mut ann, _) = place.agent_in(&ann, None).await;
    let (mut person, _) = place.visitor_who(who(None, None, Some(HASH))).await;
    person.say(&said(1, "mine")).await;
    assert_eq!(ids(&person.visitor_events().await), [(1, 1)]);
    let (mut liar, welcome) = place.visitor_who(who(None, None, None)).await;
    assert_eq!(welcome.last, 0, "of another's conversation nothing is seen");
    liar.say(&said(2, "let me see")).await;
    assert_eq!(ids(&liar.visitor_events().await), [(1, 2)]);
    let events = ann.agent_event_count(4).await;
    let identities: Vec<_> = events
        .into_iter()
        .filter_map(|event| match event.body {
            Body::Opened { visitor } => visitor.identity,
            _ => None,
        })
        .collect();
    let identified = |verified| Identified {
        id: "user-17".to_owned(),
        verified,
    };
    assert_eq!(identities, [identified(true), identified(false)]);
}

#[tokio::test]
async fn an_anonymous_conversation_becomes_the_persons_with_all_lines() {
    let place = place().await;
    let (mut tab, welcome) = place.visitor(None, None).await;
    tab.say(&said(1, "before")).await;
    assert_eq!(ids(&tab.visitor_events().await), [(1, 1)]);
    let token = welcome.token.as_str();
    let (mut other_tab, _) = place.visitor(Some(token), None).await;
    assert_eq!(ids(&other_tab.visitor_events().await), [(1, 1)]);

    let resume = Some(Resume {
        epoch: welcome.epoch,
        after: 1,
    });
    let (mut person, known) = place
        .visitor_who(who(Some(token), resume, Some(HASH)))
        .await;
    // Whose stream it is has changed, so it is read anew.
    assert_ne!(known.epoch, welcome.epoch);
    assert_eq!((known.after, known.last), (0, 1));
    assert_eq!(ids(&person.visitor_events().await), [(1, 1)]);
    // Lines of the token alone end, and come back to the person.
    tab.closed().await;
    while other_tab.hear_text().await.is_some() {}
    let resume = Some(Resume {
        epoch: known.epoch,
        after: 1,
    });
    let (mut back, again) = place.visitor(Some(token), resume).await;
    assert_eq!(
        (again.after, again.last),
        (1, 1),
        "the person's cursor holds"
    );
    back.say(&said(1, "before")).await;
    assert_eq!(ids(&back.visitor_events().await), [(1, 1)], "acknowledged");
    back.say(&said(2, "after")).await;
    assert_eq!(ids(&back.visitor_events().await), [(2, 2)]);
    assert_eq!(ids(&person.visitor_events().await), [(2, 2)]);
    // The other device of the person has it too.
    let (_, elsewhere) = place.visitor_who(who(None, None, Some(HASH))).await;
    assert_eq!(elsewhere.last, 2);
}

#[tokio::test]
async fn a_cursor_of_one_stream_holds_in_no_other() {
    let place = place().await;
    let (mut person, at) = place.visitor_who(who(None, None, Some(HASH))).await;
    let (mut tab, welcome) = place.visitor(None, None).await;
    for n in 1..=3 {
        person.say(&said(n, "mine")).await;
        tab.say(&said(n, "anonymous")).await;
    }
    for peer in [&mut person, &mut tab] {
        while peer
            .visitor_events()
            .await
            .iter()
            .all(|event| event.seq < 3)
        {}
    }
    let cursor = |epoch| Some(Resume { epoch, after: 2 });
    let token = Some(welcome.token.as_str());
    let known = who(token, cursor(welcome.epoch), Some(HASH));
    let (_, known) = place.visitor_who(known).await;
    assert_eq!((known.epoch, known.after), (at.epoch, 0), "read anew");
    let (_, back) = place.visitor(token, cursor(at.epoch)).await;
    assert_eq!((back.epoch, back.after), (welcome.epoch, 0), "read anew");
}

#[tokio::test]
async fn what_stays_apart_is_acknowledged_and_not_shown() {
    let place = place().await;
    let (mut person, _) = place.visitor_who(who(None, None, Some(HASH))).await;
    person.say(&said(1, "mine")).await;
    person.visitor_events().await;
    let (mut tab, welcome) = place.visitor(None, None).await;
    tab.say(&said(2, "anonymous")).await;
    tab.visitor_events().await;
    let (mut tab, welcome) = place
        .visitor_who(who(Some(&welcome.token), None, Some(HASH)))
        .await;
    assert_eq!(welcome.last, 1);
    assert_eq!(ids(&tab.visitor_events().await), [(1, 1)]);
    tab.say(&said(2, "anonymous")).await;
    let events = tab.visitor_events().await;
    assert_eq!(ids(&events), [(0, 2)]);
    assert_eq!(events[0].author, Author::Visitor {});
    assert!(matches!(events[0].body, VisitorBody::Message { .. }));
    let (_, alone) = place.visitor(Some(&welcome.token), None).await;
    assert_eq!(alone.last, 1, "its own, as before");
}

#[tokio::test]
async fn a_person_who_becomes_known_is_told_to_agents() {
    let place = place().await;
    let (_, ann) = place.agent("Ann");
    let (mut ann, _) = place.agent_in(&ann, None).await;
    let (mut tab, welcome) = place.visitor(None, None).await;
    tab.say(&said(1, "before")).await;
    tab.visitor_events().await;
    ann.agent_event_count(2).await;
    let (_person, _) = place
        .visitor_who(who(Some(&welcome.token), None, Some(HASH)))
        .await;
    // As a second later.
    place.shared.log.flush().await;
    let event = ann.agent_events().await.remove(0);
    assert_eq!((event.seq, event.author), (None, Author::System {}));
    let Body::Facts { visitor } = event.body else {
        panic!("{:?}", event.body);
    };
    assert!(visitor.identity.is_some_and(|identity| identity.verified));
    assert_eq!(
        visitor.locale.as_deref(),
        Some("en"),
        "what was known stays"
    );
}
