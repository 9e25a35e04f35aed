use holdfast_protocol::event::{Author, Body, Receipt, VisitorBody};
use holdfast_protocol::frame::{
    Conversation, RefusalCode, RejectionCode, Resume, Status, VisitorDown,
};
use holdfast_protocol::id::ConversationId;

use super::*;

async fn snapshot(peer: &mut Peer) -> Vec<Conversation> {
    let mut all = Vec::new();
    loop {
        let (part, more) = peer
            .until(|down| match down {
                AgentDown::Snapshot {
                    conversations,
                    more,
                } => Some((conversations, more)),
                _ => None,
            })
            .await;
        all.extend(part);
        if !more {
            return all;
        }
    }
}

async fn status(peer: &mut Peer, is_wanted: impl Fn(&Status) -> bool) -> Status {
    peer.until(|down| match down {
        AgentDown::Status(status) => is_wanted(&status).then_some(status),
        _ => None,
    })
    .await
}

fn send(id: u128, conversation: u64, text: &str) -> AgentUp {
    AgentUp::Send {
        id: EventId(id),
        conversation: ConversationId(conversation),
        text: text.to_owned(),
    }
}

#[tokio::test]
async fn an_answer_reaches_visitor_and_colleagues() {
    let place = Place::new();
    let (ann_id, token) = place.agent("Ann");
    let (mut ann, welcome) = place.agent_in(&token, None).await;
    assert_eq!((welcome.agent, welcome.name.as_str()), (ann_id, "Ann"));
    assert!(welcome.snapshot && snapshot(&mut ann).await.is_empty());
    let (_, token) = place.agent("Bob");
    let (mut bob, _) = place.agent_in(&token, None).await;
    let (mut visitor, _) = place.visitor(None, None).await;
    visitor.say(&said(1, "hello")).await;
    let opened = ann.agent_event_count(2).await;
    assert_eq!(opened[0].author, Author::System {});
    assert_eq!(opened[0].seq, None);
    ann.say(&send(5, 1, "hi")).await;
    let event = ann.agent_events().await.pop().unwrap();
    assert_eq!(
        (event.id, event.offset, event.seq),
        (EventId(5), 3, Some(2))
    );
    assert_eq!(bob.agent_event_count(3).await[2], event);
    visitor.visitor_events().await;
    let answer = visitor.visitor_events().await.pop().unwrap();
    let text = "hi".to_owned();
    assert_eq!(answer.body, VisitorBody::Message { text });
}

#[tokio::test]
async fn work_is_claimed_handed_over_noted_and_closed() {
    let place = Place::new();
    let (ann_id, token) = place.agent("Ann");
    let (mut ann, _) = place.agent_in(&token, None).await;
    let (mut visitor, _) = place.visitor(None, None).await;
    visitor.say(&said(1, "hello")).await;
    ann.agent_event_count(2).await;
    let (bob_id, bob_token) = place.agent("Bob");
    let conversation = ConversationId(1);
    let id = EventId;
    ann.say(&AgentUp::Claim {
        id: id(2),
        conversation,
    })
    .await;
    ann.say(&AgentUp::Note {
        id: id(3),
        conversation,
        text: "kind".to_owned(),
    })
    .await;
    ann.say(&AgentUp::Transfer {
        id: id(4),
        conversation,
        to: bob_id,
    })
    .await;
    let bodies: Vec<_> = ann.agent_event_count(3).await;
    let bodies: Vec<_> = bodies.into_iter().map(|event| event.body).collect();
    let text = "kind".to_owned();
    let wanted = [
        Body::Assigned { to: ann_id },
        Body::Note { text },
        Body::Assigned { to: bob_id },
    ];
    assert_eq!(bodies, wanted);
    let (mut bob, _) = place.agent_in(&bob_token, None).await;
    let open = snapshot(&mut bob).await;
    assert_eq!(open[0].assigned, Some(bob_id));
    assert_eq!((open[0].last_seq, open[0].last_offset), (1, 5));
    assert_eq!(open[0].newest.as_ref().map(|event| event.offset), Some(2));
    ann.say(&AgentUp::Close {
        id: id(5),
        conversation,
    })
    .await;
    assert_eq!(ann.agent_events().await[0].seq, Some(2));
    let (mut again, _) = place.agent_in(&bob_token, None).await;
    assert!(snapshot(&mut again).await.is_empty());
    // The visitor saw their message and the end, and nothing else.
    let mut seen = visitor.visitor_events().await;
    seen.extend(visitor.visitor_events().await);
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].body, VisitorBody::Closed {});
}

#[tokio::test]
async fn what_cannot_be_done_is_rejected() {
    let place = Place::new();
    let (_, token) = place.agent("Ann");
    let (mut ann, _) = place.agent_in(&token, None).await;
    let (visitor, _) = place.visitor(None, None).await;
    visitor.say(&said(1, "hello")).await;
    ann.agent_event_count(2).await;
    ann.say(&send(2, 99, "hi")).await;
    ann.say(&AgentUp::Transfer {
        id: EventId(3),
        conversation: ConversationId(1),
        to: AgentId(99),
    })
    .await;
    for (id, code) in [
        (2, RejectionCode::UnknownConversation),
        (3, RejectionCode::UnknownAgent),
    ] {
        let rejected = ann
            .until(|down| match down {
                AgentDown::Rejected(rejected) if rejected.id == EventId(id) => Some(rejected),
                _ => None,
            })
            .await;
        assert_eq!(rejected.code, code);
    }
}

