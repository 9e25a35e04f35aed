//! What stands in the panel: links and code, emoji, the mark before what is new, a window of its own, a copy.

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{browser::Engine, in_every_engine, stage::Stage, wait};
use serde_json::{Value, json};

use super::super::accessibility::audit_window;
use super::{DOWN, ENTER, ESCAPE, RIGHT, call, extras, holds, inside, keys, press};

in_every_engine!(
    only_what_can_be_told_by_looking_becomes_a_link,
    what_came_while_nobody_looked_is_marked,
    the_menu_and_the_emoji_work_by_keyboard,
    a_copy_holds_the_whole_conversation,
    a_window_of_its_own_goes_on_with_the_conversation,
);

/// Texts, and what leads where in them.
const LINKS: [(&str, &[(&str, &str)]); 24] = [
    (
        "see https://example.com/a, please",
        &[("https://example.com/a", "https://example.com/a")],
    ),
    (
        "(https://x.test/).",
        &[("https://x.test/", "https://x.test/")],
    ),
    (
        "https://a.test/Rope_(climbing)!",
        &[(
            "https://a.test/Rope_(climbing)",
            "https://a.test/Rope_(climbing)",
        )],
    ),
    (
        "[https://a.test/x]]]",
        &[("https://a.test/x", "https://a.test/x")],
    ),
    (
        "**https://a.test/**",
        &[("https://a.test/", "https://a.test/")],
    ),
    (
        "HTTP://EXAMPLE.COM",
        &[("HTTP://EXAMPLE.COM", "http://example.com/")],
    ),
    (
        "www.example.com?",
        &[("www.example.com", "https://www.example.com/")],
    ),
    (
        "请看https://example.com。谢谢",
        &[("https://example.com", "https://example.com/")],
    ),
    (
        "<ana@example.com>, mailto:bob@example.com",
        &[
            ("ana@example.com", "mailto:ana@example.com"),
            ("mailto:bob@example.com", "mailto:bob@example.com"),
        ],
    ),
    (
        "https://a.test/https://b.test",
        &[(
            "https://a.test/https://b.test",
            "https://a.test/https://b.test",
        )],
    ),
    (
        "http://localhost:8080/x",
        &[("http://localhost:8080/x", "http://localhost:8080/x")],
    ),
    ("`https://a.test` and ```https://b.test```", &[]),
    ("javascript:alert(1) JAVASCRIPT://a.test/%0aalert(1)", &[]),
    ("data:text/html,<script>alert(1)</script> vbscript:x", &[]),
    (
        "javascript:alert('https://a.test/')",
        &[("https://a.test/", "https://a.test/")],
    ),
    ("https://bank.example@evil.example/", &[]),
    ("https://user:secret@evil.example/", &[]),
    ("https://\u{202E}moc.elpmaxe", &[]),
    (
        "https://a.test/\u{202E}gnp.exe",
        &[("https://a.test/", "https://a.test/")],
    ),
    ("mailto:bob@example.com?bcc=evil@example.com", &[]),
    (
        "<a href=\"https://a.test/\" onclick=\"x\">x</a>",
        &[("https://a.test/", "https://a.test/")],
    ),
    ("xhttps://a.test ahttp://b.test", &[]),
    ("https:// http://. www.. a@b @ana ana@", &[]),
    ("https://intranet/ ftp://a.test file:///etc/passwd", &[]),
];

/// Texts that make a careless reader slow, and all of which must come out again.
const SLOW: &str = "const load = import(performance.getEntriesByType('resource').map((it) => it.name)
        .find((name) => name.endsWith('/later/extras.js')));
    const done = arguments[arguments.length - 1];
    const all = ['a', '@', 'https://', ')', '`', '``` ', 'www.', 'mailto:', 'a@', 'https://a.b/(', '(', '\\u202e'];
    load.then(({ pieces }) => {
        const began = performance.now();
        const lost = all.map((part) => part.repeat(16384 / part.length))
            .filter((text) => pieces(text).map((piece) => piece.text).join('') !== text);
        done([lost.length, performance.now() - began]);
    });";

