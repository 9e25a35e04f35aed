//! What the page and the visitor tell the agents beside messages.

use anyhow::{Result, ensure};
use holdfast_tests::{browser::Engine, in_every_engine, pages::Pages, stage::Stage, wait};
use serde_json::json;

use super::{call, hear, owner_reads, page};

in_every_engine!(
    what_the_page_knows_and_what_it_saw_arrives_at_the_agent,
    what_is_typed_is_shown_only_where_the_visitor_is_told_so,
);

async fn what_the_page_knows_and_what_it_saw_arrives_at_the_agent(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let agent = stage.agent("Ana").await?;
    let early = "Holdfast.setMetadata({ plan: 'free', cart: { pieces: 2 }, name: 'Lin' });
        Holdfast.track('cart', { pieces: 2 }); Holdfast.sendMessage('Hello');";
    let pages = Pages::serve([("/", page(stage.street.addr(), "", early))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    ensure!(hear(&tab, "message:sent").await?["text"] == "Hello");
    hear(&tab, "chat:started").await?;
    let desk = agent
        .see("the message", |desk| !desk.messages.is_empty())
        .await?;
    let conversation = desk.messages[0].conversation;
    let visitor = &desk.visitors[&conversation];
    ensure!(
        visitor["name"] == "Lin"
            && visitor["fields"] == json!({"plan": "free", "cart": "{\"pieces\":2}"}),
        "{visitor}"
    );
    call(
        &tab,
        "Holdfast.setMetadata({ plan: 'pro', cart: null }); Holdfast.track('checkout'); \
         Holdfast.setMetadata('wrong'); Holdfast.track(); Holdfast.identify(''); \
         Holdfast.setMetadata({ note: 'x'.repeat(300) })",
    )
    .await?;
    agent
        .see("the change", |desk| {
            let fields = &desk.visitors[&conversation]["fields"];
            fields["plan"] == "pro"
                && fields.get("cart").is_none()
                && fields["note"]
                    .as_str()
                    .is_some_and(|note| note.len() == 256)
        })
        .await?;
    agent
        .see("the trail", |desk| {
            desk.standings
                .get(&conversation)
                .is_some_and(|standing| standing.trail == ["cart {\"pieces\":2}", "checkout "])
        })
        .await?;
    let console = owner_reads(&tab).await?.join("\n");
    for hint in [
        "setMetadata takes an object",
        "track takes a name",
        "identify takes an id",
        "note has more than 256 bytes",
    ] {
        ensure!(console.matches(hint).count() == 1, "{hint:?} in {console}");
    }
    Ok(())
}

const PRIVACY: &str = "const line = document.querySelector('#holdfast-chat').shadowRoot.querySelector('[data-hf=privacy]');
    return line.checkVisibility() ? line.textContent : ''";

async fn what_is_typed_is_shown_only_where_the_visitor_is_told_so(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, agent, conversation) = stage.greeting().await?;
    ensure!(call(&tab, PRIVACY).await? == "");
    tab.draft("a secret").await?;
    let desk = agent
        .see("somebody typing", |desk| {
            desk.typing.contains_key(&conversation)
        })
        .await?;
    ensure!(desk.previews.is_empty(), "{:?}", desk.previews);

    stage.server.set_site("typing-preview = true").await?;
    let told = async || call(&tab, PRIVACY).await;
    let told = wait::until("the line", told, |line| *line != "").await?;
    ensure!(
        told == "Agents see what you type before you send it.",
        "{told}"
    );
    tab.draft(", or not").await?;
    agent
        .see("what is typed, to the last letter", |desk| {
            desk.previews
                .get(&conversation)
                .is_some_and(|typed| typed.last().is_some_and(|last| last == "a secret, or not"))
        })
        .await?;

    stage.server.set_site("typing-preview = false").await?;
    let untold = async || call(&tab, PRIVACY).await;
    wait::until("no line", untold, |line| *line == "").await?;
    let before = agent.desk().previews.clone();
    tab.draft(". Never\u{E007}").await?;
    agent
        .see("the message", |desk| {
            desk.find("a secret, or not. Never").is_some()
        })
        .await?;
    ensure!(
        agent.desk().previews == before,
        "{:?}",
        agent.desk().previews
    );
    Ok(())
}