#[tokio::test]
async fn an_agents_client_resumes_and_learns_how_conversations_stand() {
    let place = Place::new();
    let (_, token) = place.agent("Ann");
    let (mut ann, welcome) = place.agent_in(&token, None).await;
    let (mut visitor, _) = place.visitor(None, None).await;
    visitor.say(&said(1, "hello")).await;
    ann.agent_event_count(2).await;
    ann.say(&send(2, 1, "hi")).await;
    ann.agent_events().await;
    ann.closed().await;
    while visitor.visitor_events().await.last().unwrap().seq < 2 {}
    let seen = Receipt {
        delivered: 2,
        read: 2,
    };
    visitor.say(&VisitorUp::Seen(seen)).await;
    // The server's answer proves that it has taken in what was said before.
    visitor.say(&VisitorUp::Ping { n: 5 }).await;
    visitor
        .until(|down| matches!(down, VisitorDown::Pong { n: 5 }).then_some(()))
        .await;

    let resume = Resume {
        epoch: welcome.epoch,
        after: 2,
    };
    let (mut ann, welcome) = place.agent_in(&token, Some(resume)).await;
    assert!(!welcome.snapshot);
    let status = status(&mut ann, |_| true).await;
    assert_eq!((status.visitor, status.present), (seen, true));
    ann.say(&send(2, 1, "hi")).await;
    let event = ann.agent_events().await.pop().unwrap();
    assert_eq!((event.id, event.offset), (EventId(2), 3));
}

#[tokio::test]
async fn a_visitors_departure_shows() {
    let place = Place::new();
    let (_, token) = place.agent("Ann");
    let (mut ann, _) = place.agent_in(&token, None).await;
    let (mut visitor, _) = place.visitor(None, None).await;
    visitor.say(&said(1, "hello")).await;
    visitor.visitor_events().await;
    status(&mut ann, |status| status.present).await;
    visitor.closed().await;
    let gone = status(&mut ann, |status| !status.present).await;
    assert!(gone.last_seen.is_some());
}

#[tokio::test]
async fn typing_goes_to_the_others_only() {
    let place = Place::new();
    let (_, ann) = place.agent("Ann");
    let (_, bob) = place.agent("Bob");
    let (mut ann, _) = place.agent_in(&ann, None).await;
    let (mut bob, _) = place.agent_in(&bob, None).await;
    let (mut visitor, _) = place.visitor(None, None).await;
    visitor.say(&said(1, "hello")).await;
    visitor.visitor_events().await;
    let conversation = Some(ConversationId(1));
    let typing = |name: Option<&str>| holdfast_protocol::frame::Typing {
        conversation,
        active: true,
        name: name.map(str::to_owned),
        text: None,
    };
    ann.say(&AgentUp::Typing(typing(None))).await;
    visitor.say(&VisitorUp::Typing(typing(None))).await;
    for (peer, names) in [(&mut ann, vec![None]), (&mut bob, vec![None, Some("Ann")])] {
        let mut heard = Vec::new();
        while heard.len() < names.len() {
            heard.push(
                peer.until(|down| match down {
                    AgentDown::Typing(typing) => Some(typing.name),
                    _ => None,
                })
                .await,
            );
        }
        heard.sort();
        let names: Vec<_> = names.iter().map(|name| name.map(str::to_owned)).collect();
        assert_eq!(heard, names);
    }
}

#[tokio::test]
async fn history_is_the_own_sites_only() {
    let place = Place::new();
    let (_, token) = place.agent("Ann");
    let (mut ann, _) = place.agent_in(&token, None).await;
    let (visitor, _) = place.visitor(None, None).await;
    visitor.say(&said(1, "hello")).await;
    ann.agent_event_count(2).await;
    for (conversation, count) in [(1, 2), (2, 0)] {
        let conversation = ConversationId(conversation);
        let before = u64::MAX;
        ann.say(&AgentUp::History {
            conversation,
            before,
        })
        .await;
        let events = ann
            .until(|down| match down {
                AgentDown::History { events, .. } => Some(events),
                _ => None,
            })
            .await;
        assert_eq!(events.len(), count);
    }
}

#[tokio::test]
async fn a_wrong_secret_is_refused() {
    let place = Place::new();
    for token in ["", "x", &secret::draw().unwrap(), &"x".repeat(999)] {
        let mut peer = place.connect_agent();
        peer.say(&login(token, None)).await;
        let AgentDown::Refused(refusal) = peer.hear().await else {
            panic!("let in");
        };
        assert_eq!(refusal.code, RefusalCode::BadToken);
        peer.closed().await;
    }
}

#[tokio::test]
async fn who_was_removed_loses_the_line_at_the_next_beat() {
    let mut heartbeat = Heartbeat::default();
    heartbeat.strict.every_ms = Millis(5);
    let place = Place::with(heartbeat);
    let (id, token) = place.agent("Ann");
    let (mut ann, _) = place.agent_in(&token, None).await;
    snapshot(&mut ann).await;
    let mut store = Store::open(place.folder.path(), 0).unwrap();
    assert!(store.remove_agent(place.site, id).unwrap());
    place.shared.log.refresh_agents().await.unwrap();
    let code = ann
        .until(|down| match down {
            AgentDown::Refused(refusal) => Some(refusal.code),
            _ => None,
        })
        .await;
    assert_eq!(code, RefusalCode::BadToken);
}
