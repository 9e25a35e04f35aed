//! A visitor and an agent talk, and nothing bad happens.

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    browser::{Engine, Widget},
    in_every_engine,
    stage::Stage,
    wait,
};
use serde_json::json;

in_every_engine!(
    a_visitors_message_is_sent_then_delivered_then_read,
    an_agents_message_is_sent_then_delivered_then_read,
    navigation_in_the_middle_of_a_conversation_keeps_everything,
    text_is_never_markup,
    typing_and_presence_show_on_the_other_side,
);

async fn a_visitors_message_is_sent_then_delivered_then_read(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;

    // While the agent's screen can't have it, it is sent and no more.
    stage.office.stall(&holdfast_tests::proxy::BOTH);
    stage.visitor_writes(&tab, "Is the rope in stock?").await?;
    tab.see("sent", state("Is the rope in stock?", "sent"))
        .await?;
    ensure!(agent.desk().find("Is the rope in stock?").is_none());

    let healed = holdfast_tests::proxy::Forgotten::Reset;
    stage.office.heal(healed).await?;
    tab.see("delivered", state("Is the rope in stock?", "delivered"))
        .await?;
    let desk = agent
        .see("the question", |desk| {
            desk.find("Is the rope in stock?").is_some()
        })
        .await?;
    let seq = desk.find("Is the rope in stock?").context("it")?.seq;
    agent.read_up_to(conversation, seq).await?;
    tab.see("read", state("Is the rope in stock?", "read"))
        .await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    Ok(())
}

async fn an_agents_message_is_sent_then_delivered_then_read(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    tab.click_hook("close").await?;
    tab.see("the closed panel", |widget| !widget.open).await?;

    stage.street.stall(&holdfast_tests::proxy::BOTH);
    stage
        .agent_writes(&mut agent, conversation, "Yes, 40 metres.")
        .await?;
    let desk = agent
        .see("the log has it", |desk| desk.acked.len() == 2)
        .await?;
    let seq = desk.find("Yes, 40 metres.").context("it")?.seq;
    ensure!(desk.standings[&conversation].delivered < seq, "{desk:?}");

    let healed = holdfast_tests::proxy::Forgotten::Reset;
    stage.street.heal(healed).await?;
    tab.see("one unread message", |widget| widget.unread == "1")
        .await?;
    let desk = agent
        .see("delivered", |desk| {
            desk.standings[&conversation].delivered >= seq
        })
        .await?;
    ensure!(desk.standings[&conversation].read < seq, "{desk:?}");

    tab.open_chat().await?;
    agent
        .see("read", |desk| desk.standings[&conversation].read >= seq)
        .await?;
    tab.see("nothing unread", |widget| widget.unread.is_empty())
        .await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    Ok(())
}

async fn navigation_in_the_middle_of_a_conversation_keeps_everything(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    for (step, page) in ["/catalogue.html", "/rope.html", "/cart.html", "/about.html"]
        .into_iter()
        .enumerate()
    {
        // No pause between writing and leaving: the message may not have left the page yet.
        stage
            .visitor_writes(&tab, &format!("before page {step}"))
            .await?;
        stage
            .agent_writes(&mut agent, conversation, &format!("answer {step}"))
            .await?;
        tab.goto(&stage.page(page)).await?;
        tab.see("the panel still open", |widget| widget.open)
            .await?;
        stage.settle(&[&tab], &agent, conversation).await?;
        agent
            .see("the visitor's page", |desk| {
                desk.standings[&conversation].page.ends_with(page)
            })
            .await?;
    }
    tab.draft("half a sen").await?;
    let saved = "return JSON.stringify({...sessionStorage}).includes('half a sen')";
    wait::until(
        "the draft saved",
        async || tab.run::<bool>(saved, vec![]).await,
        |is_saved| *is_saved,
    )
    .await?;
    tab.back().await?;
    tab.see("the draft on the page before", |widget| {
        widget.open && widget.draft == "half a sen"
    })
    .await?;
    tab.draft("tence\u{E007}").await?;
    stage
        .paper
        .note(holdfast_tests::checker::Writer::Visitor, "half a sentence");
    stage.settle(&[&tab], &agent, conversation).await?;
    Ok(())
}

