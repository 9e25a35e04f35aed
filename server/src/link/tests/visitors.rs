use holdfast_protocol::event::{Body, Page, Receipt};
use holdfast_protocol::frame::{Refusal, RefusalCode, RejectionCode, Typing};

use super::*;

async fn refusal(peer: &mut Peer) -> RefusalCode {
    peer.until(|down| match down {
        VisitorDown::Refused(Refusal { code, message }) => {
            assert!(!message.is_empty());
            Some(code)
        }
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_message_comes_back_as_its_event() {
    let place = Place::new();
    let (mut peer, welcome) = place.visitor(None, None).await;
    assert_eq!((welcome.after, welcome.last), (0, 0));
    peer.say(&said(1, "hello")).await;
    let events = peer.visitor_events().await;
    assert_eq!((events[0].seq, events[0].id), (1, EventId(1)));
}

#[tokio::test]
async fn who_only_looks_leaves_no_row() {
    let place = Place::new();
    let (peer, welcome) = place.visitor(None, None).await;
    peer.closed().await;
    let visitor = secret::visitor_of(&welcome.token);
    let log = &place.shared.log;
    assert_eq!(
        log.conversation_of(place.site, visitor).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn what_is_sent_again_is_acknowledged_again() {
    let place = Place::new();
    let (mut peer, welcome) = place.visitor(None, None).await;
    peer.say(&said(1, "hello")).await;
    let first = peer.visitor_events().await;
    peer.say(&said(1, "hello")).await;
    assert_eq!(peer.visitor_events().await, first);

    let resume = Resume {
        epoch: welcome.epoch,
        after: 1,
    };
    let token = Some(welcome.token.as_str());
    let (mut again, welcome) = place.visitor(token, Some(resume)).await;
    assert_eq!((welcome.after, welcome.last), (1, 1));
    again.say(&said(1, "hello")).await;
    assert_eq!(again.visitor_events().await, first);
}

#[tokio::test]
async fn two_tabs_share_one_conversation() {
    let place = Place::new();
    let (mut one, welcome) = place.visitor(None, None).await;
    let (mut two, _) = place.visitor(Some(&welcome.token), None).await;
    one.say(&said(1, "hello")).await;
    assert_eq!(one.visitor_events().await, two.visitor_events().await);
    two.say(&said(2, "again")).await;
    let events = one.visitor_events().await;
    assert_eq!(events, two.visitor_events().await);
    assert_eq!(events[0].seq, 2);
}

/// Of two tabs one is being welcomed while the other one sends the first message, which is on the disk before the server looks for
/// it, after the welcome, and at each moment between.
#[tokio::test(start_paused = true)]
async fn who_is_welcomed_while_another_tab_begins_reads_it_once() {
    let mut lasts = Vec::new();
    for moment in 0..=2 * HELLO_AT {
        let place = Place::on_disk(|| Millis(4));
        let (mut one, welcome) = place.visitor(None, None).await;
        let mut two = place.connect_visitor();
        let begin = async {
            // sleep: of a virtual clock, which says what comes first.
            tokio::time::sleep(Duration::from_millis(moment)).await;
            one.say(&said(1, "hello")).await;
            one.visitor_events().await
        };
        let token = Some(welcome.token.as_str());
        let join = async {
            // sleep: of a virtual clock, which says what comes first.
            tokio::time::sleep(Duration::from_millis(HELLO_AT)).await;
            two.say(&VisitorUp::Hello(hello(token, None))).await;
            let VisitorDown::Welcome(welcome) = two.hear().await else {
                panic!("no welcome")
            };
            (welcome.last, two.visitor_events().await)
        };
        let (began, (last, read)) = tokio::join!(begin, join);
        assert_eq!(read, began, "the welcome said {last}");
        lasts.push(last);
        // Nothing comes twice, and the tab takes part.
        two.say(&said(2, "me too")).await;
        let next: Vec<_> = two.visitor_events().await;
        assert!(next.iter().map(|event| event.seq).eq([2]), "{next:?}");
    }
    assert!(lasts.contains(&0) && lasts.contains(&1), "{lasts:?}");
}

/// When one tab says hello, in milliseconds; the other one writes between no time and twice that.
const HELLO_AT: u64 = 16;

#[tokio::test]
async fn a_reader_reads_on_after_its_cursor_and_a_new_tab_gets_the_tail() {
    let place = Place::new();
    let (mut peer, welcome) = place.visitor(None, None).await;
    for n in 1..=120 {
        peer.say(&said(n, "hello")).await;
        while peer.visitor_events().await.last().unwrap().seq < n as u64 {}
    }
    let token = Some(welcome.token.as_str());
    let resume = Resume {
        epoch: welcome.epoch,
        after: 7,
    };
    let (mut back, welcome) = place.visitor(token, Some(resume)).await;
    assert_eq!((welcome.after, welcome.last), (7, 120));
    let mut seqs = Vec::new();
    while seqs.last() != Some(&120) {
        seqs.extend(back.visitor_events().await.iter().map(|event| event.seq));
    }
    assert!(seqs.into_iter().eq(8..=120));
    let (_, welcome) = place.visitor(token, None).await;
    assert_eq!(welcome.after, 70);
    let old = Resume {
        epoch: holdfast_protocol::id::Epoch(welcome.epoch.0 + 1),
        after: 119,
    };
    let (mut other, welcome) = place.visitor(token, Some(old)).await;
    assert_eq!(welcome.after, 70, "a cursor of another epoch means nothing");
    other.say(&VisitorUp::History { before: 71 }).await;
    let (events, more) = other
        .until(|down| match down {
            VisitorDown::History { events, more } => Some((events, more)),
            _ => None,
        })
        .await;
    assert!(events.iter().map(|event| event.seq).eq(21..=70));
    assert!(more);
}

#[tokio::test]
async fn a_blank_message_is_rejected_and_the_line_goes_on() {
    let place = Place::new();
    let (mut peer, _) = place.visitor(None, None).await;
    peer.say(&said(1, " ")).await;
    let rejected = peer
        .until(|down| match down {
            VisitorDown::Rejected(rejected) => Some(rejected),
            _ => None,
        })
        .await;
    assert_eq!(rejected.id, EventId(1));
    assert_eq!(rejected.code, RejectionCode::Blank);
    peer.say(&said(2, "hello")).await;
    assert_eq!(peer.visitor_events().await[0].id, EventId(2));
}

#[tokio::test]
async fn who_cannot_come_in_is_told_why() {
    let place = Place::new();
    let bad_version = Hello {
        version: 9,
        ..hello(None, None)
    };
    let bad_site = Hello {
        site: "shops".to_owned(),
        ..hello(None, None)
    };
    let cases = [
        (VisitorUp::Hello(bad_version), RefusalCode::Version),
        (VisitorUp::Hello(bad_site), RefusalCode::UnknownSite),
        (
            VisitorUp::Hello(hello(Some("x"), None)),
            RefusalCode::BadToken,
        ),
        (said(1, "hello"), RefusalCode::BadFrame),
    ];
    for (first, code) in cases {
        let mut peer = place.connect_visitor();
        peer.say(&first).await;
        assert_eq!(refusal(&mut peer).await, code);
        peer.closed().await;
    }
}

#[tokio::test]
async fn who_breaks_the_rules_is_told_and_loses_the_line() {
    let place = Place::new();
    let long = format!("{{\"{}\":1}}", "x".repeat(limits::UP_FRAME_BYTES));
    let again = serde_json::to_string(&VisitorUp::Hello(hello(None, None))).unwrap();
    for text in ["{", "{\"dance\":{}}", &long, &again] {
        let (mut peer, _) = place.visitor(None, None).await;
        peer.say_text(text).await;
        assert_eq!(refusal(&mut peer).await, RefusalCode::BadFrame);
        peer.closed().await;
    }
    let (mut peer, _) = place.visitor(None, None).await;
    let broken = Incoming::Broken("no text");
    peer.to_server.send(broken).await.unwrap();
    assert_eq!(refusal(&mut peer).await, RefusalCode::BadFrame);
}

#[tokio::test]
async fn the_visitor_sees_who_answers_types_and_reads() {
    let place = Place::new();
    let (_, token) = place.agent("Ann");
    let (mut peer, welcome) = place.visitor(None, None).await;
    assert!(welcome.staff.online.is_empty());
    let (mut ann, _) = place.agent_in(&token, None).await;
    let staff = peer
        .until(|down| match down {
            VisitorDown::Staff(staff) => Some(staff),
            _ => None,
        })
        .await;
    assert_eq!(staff.online, ["Ann"]);

    peer.say(&said(1, "hello")).await;
    let conversation = ann.agent_event_count(2).await[1].conversation;
    ann.say(&AgentUp::Typing(Typing {
        conversation: Some(conversation),
        active: true,
        name: None,
        text: None,
    }))
    .await;
    let typing = peer
        .until(|down| match down {
            VisitorDown::Typing(typing) => Some(typing),
            _ => None,
        })
        .await;
    assert_eq!(typing.name.as_deref(), Some("Ann"));
    assert!(typing.active && typing.conversation.is_none());

    let seen = Receipt {
        delivered: 1,
        read: 1,
    };
    ann.say(&AgentUp::Seen { conversation, seen }).await;
    let receipt = peer
        .until(|down| match down {
            VisitorDown::Receipt(receipt) => Some(receipt),
            _ => None,
        })
        .await;
    assert_eq!(receipt, seen);
    let (_, welcome) = place.visitor(Some(&welcome.token), None).await;
    assert_eq!(welcome.receipt, seen);
}

#[tokio::test]
async fn the_page_at_the_first_message_is_told_to_agents() {
    let place = Place::new();
    let (_, token) = place.agent("Ann");
    let (mut ann, _) = place.agent_in(&token, None).await;
    let (peer, _) = place.visitor(None, None).await;
    let page = Page::new("/rope", "Rope");
    peer.say(&VisitorUp::Page(page.clone())).await;
    peer.say(&said(1, "hello")).await;
    let events = ann.agent_event_count(2).await;
    let Body::Opened { visitor } = &events[0].body else {
        panic!("{:?}", events[0]);
    };
    assert_eq!(visitor.page.as_ref(), Some(&page));
    assert_eq!(visitor.locale.as_deref(), Some("en"));
}
