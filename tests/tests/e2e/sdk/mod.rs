//! The page's own scripts and the chat: what they may call, when, and what they hear.

mod life;
mod names;

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use holdfast_tests::{
    agent::Agent,
    browser::{Engine, Tab},
    in_every_engine,
    pages::{Pages, with_tag},
    proxy::Scope,
    server::Server,
    stage::Stage,
    wait,
};
use serde_json::{Value, json};

use super::hosts::{cannot_show, complaints, watched};

in_every_engine!(
    calls_before_loading_are_kept_and_carried_out_in_order,
    a_listener_that_is_taken_away_hears_nothing_more,
    the_page_hears_what_happens_to_messages,
    two_tags_make_one_widget_and_one_global,
    unknown_names_warn_once_with_a_hint,
    a_page_opens_the_chat_by_its_own_button_and_gets_the_focus_back,
    a_fault_of_the_page_stops_nobody_else,
);

/// The snippet of docs/embed.md, for calls before anything is loaded.
pub(crate) const SNIPPET: &str = r#"window.Holdfast = ((q) => new Proxy({ q }, {
        get: (own, name) => own[name] || (typeof name == "string" && !/^(then|toJSON)$/.test(name) ? (...args) => {
          const call = [name, args];
          q.push(call);
          return name == "on" ? () => call.off ? call.off() : (call.off = 1) : name == "getUnread" ? 0 : undefined;
        } : undefined),
      }))([]);"#;

/// The same, and a script that calls before anything is loaded and notes what it hears.
const EARLY: &str = r#"
    <button id="own" onclick="Holdfast.open()">Chat</button>
    <script>
      SNIPPET
      window.heard = [];
      for (const event of ["ready", "open", "close", "message:sent", "message:delivered", "message:read",
        "message:received", "message:failed", "unread", "connection", "error", "availability", "chat:ended", "csat"])
        Holdfast.on(event, (detail) => heard.push([event, detail]));
      window.off = Holdfast.on("open", () => heard.push(["off", {}]));
      off();
      window.early = Holdfast.on("close", () => heard.push(["early", {}]));
      Holdfast.open();
      // Developer tools ask for symbols, and React takes what an effect returns for its clean-up.
      Object.prototype.toString.call(Holdfast);
      if (Holdfast.prefill("first") !== undefined) throw new Error("a call has answered");
      Holdfast.prefill("second");
    </script>"#;

/// A page with this script, watched.
fn early(server: SocketAddr, attributes: &str) -> String {
    let script = EARLY.replace("SNIPPET", SNIPPET);
    watched(&with_tag(server, "demo", attributes)).replace("<h1>", &format!("{script}<h1>"))
}

async fn call(tab: &Tab, script: &str) -> Result<Value> {
    tab.run(script, vec![]).await
}

/// Waits until the page's script has heard `event`, and returns what came with it last.
async fn hear(tab: &Tab, event: &str) -> Result<Value> {
    let what = format!("{event:?} heard by the page");
    let found = wait::until(
        &what,
        async || {
            let script =
                "return heard.filter(([name]) => name == arguments[0]).at(-1)?.[1] ?? null";
            tab.run::<Value>(script, vec![json!(event)]).await
        },
        |detail| !detail.is_null(),
    );
    found.await
}

/// The owner of a watched page finds nothing in the console.
async fn ensure_silent(tab: &Tab) -> Result<()> {
    let lines = complaints(tab).await?;
    ensure!(lines.is_empty(), "{lines:?}");
    Ok(())
}

/// How often the page's script has heard `event`.
async fn count(tab: &Tab, event: &str) -> Result<u64> {
    let script = "return heard.filter(([name]) => name == arguments[0]).length";
    tab.run(script, vec![json!(event)]).await
}

