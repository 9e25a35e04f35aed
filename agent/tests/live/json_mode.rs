//! The program with `--json`, against a server that says what the test tells it to.

use crate::common::{EPOCH, Program, Server, ana, message};
use holdfast_agent::json::{Line, State};
use holdfast_protocol::event::{Author, Receipt};
use holdfast_protocol::frame::{
    AgentDown, AgentUp, Refusal, RefusalCode, Rejected, RejectionCode, Resume,
};
use holdfast_protocol::id::{ConversationId, EventId};

const SEND: &str = r#"{"send":{"conversation":3,"text":"still here"}}"#;

fn queued(line: &Line) -> Option<EventId> {
    match line {
        Line::Queued { id } => Some(*id),
        _ => None,
    }
}

fn acked(line: &Line) -> Option<EventId> {
    match line {
        Line::Acked { id } => Some(*id),
        _ => None,
    }
}

fn offset(line: &Line) -> Option<u64> {
    match line {
        Line::Event(event) => Some(event.offset),
        _ => None,
    }
}

fn is_online(line: &Line) -> Option<()> {
    let online = matches!(
        line,
        Line::Status {
            state: State::Online,
            ..
        }
    );
    online.then_some(())
}

#[tokio::test]
async fn the_outbox_survives_a_kill_and_goes_out_under_the_same_name() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    // Nobody accepts on this port yet, so nothing can have been sent.
    let server = Server::start().await;
    let mut first = Program::start(&server.address_text(), &state, &[]);
    first.say(SEND).await;
    let id = first.find(queued).await;
    first.kill().await;
    drop(server.try_accept().await);

    let mut second = Program::start(&server.address_text(), &state, &[]);
    second.close_stdin();
    let (mut peer, _) = server.welcome(5, false).await;
    let AgentUp::Send { id: sent, text, .. } = peer.read().await else {
        panic!("not the message");
    };
    assert_eq!((sent, text.as_str()), (id, "still here"));
    peer.write_events(vec![message(6, id, ana(), "still here")])
        .await;
    assert_eq!(second.find(acked).await, id);
    assert_eq!(second.end().await.0, Some(0));

    let mut third = Program::start(&server.address_text(), &state, &[]);
    let (mut peer, login) = server.welcome(6, false).await;
    third.find(is_online).await;
    assert_eq!(
        login.resume,
        Some(Resume {
            epoch: EPOCH,
            after: 6
        })
    );
    peer.write(&AgentDown::Ping { n: 1 }).await;
    assert_eq!(peer.read().await, AgentUp::Pong { n: 1 });
}

#[tokio::test]
async fn a_bot_reads_on_where_it_stopped_and_gives_receipts() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let server = Server::start().await;
    let mut first = Program::start(&server.address_text(), &state, &["--read"]);
    let (mut peer, login) = server.welcome(8, true).await;
    assert_eq!(login.resume, None);
    peer.write(&AgentDown::Snapshot {
        conversations: vec![],
        more: false,
    })
    .await;
    peer.write_events(vec![message(9, EventId(9), Author::Visitor {}, "Hi")])
        .await;
    assert_eq!(first.find(offset).await, 9);
    let seen = Receipt {
        delivered: 9,
        read: 9,
    };
    let conversation = ConversationId(3);
    assert_eq!(peer.read().await, AgentUp::Seen { conversation, seen });
    // The receipt goes out after the cursor was saved, so a crash here forgets nothing.
    first.kill().await;

    let _second = Program::start(&server.address_text(), &state, &[]);
    let (_, login) = server.welcome(9, false).await;
    assert_eq!(
        login.resume,
        Some(Resume {
            epoch: EPOCH,
            after: 9
        })
    );
}

#[tokio::test]
async fn bad_input_is_named_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start().await;
    let mut program = Program::start(&server.address_text(), &folder.path().join("s"), &[]);
    let (mut peer, _) = server.welcome(0, false).await;
    program.find(is_online).await;
    let error = |line: &Line| match line {
        Line::Error { message, .. } => Some(message.clone()),
        _ => None,
    };
    program.say("{\"send\":{\"conversation\":3}}").await;
    assert!(program.find(error).await.contains("text"));
    program
        .say(&format!("{{\"send\":\"{}", "x".repeat(100_000)))
        .await;
    assert!(program.find(error).await.contains("bytes"));
    program
        .say("{\"send\":{\"conversation\":3,\"text\":\"  \"}}")
        .await;
    assert!(program.find(error).await.contains("empty"));
    program.say(SEND).await;
    let id = program.find(queued).await;
    assert!(matches!(peer.read().await, AgentUp::Send { id: sent, .. } if sent == id));
}

#[tokio::test]
async fn a_rejected_command_is_told_and_leaves_the_outbox() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let server = Server::start().await;
    let mut program = Program::start(&server.address_text(), &state, &[]);
    let (mut peer, _) = server.welcome(0, false).await;
    program.say(SEND).await;
    let id = program.find(queued).await;
    peer.read().await;
    peer.write(&AgentDown::Rejected(Rejected {
        id,
        code: RejectionCode::UnknownConversation,
        message: "there is no conversation 3".into(),
    }))
    .await;
    let rejected = |line: &Line| match line {
        Line::Rejected { id, command, .. } => Some((*id, command.text()?.to_owned())),
        _ => None,
    };
    assert_eq!(program.find(rejected).await, (id, "still here".to_owned()));
    program.close_stdin();
    assert_eq!(program.end().await.0, Some(0));
    let kept = std::fs::read_to_string(&state).unwrap();
    assert!(!kept.contains(&id.to_string()), "{kept}");
}

#[tokio::test]
async fn a_refused_login_ends_the_program_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start().await;
    let program = Program::start(&server.address_text(), &folder.path().join("s"), &[]);
    let mut peer = server.accept().await;
    peer.read().await;
    peer.write(&AgentDown::Refused(Refusal {
        code: RefusalCode::BadToken,
        message: "this address is not valid any more".into(),
    }))
    .await;
    let (code, stderr) = program.end().await;
    assert_eq!(code, Some(3));
    assert!(stderr.contains("not valid any more"), "{stderr}");
}

#[tokio::test]
async fn what_can_not_be_sent_in_time_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let server = Server::start().await;
    let mut program = Program::start(&server.address_text(), &state, &["--timeout", "0"]);
    program.say(SEND).await;
    let id = program.find(queued).await;
    program.close_stdin();
    let (code, stderr) = program.end().await;
    assert_eq!(code, Some(4), "{stderr}");
    let kept = std::fs::read_to_string(&state).unwrap();
    assert!(kept.contains(&id.to_string()));
}

#[tokio::test]
async fn a_second_program_on_the_same_file_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let server = Server::start().await;
    let _first = Program::start(&server.address_text(), &state, &[]);
    server.welcome(0, false).await;
    let (code, stderr) = Program::start(&server.address_text(), &state, &[])
        .end()
        .await;
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("in use") && stderr.contains("--state"),
        "{stderr}"
    );
}
