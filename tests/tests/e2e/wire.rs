//! A conversation by hand, from PROTOCOL.md alone.

use anyhow::{Result, ensure};
use holdfast_tests::{
    server::Server,
    wire::{AgentLine, Heard, VisitorLine},
};
use serde_json::json;

const ID_1: &str = "01912d68-783e-7a03-8467-5661c1243ad1";
const ID_2: &str = "01912d68-783e-7a03-8467-5661c1243ad2";

#[tokio::test]
async fn a_visitor_and_an_agent_talk_by_hand() -> Result<()> {
    let server = Server::start().await?;
    let address = server.add_agent("Ana").await?;
    let (mut agent, welcome) = AgentLine::login(&address).await?;
    ensure!(
        welcome["name"] == "Ana" && welcome["site"] == "demo",
        "{welcome}"
    );
    ensure!(welcome["snapshot"] == true, "{welcome}");
    let snapshot = agent.hear("snapshot").await?;
    ensure!(snapshot["conversations"] == json!([]), "{snapshot}");

    let (mut visitor, welcome) = VisitorLine::hello(server.http(), None).await?;
    ensure!(welcome["last"] == 0 && welcome["after"] == 0, "{welcome}");
    ensure!(welcome["staff"] == json!({"online": ["Ana"]}), "{welcome}");
    visitor
        .say(&json!({"send": {"id": ID_1, "text": "Hello?"}}))
        .await?;
    let own = &visitor.hear("events").await?["events"][0];
    ensure!(own["id"] == ID_1 && own["seq"] == 1, "{own}");
    ensure!(own["author"] == json!({"visitor": {}}), "{own}");

    let opened = agent.event().await?;
    ensure!(opened["body"].get("opened").is_some(), "{opened}");
    ensure!(
        opened.get("seq").is_none() && opened["offset"] == 1,
        "{opened}"
    );
    let heard = agent.event().await?;
    ensure!(
        heard["body"] == json!({"message": {"text": "Hello?"}}),
        "{heard}"
    );
    let conversation = &heard["conversation"];
    agent
        .say(&json!({"send": {"id": ID_2, "conversation": conversation, "text": "Yes!"}}))
        .await?;
    let confirmed = agent.event().await?;
    ensure!(
        confirmed["id"] == ID_2 && confirmed["offset"] == 3,
        "{confirmed}"
    );
    let answer = &visitor.hear("events").await?["events"][0];
    ensure!(answer["seq"] == 2 && answer["id"] == ID_2, "{answer}");
    ensure!(answer["author"]["agent"]["name"] == "Ana", "{answer}");
    ensure!(
        answer.get("offset").is_none(),
        "visitors see no offset: {answer}"
    );
    Ok(())
}

#[tokio::test]
async fn the_same_id_is_one_event_and_another_persons_id_is_another() -> Result<()> {
    let server = Server::start().await?;
    let address = server.add_agent("Ana").await?;
    let (mut visitor, welcome) = VisitorLine::hello(server.http(), None).await?;
    let send = json!({"send": {"id": ID_1, "text": "once"}});
    visitor.say(&send).await?;
    visitor.hear("events").await?;
    visitor.say(&send).await?;
    let again = &visitor.hear("events").await?["events"][0];
    ensure!(again["seq"] == 1 && again["id"] == ID_1, "{again}");

    // The same token on another line is the same visitor, and reads on after its cursor.
    let token = welcome["token"].as_str().unwrap_or_default();
    let (mut second, welcome) = VisitorLine::hello(server.http(), Some(token)).await?;
    ensure!(welcome["last"] == 1, "{welcome}");
    second.say(&send).await?;
    let seen = &second.hear("events").await?["events"];
    ensure!(
        seen.as_array()
            .is_some_and(|events| events.iter().all(|e| e["seq"] == 1))
    );

    // An agent who uses a visitor's id swallows nothing.
    let (mut agent, _) = AgentLine::login(&address).await?;
    let snapshot = agent.hear("snapshot").await?;
    let conversation = &snapshot["conversations"][0]["conversation"];
    agent
        .say(&json!({"send": {"id": ID_1, "conversation": conversation, "text": "mine"}}))
        .await?;
    let event = agent.event().await?;
    ensure!(
        event["body"]["message"]["text"] == "mine" && event["seq"] == 2,
        "{event}"
    );
    Ok(())
}

#[tokio::test]
async fn a_reader_reads_on_after_its_cursor() -> Result<()> {
    let server = Server::start().await?;
    let (mut visitor, welcome) = VisitorLine::hello(server.http(), None).await?;
    let (token, epoch) = (welcome["token"].clone(), welcome["epoch"].clone());
    for n in 0..5 {
        let id = format!("01912d68-783e-7a03-8467-5661c1243a{n:02}");
        visitor
            .say(&json!({"send": {"id": id, "text": format!("line {n}")}}))
            .await?;
        visitor.hear("events").await?;
    }
    for (resume, after) in [
        (json!({"epoch": epoch, "after": 3}), 3),
        (json!({"epoch": epoch, "after": 99}), 0),
        (json!({"epoch": 1, "after": 3}), 0),
    ] {
        let mut line = VisitorLine::connect(server.http()).await?;
        line.say(&json!({"hello": {
            "version": 1, "site": "demo", "token": token, "resume": resume,
        }}))
        .await?;
        let welcome = line.hear("welcome").await?;
        ensure!(welcome["after"] == after, "after {resume}: {welcome}");
        let events = line.hear("events").await?;
        ensure!(events["events"][0]["seq"] == after + 1, "{events}");
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_stops_says_so_to_both_and_ends() -> Result<()> {
    let mut server = Server::start().await?;
    let address = server.add_agent("Ana").await?;
    let (mut agent, _) = AgentLine::login(&address).await?;
    let (mut visitor, _) = VisitorLine::hello(server.http(), None).await?;
    let listen = async {
        for farewell in [
            agent.hear("going_away").await?,
            visitor.hear("going_away").await?,
        ] {
            let retry = farewell["retry_after_ms"].as_u64();
            ensure!(retry.is_some_and(|ms| ms <= 10_000), "{farewell}");
            ensure!(farewell["message"].as_str().is_some_and(|m| m.len() > 10));
        }
        anyhow::Ok(())
    };
    let (status, ()) = tokio::try_join!(server.stop(), listen)?;
    ensure!(status.success(), "{status}");
    ensure!(agent.next().await? == Heard::Closed);
    ensure!(visitor.next().await? == Heard::Closed);
    Ok(())
}
