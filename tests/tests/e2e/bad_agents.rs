//! Bad input at the agents' port, and at the agent's client.

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    address::Address,
    agent::Agent,
    server::{Server, operator},
    wire::{AgentLine, Heard, VisitorLine},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const ID: &str = "01912d68-783e-7a03-8467-5661c1243ad1";

/// PROTOCOL.md, Limits.
const FRAME_BYTES: usize = 53_248;

async fn is_refused(line: &mut AgentLine, code: &str, words: &[&str]) -> Result<()> {
    let refusal = line.hear("refused").await?;
    ensure!(refusal["code"] == code, "{refusal}");
    let message = refusal["message"].as_str().context("words for people")?;
    for word in words {
        ensure!(message.contains(word), "no {word:?} in {message:?}");
    }
    loop {
        if line.next().await? == Heard::Closed {
            return Ok(());
        }
    }
}

async fn is_well(address: &Address) -> Result<()> {
    let (mut line, _) = AgentLine::login(address).await?;
    line.say(&json!({"ping": {"n": 7}})).await?;
    ensure!(line.hear("pong").await?["n"] == 7);
    Ok(())
}

#[tokio::test]
async fn what_is_no_frame_is_refused_in_words() -> Result<()> {
    let server = Server::start().await?;
    let address = server.add_agent("Ana").await?;
    let long = format!("{{\"send\":\"{}\"}}\n", "x".repeat(FRAME_BYTES));
    let endless = "x".repeat(3 * FRAME_BYTES);
    let cases: [&[u8]; 9] = [
        b"\n",
        b"{\n",
        b"[]\n",
        b"hello\n",
        b"{\"unknown\":{}}\n",
        b"{\"login\":{\"version\":1}}\n",
        b"\xff\xfe\x00\n",
        long.as_bytes(),
        endless.as_bytes(),
    ];
    for case in cases {
        let about = || {
            String::from_utf8_lossy(case)
                .chars()
                .take(60)
                .collect::<String>()
        };
        let mut line = AgentLine::connect(&address).await?;
        // The server may hang up before it has read all of it; its words must come nevertheless.
        let _ = line.say_raw(case).await;
        is_refused(&mut line, "bad_frame", &[])
            .await
            .with_context(about)?;
        let (mut line, _) = AgentLine::login(&address).await?;
        let _ = line.say_raw(case).await;
        is_refused(&mut line, "bad_frame", &[])
            .await
            .with_context(about)?;
    }
    is_well(&address).await
}

#[tokio::test]
async fn who_is_not_let_in_is_told_why() -> Result<()> {
    let server = Server::start_with(&["--handshake", "500ms"]).await?;
    let address = server.add_agent("Ana").await?;
    for token in ["guessed", "", &"x".repeat(4000)] {
        let mut line = AgentLine::connect(&address).await?;
        line.say(&json!({"login": {"version": 1, "token": token}}))
            .await?;
        is_refused(&mut line, "bad_token", &["holdfast agent add"]).await?;
    }
    let mut line = AgentLine::connect(&address).await?;
    line.say(&json!({"login": {"version": 7, "token": address.secret}}))
        .await?;
    is_refused(&mut line, "version", &["7", "1"]).await?;
    // Nothing is said before the login, and who does not log in is sent away.
    let mut line = AgentLine::connect(&address).await?;
    let first = line.next().await?;
    ensure!(
        first
            .get("refused")
            .is_some_and(|r| r["code"] == "too_late"),
        "{first:?}"
    );
    let mut line = AgentLine::connect(&address).await?;
    line.say_raw(b"{\"login\":").await?;
    is_refused(&mut line, "too_late", &["time"]).await?;
    is_well(&address).await
}

#[tokio::test]
async fn a_port_scanner_gets_nothing_and_is_sent_away() -> Result<()> {
    let server = Server::start_with(&["--handshake", "500ms"]).await?;
    let address = server.add_agent("Ana").await?;
    for bytes in [&b""[..], b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01"] {
        let mut line = TcpStream::connect(server.agents()).await?;
        line.write_all(bytes).await?;
        let mut answer = Vec::new();
        // An alert in TLS and a reset are both an end.
        let end = tokio::time::timeout(
            holdfast_tests::wait::PATIENCE,
            line.read_to_end(&mut answer),
        );
        let _ = end.await.context("the line stays open")?;
        ensure!(answer.len() < 16, "it said {answer:?}");
    }
    is_well(&address).await
}