async fn calls_before_loading_are_kept_and_carried_out_in_order(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let pages = Pages::serve([("/", early(stage.street.addr(), ""))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    let widget = tab
        .see("the panel that was asked for", |widget| widget.open)
        .await?;
    ensure!(widget.draft == "first", "{:?}", widget.draft);
    hear(&tab, "ready").await?;
    hear(&tab, "open").await?;
    ensure!(
        count(&tab, "off").await? == 0,
        "a listener that was taken away heard something"
    );
    // Nobody clicked, so the focus stays where it was.
    let focus = call(&tab, "return document.activeElement.tagName").await?;
    ensure!(focus == "BODY", "the focus is in {focus}");
    // Who comes late hears that the chat is ready, too.
    call(&tab, "Holdfast.on('ready', () => heard.push(['late', {}]))").await?;
    hear(&tab, "late").await?;
    ensure_silent(&tab).await?;
    Ok(())
}

async fn a_listener_that_is_taken_away_hears_nothing_more(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let pages = Pages::serve([("/", early(stage.street.addr(), ""))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.see("the panel", |widget| widget.open).await?;
    hear(&tab, "ready").await?;
    // One who listens since before the chat was there, one who came later, and one who stays.
    let listen = "window.late = Holdfast.on('close', () => heard.push(['late', {}])); \
        Holdfast.on('close', () => heard.push(['last', {}]))";
    call(&tab, listen).await?;
    call(&tab, "Holdfast.toggle()").await?;
    tab.see("no panel", |widget| !widget.open).await?;
    hear(&tab, "last").await?;
    ensure!(count(&tab, "early").await? == 1 && count(&tab, "late").await? == 1);
    call(&tab, "early(); late(); Holdfast.toggle()").await?;
    tab.see("the panel again", |widget| widget.open).await?;
    call(&tab, "Holdfast.toggle()").await?;
    tab.see("no panel", |widget| !widget.open).await?;
    let last = async || count(&tab, "last").await;
    wait::until("the second time", last, |times| *times == 2).await?;
    for event in ["early", "late"] {
        let times = count(&tab, event).await?;
        ensure!(times == 1, "{event:?} was told {times} times");
    }
    ensure_silent(&tab).await
}

async fn the_page_hears_what_happens_to_messages(engine: Engine) -> Result<()> {
    let stage = Stage::build(engine, Scope::All, &["--agent-grace", "300ms"]).await?;
    stage.server.set_site("rating = true").await?;
    let mut agent = stage.agent("Ana").await?;
    let pages = Pages::serve([("/", early(stage.street.addr(), ""))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.see("the panel", |widget| widget.open).await?;
    ensure!(hear(&tab, "availability").await? == json!({"online": true}));
    call(&tab, "Holdfast.sendMessage('from a script')").await?;
    let sent = hear(&tab, "message:sent").await?;
    ensure!(sent["text"] == "from a script", "{sent}");
    let widget = tab.widget().await?;
    ensure!(widget.draft == "first", "the draft is {:?}", widget.draft);
    let delivered = hear(&tab, "message:delivered").await?;
    ensure!(delivered["id"] == sent["id"], "{delivered}");
    let desk = agent
        .see("the message", |desk| !desk.messages.is_empty())
        .await?;
    let conversation = desk.messages[0].conversation;
    ensure!(count(&tab, "message:read").await? == 0, "nobody read it");
    agent.read_up_to(conversation, desk.messages[0].seq).await?;
    let read = hear(&tab, "message:read").await?;
    ensure!(
        read["id"] == sent["id"] && read["text"] == "from a script",
        "{read}"
    );

    call(&tab, "Holdfast.close()").await?;
    hear(&tab, "close").await?;
    agent.write(conversation, "an answer").await?;
    let received = hear(&tab, "message:received").await?;
    ensure!(
        received["text"] == "an answer" && received["name"] == "Ana",
        "{received}"
    );
    wait::until(
        "one unread",
        async || call(&tab, "return Holdfast.getUnread()").await,
        |n| n == 1,
    )
    .await?;
    ensure!(hear(&tab, "unread").await?["count"] == 1);

    call(&tab, "Holdfast.sendMessage('   ')").await?;
    let failed = hear(&tab, "message:failed").await?;
    ensure!(
        failed["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("empty")),
        "{failed}"
    );

    the_page_hears_the_end(&tab, &mut agent, conversation).await?;
    // After a reload nothing of it is told again.
    tab.reload().await?;
    tab.see("the widget again", |widget| {
        widget.here && widget.connection == "online"
    })
    .await?;
    ensure!(hear(&tab, "connection").await?["state"] == "online");
    for event in [
        "message:sent",
        "message:delivered",
        "message:read",
        "message:received",
        "message:failed",
        "chat:ended",
        "csat",
    ] {
        ensure!(count(&tab, event).await? == 0, "{event} was told again");
    }
    drop(agent);
    let online = async || hear(&tab, "availability").await;
    let gone = json!({"online": false});
    wait::until("nobody there", online, |told| *told == gone).await?;
    Ok(())
}

/// The agent closes the conversation, the visitor rates it, and the page is told both.
async fn the_page_hears_the_end(tab: &Tab, agent: &mut Agent, conversation: u64) -> Result<()> {
    const INSIDE: &str = "return document.querySelector('#holdfast-chat').shadowRoot";
    agent
        .tell(&json!({"close": {"conversation": conversation}}))
        .await?;
    hear(tab, "chat:ended").await?;
    let is_date = "return heard.find(([name]) => name == 'chat:ended')[1].at.getTime() > 0";
    ensure!(call(tab, is_date).await? == true, "no date");
    tab.open_chat().await?;
    let asked = format!("{INSIDE}.querySelector('[data-hf=rating]')?.checkVisibility() ?? false");
    let look = async || call(tab, &asked).await;
    wait::until("the stars", look, |is_asked| *is_asked == true).await?;
    let star = format!("{INSIDE}.querySelectorAll('[name=score]')[3]");
    tab.click(&star, vec![]).await?;
    let comment = format!("{INSIDE}.querySelector('[data-hf=comment]')");
    tab.type_keys(&comment, vec![], "Quick and kind").await?;
    tab.click_hook("rate").await?;
    let rated = hear(tab, "csat").await?;
    let wanted = json!({"score": 4, "comment": "Quick and kind"});
    ensure!(rated == wanted, "{rated}");
    Ok(())
}

async fn two_tags_make_one_widget_and_one_global(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let tag = with_tag(stage.street.addr(), "demo", "");
    let twice = watched(&format!("{tag}{tag}"));
    let plain = "<!doctype html><html lang=\"en\"><title>A site</title><h1>A site</h1>".to_owned();
    let pages = Pages::serve([("/", twice), ("/plain", watched(&plain))]).await?;
    let names = "const own = (of) => Object.getOwnPropertyNames(of).join(); return [own(window), \
        ...[Object, Array, String, Function, Promise, Element, Node, EventTarget].map((type) => own(type.prototype))]";
    let tab = stage.browser.open(&pages.url("/plain")).await?;
    let before: Vec<String> = tab.run(names, vec![]).await?;
    tab.goto(&pages.url("/")).await?;
    let calm = engine.calm_line();
    tab.see("the widget", |widget| widget.connection == calm)
        .await?;
    let after: Vec<String> = tab.run(names, vec![]).await?;
    // `ret_nodes` is the driver's.
    let added: Vec<&str> = after[0]
        .split(',')
        .filter(|name| *name != "ret_nodes" && !before[0].split(',').any(|old| old == *name))
        .collect();
    ensure!(added == ["Holdfast"], "globals: {added:?}");
    ensure!(
        before[1..] == after[1..],
        "something was added to a prototype"
    );
    let hosts = call(
        &tab,
        "return document.querySelectorAll('#holdfast-chat').length",
    )
    .await?;
    ensure!(hosts == 1, "{hosts} widgets");
    call(&tab, "Holdfast.boot(); Holdfast.boot({ position: 'left' })").await?;
    let position = "return document.querySelector('#holdfast-chat').shadowRoot.querySelector('.hf').dataset.position";
    ensure!(call(&tab, position).await? == "left");
    ensure!(
        call(
            &tab,
            "return document.querySelectorAll('#holdfast-chat').length"
        )
        .await?
            == 1
    );
    ensure!(call(&tab, "return document.cookie").await? == "");
    ensure_silent(&tab).await?;
    Ok(())
}

async fn unknown_names_warn_once_with_a_hint(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let pages = Pages::serve([("/", early(stage.street.addr(), "data-theme=\"drak\""))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    hear(&tab, "ready").await?;
    call(&tab, "Holdfast.opne(); Holdfast.opne(); Holdfast.on('mesage:sent', () => {}); Holdfast.update({ postion: 'left' }); \
        Holdfast.prefill(7)").await?;
    // What knows better names is fetched first.
    let told = "return window.watched.complaints.join('\\n')";
    let said = async || tab.run::<String>(told, vec![]).await;
    let hints = [
        "did you mean open?",
        "did you mean message:sent?",
        "did you mean position?",
        "did you mean dark?",
        "prefill takes a text",
    ];
    let console = wait::until("all hints", said, |console: &String| {
        hints.iter().all(|hint| console.contains(hint))
    })
    .await?;
    for hint in hints {
        ensure!(console.matches(hint).count() == 1, "{hint:?} in {console}");
    }
    Ok(())
}

async fn a_page_opens_the_chat_by_its_own_button_and_gets_the_focus_back(
    engine: Engine,
) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let pages = Pages::serve([("/", early(stage.street.addr(), ""))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    hear(&tab, "open").await?;
    call(&tab, "Holdfast.hide()").await?;
    tab.see("no panel", |widget| !widget.open).await?;
    let launcher = "return document.querySelector('#holdfast-chat').shadowRoot.querySelector('[data-hf=launcher]').checkVisibility()";
    ensure!(
        call(&tab, launcher).await? == false,
        "the launcher is still there"
    );
    tab.click("return document.querySelector('#own')", vec![])
        .await?;
    tab.see("the panel", |widget| widget.open).await?;
    let inside = "return document.querySelector('#holdfast-chat').shadowRoot.activeElement?.dataset.hf ?? null";
    ensure!(
        call(&tab, inside).await? == "composer",
        "a click opened it, so the focus goes in"
    );
    tab.click_hook("close").await?;
    tab.see("no panel", |widget| !widget.open).await?;
    let focus = call(&tab, "return document.activeElement.id").await?;
    ensure!(focus == "own", "the focus is on {focus}");
    call(&tab, "Holdfast.show()").await?;
    ensure!(call(&tab, launcher).await? == true);
    Ok(())
}

async fn a_fault_of_the_page_stops_nobody_else(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let pages = Pages::serve([("/", early(stage.street.addr(), ""))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    hear(&tab, "ready").await?;
    call(
        &tab,
        "Holdfast.on('close', () => { throw new Error('of the page') }); \
        Holdfast.on('close', () => heard.push(['after', {}])); Holdfast.close()",
    )
    .await?;
    hear(&tab, "after").await?;
    tab.open_chat().await?;
    let fault = match engine {
        Engine::Chromium | Engine::Firefox => "of the page",
        Engine::WebKit => {
            let why = "it tells a page only that there was one";
            cannot_show(engine, "which fault it was", why);
            "Script error"
        }
    };
    let lines = complaints(&tab).await?;
    ensure!(lines.iter().any(|line| line.contains(fault)), "{lines:?}");
    Ok(())
}

#[tokio::test]
async fn the_declarations_lie_beside_the_script() -> Result<()> {
    let server = Server::start_bare().await?;
    let get = async |path: &str| -> Result<String> {
        let answer = reqwest::get(format!("http://{}{path}", server.http())).await?;
        Ok(answer.error_for_status()?.text().await?)
    };
    let declarations = get("/holdfast.d.ts").await?;
    ensure!(declarations.contains("interface HoldfastApi"));
    ensure!(get("/locales/en.json").await.is_err() && get("/sdk.js").await.is_err());
    Ok(())
}

/// What people copy is what is tried here.
#[test]
fn the_snippet_of_the_documentation_is_the_one_that_is_tested() -> Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/embed.md");
    let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let documented = squeeze(&std::fs::read_to_string(path)?);
    ensure!(
        documented.contains(&squeeze(SNIPPET)),
        "docs/embed.md has another snippet"
    );
    Ok(())
}