async fn only_what_can_be_told_by_looking_becomes_a_link(engine: Engine) -> Result<()> {
    const READ: &str = "const done = arguments[1];
        import(performance.getEntriesByType('resource').map((it) => it.name)
            .find((name) => name.endsWith('/later/extras.js')))
            .then(({ pieces }) => done(arguments[0].map(pieces)));";
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    extras(&tab).await?;
    let texts: Vec<&str> = LINKS.iter().map(|(text, _)| *text).collect();
    let read: Vec<Vec<Value>> = tab.run_async(READ, vec![json!(texts)]).await?;
    for ((text, expected), pieces) in LINKS.iter().zip(&read) {
        let whole: String = pieces
            .iter()
            .filter_map(|piece| piece["text"].as_str())
            .collect();
        ensure!(whole == *text, "{text:?} became {whole:?}");
        let links: Vec<(&str, &str)> = pieces
            .iter()
            .filter_map(|piece| Some((piece["text"].as_str()?, piece["href"].as_str()?)))
            .collect();
        ensure!(links == *expected, "{text:?}: {links:?}");
    }
    let (lost, took): (u32, f64) = tab.run_async(SLOW, vec![]).await?;
    ensure!(lost == 0 && took < 2000.0, "{lost} were lost, {took} ms");

    let text = "Look: https://example.com/rope\n```js\nlet a = `1`;\n```\nand `b`.";
    stage.agent_writes(&mut agent, conversation, text).await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    holds(&tab, "return !!root.querySelector('[data-hf=text] a')").await?;
    let link: Vec<String> = inside(
        &tab,
        "const { href, target, rel, textContent } = root.querySelector('[data-hf=text] a');
        const seen = root.querySelector('[data-hf=text] a').closest('[data-hf=text]').innerText;
        return [href, target, rel, textContent, seen.replace(/\\s+/g, ' ')]",
    )
    .await?;
    let expected = [
        "https://example.com/rope",
        "_blank",
        "noopener noreferrer nofollow",
        "https://example.com/rope",
        "Look: https://example.com/rope let a = `1`; and b.",
    ];
    ensure!(link == expected, "{link:?}");
    Ok(())
}

async fn what_came_while_nobody_looked_is_marked(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    tab.click_hook("close").await?;
    tab.see("the closed panel", |widget| !widget.open).await?;
    for text in ["one", "two"] {
        stage.agent_writes(&mut agent, conversation, text).await?;
    }
    tab.see("both", |widget| widget.unread == "2").await?;
    tab.open_chat().await?;
    let below = "const mark = root.querySelector('.divider');
        return [mark?.textContent ?? '', mark?.nextElementSibling?.querySelector('[data-hf=text]').textContent ?? ''];";
    let marked: Vec<String> = inside(&tab, below).await?;
    ensure!(marked == ["New messages", "one"], "{marked:?}");
    // What is seen as it comes needs no mark, and the next time there is none.
    stage
        .agent_writes(&mut agent, conversation, "three")
        .await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    let marked: Vec<String> = inside(&tab, below).await?;
    ensure!(marked[1] == "one", "{marked:?}");
    tab.click_hook("close").await?;
    tab.see("the closed panel", |widget| !widget.open).await?;
    tab.open_chat().await?;
    holds(&tab, "return !root.querySelector('.divider')").await
}

async fn the_menu_and_the_emoji_work_by_keyboard(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let tab = stage.visitor().await?;
    extras(&tab).await?;
    let focused = "return root.activeElement?.dataset.hf ?? root.activeElement?.textContent ?? ''";
    keys(&tab, "menu", ENTER).await?;
    holds(
        &tab,
        "return shown('menu-list') && root.activeElement === find('notify')",
    )
    .await?;
    press(&tab, DOWN).await?;
    ensure!(inside::<String>(&tab, focused).await? == "popout");
    press(&tab, ESCAPE).await?;
    holds(
        &tab,
        "return !shown('menu-list') && root.activeElement === find('menu')",
    )
    .await?;
    ensure!(tab.widget().await?.open, "Escape closes the menu alone");

    tab.draft("Hello").await?;
    keys(&tab, "emoji", ENTER).await?;
    holds(
        &tab,
        "return shown('choice') && find('choice').contains(root.activeElement)",
    )
    .await?;
    press(&tab, RIGHT).await?;
    press(&tab, ENTER).await?;
    holds(
        &tab,
        "return !shown('choice') && root.activeElement === find('composer')",
    )
    .await?;
    ensure!(tab.widget().await?.draft == "Hello😃");
    keys(&tab, "emoji", ENTER).await?;
    press(&tab, ESCAPE).await?;
    ensure!(inside::<String>(&tab, focused).await? == "emoji");
    ensure!(tab.widget().await?.open, "Escape closes the choice alone");
    Ok(())
}

