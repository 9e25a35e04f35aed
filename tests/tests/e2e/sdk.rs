//! The page's own scripts and the chat: what they may call, when, and what they hear.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    browser::{Browser, Tab},
    pages::{Pages, with_tag},
    stage::Stage,
    wait,
};
use serde_json::{Value, json};

/// The snippet of docs/embed.md, and a script that calls before anything is loaded and notes what it hears.
const EARLY: &str = r#"
    <button id="own" onclick="Holdfast.open()">Chat</button>
    <script>
      window.Holdfast = ((q) => new Proxy({ q }, { get: (own, name) => own[name] || ((...args) => {
        const call = [name, args];
        q.push(call);
        return name == "on" ? () => call.off ? call.off() : (call.off = 1) : 0;
      }) }))([]);
      window.heard = [];
      for (const event of ["ready", "open", "close", "message:sent", "message:delivered", "message:read",
        "message:received", "message:failed", "unread", "connection", "error"])
        Holdfast.on(event, (detail) => heard.push([event, detail]));
      window.off = Holdfast.on("open", () => heard.push(["off", {}]));
      off();
      Holdfast.open();
      Holdfast.prefill("first");
      Holdfast.prefill("second");
    </script>"#;

fn early(server: SocketAddr, attributes: &str) -> String {
    with_tag(server, "demo", attributes).replace("<h1>", &format!("{EARLY}<h1>"))
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

/// Nothing is in the console but what these pages lack themselves.
async fn ensure_silent(tab: &Tab) -> Result<()> {
    let mut lines = tab.console().await?;
    lines.retain(|line| !line.contains("/favicon.ico"));
    ensure!(lines.is_empty(), "{lines:?}");
    Ok(())
}

/// How often the page's script has heard `event`.
async fn count(tab: &Tab, event: &str) -> Result<u64> {
    let script = "return heard.filter(([name]) => name == arguments[0]).length";
    tab.run(script, vec![json!(event)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_before_loading_are_kept_and_carried_out_in_order() -> Result<()> {
    let stage = Stage::set().await?;
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

#[tokio::test(flavor = "multi_thread")]
async fn the_page_hears_what_happens_to_messages() -> Result<()> {
    let stage = Stage::set().await?;
    let mut agent = stage.agent("Ana").await?;
    let pages = Pages::serve([("/", early(stage.street.addr(), ""))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.see("the panel", |widget| widget.open).await?;
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
        "message:received",
        "message:failed",
    ] {
        ensure!(count(&tab, event).await? == 0, "{event} was told again");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tags_make_one_widget_and_one_global() -> Result<()> {
    let stage = Stage::set().await?;
    let tag = with_tag(stage.street.addr(), "demo", "");
    let plain = "<!doctype html><html lang=\"en\"><title>A site</title><h1>A site</h1>".to_owned();
    let pages = Pages::serve([("/", format!("{tag}{tag}")), ("/plain", plain)]).await?;
    let names = "const own = (of) => Object.getOwnPropertyNames(of).join(); return [own(window), \
        ...[Object, Array, String, Function, Promise, Element, Node, EventTarget].map((type) => own(type.prototype))]";
    let tab = stage.browser.open(&pages.url("/plain")).await?;
    let before: Vec<String> = tab.run(names, vec![]).await?;
    tab.goto(&pages.url("/")).await?;
    tab.see("the widget", |widget| widget.connection == "online")
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

#[tokio::test(flavor = "multi_thread")]
async fn unknown_names_warn_once_with_a_hint() -> Result<()> {
    let stage = Stage::set().await?;
    let pages = Pages::serve([("/", early(stage.street.addr(), "data-theme=\"drak\""))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    hear(&tab, "ready").await?;
    call(&tab, "Holdfast.opne(); Holdfast.opne(); Holdfast.on('mesage:sent', () => {}); Holdfast.update({ postion: 'left' }); \
        Holdfast.prefill(7)").await?;
    let console = tab.console().await?.join("\n");
    for hint in [
        "did you mean open?",
        "did you mean message:sent?",
        "did you mean position?",
        "theme is one of",
        "prefill takes a text",
    ] {
        ensure!(console.matches(hint).count() == 1, "{hint:?} in {console}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn destroy_leaves_no_trace_and_boot_goes_on() -> Result<()> {
    let stage = Stage::set().await?;
    let agent = stage.agent("Ana").await?;
    let pages = Pages::serve([("/", format!("{WATCH}{}", early(stage.street.addr(), "")))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.see("the panel", |widget| widget.open).await?;
    call(&tab, "Holdfast.sendMessage('before')").await?;
    hear(&tab, "message:sent").await?;
    let watched = call(&tab, "return watch()").await?;
    ensure!(
        watched["listeners"].as_u64() > Some(0) && watched["sockets"] == 1,
        "{watched}"
    );
    // Also where the chat's own event is what makes the page take it away.
    call(
        &tab,
        "Holdfast.on('close', () => Holdfast.destroy()); Holdfast.close()",
    )
    .await?;
    tab.see("no widget", |widget| !widget.here).await?;
    let left = json!({"listeners": 0, "timers": 0, "sockets": 0, "hosts": 0});
    wait::until(
        "no trace",
        async || call(&tab, "return watch()").await,
        |found| *found == left,
    )
    .await?;

    call(&tab, "Holdfast.open(); Holdfast.boot()").await?;
    let widget = tab
        .see("the chat as it was", |widget| {
            widget.open && widget.messages.len() == 1
        })
        .await?;
    ensure!(widget.messages[0].text.contains("before"));
    agent
        .see("one conversation", |desk| desk.messages.len() == 1)
        .await?;
    ensure_silent(&tab).await?;
    Ok(())
}

/// Counts what the chat leaves on a page: listeners on window and document, running timers, open sockets.
const WATCH: &str = r#"<!doctype html><script>{
    const listeners = [], timers = new Set(), sockets = [];
    for (const target of [window, document]) {
      const add = target.addEventListener, remove = target.removeEventListener;
      target.addEventListener = function (name, react, options) {
        listeners.push([target, name, react]);
        if (options?.once) target.removeEventListener(name, react);
        return add.call(target, name, react, options);
      };
      target.removeEventListener = function (name, react, options) {
        const at = listeners.findIndex((known) => known[0] == target && known[1] == name && known[2] == react);
        if (at >= 0) listeners.splice(at, 1);
        return remove.call(target, name, react, options);
      };
    }
    const set = setTimeout, clear = clearTimeout;
    window.setTimeout = (react, span, ...args) => {
      const id = set((...args) => { timers.delete(id); react(...args); }, span, ...args);
      // The tag's own watch for pages that never finish loading ends by itself.
      if (span !== 8000) timers.add(id);
      return id;
    };
    window.clearTimeout = (id) => { timers.delete(id); clear(id); };
    window.WebSocket = class extends WebSocket { constructor(...args) { super(...args); sockets.push(this); } };
    window.watch = () => ({
      listeners: listeners.length, timers: timers.size,
      sockets: sockets.filter((socket) => socket.readyState < 2).length,
      hosts: document.querySelectorAll("[id=holdfast-chat]").length,
    });
}</script>"#;

#[tokio::test(flavor = "multi_thread")]
async fn logout_forgets_the_visitor_in_all_tabs() -> Result<()> {
    let stage = Stage::set().await?;
    let agent = stage.agent("Ana").await?;
    let pages = Pages::serve([("/", early(stage.street.addr(), ""))]).await?;
    let one = stage.browser.open(&pages.url("/")).await?;
    one.see("the panel", |widget| widget.open).await?;
    call(&one, "Holdfast.sendMessage('a secret')").await?;
    hear(&one, "message:sent").await?;
    let two = stage.browser.open_another(&pages.url("/")).await?;
    two.see("the conversation", |widget| widget.messages.len() == 1)
        .await?;
    // A tab that is elsewhere in the meantime, with its state asleep.
    let away = stage.browser.open_another(&pages.url("/")).await?;
    away.see("the conversation", |widget| widget.messages.len() == 1)
        .await?;
    away.goto(&stage.page("/healthz")).await?;

    call(&one, "Holdfast.logout()").await?;
    for tab in [&one, &two] {
        tab.see("nothing of it", |widget| {
            widget.messages.is_empty() && widget.draft.is_empty() && !widget.open
        })
        .await?;
        let kept = "return JSON.stringify([{...localStorage}, {...sessionStorage}])";
        let kept = call(tab, kept).await?;
        ensure!(
            !kept.as_str().context("the storage")?.contains("a secret"),
            "{kept}"
        );
    }
    away.goto(&pages.url("/")).await?;
    hear(&away, "ready").await?;
    for tab in [&one, &away] {
        tab.see("an online widget", |widget| {
            widget.connection == "online" && widget.messages.is_empty()
        })
        .await?;
    }
    call(&two, "Holdfast.sendMessage('somebody else')").await?;
    let desk = agent.see("both", |desk| desk.messages.len() == 2).await?;
    ensure!(
        desk.messages[0].conversation != desk.messages[1].conversation,
        "the same visitor after a logout"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_wait_for_consent() -> Result<()> {
    let stage = Stage::set().await?;
    let pages = Pages::serve([("/", early(stage.street.addr(), "data-boot=\"manual\""))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    let loaded = "return performance.getEntriesByType('resource').filter((entry) => entry.name.includes('/assets/')).length";
    let idle = "return new Promise((done) => requestIdleCallback(() => done(true)))";
    call(&tab, idle).await?;
    ensure!(
        call(&tab, loaded).await? == 0 && !tab.widget().await?.here,
        "loaded without being asked"
    );
    ensure!(
        call(
            &tab,
            "return Holdfast.getUnread() + Object.keys(localStorage).length"
        )
        .await?
            == 0
    );
    call(&tab, "Holdfast.boot({ theme: 'dark' })").await?;
    tab.see("the widget, and what was asked for before", |widget| {
        widget.open && widget.draft == "first"
    })
    .await?;
    let theme = "return document.querySelector('#holdfast-chat').shadowRoot.querySelector('.hf').dataset.theme";
    ensure!(call(&tab, theme).await? == "dark");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_opens_the_chat_by_its_own_button_and_gets_the_focus_back() -> Result<()> {
    let stage = Stage::set().await?;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_the_page_stops_nobody_else() -> Result<()> {
    let stage = Stage::set().await?;
    let browser: &Browser = &stage.browser;
    let pages = Pages::serve([("/", early(stage.street.addr(), ""))]).await?;
    let tab = browser.open(&pages.url("/")).await?;
    hear(&tab, "ready").await?;
    call(
        &tab,
        "Holdfast.on('close', () => { throw new Error('of the page') }); \
        Holdfast.on('close', () => heard.push(['after', {}])); Holdfast.close()",
    )
    .await?;
    hear(&tab, "after").await?;
    tab.open_chat().await?;
    ensure!(
        tab.console()
            .await?
            .iter()
            .any(|line| line.contains("of the page"))
    );
    Ok(())
}
