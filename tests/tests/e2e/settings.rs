//! What visitors have told their system, the chat follows without a word of the owner's.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Browser, Engine, Settings, Tab, Wish},
    in_every_engine,
    stage::Stage,
    wait,
};

use super::hosts::cannot_show;

in_every_engine!(the_chat_speaks_the_language_of_the_visitors_browser);

/// A browser on a system that was told this, with an open panel on the shop's first page.
async fn told(stage: &mut Stage, engine: Engine, settings: Settings) -> Result<Tab> {
    let wish = Wish {
        settings,
        ..Wish::of(engine)
    };
    stage.browser = Browser::start_with(wish).await?;
    stage.visitor().await
}

/// What is used where nothing else is known is English: only another language shows that one was asked for.
async fn the_chat_speaks_the_language_of_the_visitors_browser(engine: Engine) -> Result<()> {
    const WORDS: &str = "const root = document.querySelector('#holdfast-chat').shadowRoot;
        const find = (hook) => root.querySelector(`[data-hf=${hook}]`);
        return [find('root').lang, find('close').getAttribute('aria-label'), find('composer').placeholder]";
    // The panel's words, and those of what comes after it.
    const LOADED: &str =
        "const names = performance.getEntriesByType('resource').map((entry) => entry.name)
        .filter((name) => name.includes('/locales/')).map((name) => name.split('/').at(-1));
        return [...new Set(names)]";
    if engine == Engine::WebKit {
        let why = "it reads only what the machine has a locale of";
        cannot_show(engine, "another language", why);
        return Ok(());
    }
    let mut stage = Stage::set_in(engine).await?;
    let settings = Settings {
        language: "de-AT",
        ..Settings::default()
    };
    let tab = told(&mut stage, engine, settings).await?;
    let read = async || tab.run::<Vec<String>>(WORDS, vec![]).await;
    wait::until("German words", read, |words| {
        words == &["de", "Chat schließen", "Nachricht schreiben…"]
    })
    .await?;
    let loaded: Vec<String> = tab.run(LOADED, vec![]).await?;
    ensure!(loaded == ["de.json"], "{loaded:?}");
    Ok(())
}
