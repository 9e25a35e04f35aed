//! What is too long for its line: words that fit nowhere, code, and messages of many lines.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    in_every_engine,
    pages::{Pages, with_tag},
    samples::{CODE, LONG, LONG_WORD},
    stage::Stage,
    wait,
};

use super::visitors::{extras, inside};

in_every_engine!(
    a_placeholder_stands_in_one_line,
    nothing_is_wider_than_its_place,
);

/// Whether all is there, with the code and the address set as such.
const SET: &str = "const root = document.querySelector('#holdfast-chat')?.shadowRoot;
    return root?.querySelectorAll('[data-hf=text]').length === 6 && !!root.querySelector('[data-hf=text] .block')
        && root.querySelectorAll('[data-hf=text] a').length === 2;";

/// What is wider than its place, or stands out of the list.
const WIDE: &str = "const root = document.querySelector('#holdfast-chat').shadowRoot;
    const list = root.querySelector('[data-hf=list]');
    const scrolls = (it) => it.matches('.block') && /auto|scroll/.test(getComputedStyle(it).overflowX);
    const places = [document.documentElement, ...['panel', 'list', 'composer'].map((hook) => root.querySelector(`[data-hf=${hook}]`)),
        ...list.querySelectorAll('[data-hf=message], [data-hf=text], .block')];
    const { left, right } = list.getBoundingClientRect();
    const stands = (it) => [...it.getClientRects()].some((box) => box.left < left || box.right > right);
    return [
        ...places.filter((it) => it.scrollWidth > it.clientWidth && !scrolls(it)),
        ...[...list.querySelectorAll('[data-hf=text], [data-hf=text] *')].filter(stands),
    ].map((it) => `${it.localName}.${it.className} ${it.scrollWidth} in ${it.clientWidth}: ${it.textContent.slice(0, 20)}`)";

async fn nothing_is_wider_than_its_place(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let head = "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>";
    let html = with_tag(stage.street.addr(), "demo", "").replace("<title>", head);
    let pages = Pages::serve([("/", html)]).await?;
    let mut agent = stage.agent("Ana").await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.open_chat().await?;
    stage.visitor_writes(&tab, "Good morning").await?;
    let desk = agent
        .see("it", |desk| desk.find("Good morning").is_some())
        .await?;
    let conversation = desk.messages[0].conversation;
    for answer in [LONG, CODE, LONG_WORD] {
        stage.agent_writes(&mut agent, conversation, answer).await?;
    }
    let unspaced = LONG_WORD.replace(' ', "");
    stage.visitor_writes(&tab, LONG_WORD).await?;
    stage.visitor_writes(&tab, &unspaced).await?;
    tab.draft(&unspaced).await?;
    all_fits(&tab).await?;
    tab.on_phone().await?;
    tab.reload().await?;
    all_fits(&tab).await
}

async fn a_placeholder_stands_in_one_line(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let tab = stage.visitor().await?;
    extras(&tab).await?;
    let is_high = "const composer = find('composer');
        composer.placeholder = 'A word or two of a language that needs many more of them than others do';
        return composer.scrollHeight > composer.clientHeight";
    ensure!(!inside::<bool>(&tab, is_high).await?, "it is cut through");
    Ok(())
}

async fn all_fits(tab: &Tab) -> Result<()> {
    tab.see("the panel", |widget| widget.open).await?;
    let look = async || tab.run::<bool>(SET, vec![]).await;
    wait::until("all messages as they are set", look, |is_set| *is_set).await?;
    tab.at_rest().await?;
    let wide: Vec<String> = tab.run(WIDE, vec![]).await?;
    ensure!(wide.is_empty(), "wider than its place: {wide:#?}");
    Ok(())
}
