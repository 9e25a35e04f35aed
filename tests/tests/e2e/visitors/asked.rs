//! What the owner says and asks: greeting, opening hours, questions before the first message, a rating after the last.

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    checker::Writer,
    in_every_engine,
    proxy::Forgotten,
    samples::{CLOSED, QUESTIONS},
    stage::Stage,
    wait,
};
use serde_json::{Value, json};

use super::{ENTER, RIGHT, call, extras, holds, inside, keys, press};

in_every_engine!(
    questions_come_before_the_first_message,
    questions_are_read_from_the_first_on,
    a_form_that_can_not_be_loaded_holds_nothing_up,
    a_closed_conversation_is_rated,
    a_greeting_keeps_its_lines,
    what_was_entered_is_forgotten_with_the_visitor,
    greeting_and_hours_are_the_owners,
    what_is_asked_after_the_stars_comes_into_view,
);

/// What stands in the form, and what has the focus.
const FORM: &str = "return JSON.stringify([
    [...find('prechat').elements].map((field) => field.type === 'checkbox' ? field.checked : field.value),
    [...root.querySelectorAll('.fault')].map((fault) => fault.textContent !== ''),
    root.activeElement?.name ?? root.activeElement?.dataset.hf ?? '']);";

async fn form(stage_tab: &Tab) -> Result<Value> {
    Ok(serde_json::from_str(
        &inside::<String>(stage_tab, FORM).await?,
    )?)
}

async fn questions_come_before_the_first_message(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    stage.server.set_site(QUESTIONS).await?;
    let agent = stage.agent("Ana").await?;
    let tab = stage.visitor().await?;
    holds(&tab, "return shown('prechat')").await?;
    tab.draft(&format!("Is it red?{ENTER}")).await?;
    let state = form(&tab).await?;
    ensure!(
        state == json!([["", "", "", false], [true, false, false, true], "name"]),
        "{state}"
    );
    press(&tab, &format!("Björn{ENTER}bjorn@{ENTER}A-17")).await?;
    ensure!(form(&tab).await?[2] == "order");
    let saved = "return JSON.stringify({...sessionStorage}).includes('A-17')
        && JSON.stringify({...sessionStorage}).includes('Is it red?')";
    wait::until(
        "all of it saved",
        async || tab.run::<bool>(saved, vec![]).await,
        |is| *is,
    )
    .await?;

    tab.reload().await?;
    holds(&tab, "return shown('prechat')").await?;
    let state = form(&tab).await?;
    ensure!(
        state[0] == json!(["Björn", "bjorn@", "A-17", false]),
        "{state}"
    );
    ensure!(tab.widget().await?.draft == "Is it red?");
    let tick = "return document.querySelector('#holdfast-chat').shadowRoot.querySelector('[name=privacy]')";
    tab.click(tick, vec![]).await?;
    tab.click_hook("send").await?;
    let state = form(&tab).await?;
    ensure!(
        state[1] == json!([false, true, false, false]) && state[2] == "email",
        "{state}"
    );
    press(&tab, "\u{E010}x.example").await?;
    ensure!(
        tab.widget().await?.messages.is_empty(),
        "nothing is sent before all is answered"
    );
    tab.click_hook("send").await?;
    stage.paper.note(Writer::Visitor, "Is it red?");
    let desk = agent
        .see("the message with the answers", |desk| {
            desk.find("Is it red?").is_some()
        })
        .await?;
    let conversation = desk.find("Is it red?").context("it")?.conversation;
    stage.settle(&[&tab], &agent, conversation).await?;
    // The answers were there before the message: they stand in what the conversation began with.
    let visitor = &desk.visitors[&conversation];
    let expected = json!({"order": "A-17", "privacy": "yes"});
    ensure!(
        visitor["name"] == "Björn" && visitor["email"] == "bjorn@x.example",
        "{visitor}"
    );
    ensure!(visitor["fields"] == expected, "{visitor}");
    holds(
        &tab,
        "return !shown('prechat') && !JSON.stringify({...sessionStorage}).includes(':form')",
    )
    .await?;
    tab.reload().await?;
    tab.see("the conversation", |widget| widget.messages.len() == 1)
        .await?;
    holds(&tab, "return !!find('prechat') && !shown('prechat')").await
}

