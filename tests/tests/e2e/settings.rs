//! What visitors have told their system, the chat follows without a word of the owner's.

use std::time::SystemTime;

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Browser, Engine, Settings, Tab, Wish},
    in_every_engine,
    stage::Stage,
    wait,
};
use serde_json::{Value, json};

use super::{
    hosts::cannot_show,
    visitors::{extras, inside},
};

in_every_engine!(
    the_chat_speaks_the_language_of_the_visitors_browser,
    the_scheme_of_the_phone_is_followed_unless_the_owner_says_otherwise,
    who_wants_no_motion_gets_none,
    when_the_shop_opens_is_said_by_the_clock_on_the_visitors_wall,
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

/// Opening hours on this day, counted from 1970, in the earliest zone of the world, and when they begin in milliseconds.
fn opening(day: u64) -> (String, u64) {
    const WEEK: [&str; 7] = [
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "monday",
        "tuesday",
        "wednesday",
    ];
    let weekday = WEEK[usize::try_from(day % 7).unwrap_or_default()];
    let hours = format!("timezone = \"{EARLIEST}\"\n[hours]\n{weekday} = [\"04:11-04:12\"]");
    (hours, ((day * 24 + 4 - AHEAD) * 60 + 11) * 60_000)
}

/// The zone of the shop, and by how many hours it is ahead of UTC.
const EARLIEST: &str = "Pacific/Kiritimati";
const AHEAD: u64 = 14;

/// The visitor's zone is half an hour off all others, and a day behind the shop's.
async fn when_the_shop_opens_is_said_by_the_clock_on_the_visitors_wall(
    engine: Engine,
) -> Result<()> {
    const ZONE: &str = "America/St_Johns";
    /// The page's zone, what it would say of this moment, and what the panel does.
    const WORDS: &str = "const now = new Date();
        const at = new Date(OPENS);
        const tag = 'en-GB';
        const midnight = (days) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
        const near = [0, 1].find((days) => midnight(days).toDateString() === at.toDateString());
        const [first, ...rest] = near === undefined
            ? new Intl.DateTimeFormat(tag, { weekday: 'long', day: 'numeric', month: 'long' }).format(at)
            : new Intl.RelativeTimeFormat(tag, { numeric: 'auto' }).format(near, 'day');
        const time = new Intl.DateTimeFormat(tag, { hour: 'numeric', minute: '2-digit' }).format(at);
        return [new Intl.DateTimeFormat().resolvedOptions().timeZone,
            `Away. Back: ${first.toUpperCase()}${rest.join('')}, ${time}`, find('subtitle').textContent]";
    let mut stage = Stage::set_in(engine).await?;
    let settings = Settings {
        zone: Some(ZONE),
        ..Settings::default()
    };
    let tab = told(&mut stage, engine, settings).await?;
    // WebKit's browser would take the machine's.
    tab.run::<Value>("Holdfast.setLocale('en-GB')", vec![])
        .await?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let today = (now.as_secs() / 3600 + AHEAD) / 24;
    // Near enough for a word of its own, and only by its date.
    for ahead in [1, 5] {
        let (hours, opens) = opening(today + ahead);
        stage.server.set_site(&hours).await?;
        let script = WORDS.replace("OPENS", &opens.to_string());
        let read = async || inside::<[String; 3]>(&tab, &script).await;
        let found = wait::until("the words of the page's own", read, |[_, own, said]| {
            own == said
        });
        let [zone, own, _] = found.await?;
        println!("{engine}: {own}");
        ensure!(zone == ZONE, "the browser's zone is {zone}");
    }
    Ok(())
}
