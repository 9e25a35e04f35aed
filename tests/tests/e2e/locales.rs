//! The visitor's language: chosen, loaded alone, changed, and laid out from right to left where it is written so.

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    in_every_engine,
    pages::{Pages, with_tag},
    stage::Stage,
    wait,
};
use serde_json::{Value, json};

use super::hosts::{complaints, watch, watched};

in_every_engine!(
    one_language_costs_one,
    the_language_changes_under_an_open_conversation,
    plurals_and_times_are_those_of_the_language,
);

/// What the widget says of itself, by hook and by attribute.
const READ: &str = "const root = document.querySelector('#holdfast-chat')?.shadowRoot;
    const find = (hook) => root?.querySelector(`[data-hf=${hook}]`);
    return [find('root')?.lang ?? '', find('root')?.dir ?? '', find('launcher')?.getAttribute('aria-label') ?? '',
        find('composer')?.placeholder ?? ''];";

async fn speaks(tab: &Tab, locale: &str) -> Result<Vec<String>> {
    let what = format!("the language {locale}");
    let read = async || tab.run::<Vec<String>>(READ, vec![]).await;
    wait::until(&what, read, |words| words[0] == locale).await
}

/// As [`speaks`], down to the launcher's name, which comes last: the pasted script has drawn it in English.
async fn names(tab: &Tab, locale: &str, launcher: &str) -> Result<Vec<String>> {
    let what = format!("a launcher that is named in {locale}");
    let read = async || tab.run::<Vec<String>>(READ, vec![]).await;
    let is_wanted = |words: &Vec<String>| words[0] == locale && words[2] == launcher;
    wait::until(&what, read, is_wanted).await
}

/// The files of words that the page has loaded.
async fn loaded(tab: &Tab) -> Result<Vec<String>> {
    let names = "return performance.getEntriesByType('resource').map((entry) => entry.name)
        .filter((name) => name.includes('/locales/')).map((name) => name.split('/').at(-1))";
    tab.run(names, vec![]).await
}

async fn one_language_costs_one(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let page = |attributes: &str| watched(&with_tag(stage.street.addr(), "demo", attributes));
    let pages = Pages::serve([
        ("/fr", page("data-locale=fr-CA")),
        ("/tw", page("data-locale=zh-TW")),
        ("/none", page("data-locale=tlh")),
        ("/own", page("")),
    ])
    .await?;
    let tab = stage.browser.open(&pages.url("/fr")).await?;
    let words = names(&tab, "fr", "Ouvrir la discussion").await?;
    ensure!(words[1] == "ltr", "{words:?}");
    ensure!(loaded(&tab).await? == ["fr.json"]);
    tab.goto(&pages.url("/tw")).await?;
    names(&tab, "zh-Hant", "開啟聊天").await?;
    // The visitor's browser is English here.
    tab.goto(&pages.url("/own")).await?;
    names(&tab, "en", "Open chat").await?;
    ensure!(loaded(&tab).await? == ["en.json"]);
    ensure!(!complaints(&tab).await?.join("\n").contains("locale"));
    tab.goto(&pages.url("/none")).await?;
    speaks(&tab, "en").await?;
    let console = complaints(&tab).await?.join("\n");
    ensure!(console.contains("there is no locale"), "{console}");
    Ok(())
}

async fn the_language_changes_under_an_open_conversation(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    tab.draft("half a sentence").await?;
    let say = "Holdfast.setLocale(arguments[0])";
    tab.run::<Value>(say, vec![json!("es")]).await?;
    tab.run::<Value>(say, vec![json!("ar")]).await?;
    let words = speaks(&tab, "ar").await?;
    ensure!(words[1] == "rtl" && words[3] == "اكتب رسالة…", "{words:?}");
    let widget = tab.widget().await?;
    ensure!(widget.open && widget.messages.len() == 2 && widget.draft == "half a sentence");
    let focus = "return document.querySelector('#holdfast-chat').shadowRoot.activeElement?.dataset.hf ?? ''";
    ensure!(
        tab.run::<String>(focus, vec![]).await? == "composer",
        "the focus is lost"
    );
    // One's own messages stand at the line's end, which is on the left now.
    let place = "const root = document.querySelector('#holdfast-chat').shadowRoot;
        const left = (who) => root.querySelector(`[data-author=${who}] [data-hf=text]`).getBoundingClientRect().left;
        return left('visitor') < left('agent')";
    ensure!(
        tab.run::<bool>(place, vec![]).await?,
        "not laid out from right to left"
    );
    let typing = async || Ok(tab.widget().await?.words);
    wait::until("no words about the line", typing, String::is_empty).await?;
    stage
        .agent_writes(&mut agent, conversation, "مرحبا")
        .await?;
    tab.see("the answer", |widget| widget.messages.len() == 3)
        .await?;

    // The words of a language may be out of reach; the one that is there stays.
    stage.street.refuse().await?;
    stage.street.reset();
    watch(&tab).await?;
    let warned = async || Ok(complaints(&tab).await?.join("\n"));
    tab.run::<Value>(say, vec![json!("ru")]).await?;
    wait::until("a warning", warned, |text| {
        text.contains("could not be loaded")
    })
    .await?;
    ensure!(speaks(&tab, "ar").await?[1] == "rtl");
    Ok(())
}

async fn plurals_and_times_are_those_of_the_language(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    tab.click_hook("close").await?;
    tab.run::<Value>("Holdfast.setLocale('ru-RU')", vec![])
        .await?;
    speaks(&tab, "ru").await?;
    for (count, words) in [
        (1, "1 непрочитанное сообщение"),
        (2, "2 непрочитанных сообщения"),
    ] {
        stage
            .agent_writes(&mut agent, conversation, &format!("number {count}"))
            .await?;
        let read = async || tab.run::<Vec<String>>(READ, vec![]).await;
        let what = format!("the plural of {count}");
        wait::until(&what, read, |found| found[2].ends_with(words)).await?;
    }
    tab.open_chat().await?;
    let day = "return document.querySelector('#holdfast-chat').shadowRoot.querySelector('.day').textContent";
    let day: String = tab.run(day, vec![]).await?;
    ensure!(day == "Сегодня", "{day}");
    let time = "return document.querySelector('#holdfast-chat').shadowRoot.querySelector('time').textContent";
    let time: String = tab.run(time, vec![]).await?;
    time.split_once(':')
        .with_context(|| format!("{time:?} is no time of 24 hours"))?;
    Ok(())
}
