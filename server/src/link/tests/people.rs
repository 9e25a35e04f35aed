//! What agents learn of a visitor, and what a visitor is told of the site.

use std::cell::Cell;

use holdfast_protocol::event::{Body, VisitorBody, VisitorFacts};
use holdfast_protocol::frame::{RejectionCode, SiteState, Track, Tracked, Typing};
use holdfast_protocol::profile::Profile;
use jiff::Timestamp;

use super::*;
use crate::desk::SiteSettings;

fn named(name: &str, fields: &[(&str, &str)]) -> Profile {
    let mut profile = Profile {
        name: Some(name.to_owned()),
        ..Profile::default()
    };
    for (name, value) in fields {
        profile.fields.set(name, value);
    }
    profile
}

async fn set(place: &Place, text: &str) {
    let settings = serde_json::to_string(&SiteSettings::parse(text).unwrap()).unwrap();
    let set = |store: &mut Store, site| store.set_settings(site, &settings).unwrap();
    place.administer(set).await;
}

async fn facts(peer: &mut Peer) -> VisitorFacts {
    loop {
        for event in peer.agent_events().await {
            if let Body::Facts { visitor } | Body::Opened { visitor } = event.body {
                return *visitor;
            }
        }
    }
}

async fn site_state(peer: &mut Peer) -> SiteState {
    peer.until(|down| match down {
        VisitorDown::Site(site) => Some(site),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn what_is_said_of_a_visitor_comes_with_the_first_message_and_anew_when_it_changes() {
    let place = Place::new();
    let (_, ann) = place.agent("Ann");
    let (mut ann, _) = place.agent_in(&ann, None).await;
    let greeting = Hello {
        profile: Some(named("Bo", &[("plan", "free")])),
        ..hello(None, None)
    };
    let (tab, welcome) = place.visitor_who(greeting.clone()).await;
    let more = named("Bo\u{1b}", &[("shop", "7")]);
    tab.say(&VisitorUp::Profile(more)).await;
    tab.say(&said(1, "hello")).await;
    let opened = facts(&mut ann).await;
    assert_eq!(opened.name.as_deref(), Some("Bo"), "one line of plain text");
    assert_eq!(
        opened.fields,
        named("", &[("plan", "free"), ("shop", "7")]).fields
    );

    // Nothing of it is news when it is said again; then something is.
    let token = Some(welcome.token);
    let (mut again, _) = place.visitor_who(Hello { token, ..greeting }).await;
    again
        .say(&VisitorUp::Profile(named("Bo", &[("plan", "")])))
        .await;
    again.pong().await;
    place.shared.log.flush().await;
    let newer = facts(&mut ann).await;
    assert_eq!(newer.fields.iter().collect::<Vec<_>>(), [("shop", "7")]);
    assert_eq!(newer.locale.as_deref(), Some("en"));
    let (_, bob) = place.agent("Bob");
    let (mut bob, _) = place.agent_in(&bob, None).await;
    let shown = bob.until(|down| match down {
        AgentDown::Snapshot { conversations, .. } => Some(conversations),
        _ => None,
    });
    assert_eq!(shown.await[0].visitor, newer);
}

#[tokio::test]
async fn a_profile_of_one_tab_is_told_though_another_began() {
    let place = Place::new();
    let (_, ann) = place.agent("Ann");
    let (mut ann, _) = place.agent_in(&ann, None).await;
    let (mut first, welcome) = place.visitor(None, None).await;
    let (mut second, _) = place.visitor(Some(&welcome.token), None).await;
    second.say(&VisitorUp::Profile(named("Bo", &[]))).await;
    second.pong().await;
    first.say(&said(1, "hello")).await;
    assert_eq!(facts(&mut ann).await.name, None);
    first.visitor_events().await;
    second.visitor_events().await;
    place.shared.log.flush().await;
    assert_eq!(facts(&mut ann).await.name.as_deref(), Some("Bo"));
}

#[tokio::test]
async fn what_a_page_tracks_is_a_trail() {
    let place = Place::new();
    let (_, ann) = place.agent("Ann");
    let (mut ann, _) = place.agent_in(&ann, None).await;
    let (mut tab, _) = place.visitor(None, None).await;
    for n in 0..12 {
        let track = Track {
            name: "step".to_owned(),
            detail: Some(n.to_string()),
        };
        tab.say(&VisitorUp::Track(track)).await;
    }
    tab.say(&said(1, "hello")).await;
    tab.visitor_events().await;
    let full = |trail: Vec<Tracked>| (trail.len() == limits::TRAIL).then_some(trail);
    let trail = ann.until(|down| match down {
        AgentDown::Status(status) => full(status.trail),
        _ => None,
    });
    let trail = trail.await;
    assert_eq!(trail[0].detail.as_deref(), Some("2"));
    assert_eq!(trail[9].detail.as_deref(), Some("11"));
}

#[tokio::test]
async fn what_is_typed_is_shown_only_where_the_owner_wants_it() {
    let place = Place::new();
    let (_, ann) = place.agent("Ann");
    let (mut ann, _) = place.agent_in(&ann, None).await;
    let (mut tab, welcome) = place.visitor(None, None).await;
    assert!(welcome.site.is_plain());
    tab.say(&said(1, "hello")).await;
    tab.visitor_events().await;
    let typing = VisitorUp::Typing(Typing {
        conversation: None,
        active: true,
        name: None,
        text: Some("é".repeat(limits::PREVIEW_BYTES)),
    });
    let shown = |down| match down {
        AgentDown::Typing(typing) => Some(typing.text),
        _ => None,
    };
    tab.say(&typing).await;
    assert_eq!(ann.until(shown).await, None);
    set(&place, "typing-preview = true").await;
    assert!(site_state(&mut tab).await.preview);
    tab.say(&typing).await;
    let text = ann.until(shown).await.unwrap();
    assert_eq!(text.len(), limits::PREVIEW_BYTES);
}

#[tokio::test]
async fn a_visitor_is_told_how_the_site_stands_and_when_that_changes() {
    let place = Place::new();
    set(&place, "greeting = \"Hello!\"\ntimezone = \"UTC\"\n[hours]").await;
    let (mut tab, welcome) = place.visitor(None, None).await;
    assert!(welcome.site.closed);
    assert_eq!(welcome.site.greeting.as_deref(), Some("Hello!"));
    set(&place, "rating = true").await;
    let site = site_state(&mut tab).await;
    assert!(site.rating && !site.closed && site.greeting.is_none());
    set(&place, "").await;
    assert!(site_state(&mut tab).await.is_plain());
}

thread_local! {
    /// What the clock on the wall shows to a test that moves it.
    static WALL: Cell<Millis> = const { Cell::new(Millis(0)) };
}

fn moment(text: &str) -> Millis {
    let stamp: Timestamp = text.parse().unwrap();
    Millis(u64::try_from(stamp.as_millisecond()).unwrap())
}

/// Nothing but the clock says so: the owner sets nothing meanwhile, and nobody comes.
#[tokio::test(start_paused = true)]
async fn an_open_page_is_told_when_the_clock_reaches_closing_and_opening_time() {
    // 2026-11-23 is a Monday.
    WALL.set(moment("2026-11-23T16:59:59Z"));
    let place = Place::by(|| WALL.get());
    let hours = "monday = [\"09:00-17:00\"]\ntuesday = [\"09:00-17:00\"]";
    set(&place, &format!("timezone = \"UTC\"\n[hours]\n{hours}")).await;
    let (mut tab, welcome) = place.visitor(None, None).await;
    assert!(welcome.site.is_plain());
    let opens = moment("2026-11-24T09:00:00Z");
    WALL.set(moment("2026-11-23T17:00:00Z"));
    let site = site_state(&mut tab).await;
    assert_eq!((site.closed, site.opens_at), (true, Some(opens)));
    WALL.set(opens);
    assert!(site_state(&mut tab).await.is_plain());
}

#[tokio::test]
async fn a_rating_is_read_by_both_sides() {
    let place = Place::new();
    let (_, ann) = place.agent("Ann");
    let (mut ann, _) = place.agent_in(&ann, None).await;
    let (mut tab, _) = place.visitor(None, None).await;
    let rate = |id, score| VisitorUp::Rate {
        id: EventId(id),
        score,
        comment: Some("quick".to_owned()),
    };
    let code = |down| match down {
        VisitorDown::Rejected(rejected) => Some(rejected.code),
        _ => None,
    };
    tab.say(&rate(1, 5)).await;
    assert_eq!(tab.until(code).await, RejectionCode::UnknownConversation);
    tab.say(&said(2, "hello")).await;
    tab.visitor_events().await;
    tab.say(&rate(3, 6)).await;
    assert_eq!(tab.until(code).await, RejectionCode::BadScore);
    tab.say(&rate(4, 5)).await;
    let rated = tab.visitor_events().await.remove(0);
    assert_eq!((rated.seq, rated.id), (2, EventId(4)));
    assert!(matches!(rated.body, VisitorBody::Rated { score: 5, .. }));
    let seen = ann.agent_event_count(3).await.remove(2);
    assert!(matches!(seen.body, Body::Rated { score: 5, .. }));
}

#[tokio::test]
async fn a_snapshot_of_those_of_whom_much_is_known_keeps_to_what_clients_take() {
    let place = Place::new();
    let quotes = "\"".repeat(limits::FIELD_VALUE_BYTES);
    let names: Vec<_> = (0..limits::FIELDS)
        .map(|n| format!("{n:\"<0$}", limits::FIELD_NAME_BYTES))
        .collect();
    let fields: Vec<_> = names.iter().map(|name| (&**name, &*quotes)).collect();
    // One who leaves room in a frame for somebody shorter than the next.
    let (mut tab, _) = place.visitor(None, None).await;
    let nearly = limits::CHUNK_BYTES / 6 - 200;
    tab.say(&said(7, &"\u{1}".repeat(nearly))).await;
    tab.visitor_events().await;
    for n in 0..2 {
        let greeting = Hello {
            profile: Some(named(&quotes, &fields)),
            ..hello(None, None)
        };
        let (mut tab, _) = place.visitor_who(greeting).await;
        tab.say(&said(n, &"\u{1}".repeat(limits::TEXT_BYTES))).await;
        tab.visitor_events().await;
    }
    let (_, ann) = place.agent("Ann");
    let (mut ann, _) = place.agent_in(&ann, None).await;
    let mut found = 0;
    while found < 3 {
        let text = ann.hear_text().await.expect("the server has closed");
        assert!(text.len() <= limits::DOWN_FRAME_BYTES, "{}", text.len());
        if let AgentDown::Snapshot { conversations, .. } = serde_json::from_str(&text).unwrap() {
            found += conversations.len();
        }
    }
}
