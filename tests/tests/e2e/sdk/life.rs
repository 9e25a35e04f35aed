//! How the chat comes onto a page, leaves it, and forgets.

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    browser::{Engine, Widget},
    in_every_engine,
    pages::{Pages, with_tag},
    stage::Stage,
    wait,
};
use serde_json::json;

use super::{super::visitors::extras, call, early, ensure_silent, hear};

in_every_engine!(
    destroy_leaves_no_trace_and_boot_goes_on,
    destroy_ends_the_timers_and_the_sound_of_what_was_loaded_later,
    logout_forgets_the_visitor_in_all_tabs,
    the_page_before_a_logout_shows_nothing_when_one_goes_back_to_it,
    a_page_may_wait_for_consent,
);

/// Counts what the chat leaves on a page: listeners on window and document, running timers, open sockets.
const WATCH: &str = r#"<script>{
    const listeners = [], timers = new Set(), sockets = [];
    for (const target of [window, document]) {
      const add = target.addEventListener, remove = target.removeEventListener;
      target.addEventListener = function (name, react, options) {
        const listener = [target, name, react];
        listeners.push(listener);
        options?.signal?.addEventListener("abort", () => listeners.splice(listeners.indexOf(listener), 1));
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
      // The tag's own watch for pages that never finish loading ends by itself, and so does WebKit's driver's for scripts.
      if (span !== 8000 && !String(react).includes("JavaScriptTimeout")) timers.add(id);
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

/// Safari tells nobody when it is idle.
const IDLE: &str = "<script>window.requestIdleCallback ??= (react) => setTimeout(react);</script>";

async fn destroy_leaves_no_trace_and_boot_goes_on(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let agent = stage.agent("Ana").await?;
    let page = early(stage.street.addr(), "").replacen("<title>", &format!("{WATCH}<title>"), 1);
    let pages = Pages::serve([("/", page)]).await?;
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

/// Counts what sounds: browsers give a page only so many of these.
const SOUNDS: &str = "<script>{
    const contexts = [];
    window.AudioContext = class extends AudioContext { constructor(...args) { super(...args); contexts.push(this); } };
    window.sounds = () => [contexts.length, contexts.filter((context) => context.state !== 'closed').length];
}</script>";

/// In the moment in which an answer came, with a word about a copy on the panel: each has a timer of its own.
async fn destroy_ends_the_timers_and_the_sound_of_what_was_loaded_later(
    engine: Engine,
) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let mut agent = stage.agent("Ana").await?;
    let watches = format!("{WATCH}{SOUNDS}<title>");
    let page = early(stage.street.addr(), "").replacen("<title>", &watches, 1);
    let pages = Pages::serve([("/", page)]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.see("the panel", |widget| widget.open).await?;
    extras(&tab).await?;
    // What the page's script has written first goes along.
    tab.draft(", hello\u{E007}").await?;
    let desk = agent.see("it", |desk| !desk.messages.is_empty()).await?;
    let conversation = desk.messages[0].conversation;
    tab.click_hook("close").await?;
    tab.see("no panel", |widget| !widget.open).await?;
    stage.agent_writes(&mut agent, conversation, "Hi").await?;
    let sounds = async || call(&tab, "return sounds()").await;
    wait::until("a sound", sounds, |found| *found == json!([1, 1])).await?;
    tab.open_chat().await?;
    tab.click_hook("menu").await?;
    tab.click_hook("copy").await?;
    let said = "return !document.querySelector('#holdfast-chat').shadowRoot.querySelector('[data-hf=said]').hidden";
    let look = async || call(&tab, said).await;
    wait::until("a word about the copy", look, |found| *found == true).await?;
    call(
        &tab,
        "Holdfast.close(); Holdfast.on('message:received', () => { Holdfast.destroy(); window.left = watch(); })",
    )
    .await?;
    stage
        .agent_writes(&mut agent, conversation, "Still there?")
        .await?;
    let left = async || call(&tab, "return window.left ?? null").await;
    let left = wait::until("a chat taken off", left, |found| !found.is_null()).await?;
    ensure!(
        left == json!({"listeners": 0, "timers": 0, "sockets": 0, "hosts": 0}),
        "{left}"
    );
    wait::until("silence", sounds, |found| *found == json!([1, 0])).await?;
    ensure_silent(&tab).await
}

async fn logout_forgets_the_visitor_in_all_tabs(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
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
    // The page that was loaded anew has opened the panel again.
    for (tab, line) in [(&one, engine.calm_line()), (&away, "online")] {
        tab.see("a widget of nobody's", |widget| {
            widget.connection == line && widget.messages.is_empty()
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

/// Notes what a page that comes out of the back/forward cache shows first: messages, and what is in the composer.
const NOTE: &str = "<script>
    addEventListener('pageshow', ({ persisted }) => {
        if (persisted) requestAnimationFrame(() => {
            const root = document.querySelector('#holdfast-chat').shadowRoot;
            const count = root.querySelectorAll('[data-hf=message]').length;
            document.documentElement.dataset.first = count + root.querySelector('[data-hf=composer]').value;
        });
    });
    </script>";

/// On a shared computer. Chromium and WebKit have kept the page in the middle of the conversation, and Firefox, which keeps
/// none with a line, loads it anew.
async fn the_page_before_a_logout_shows_nothing_when_one_goes_back_to_it(
    engine: Engine,
) -> Result<()> {
    for is_open in [true, false] {
        let mut stage = Stage::set_in(engine).await?;
        let html = with_tag(stage.street.addr(), "demo", "");
        let noted = html.replace("<h1>", &format!("{NOTE}<h1>"));
        let pages = Pages::serve([("/", noted), ("/other", html)]).await?;
        let (tab, agent, _) = stage.greeting_at(&pages.url("/")).await?;
        tab.draft("half a secret").await?;
        let kept = async || call(&tab, "return JSON.stringify({...sessionStorage})").await;
        wait::until("the draft saved", kept, |kept| {
            kept.to_string().contains("half a secret")
        })
        .await?;
        if !is_open {
            tab.click_hook("close").await?;
            tab.see("no panel", |widget| !widget.open).await?;
        }
        tab.goto(&pages.url("/other")).await?;
        tab.see("the chat", |widget| {
            widget.open == is_open && widget.connection == "online"
        })
        .await?;
        call(&tab, "Holdfast.logout()").await?;
        tab.see("nothing of it", is_nobodys).await?;

        tab.back().await?;
        tab.see("nothing of it on the page before", is_nobodys)
            .await?;
        let first = match engine {
            Engine::Chromium | Engine::WebKit => json!("0"),
            Engine::Firefox => json!(null),
        };
        let noted = async || {
            let noted = "return document.documentElement.dataset.first ?? null";
            call(&tab, noted).await
        };
        wait::until("nothing from the first moment on", noted, |noted| {
            *noted == first
        })
        .await?;
        tab.open_chat().await?;
        tab.write("somebody else").await?;
        let desk = agent
            .see("both", |desk| desk.find("somebody else").is_some())
            .await?;
        let of = |text: &str| desk.find(text).map(|message| message.conversation);
        ensure!(
            of("somebody else") != of("Good morning"),
            "the same visitor after a logout"
        );
        let widget = tab.widget().await?;
        ensure!(
            widget.messages.len() == 1 && widget.draft.is_empty(),
            "{widget:?}"
        );
    }
    Ok(())
}

fn is_nobodys(widget: &Widget) -> bool {
    widget.here && !widget.open && widget.messages.is_empty() && widget.draft.is_empty()
}

async fn a_page_may_wait_for_consent(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let page = early(stage.street.addr(), "data-boot=\"manual\"");
    let page = page.replacen("<title>", &format!("{IDLE}<title>"), 1);
    let pages = Pages::serve([("/", page)]).await?;
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
    // As a framework does that mounts everything twice to find faults.
    let twice = "Holdfast.boot({ theme: 'dark' }); Holdfast.destroy(); Holdfast.boot()";
    call(&tab, twice).await?;
    tab.see("the widget, and what was asked for before", |widget| {
        widget.open && widget.draft == "first"
    })
    .await?;
    let theme = "return document.querySelector('#holdfast-chat').shadowRoot.querySelector('.hf').dataset.theme";
    ensure!(call(&tab, theme).await? == "dark");
    Ok(())
}
