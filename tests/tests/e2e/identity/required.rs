//! A site that takes an identity only with its proof, by `holdfast site identity --require`.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Browser, Engine},
    in_every_engine,
    pages::Pages,
    stage::Stage,
};
use serde_json::json;

use super::{WRONG, hash, identify, is_refused, page, see_texts};

in_every_engine!(where_a_proof_is_required_nobody_is_let_in_without);

/// What a page's owner reads where the hash is missing.
const MISSING: &str = "this site takes an identity only with its hash";

async fn where_a_proof_is_required_nobody_is_let_in_without(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let agent = stage.agent("Ana").await?;
    let key = stage.server.identity_key().await?;
    let says = |hash: &str| identify("user-17", &json!({"name": "Lin"}), hash);
    let address = stage.street.addr();
    let right = hash(&key, "user-17")?;
    let pages = Pages::serve([
        ("/right", page(address, "", &says(&right))),
        (
            "/wrong",
            page(address, "", &says(&hash("another key", "user-17")?)),
        ),
        (
            "/claim",
            page(
                address,
                "",
                "Holdfast.identify('user-17', { name: 'Lin' });",
            ),
        ),
        ("/nobody", page(address, "", "")),
    ])
    .await?;

    // Until then a claim is taken, and agents see that it is one.
    let tab = stage.browser.open(&pages.url("/claim")).await?;
    tab.open_chat().await?;
    tab.write("claimed").await?;
    see_texts(&tab, &["claimed"]).await?;
    let desk = agent
        .see("the claim", |desk| desk.find("claimed").is_some())
        .await?;
    let conversation = desk.messages[0].conversation;
    let claim = json!({"id": "user-17", "verified": false});
    ensure!(desk.visitors[&conversation]["identity"] == claim);

    stage.server.require_identity().await?;
    // Whoever is here already is asked anew.
    is_refused(&tab, MISSING).await?;
    tab.write("written in the meantime").await?;
    let widget = tab.widget().await?;
    ensure!(
        widget.state_of("written in the meantime") == Some("waiting"),
        "{widget:?}"
    );

    // Whoever proves to be that person has what was claimed, and what has waited.
    let texts = ["claimed", "written in the meantime"];
    tab.goto(&pages.url("/right")).await?;
    see_texts(&tab, &texts).await?;
    let desk = agent.see("both", |desk| desk.messages.len() == 2).await?;
    ensure!(desk.messages[1].conversation == conversation);
    agent
        .see("the proof", |desk| {
            desk.visitors[&conversation]["identity"] == json!({"id": "user-17", "verified": true})
        })
        .await?;

    // Elsewhere nobody but that person sees any of it.
    let other = Browser::start_in(engine).await?;
    let far = other.open(&pages.url("/wrong")).await?;
    far.open_chat().await?;
    is_refused(&far, WRONG).await?;
    far.goto(&pages.url("/claim")).await?;
    is_refused(&far, MISSING).await?;
    // Whoever says nothing is somebody, and nobody in particular.
    far.goto(&pages.url("/nobody")).await?;
    let widget = far
        .see("the line", |widget| widget.connection == "online")
        .await?;
    ensure!(widget.messages.is_empty(), "{widget:?}");
    far.goto(&pages.url("/right")).await?;
    see_texts(&far, &texts).await
}
