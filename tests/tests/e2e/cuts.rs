//! The line is cut, in every way in which lines are cut, and comes back.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    agent::Agent,
    browser::{Engine, Tab},
    in_every_engine,
    proxy::{BOTH, Forgotten, Proxy, Scope, Way},
    stage::Stage,
};

in_every_engine!(
    the_visitors_line_stalls,
    the_visitors_line_loses_and_a_router_forgets_silently,
    the_visitors_line_loses_and_a_router_resets,
    a_reload_keeps_an_unsent_message,
    the_lines_are_reset_again_and_again_under_traffic,
    a_reload_sends_a_message_again_that_had_arrived,
);

/// How a line is cut.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// Bytes wait somewhere on the way, and come when the line is back.
    Stall(&'static [Way]),
    /// Bytes are lost; the router has forgotten the connection afterwards, and says so or not.
    Lose(&'static [Way], Forgotten),
}

impl Cut {
    fn apply(self, line: &Proxy) {
        match self {
            Self::Stall(ways) => line.stall(ways),
            Self::Lose(ways, _) => line.lose(ways),
        }
    }

    async fn heal(self, line: &Proxy) -> Result<()> {
        match self {
            Self::Stall(_) => line.heal(Forgotten::Reset).await,
            Self::Lose(_, forgotten) => line.heal(forgotten).await,
        }
    }
}

/// Cuts the visitor's line, lets both sides write, waits until the widget says that the line is
/// gone, heals it, and measures.
async fn cut_the_visitors_line(engine: Engine, cut: Cut) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    let before = stage.street.counts().accepted;
    cut.apply(&stage.street);
    write_on_both_sides(&mut stage, &tab, &mut agent, conversation).await?;
    tab.see("the words about the cut", |widget| {
        widget.connection == "offline" && !widget.words.is_empty()
    })
    .await?;
    // An attempt into the dead line must not stand in the way of the next one.
    stage
        .street
        .wait_for("an attempt into the cut", |now| now.accepted > before)
        .await?;
    cut.heal(&stage.street).await?;
    let heal = Instant::now();
    stage
        .settle_since(heal, &[&tab], &agent, conversation)
        .await?;
    afterwards(&mut stage, &tab, &mut agent, conversation).await
}

/// The same with the agent's line.
async fn cut_the_agents_line(cut: Cut) -> Result<()> {
    let mut stage = Stage::set().await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    let before = stage.office.counts().accepted;
    cut.apply(&stage.office);
    write_on_both_sides(&mut stage, &tab, &mut agent, conversation).await?;
    agent
        .see("the cut noticed", |desk| desk.state != "online")
        .await?;
    stage
        .office
        .wait_for("an attempt into the cut", |now| now.accepted > before)
        .await?;
    cut.heal(&stage.office).await?;
    let heal = Instant::now();
    stage
        .settle_since(heal, &[&tab], &agent, conversation)
        .await?;
    afterwards(&mut stage, &tab, &mut agent, conversation).await
}

async fn write_on_both_sides(
    stage: &mut Stage,
    tab: &Tab,
    agent: &mut Agent,
    conversation: u64,
) -> Result<()> {
    for round in 0..3 {
        let (question, answer) = (format!("cut off {round}"), format!("unheard {round}"));
        stage.visitor_writes(tab, &question).await?;
        stage.agent_writes(agent, conversation, &answer).await?;
    }
    Ok(())
}

/// Nothing is left behind: the conversation goes on as before.
async fn afterwards(
    stage: &mut Stage,
    tab: &Tab,
    agent: &mut Agent,
    conversation: u64,
) -> Result<()> {
    stage.visitor_writes(tab, "There you are").await?;
    stage.agent_writes(agent, conversation, "Here I am").await?;
    stage.settle(&[tab], agent, conversation).await?;
    tab.see("a whole line", |widget| widget.words.is_empty())
        .await?;
    agent
        .see("a whole line", |desk| desk.state == "online")
        .await?;
    Ok(())
}

async fn the_visitors_line_stalls(engine: Engine) -> Result<()> {
    cut_the_visitors_line(engine, Cut::Stall(&BOTH)).await
}

async fn the_visitors_line_loses_and_a_router_forgets_silently(engine: Engine) -> Result<()> {
    cut_the_visitors_line(engine, Cut::Lose(&BOTH, Forgotten::Silent)).await
}

async fn the_visitors_line_loses_and_a_router_resets(engine: Engine) -> Result<()> {
    cut_the_visitors_line(engine, Cut::Lose(&BOTH, Forgotten::Reset)).await
}