async fn typing_and_presence_show_on_the_other_side(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    agent
        .see("the visitor present", |desk| {
            desk.standings[&conversation].present
        })
        .await?;
    tab.draft("I am wri").await?;
    agent
        .see("the visitor typing", |desk| {
            desk.typing.contains_key(&conversation)
        })
        .await?;
    agent
        .tell(&json!({"typing": {"conversation": conversation, "active": true}}))
        .await?;
    tab.see("Ana typing", |widget| widget.typing.contains("Ana"))
        .await?;
    stage
        .agent_writes(&mut agent, conversation, "Take your time")
        .await?;
    tab.see("Ana has written", |widget| {
        widget.typing.is_empty() && widget.messages.len() == 3
    })
    .await?;
    Ok(())
}

async fn text_is_never_markup(engine: Engine) -> Result<()> {
    const NASTY: &str = "<img src=x onerror=\"document.title='owned'\"> & <b>ünïcödé</b> ${1} \\n";
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    stage.agent_writes(&mut agent, conversation, NASTY).await?;
    stage
        .visitor_writes(&tab, &format!("You wrote {NASTY}"))
        .await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    let count = "return document.querySelector('#holdfast-chat').shadowRoot
        .querySelectorAll('[data-hf=messages] img, [data-hf=messages] b').length";
    ensure!(tab.run::<u64>(count, vec![]).await? == 0);
    let title: String = tab.run("return document.title", vec![]).await?;
    ensure!(title != "owned", "the agent's text ran as a script");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_and_assignments_never_reach_the_visitor() -> Result<()> {
    let mut stage = Stage::set().await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    agent
        .tell(&json!({"claim": {"conversation": conversation}}))
        .await?;
    agent
        .tell(&json!({"note": {"conversation": conversation, "text": "pays late"}}))
        .await?;
    stage
        .agent_writes(&mut agent, conversation, "Of course")
        .await?;
    agent.see("all three", |desk| desk.acked.len() == 4).await?;
    ensure!(agent.desk().events.ends_with(&[
        "assigned".to_owned(),
        "note".to_owned(),
        "message".to_owned()
    ]));
    let screens = stage.settle(&[&tab], &agent, conversation).await?;
    // The numbers that a visitor sees have no gap where the agents' events stand.
    let seqs: Vec<_> = screens.tabs[0].messages.iter().map(|m| m.seq).collect();
    ensure!(seqs == [Some(1), Some(2), Some(3)], "{seqs:?}");
    let page: String = tab
        .run(
            "return document.documentElement.outerHTML
        + document.querySelector('#holdfast-chat').shadowRoot.innerHTML
        + JSON.stringify(sessionStorage)",
            vec![],
        )
        .await?;
    ensure!(!page.contains("pays late"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_conversation_opens_again_with_the_next_message() -> Result<()> {
    let mut stage = Stage::set().await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    agent
        .tell(&json!({"close": {"conversation": conversation}}))
        .await?;
    let read = "return document.querySelector('#holdfast-chat').shadowRoot
        .querySelector('[data-hf=messages]').textContent";
    wait::until(
        "the mark of the closed conversation",
        async || tab.run::<String>(read, vec![]).await,
        |text| text.contains("closed"),
    )
    .await?;
    stage.visitor_writes(&tab, "One more thing").await?;
    let screens = stage.settle(&[&tab], &agent, conversation).await?;
    let last = screens.desk.messages.last().context("a message")?;
    ensure!(last.conversation == conversation, "a second conversation");
    ensure!(last.seq == 4, "the closing has the number 3: {last:?}");
    Ok(())
}

fn state(text: &str, state: &str) -> impl Fn(&Widget) -> bool {
    let (text, state) = (text.to_owned(), state.to_owned());
    move |widget| widget.state_of(&text) == Some(&state)
}