#[tokio::test]
async fn commands_that_cant_be_accepted_are_rejected_and_the_line_lives_on() -> Result<()> {
    let server = Server::start().await?;
    let address = server.add_agent("Ana").await?;
    let (mut agent, _) = AgentLine::login(&address).await?;
    let (mut visitor, _) = VisitorLine::hello(server.http(), None).await?;
    visitor
        .say(&json!({"send": {"id": ID, "text": "hello"}}))
        .await?;
    agent.event().await?;
    let heard = agent.event().await?;
    let here = &heard["conversation"];
    for (command, code) in [
        (
            json!({"send": {"id": ID, "conversation": 4711, "text": "x"}}),
            "unknown_conversation",
        ),
        (
            json!({"claim": {"id": ID, "conversation": 4711}}),
            "unknown_conversation",
        ),
        (
            json!({"close": {"id": ID, "conversation": 0}}),
            "unknown_conversation",
        ),
        (
            json!({"transfer": {"id": ID, "conversation": here, "to": 99}}),
            "unknown_agent",
        ),
        (
            json!({"send": {"id": ID, "conversation": here, "text": "  "}}),
            "blank",
        ),
        (
            json!({"note": {"id": ID, "conversation": here, "text": "x".repeat(8193)}}),
            "too_long",
        ),
    ] {
        agent.say(&command).await?;
        let rejected = agent.hear("rejected").await?;
        ensure!(
            rejected["code"] == code && rejected["id"] == ID,
            "{rejected}"
        );
        ensure!(
            rejected["message"].as_str().is_some_and(|m| m.len() > 10),
            "{rejected}"
        );
    }
    agent
        .say(&json!({"send": {"id": ID, "conversation": here, "text": "fine"}}))
        .await?;
    ensure!(agent.event().await?["seq"] == 2);
    Ok(())
}

#[tokio::test]
async fn agents_of_another_site_see_and_reach_nothing() -> Result<()> {
    let server = Server::start().await?;
    operator(server.data(), &["site", "add", "other"]).await?;
    let printed = operator(server.data(), &["agent", "add", "other", "Eve"]).await?;
    let eve = printed.trim().parse::<Address>()?.at(server.agents());
    let (mut visitor, _) = VisitorLine::hello(server.http(), None).await?;
    visitor
        .say(&json!({"send": {"id": ID, "text": "for demo only"}}))
        .await?;
    visitor.hear("events").await?;
    let (mut line, welcome) = AgentLine::login(&eve).await?;
    ensure!(
        welcome["site"] == "other" && welcome["last"] == 0,
        "{welcome}"
    );
    ensure!(line.hear("snapshot").await?["conversations"] == json!([]));
    line.say(&json!({"send": {"id": ID, "conversation": 1, "text": "psst"}}))
        .await?;
    ensure!(line.hear("rejected").await?["code"] == "unknown_conversation");
    line.say(&json!({"history": {"conversation": 1, "before": 100}}))
        .await?;
    line.say(&json!({"ping": {"n": 1}})).await?;
    loop {
        let heard = line.next().await?;
        if let Some(history) = heard.get("history") {
            ensure!(history["events"] == json!([]), "{history}");
        }
        if heard.get("pong").is_some() {
            return Ok(());
        }
    }
}

#[tokio::test]
async fn an_agent_who_was_removed_is_out_at_once() -> Result<()> {
    let server = Server::start().await?;
    let address = server.add_agent("Ana").await?;
    let (mut line, welcome) = AgentLine::login(&address).await?;
    let id = welcome["agent"].to_string();
    operator(server.data(), &["agent", "remove", "demo", &id]).await?;
    is_refused(&mut line, "bad_token", &[]).await?;
    let mut line = AgentLine::connect(&address).await?;
    line.say(&json!({"login": {"version": 1, "token": address.secret}}))
        .await?;
    is_refused(&mut line, "bad_token", &[]).await
}

#[tokio::test]
async fn the_agents_client_says_in_words_what_is_wrong() -> Result<()> {
    let server = Server::start().await?;
    let address = server.add_agent("Ana").await?;
    let wrong_secret = Address {
        secret: "guessed".to_owned(),
        ..address.clone()
    };
    let (code, words) = Agent::start(&wrong_secret).await?.end().await?;
    ensure!(code == Some(3), "{code:?}: {words}");
    ensure!(words.contains("holdfast agent add"), "{words}");

    // A server with another certificate is not spoken to.
    let wrong_fingerprint = Address {
        fingerprint: "0".repeat(64),
        ..address.clone()
    };
    let agent = Agent::start(&wrong_fingerprint).await?;
    let desk = agent
        .see("words about the certificate", |desk| {
            desk.words.contains("certificate")
        })
        .await?;
    ensure!(desk.welcomes == 0);

    let mut agent = Agent::start(&address).await?;
    agent.online().await?;
    for line in ["", "nonsense", "{\"send\":{}}", "{\"dance\":{}}"] {
        let errors = agent.desk().errors.len();
        agent.tell_raw(line).await?;
        if !line.is_empty() {
            agent
                .see("an error", |desk| desk.errors.len() == errors + 1)
                .await?;
        }
    }
    agent
        .tell(&json!({"send": {"conversation": 4711, "text": "into the void"}}))
        .await?;
    agent
        .see("the rejection", |desk| {
            desk.rejected == ["unknown_conversation"]
        })
        .await?;
    ensure!(agent.desk().state == "online");
    Ok(())
}