/// Browsers send a request over a connection that they have kept, and a dead one swallows it. Here each of the widget's
/// questions whether the server is there is swallowed the first time, so that only the second ones can find it again.
#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_a_dead_connection_swallows_is_asked_again() -> Result<()> {
    const SWALLOW: &str = "
        const { fetch } = window;
        const asked = new WeakSet();
        window.swallowed = 0;
        window.fetch = (url, options) => {
            if (!String(url).endsWith('/healthz') || asked.has(options.signal)) return fetch(url, options);
            asked.add(options.signal);
            window.swallowed++;
            return new Promise(() => {});
        };";
    let mut stage = Stage::set().await?;
    let (tab, agent, conversation) = stage.greeting().await?;
    tab.run::<()>(SWALLOW, vec![]).await?;
    stage.street.lose(&BOTH);
    stage.visitor_writes(&tab, "Who hears me?").await?;
    tab.see("the cut noticed", |widget| widget.connection == "offline")
        .await?;
    stage.street.heal(Forgotten::Silent).await?;
    let heal = Instant::now();
    stage
        .settle_since(heal, &[&tab], &agent, conversation)
        .await?;
    let swallowed: u32 = tab.run("return window.swallowed", vec![]).await?;
    ensure!(swallowed > 0, "nothing was asked");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_visitors_words_are_lost_while_the_agents_arrive() -> Result<()> {
    cut_the_visitors_line(Engine::Chromium, Cut::Lose(&[Way::Up], Forgotten::Silent)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_visitor_is_heard_and_hears_nothing() -> Result<()> {
    cut_the_visitors_line(Engine::Chromium, Cut::Lose(&[Way::Down], Forgotten::Silent)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agents_line_stalls() -> Result<()> {
    cut_the_agents_line(Cut::Stall(&BOTH)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agents_line_loses_and_a_router_forgets_silently() -> Result<()> {
    cut_the_agents_line(Cut::Lose(&BOTH, Forgotten::Silent)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agents_words_are_lost_while_the_visitors_arrive() -> Result<()> {
    cut_the_agents_line(Cut::Lose(&[Way::Up], Forgotten::Silent)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_is_heard_and_hears_nothing() -> Result<()> {
    cut_the_agents_line(Cut::Lose(&[Way::Down], Forgotten::Silent)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn both_lines_stall_at_once() -> Result<()> {
    let mut stage = Stage::set().await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    stage.street.stall(&BOTH);
    stage.office.lose(&BOTH);
    write_on_both_sides(&mut stage, &tab, &mut agent, conversation).await?;
    tab.see("the cut noticed", |widget| widget.connection == "offline")
        .await?;
    agent
        .see("the cut noticed", |desk| desk.state != "online")
        .await?;
    stage.street.heal(Forgotten::Silent).await?;
    stage.office.heal(Forgotten::Silent).await?;
    let heal = Instant::now();
    stage
        .settle_since(heal, &[&tab], &agent, conversation)
        .await?;
    Ok(())
}

/// Again and again, in the middle of frames, with traffic both ways all the time.
async fn the_lines_are_reset_again_and_again_under_traffic(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    for round in 0..6 {
        let way = if round % 2 == 0 { Way::Up } else { Way::Down };
        stage.street.cut_after(way, 90 + 37 * round);
        stage.office.cut_after(way, 70 + 41 * round);
        write_more(&mut stage, &tab, &mut agent, conversation, round).await?;
    }
    stage.settle(&[&tab], &agent, conversation).await?;
    afterwards(&mut stage, &tab, &mut agent, conversation).await
}

async fn write_more(
    stage: &mut Stage,
    tab: &Tab,
    agent: &mut Agent,
    conversation: u64,
    round: usize,
) -> Result<()> {
    for part in 0..2 {
        stage
            .visitor_writes(tab, &format!("round {round}, question {part}"))
            .await?;
        stage
            .agent_writes(
                agent,
                conversation,
                &format!("round {round}, answer {part}"),
            )
            .await?;
    }
    Ok(())
}

async fn a_reload_keeps_an_unsent_message(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in_with(engine, Scope::WebSockets).await?;
    let (tab, agent, conversation) = stage.greeting().await?;
    stage.street.lose(&BOTH);
    stage.visitor_writes(&tab, "written without a line").await?;
    tab.reload().await?;
    tab.see("the unsent message after the reload", |widget| {
        widget.open && widget.state_of("written without a line") == Some("waiting")
    })
    .await?;
    stage.visitor_writes(&tab, "and another one").await?;
    let unheard = agent.desk().find("written without a line").is_none();
    ensure!(unheard, "the line was not cut");
    stage.street.heal(Forgotten::Silent).await?;
    let heal = Instant::now();
    stage
        .settle_since(heal, &[&tab], &agent, conversation)
        .await?;
    Ok(())
}

/// The message arrived and only its event did not come back: what is sent again must not be doubled.
async fn a_reload_sends_a_message_again_that_had_arrived(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in_with(engine, Scope::WebSockets).await?;
    let (tab, agent, conversation) = stage.greeting().await?;
    stage.street.lose(&[Way::Down]);
    stage
        .visitor_writes(&tab, "heard and not confirmed")
        .await?;
    let desk = agent
        .see("the message", |desk| {
            desk.find("heard and not confirmed").is_some()
        })
        .await?;
    let id = &desk.find("heard and not confirmed").context("it")?.id;
    tab.reload().await?;
    tab.see("the message after the reload, waiting", |widget| {
        widget.state_of("heard and not confirmed") == Some("waiting")
    })
    .await?;
    stage.street.heal(Forgotten::Silent).await?;
    let screens = stage.settle(&[&tab], &agent, conversation).await?;
    let again = screens.desk.find("heard and not confirmed");
    ensure!(again.map(|m| &m.id) == Some(id), "it got another name");
    Ok(())
}
