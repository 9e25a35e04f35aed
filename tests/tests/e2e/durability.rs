//! Nobody is told of an event before it is on disk, seen from outside: by the system calls of the real
//! server under load.

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    durability::Evidence,
    server::Server,
    strace,
    wire::{AgentLine, VisitorLine},
};
use serde_json::{Value, json};

const BURSTS: usize = 6;
/// Messages that one writer sends without waiting in between.
const BURST: usize = 10;
/// Answers to each visitor in a burst.
const ANSWERS: usize = 3;

/// Messages that agents' lines are judged by. They are told from all other frames on an encrypted line by
/// their size alone, and still stand in one page of the database.
const LONG: usize = 20;
const LONG_BYTES: usize = 800;

/// What is looked at: everything that writes to a file or a socket, and syncs.
const CALLS: &str = "trace=pwrite64,pwritev,write,writev,sendto,sendmsg,sendmmsg,fdatasync,fsync";

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_an_event_before_it_is_synced() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("calls");
    let mut server = traced(log.to_str().context("the log's name")?).await?;
    let address = server.add_agent("Ana").await?;
    let (mut agent, _) = AgentLine::login(&address).await?;
    agent.hear("snapshot").await?;

    let mut visitors = Vec::new();
    for name in ["ann", "bob"] {
        let (mut line, _) = VisitorLine::hello(server.http(), None).await?;
        line.say(&said(&format!("{name}-greets"))).await?;
        let heard = await_events(&mut agent, 1).await?;
        visitors.push(Visitor {
            name,
            line,
            conversation: heard[0]["conversation"].clone(),
        });
    }
    let mut texts = Vec::new();
    for n in 0..BURSTS {
        texts.extend(burst(n, &mut visitors, &mut agent).await?);
    }
    let mut long = Vec::new();
    for n in 0..LONG {
        // Each is heard before the next is said, so that their order is known.
        let text = format!("long-{n}-{}", "x".repeat(LONG_BYTES));
        visitors[0].line.say(&said(&text)).await?;
        await_events(&mut agent, 1).await?;
        long.push(format!("long-{n}-"));
    }
    ensure!(server.stop().await?.success());
    server.gone().await;

    let calls = strace::calls(&std::fs::read_to_string(&log)?);
    let evidence = Evidence::new(&calls);
    let open = evidence.check_texts(&texts)?;
    let encrypted = evidence.check_sizes(&server.agents().to_string(), LONG_BYTES, &long)?;
    println!(
        "{} calls: {} events on visitors' sockets came after {} syncs, {} on an agent's socket after theirs",
        calls.len(),
        open.checked,
        open.syncs,
        encrypted.checked
    );
    ensure!(open.checked > 100 && encrypted.checked == LONG);
    ensure!(open.syncs < open.checked, "no two events shared a commit");
    Ok(())
}

struct Visitor {
    name: &'static str,
    line: VisitorLine,
    conversation: Value,
}

/// All write at once, and read all that was written; returns the texts.
async fn burst(n: usize, visitors: &mut [Visitor], agent: &mut AgentLine) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for m in 0..BURST {
        for visitor in visitors.iter_mut() {
            let text = format!("{}-{n}-{m}-says", visitor.name);
            visitor.line.say(&said(&text)).await?;
            texts.push(text);
            if m < ANSWERS {
                let text = format!("{}-{n}-{m}-hears", visitor.name);
                let mut send = said(&text);
                send["send"]["conversation"] = visitor.conversation.clone();
                agent.say(&send).await?;
                texts.push(text);
            }
        }
    }
    await_events(agent, texts.len()).await?;
    for visitor in visitors {
        let mut heard = 0;
        while heard < BURST + ANSWERS {
            let frame = visitor.line.hear("events").await?;
            let events = frame["events"].as_array().into_iter().flatten();
            heard += events.filter(|event| is_of_burst(event)).count();
        }
    }
    Ok(texts)
}

/// The agent's line brings so many messages.
async fn await_events(agent: &mut AgentLine, count: usize) -> Result<Vec<Value>> {
    let mut heard = Vec::new();
    while heard.len() < count {
        let event = agent.event().await?;
        if event["body"].get("message").is_some() {
            heard.push(event);
        }
    }
    Ok(heard)
}

fn is_of_burst(event: &Value) -> bool {
    let text = event["body"]["message"]["text"].as_str();
    text.is_some_and(|text| text.ends_with("-says") || text.ends_with("-hears"))
}

/// A message, named by a number that no other has.
fn said(text: &str) -> Value {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let id = format!("01912d68-783e-7a03-8467-5661{number:08x}");
    json!({"send": {"id": id, "text": text}})
}

/// The server, and strace beside it, which writes to `log` and ends with it.
async fn traced(log: &str) -> Result<Server> {
    // -D: the server stays the test's own child. -yy: paths and sockets, not numbers. -s: whole frames.
    let words = [
        "strace",
        "-D",
        "-f",
        "-yy",
        "-s",
        "65536",
        "-e",
        "signal=none",
        "-e",
        CALLS,
        "-o",
        log,
        "--",
    ];
    Server::start_by(&words)
        .await
        .context("strace must be installed, and may trace its own children")
}