async fn questions_are_read_from_the_first_on(engine: Engine) -> Result<()> {
    const IS_LONG: &str =
        "return shown('prechat') && find('list').scrollHeight > find('list').clientHeight + 300";
    let long = (1..=8)
        .map(|n| format!("[[prechat]]\nname = \"n{n}\"\nlabel = \"What?\"\nkind = \"long\"\n"));
    let questions = long.collect::<String>();
    let stage = Stage::set_in(engine).await?;
    stage.server.set_site(&questions).await?;
    let tab = stage.visitor().await?;
    holds(&tab, IS_LONG).await?;
    // What comes from the server meanwhile leaves the visitor where they are.
    let _agent = stage.agent("Ana").await?;
    holds(&tab, "return find('subtitle').textContent === 'Online now'").await?;
    let top = inside::<f64>(&tab, "return find('list').scrollTop").await?;
    ensure!(top == 0.0, "it begins {top} below the first question");

    let is_kept = "find('list').scrollTop = 150;
        return JSON.stringify({...sessionStorage}).includes('scroll')";
    holds(&tab, is_kept).await?;
    stage
        .server
        .set_site(&format!("greeting = \"Welcome\"\n{questions}"))
        .await?;
    let is_new = "return find('greeting').textContent.includes('Welcome')";
    holds(&tab, is_new).await?;
    let top = inside::<f64>(&tab, "return find('list').scrollTop").await?;
    ensure!((top - 150.0).abs() < 2.0, "it was moved to {top}");
    ensure!(
        !inside::<bool>(&tab, "return shown('jump')").await?,
        "there is no newest message"
    );
    Ok(())
}

async fn a_form_that_can_not_be_loaded_holds_nothing_up(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    stage.server.set_site(QUESTIONS).await?;
    let agent = stage.agent("Ana").await?;
    stage.street.withhold("/later/extras");
    let tab = stage.visitor().await?;
    stage.visitor_writes(&tab, "Is it red?").await?;
    let desk = agent
        .see("it", |desk| desk.find("Is it red?").is_some())
        .await?;
    let conversation = desk.find("Is it red?").context("it")?.conversation;
    stage.settle(&[&tab], &agent, conversation).await?;
    ensure!(
        !inside::<bool>(&tab, "return !!find('menu')").await?,
        "the extras were loaded"
    );
    // The next opening tries again.
    stage.street.heal(Forgotten::Silent).await?;
    tab.click_hook("close").await?;
    tab.open_chat().await?;
    extras(&tab).await
}

async fn what_was_entered_is_forgotten_with_the_visitor(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    stage.server.set_site(QUESTIONS).await?;
    let tab = stage.visitor().await?;
    holds(&tab, "return shown('prechat')").await?;
    let name =
        "return document.querySelector('#holdfast-chat').shadowRoot.querySelector('[name=name]')";
    tab.type_keys(name, vec![], "Björn").await?;
    name_is_kept(&tab, true).await?;
    call(&tab, "Holdfast.logout()").await?;
    name_is_kept(&tab, false).await?;
    let is_empty = "return shown('prechat') && find('prechat').elements[0].value === ''";
    tab.open_chat().await?;
    holds(&tab, is_empty).await?;
    tab.reload().await?;
    holds(&tab, is_empty).await?;

    // On the next page the panel is closed, and what has kept it is not loaded.
    tab.type_keys(name, vec![], "Björn").await?;
    name_is_kept(&tab, true).await?;
    tab.click_hook("close").await?;
    tab.reload().await?;
    tab.see("the next page", |widget| widget.here && !widget.open)
        .await?;
    name_is_kept(&tab, true).await?;
    call(&tab, "Holdfast.logout()").await?;
    name_is_kept(&tab, false).await
}

async fn name_is_kept(tab: &Tab, is_kept: bool) -> Result<()> {
    let saved = "return JSON.stringify({...sessionStorage}).includes('Björn')";
    let look = async || tab.run::<bool>(saved, vec![]).await;
    wait::until("the name in the storage", look, |is| *is == is_kept).await?;
    Ok(())
}

/// The words on each line of each paragraph.
const LINES: &str = "return [...find('greeting').querySelectorAll('p')].map((paragraph) => {
    const lines = [];
    const range = document.createRange();
    for (const word of paragraph.textContent.matchAll(/[a-z]+/g)) {
        range.setStart(paragraph.firstChild, word.index);
        range.setEnd(paragraph.firstChild, word.index + word[0].length);
        const top = Math.round(range.getBoundingClientRect().top);
        if (lines.at(-1)?.top === top) lines.at(-1).words++;
        else lines.push({ top, words: 1 });
    }
    return lines.map(({ words }) => words);
});";

