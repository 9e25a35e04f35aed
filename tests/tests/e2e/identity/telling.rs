//! What the page and the visitor tell the agents beside messages.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    in_every_engine,
    pages::Pages,
    proxy::{BOTH, Forgotten, Scope},
    stage::Stage,
    wait,
};
use serde_json::json;

use super::{call, hear, kept, owner_reads, page};

in_every_engine!(
    what_the_page_knows_and_what_it_saw_arrives_at_the_agent,
    what_is_known_goes_along_to_the_next_page_and_what_was_seen_is_said_once,
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

/// No line carries what the first page says, so nobody but the browser can have kept it; likewise for what is said before
/// the last page is loaded, which says the rest once more.
async fn what_is_known_goes_along_to_the_next_page_and_what_was_seen_is_said_once(
    engine: Engine,
) -> Result<()> {
    let stage = Stage::set_in_with(engine, Scope::WebSockets).await?;
    let agent = stage.agent("Ana").await?;
    let says = "Holdfast.setMetadata({ plan: 'free', seats: 3 }); Holdfast.track('arrived');";
    let pages = Pages::serve([
        ("/", page(stage.street.addr(), "", says)),
        ("/next", page(stage.street.addr(), "", "")),
    ])
    .await?;
    let is_kept = async |tab: &Tab, word: &str| {
        let look = async || kept(tab).await;
        wait::until("what is said, kept", look, |kept| kept.contains(word)).await
    };
    stage.street.lose(&BOTH);
    let tab = stage.browser.open(&pages.url("/")).await?;
    is_kept(&tab, "seats").await?;
    tab.goto(&pages.url("/next")).await?;
    stage.street.heal(Forgotten::Reset).await?;
    call(&tab, "Holdfast.sendMessage('Hello')").await?;
    let desk = agent
        .see("the message", |desk| !desk.messages.is_empty())
        .await?;
    let conversation = desk.messages[0].conversation;
    let known = &desk.visitors[&conversation]["fields"];
    ensure!(*known == json!({"plan": "free", "seats": "3"}), "{known}");
    call(&tab, "Holdfast.setMetadata({ plan: 'pro' })").await?;
    let desk = agent
        .see("the change", |desk| {
            desk.visitors[&conversation]["fields"]["plan"] == "pro"
        })
        .await?;
    // What a page has seen goes with it.
    let trail = &desk.standings[&conversation].trail;
    ensure!(trail.is_empty(), "{trail:?}");

    stage.street.lose(&BOTH);
    call(&tab, "Holdfast.setMetadata({ note: 'said in a tunnel' })").await?;
    is_kept(&tab, "tunnel").await?;
    tab.goto(&pages.url("/")).await?;
    hear(&tab, "ready").await?;
    stage.street.heal(Forgotten::Reset).await?;
    let all = json!({"plan": "free", "seats": "3", "note": "said in a tunnel"});
    agent
        .see("what both pages have said", |desk| {
            desk.visitors[&conversation]["fields"] == all
        })
        .await?;
    agent
        .see("what the last page saw", |desk| {
            desk.standings[&conversation].trail == ["arrived "]
        })
        .await?;
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
