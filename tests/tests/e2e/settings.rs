//! What visitors have told their system, the chat follows without a word of the owner's.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Browser, Engine, Settings, Tab, Wish},
    in_every_engine,
    stage::Stage,
    wait,
};
use serde_json::{Value, json};

use super::{hosts::cannot_show, visitors::extras};

in_every_engine!(
    the_chat_speaks_the_language_of_the_visitors_browser,
    the_scheme_of_the_phone_is_followed_unless_the_owner_says_otherwise,
    who_wants_no_motion_gets_none,
);

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

async fn the_scheme_of_the_phone_is_followed_unless_the_owner_says_otherwise(
    engine: Engine,
) -> Result<()> {
    /// The panel's ground.
    const GROUND: &str =
        "return getComputedStyle(document.querySelector('#holdfast-chat').shadowRoot
        .querySelector('[data-hf=panel]')).backgroundColor;";
    let mut stage = Stage::set_in(engine).await?;
    let mut grounds = Vec::new();
    for is_dark in [false, true] {
        let settings = Settings {
            is_dark,
            ..Settings::default()
        };
        let tab = told(&mut stage, engine, settings).await?;
        for theme in ["auto", "light", "dark"] {
            tab.run::<Value>("Holdfast.setTheme(arguments[0])", vec![json!(theme)])
                .await?;
            grounds.push(tab.run::<String>(GROUND, vec![]).await?);
        }
    }
    let [auto, light, dark, dark_auto, dark_light, dark_dark] = &grounds[..] else {
        anyhow::bail!("{grounds:?}")
    };
    ensure!(light != dark, "{grounds:?}");
    ensure!(auto == light && dark_auto == dark, "{grounds:?}");
    ensure!(dark_light == light && dark_dark == dark, "{grounds:?}");
    Ok(())
}

async fn who_wants_no_motion_gets_none(engine: Engine) -> Result<()> {
    const MOVING: &str = "const root = document.querySelector('#holdfast-chat').shadowRoot;
        return [...root.querySelectorAll('*')].filter((element) => {
            const style = getComputedStyle(element);
            return style.animationName !== 'none' || parseFloat(style.transitionDuration) > 0;
        }).length";
    let mut stage = Stage::set_in(engine).await?;
    let tab = stage.visitor().await?;
    extras(&tab).await?;
    let moving: u64 = tab.run(MOVING, vec![]).await?;
    ensure!(moving > 0, "nothing moves at all");
    let settings = Settings {
        is_still: true,
        ..Settings::default()
    };
    let tab = told(&mut stage, engine, settings).await?;
    extras(&tab).await?;
    let moving: u64 = tab.run(MOVING, vec![]).await?;
    ensure!(moving == 0, "{moving} elements move");
    Ok(())
}