/// No last word stands alone, in whichever paragraph; an empty line stays one; and what is loaded after the panel breaks no
/// line anew.
async fn a_greeting_keeps_its_lines(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    // Some of so many lengths would leave a word alone.
    let paragraphs: Vec<String> = (6..20)
        .map(|count| ["help "].repeat(count).concat())
        .collect();
    let greeting = [&paragraphs.join("\\n"), "\\n\\nend"].concat();
    let words = format!("greeting = \"{greeting}\"\n");
    stage.server.set_site(&words).await?;
    let tab = stage.visitor().await?;
    let count = paragraphs.len() + 2;
    let are_there = format!("return find('greeting').querySelectorAll('p').length === {count}");
    holds(&tab, &are_there).await?;
    let before: Vec<Vec<u32>> = inside(&tab, LINES).await?;
    extras(&tab).await?;
    let after: Vec<Vec<u32>> = inside(&tab, LINES).await?;
    ensure!(before == after, "{before:?} became {after:?}");
    ensure!(
        after.iter().filter(|lines| lines.len() > 1).count() > 5,
        "{after:?}"
    );
    let is_lonely = |lines: &Vec<u32>| lines.len() > 1 && lines.last() == Some(&1);
    ensure!(!after.iter().any(is_lonely), "{after:?}");
    let is_kept = "const empty = [...find('greeting').querySelectorAll('p')].at(-2);
        return empty.offsetHeight >= 16";
    ensure!(
        inside::<bool>(&tab, is_kept).await?,
        "the empty line is lost"
    );
    Ok(())
}

async fn greeting_and_hours_are_the_owners(engine: Engine) -> Result<()> {
    const WORDS: &str = "greeting = \"Welcome to the shop\"\naway = \"We sleep\"\n";
    let stage = Stage::set_in(engine).await?;
    stage.server.set_site(WORDS).await?;
    let tab = stage.visitor().await?;
    holds(
        &tab,
        "return find('greeting').innerText.trim() === 'Welcome to the shop'",
    )
    .await?;
    stage.server.set_site(&format!("{WORDS}{CLOSED}")).await?;
    holds(
        &tab,
        "return find('greeting').innerText.trim() === 'We sleep'",
    )
    .await?;
    holds(
        &tab,
        "return find('subtitle').textContent.startsWith('Away. Back: ')",
    )
    .await?;
    // Messages are taken all the same.
    tab.write("Good night").await?;
    tab.see("it sent", |widget| {
        widget.state_of("Good night") == Some("sent")
    })
    .await?;
    stage.server.set_site("").await?;
    holds(
        &tab,
        "return find('subtitle').textContent === 'Away. We will answer you here.'",
    )
    .await
}

async fn a_closed_conversation_is_rated(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    stage.server.set_site("rating = true").await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    extras(&tab).await?;
    ensure!(!inside::<bool>(&tab, "return shown('rating')").await?);
    agent
        .tell(&json!({"close": {"conversation": conversation}}))
        .await?;
    holds(&tab, "return shown('rating') && !shown('comment')").await?;
    let star = "return document.querySelector('#holdfast-chat').shadowRoot.querySelectorAll('[name=score]')[2]";
    tab.click(star, vec![]).await?;
    press(&tab, RIGHT).await?;
    holds(
        &tab,
        "return shown('comment') && root.activeElement.value === '4'",
    )
    .await?;
    keys(&tab, "comment", &format!("Quick{ENTER}and kind")).await?;
    ensure!(
        tab.widget().await?.messages.len() == 2,
        "Enter sent something"
    );
    tab.reload().await?;
    holds(
        &tab,
        "return shown('rating') && find('comment').value === 'Quick\\nand kind'",
    )
    .await?;
    tab.click_hook("rate").await?;
    holds(&tab, "return !shown('rating') && find('rated').textContent.startsWith('You rated the conversation 4 out of 5.')").await?;
    agent
        .see("the rating", |desk| {
            desk.events.last().is_some_and(|event| event == "rated")
        })
        .await?;
    tab.reload().await?;
    holds(
        &tab,
        "return !!find('emoji') && !shown('rating') && !!find('rated')",
    )
    .await?;
    // Each end is asked about.
    stage.visitor_writes(&tab, "One more thing").await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    agent
        .tell(&json!({"close": {"conversation": conversation}}))
        .await?;
    holds(&tab, "return shown('rating') && !shown('comment')").await
}

async fn what_is_asked_after_the_stars_comes_into_view(engine: Engine) -> Result<()> {
    const IN_VIEW: &str = "const bottom = (hook) => find(hook).getBoundingClientRect().bottom;
        return shown('rate') && bottom('rate') <= bottom('list')";
    let mut stage = Stage::set_in(engine).await?;
    stage.server.set_site("rating = true").await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    for line in 0..15 {
        let text = format!("line {line}");
        stage.agent_writes(&mut agent, conversation, &text).await?;
    }
    agent
        .tell(&json!({"close": {"conversation": conversation}}))
        .await?;
    holds(&tab, "return shown('rating') && !shown('comment')").await?;
    let star = "return document.querySelector('#holdfast-chat').shadowRoot.querySelectorAll('[name=score]')[3]";
    tab.click(star, vec![]).await?;
    holds(&tab, IN_VIEW).await
}
