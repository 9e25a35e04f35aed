//! The disk is full: nobody is told a lie, and nothing is lost.

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    agent::Agent,
    browser::Browser,
    checker::{Paper, Writer},
    disk::Disk,
    server::Server,
};

/// Enough for a new database, and soon filled.
const DISK_MB: u32 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing_and_is_told_to_all() -> Result<()> {
    let disk = match Disk::new(DISK_MB) {
        Ok(disk) => disk,
        Err(error) => {
            println!("skipped: a small file system can't be mounted here ({error:#})");
            return Ok(());
        }
    };
    let mut server = Server::start_in(disk.path(), &[]).await?;
    let mut agent = Agent::start(&server.add_agent("Ana").await?).await?;
    agent.online().await?;
    let browser = Browser::start().await?;
    let tab = browser.open(&format!("http://{}/", server.http())).await?;
    tab.open_chat().await?;
    tab.write("before").await?;
    let desk = agent
        .see("the message", |desk| desk.find("before").is_some())
        .await?;
    let conversation = desk.find("before").context("it")?.conversation;

    let mut paper = Paper::default();
    paper.note(Writer::Visitor, "before");
    disk.fill()?;
    // Large enough to need new pages in the log.
    let question = format!("does it fit? {}", "q".repeat(3000));
    let answer = format!("who knows. {}", "a".repeat(3000));
    tab.write(&question).await?;
    agent.write(conversation, &answer).await?;
    server.logs(&["ERROR", "disk"]).await?;
    tab.see("words for the visitor", |widget| !widget.words.is_empty())
        .await?;
    agent
        .see("words for the agent", |desk| {
            desk.state != "online" && desk.words.contains("disk")
        })
        .await?;
    ensure!(tab.widget().await?.state_of(&question) == Some("waiting"));
    ensure!(agent.desk().acked.is_empty());

    disk.make_room()?;
    paper.note(Writer::Visitor, &question);
    paper.note(Writer::Agent, &answer);
    let widget = tab
        .see("both messages", |widget| {
            paper.is_all_on(&widget.lines()) && widget.messages.iter().all(|m| m.seq.is_some())
        })
        .await?;
    let desk = agent
        .see("both messages", |desk| {
            paper.is_all_on(&desk.lines(conversation))
        })
        .await?;
    paper.check(&[widget.lines(), desk.lines(conversation)])?;
    server.kill().await
}
