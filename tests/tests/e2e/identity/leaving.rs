//! What is left of a person when they leave, or another one comes: nothing.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::Engine,
    in_every_engine,
    pages::Pages,
    proxy::{BOTH, Forgotten},
    stage::Stage,
    wait,
};
use serde_json::json;

use super::{call, hash, hear, identify, kept, page, see_texts};

in_every_engine!(
    a_logout_leaves_nothing_in_any_storage,
    another_person_sees_and_sends_nothing_of_the_one_before,
    a_logout_is_stronger_than_an_identity_that_is_still_on_its_way,
);

async fn a_logout_leaves_nothing_in_any_storage(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let mut agent = stage.agent("Ana").await?;
    let key = stage.server.identity_key().await?;
    let script = identify(
        "user-17",
        &json!({"name": "Lin Wei"}),
        &hash(&key, "user-17")?,
    ) + "Holdfast.setMetadata({ plan: 'secretly pro' });";
    let attributes = [("/", ""), ("/tab", "data-identity=\"tab\"")];
    for (path, attributes) in attributes {
        let pages = Pages::serve([
            (path, page(stage.street.addr(), attributes, &script)),
            ("/plain", page(stage.street.addr(), attributes, "")),
            // A page that says good-bye, and may be left before anything is loaded.
            (
                "/bye",
                page(stage.street.addr(), attributes, "Holdfast.logout()"),
            ),
        ])
        .await?;
        for bye in ["/plain", "/bye"] {
            let said = format!("a secret of {path} before {bye}");
            let tab = stage.browser.open(&pages.url(path)).await?;
            tab.open_chat().await?;
            tab.write(&said).await?;
            let desk = agent
                .see("the secret", |desk| desk.find(&said).is_some())
                .await?;
            let conversation = desk.find(&said).map(|message| message.conversation);
            let answer = json!({"send": {"conversation": conversation, "text": "an answer"}});
            agent.tell(&answer).await?;
            let stored = async || kept(&tab).await;
            wait::until("the answer noticed", stored, |kept| {
                kept.contains("noticed")
            })
            .await?;
            let shared: usize = tab.run("return localStorage.length", vec![]).await?;
            ensure!((shared == 0) == (path == "/tab"), "{}", kept(&tab).await?);
            let before = kept(&tab).await?;
            ensure!(
                before.contains("user-17") && before.contains("secretly pro"),
                "{before}"
            );

            tab.goto(&pages.url(bye)).await?;
            hear(&tab, "ready").await?;
            call(&tab, "Holdfast.logout()").await?;
            tab.see("nothing of it", |widget| {
                widget.messages.is_empty() && !widget.open && widget.connection == "online"
            })
            .await?;
            let after = kept(&tab).await?;
            for trace in ["user-17", "Lin Wei", "secret", "hash", "noticed"] {
                ensure!(!after.contains(trace), "{trace} in {after}");
            }

            // The next one at this computer is somebody else.
            let next = format!("the next one after {said}");
            tab.goto(&pages.url("/plain")).await?;
            tab.open_chat().await?;
            tab.write(&next).await?;
            see_texts(&tab, &[&next]).await?;
            let desk = agent.see("both", |desk| desk.find(&next).is_some()).await?;
            let of = |text: &str| desk.find(text).map(|message| message.conversation);
            ensure!(of(&said) != of(&next), "the same conversation");
            ensure!(
                desk.visitors[&of(&next).unwrap_or_default()]
                    .get("identity")
                    .is_none()
            );
            call(&tab, "Holdfast.logout()").await?;
        }
    }
    Ok(())
}

async fn another_person_sees_and_sends_nothing_of_the_one_before(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let agent = stage.agent("Ana").await?;
    let key = stage.server.identity_key().await?;
    let lin = identify("lin", &json!({"name": "Lin"}), &hash(&key, "lin")?);
    // As a site does that asks its server only when it must.
    let kim = format!(
        "Holdfast.identify('kim', {{ name: 'Kim' }}, async (id) => {{ await new Promise((go) => window.answer = go); \
         return {}; }}); Holdfast.sendMessage('of Kim');",
        json!(hash(&key, "kim")?)
    );
    let pages = Pages::serve([("/", page(stage.street.addr(), "", &lin))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.open_chat().await?;
    tab.write("of Lin").await?;
    see_texts(&tab, &["of Lin"]).await?;
    let two = stage.browser.open_another(&pages.url("/")).await?;
    two.open_chat().await?;
    see_texts(&two, &["of Lin"]).await?;
    stage.street.lose(&BOTH);
    for tab in [&tab, &two] {
        tab.write("never sent").await?;
        tab.draft("nor this").await?;
    }
    call(&tab, &kim).await?;
    for tab in [&tab, &two] {
        tab.see("nothing of Lin", |widget| {
            widget.messages.is_empty() && widget.draft.is_empty() && !widget.open
        })
        .await?;
    }
    let between = kept(&tab).await?;
    ensure!(
        !between.contains("of Lin") && !between.contains("never sent"),
        "{between}"
    );
    ensure!(
        !between.contains("of Kim"),
        "sent before it is known by whom"
    );
    call(&tab, "answer()").await?;
    stage.street.heal(Forgotten::Silent).await?;
    let desk = agent
        .see("Kim's message", |desk| desk.find("of Kim").is_some())
        .await?;
    let of = |text: &str| desk.find(text).map(|message| message.conversation);
    ensure!(
        of("of Kim") != of("of Lin"),
        "one conversation of two people"
    );
    let visitor = &desk.visitors[&of("of Kim").unwrap_or_default()];
    ensure!(
        visitor["identity"] == json!({"id": "kim", "verified": true}),
        "{visitor}"
    );
    for tab in [&tab, &two] {
        tab.open_chat().await?;
        see_texts(tab, &["of Kim"]).await?;
    }
    ensure!(
        agent.desk().find("never sent").is_none(),
        "Lin's words were sent after Lin"
    );
    Ok(())
}

async fn a_logout_is_stronger_than_an_identity_that_is_still_on_its_way(
    engine: Engine,
) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let agent = stage.agent("Ana").await?;
    let pages = Pages::serve([("/", page(stage.street.addr(), "", ""))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    hear(&tab, "ready").await?;
    call(
        &tab,
        "Holdfast.identify('lin', {}, () => new Promise((go) => window.answer = go)); Holdfast.sendMessage('as Lin')",
    )
    .await?;
    let asked = async || call(&tab, "return !!window.answer").await;
    wait::until("the question for the hash", asked, |is_asked| {
        *is_asked == true
    })
    .await?;
    call(
        &tab,
        "Holdfast.logout(); Holdfast.sendMessage('as nobody'); answer('00')",
    )
    .await?;
    agent
        .see("nobody's message", |desk| desk.find("as nobody").is_some())
        .await?;
    tab.open_chat().await?;
    see_texts(&tab, &["as nobody"]).await?;
    ensure!(!kept(&tab).await?.contains("lin\""));
    Ok(())
}
