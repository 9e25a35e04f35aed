//! Bad input at the visitors' port: each gets a clear answer, and hurts nobody else.

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    server::Server,
    wire::{Heard, VisitorLine},
};
use serde_json::{Value, json};

const ID: &str = "01912d68-783e-7a03-8467-5661c1243ad1";

/// PROTOCOL.md, Limits.
const FRAME_BYTES: usize = 53_248;
const TEXT_BYTES: usize = 8_192;

/// Expects the server to refuse with this code, in words that have all of these, and to close.
async fn is_refused(line: &mut VisitorLine, code: &str, words: &[&str]) -> Result<()> {
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

/// The server still takes people in, and still writes.
async fn is_well(server: &Server) -> Result<()> {
    let (mut line, _) = VisitorLine::hello(server.http(), None).await?;
    line.say(&json!({"send": {"id": ID, "text": "all well?"}}))
        .await?;
    let events = line.hear("events").await?;
    ensure!(events["events"][0]["seq"] == 1, "{events}");
    Ok(())
}

/// Says these texts on a new line, the last of which must be refused.
async fn refuses(server: &Server, says: &[String], code: &str, words: &[&str]) -> Result<()> {
    let mut line = VisitorLine::connect(server.http()).await?;
    for text in says {
        line.say_raw(text).await?;
    }
    is_refused(&mut line, code, words).await.with_context(|| {
        says.last()
            .map(|t| t.chars().take(80).collect::<String>())
            .unwrap_or_default()
    })
}

fn hello() -> String {
    json!({"hello": {"version": 1, "site": "demo"}}).to_string()
}

#[tokio::test]
async fn what_is_no_frame_is_refused_in_words() -> Result<()> {
    let server = Server::start().await?;
    let long = format!("{{\"send\":{}}}", "x".repeat(FRAME_BYTES));
    let cases = [
        "",
        "{",
        "[]",
        "null",
        "hello",
        r#"{"unknown":{}}"#,
        r#"{"hello":{"version":"one","site":"demo"}}"#,
        r#"{"hello":{"version":1}}"#,
        r#"{"send":{"id":"not a uuid","text":"x"}}"#,
        r#"{"ping":{"n":-1}}"#,
        r#"{"ping":{"n":1},"pong":{"n":1}}"#,
        &long,
    ];
    for case in cases {
        refuses(&server, &[case.to_owned()], "bad_frame", &[]).await?;
        refuses(&server, &[hello(), case.to_owned()], "bad_frame", &[]).await?;
    }
    refuses(&server, &[long], "bad_frame", &["longer than"]).await?;
    is_well(&server).await
}

#[tokio::test]
async fn far_too_long_frames_end_the_line_and_cost_no_memory() -> Result<()> {
    let server = Server::start().await?;
    let (mut line, _) = VisitorLine::hello(server.http(), None).await?;
    // The server may hang up before it has read all of it.
    let _ = line.say_raw(&"x".repeat(40 * FRAME_BYTES)).await;
    loop {
        match line.next().await {
            Ok(Heard::Closed) | Err(_) => break,
            Ok(Heard::Frame(_)) => {}
        }
    }
    is_well(&server).await
}

#[tokio::test]
async fn frames_at_the_wrong_time_are_refused() -> Result<()> {
    let server = Server::start().await?;
    let send = json!({"send": {"id": ID, "text": "too early"}}).to_string();
    refuses(&server, &[send], "bad_frame", &["hello"]).await?;
    refuses(&server, &[hello(), hello()], "bad_frame", &["hello"]).await?;
    is_well(&server).await
}

#[tokio::test]
async fn a_binary_message_is_refused() -> Result<()> {
    let server = Server::start().await?;
    let mut line = VisitorLine::connect(server.http()).await?;
    line.say_binary(b"\x00\x01\x02").await?;
    is_refused(&mut line, "bad_frame", &["text"]).await?;
    let (mut line, _) = VisitorLine::hello(server.http(), None).await?;
    line.say_binary(b"\x00\x01\x02").await?;
    is_refused(&mut line, "bad_frame", &["text"]).await?;
    is_well(&server).await
}

#[tokio::test]
async fn who_is_not_let_in_is_told_why() -> Result<()> {
    let server = Server::start().await?;
    let hello = |member: &str, value: Value| {
        let mut hello = json!({"hello": {"version": 1, "site": "demo"}});
        hello["hello"][member] = value;
        vec![hello.to_string()]
    };
    refuses(
        &server,
        &hello("site", json!("nosuch")),
        "unknown_site",
        &["nosuch"],
    )
    .await?;
    refuses(
        &server,
        &hello("site", json!("x".repeat(65))),
        "unknown_site",
        &[],
    )
    .await?;
    refuses(&server, &hello("site", json!("")), "unknown_site", &[]).await?;
    refuses(&server, &hello("version", json!(2)), "version", &["2", "1"]).await?;
    refuses(&server, &hello("token", json!("guessed")), "bad_token", &[]).await?;
    refuses(
        &server,
        &hello("token", json!("x".repeat(4000))),
        "bad_token",
        &[],
    )
    .await?;
    is_well(&server).await
}

#[tokio::test]
async fn a_token_of_another_server_opens_nothing() -> Result<()> {
    let (ours, theirs) = (Server::start().await?, Server::start().await?);
    let mut welcomes = Vec::new();
    for server in [&ours, &theirs] {
        let (mut line, welcome) = VisitorLine::hello(server.http(), None).await?;
        line.say(&json!({"send": {"id": ID, "text": "private"}}))
            .await?;
        line.hear("events").await?;
        welcomes.push(welcome);
    }
    let token = welcomes[1]["token"].as_str();
    let (_line, welcome) = VisitorLine::hello(ours.http(), token).await?;
    ensure!(welcome["last"] == 0, "a stranger reads: {welcome}");
    Ok(())
}

#[tokio::test]
async fn who_says_no_hello_is_sent_away() -> Result<()> {
    let server = Server::start_with(&["--handshake", "300ms"]).await?;
    let mut line = VisitorLine::connect(server.http()).await?;
    is_refused(&mut line, "too_late", &["time"]).await?;
    is_well(&server).await
}

#[tokio::test]
async fn a_message_that_cant_be_accepted_is_rejected_and_the_line_lives_on() -> Result<()> {
    let server = Server::start().await?;
    let (mut line, _) = VisitorLine::hello(server.http(), None).await?;
    let long = "é".repeat(TEXT_BYTES / 2 + 1);
    for (text, code) in [("", "blank"), (" \n\t", "blank"), (&*long, "too_long")] {
        line.say(&json!({"send": {"id": ID, "text": text}})).await?;
        let rejected = line.hear("rejected").await?;
        ensure!(
            rejected["id"] == ID && rejected["code"] == code,
            "{rejected}"
        );
        ensure!(
            rejected["message"].as_str().is_some_and(|m| m.len() > 10),
            "{rejected}"
        );
    }
    // The longest that is allowed, every byte of which needs an escape, gets through.
    let longest = "\u{1}".repeat(TEXT_BYTES - 1) + "x";
    line.say(&json!({"send": {"id": ID, "text": longest}}))
        .await?;
    let events = line.hear("events").await?;
    ensure!(events["events"][0]["body"]["message"]["text"] == longest);
    Ok(())
}

#[tokio::test]
async fn absurd_numbers_do_no_harm() -> Result<()> {
    let server = Server::start().await?;
    let (mut line, welcome) = VisitorLine::hello(server.http(), None).await?;
    line.say(&json!({"send": {"id": ID, "text": "one"}}))
        .await?;
    line.hear("events").await?;
    let huge = (1_u64 << 53) - 1;
    line.say(&json!({"seen": {"delivered": huge, "read": huge}}))
        .await?;
    line.say(&json!({"history": {"before": huge}})).await?;
    let history = line.hear("history").await?;
    ensure!(
        history["events"].as_array().is_some_and(|e| e.len() == 1),
        "{history}"
    );
    line.say(&json!({"history": {"before": 0}})).await?;
    let history = line.hear("history").await?;
    ensure!(history["events"] == json!([]), "{history}");
    let token = welcome["token"].as_str();
    let (_line, welcome) = VisitorLine::hello(server.http(), token).await?;
    ensure!(
        welcome["seen"] == json!({"delivered": 1, "read": 1}),
        "{welcome}"
    );
    Ok(())
}
