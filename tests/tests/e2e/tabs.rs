//! One visitor, several tabs; and pages where the browser denies storage.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Browser, Engine},
    in_every_engine,
    pages::{Pages, with_sandbox, with_tag},
    proxy::{BOTH, Forgotten},
    stage::Stage,
};

in_every_engine!(
    two_tabs_are_one_visitor_and_both_show_everything,
    a_page_without_storage_works_in_memory,
    a_cut_line_keeps_the_words_of_both_tabs,
);

async fn two_tabs_are_one_visitor_and_both_show_everything(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (one, mut agent, conversation) = stage.greeting().await?;
    let two = stage
        .browser
        .open_another(&stage.page("/catalogue.html"))
        .await?;
    two.open_chat().await?;
    stage.settle(&[&one, &two], &agent, conversation).await?;
    for round in 0..3 {
        stage
            .visitor_writes(&one, &format!("first tab, {round}"))
            .await?;
        stage
            .visitor_writes(&two, &format!("second tab, {round}"))
            .await?;
        stage
            .agent_writes(&mut agent, conversation, &format!("answer {round}"))
            .await?;
        // Two tabs have two outboxes: only what is settled has an order between them.
        stage.settle(&[&one, &two], &agent, conversation).await?;
    }
    ensure!(
        agent
            .desk()
            .messages
            .iter()
            .all(|m| m.conversation == conversation)
    );
    Ok(())
}

async fn a_cut_line_keeps_the_words_of_both_tabs(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (one, agent, conversation) = stage.greeting().await?;
    let two = stage.browser.open_another(&stage.page("/")).await?;
    two.open_chat().await?;
    stage.settle(&[&one, &two], &agent, conversation).await?;
    stage.street.lose(&BOTH);
    stage.visitor_writes(&one, "from the first").await?;
    // The tabs may send in any order; the paper asks for none between writers of different names,
    // so each tab writes once.
    two.write("from the second").await?;
    for tab in [&one, &two] {
        tab.see("the cut noticed", |widget| widget.connection != "online")
            .await?;
    }
    stage.street.heal(Forgotten::Silent).await?;
    let texts = ["from the first", "from the second"];
    for tab in [&one, &two] {
        tab.see("both messages, sent", |widget| {
            texts
                .iter()
                .all(|text| !matches!(widget.state_of(text), None | Some("waiting" | "failed")))
        })
        .await?;
    }
    let desk = agent
        .see("both messages", |desk| {
            texts.iter().all(|text| desk.find(text).is_some())
        })
        .await?;
    for text in texts {
        let count = desk.messages.iter().filter(|m| m.text == text).count();
        ensure!(count == 1, "{text:?} is there {count} times");
    }
    let (first, second) = (one.widget().await?, two.widget().await?);
    ensure!(first.lines() == second.lines() && first.lines() == desk.lines(conversation));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_visitor_sees_nothing_of_it() -> Result<()> {
    let mut stage = Stage::set().await?;
    let (tab, agent, conversation) = stage.greeting().await?;
    let stranger = Browser::start().await?;
    let other = stranger.open(&stage.page("/")).await?;
    other.open_chat().await?;
    other.write("I am somebody else").await?;
    let desk = agent
        .see("the stranger", |desk| {
            desk.find("I am somebody else").is_some()
        })
        .await?;
    let found = desk.find("I am somebody else").map(|m| m.conversation);
    ensure!(
        found != Some(conversation),
        "two visitors in one conversation"
    );
    other
        .see("one message", |widget| widget.messages.len() == 1)
        .await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    Ok(())
}

async fn a_page_without_storage_works_in_memory(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let mut agent = stage.agent("Ana").await?;
    let pages = Pages::serve([
        ("/", with_sandbox("/inner")),
        ("/inner", with_tag(stage.street.addr(), "demo", "")),
    ])
    .await?;
    let frame = stage.browser.open(&pages.url("/")).await?.frame(0);
    let denied = "try { localStorage; return false; } catch { return true; }";
    ensure!(
        frame.run::<bool>(denied, vec![]).await?,
        "storage is not denied"
    );
    frame.open_chat().await?;
    stage.visitor_writes(&frame, "nothing is kept here").await?;
    let desk = agent
        .see("the message", |desk| !desk.messages.is_empty())
        .await?;
    let conversation = desk.messages[0].conversation;
    stage.agent_writes(&mut agent, conversation, "fine").await?;
    stage.settle(&[&frame], &agent, conversation).await?;

    // In memory the outbox works as well.
    stage.street.lose(&BOTH);
    stage
        .visitor_writes(&frame, "written without a line")
        .await?;
    stage
        .agent_writes(&mut agent, conversation, "still here?")
        .await?;
    frame
        .see("the cut noticed", |widget| widget.connection != "online")
        .await?;
    stage.street.heal(Forgotten::Silent).await?;
    stage.settle(&[&frame], &agent, conversation).await?;
    Ok(())
}