async fn a_copy_holds_the_whole_conversation(engine: Engine) -> Result<()> {
    // More than a new tab is given.
    const OLDER: usize = 60;
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    for n in 0..OLDER {
        let text = format!("line {n}");
        stage.agent_writes(&mut agent, conversation, &text).await?;
    }
    stage.settle(&[&tab], &agent, conversation).await?;
    call(&tab, "sessionStorage.clear(); window.onpagehide = null").await?;
    let tab = stage.browser.open_another(&stage.page("/")).await?;
    tab.open_chat().await?;
    extras(&tab).await?;
    let few = tab
        .see("the newest", |widget| widget.messages.len() > 10)
        .await?;
    ensure!(few.messages.len() < OLDER, "{}", few.messages.len());
    // Where the copy goes differs by engine and by what a driver may read; what it holds does not.
    let hear = "window.copied = '';
        const keep = (text) => { window.copied = text; };
        const write = navigator.clipboard?.write?.bind(navigator.clipboard);
        if (write) navigator.clipboard.write = async ([item]) => {
            keep(await (await item.getType('text/plain')).text());
            return write([item]).catch(() => {});
        };
        else if (navigator.clipboard) navigator.clipboard.writeText = async (text) => keep(text);
        document.addEventListener('copy', () => {
            const area = document.querySelector('#holdfast-chat').shadowRoot.activeElement;
            keep(area?.value ?? '');
        });";
    call(&tab, hear).await?;
    tab.click_hook("menu").await?;
    tab.click_hook("copy").await?;
    let look = async || tab.run::<String>("return window.copied", vec![]).await;
    let copied = wait::until("the copy", look, |text| !text.is_empty()).await?;
    ensure!(copied.contains("You: Good morning"), "{copied}");
    for n in 0..OLDER {
        ensure!(
            copied.contains(&format!("Ana: line {n}\n")),
            "{n}: {copied}"
        );
    }
    holds(&tab, "return shown('said')").await
}

async fn a_window_of_its_own_goes_on_with_the_conversation(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    extras(&tab).await?;
    tab.draft("half a sentence").await?;
    let saved = "return JSON.stringify({...sessionStorage}).includes('half a sentence')";
    wait::until(
        "the draft saved",
        async || tab.run::<bool>(saved, vec![]).await,
        |is| *is,
    )
    .await?;
    tab.click_hook("menu").await?;
    tab.click_hook("popout").await?;
    let look = async || Ok(stage.browser.beside(&tab).await?.is_some());
    wait::until("the window", look, |is_there: &bool| *is_there).await?;
    let own = stage.browser.beside(&tab).await?.context("it")?;
    own.see("the conversation", |widget| {
        widget.open && widget.messages.len() == 2 && widget.draft == "half a sentence"
    })
    .await?;
    tab.see("the panel put away", |widget| !widget.open).await?;
    extras(&own).await?;
    holds(&own, "const { width, height } = find('panel').getBoundingClientRect();
        return !find('popout') && width === document.documentElement.clientWidth && height >= innerHeight - 1").await?;
    audit_window(&own, "a window of its own").await?;
    own.draft(ENTER).await?;
    stage
        .paper
        .note(holdfast_tests::checker::Writer::Visitor, "half a sentence");
    stage.settle(&[&own], &agent, conversation).await?;
    stage
        .agent_writes(&mut agent, conversation, "and the other half")
        .await?;
    own.reload().await?;
    own.see("the same after a reload", |widget| {
        widget.open && widget.messages.len() == 4
    })
    .await?;
    extras(&own).await?;
    own.click_hook("close").await?;
    let look = async || Ok(stage.browser.beside(&tab).await?.is_none());
    wait::until("no window", look, |is_gone: &bool| *is_gone).await?;
    Ok(())
}
