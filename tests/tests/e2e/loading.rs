//! When the widget is loaded, and that nobody sees it: the launcher is the same before and after.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Browser, Engine, Tab, Widget},
    in_every_engine,
    pages::{Pages, with_tag},
    proxy::{Forgotten, Proxy},
    server::Server,
    stage::Stage,
    wait,
};
use serde_json::json;

use super::hosts::{complaints, watched};

in_every_engine!(
    a_tap_on_a_page_that_is_never_idle_opens_the_chat,
    the_focus_on_the_launcher_loads_the_chat_and_opens_nothing,
    a_pointer_over_the_launcher_loads_the_chat_and_changes_no_pixel,
    an_idle_page_loads_the_chat_by_itself,
    a_chat_at_rest_has_its_line_when_somebody_comes,
    a_chat_at_rest_hears_of_a_conversation_in_another_tab,
    a_conversation_goes_on_at_once,
    a_conversation_goes_on_at_once_in_another_tab,
    a_tab_of_its_own_knows_of_no_other,
    a_tap_without_a_line_is_told_to_the_owner_and_done_when_it_is_back,
);

/// A page that is busy for ever: the browser never calls what waits for an idle moment.
pub(crate) const BUSY: &str = "<script>window.requestIdleCallback = () => 0;</script>";

const TAB: &str = "\u{E004}";

/// What the page has loaded of the widget, beside the script that its owner pasted.
const LOADED: &str = "return performance.getEntriesByType('resource')
    .filter((entry) => entry.name.includes('/assets/')).length;";

/// Everything of the launcher that a person could notice, one property a line.
const LOOKS: &str = r#"
    const root = document.querySelector('#holdfast-chat').shadowRoot;
    const launcher = root.querySelector('[data-hf="launcher"]');
    const of = (element) => {
        const style = getComputedStyle(element);
        // Letters and language: the launcher has none but for the count, which is not there yet. Variables: what
        // they do is here.
        const names = [...style].filter((name) => !/^--|font|text|line-height|locale/.test(name));
        const { x, y, width, height } = element.getBoundingClientRect();
        return [[x, y, width, height], ...names.map((name) => name + ': ' + style.getPropertyValue(name))];
    };
    const attributes = [...launcher.attributes].map((a) => a.name + '=' + a.value).sort();
    return [...attributes, ...of(launcher), ...of(launcher.querySelector('.chat'))].map(String);
"#;

/// Where the middle of the launcher is.
const MIDDLE: &str = r#"
    const root = document.querySelector('#holdfast-chat').shadowRoot;
    const box = root.querySelector('[data-hf="launcher"]').getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2].map(Math.round);
"#;

fn busy(server: &Server) -> String {
    [BUSY, &with_tag(server.http(), "demo", "")].concat()
}

/// How much of the widget the page has loaded, beside the script that its owner pasted.
pub(crate) async fn loaded(tab: &Tab) -> Result<u64> {
    tab.run(LOADED, vec![]).await
}

/// The hook of what has the focus in the widget.
async fn focused(tab: &Tab) -> Result<Option<String>> {
    let focused = "return document.querySelector('#holdfast-chat').shadowRoot.activeElement
        ?.getAttribute('data-hf')";
    tab.run(focused, vec![]).await
}

async fn a_tap_on_a_page_that_is_never_idle_opens_the_chat(engine: Engine) -> Result<()> {
    let (server, browser) = tokio::try_join!(Server::start(), Browser::start_in(engine))?;
    let pages = Pages::serve([("/", busy(&server))]).await?;
    let tab = browser.open(&pages.url("/")).await?;
    tab.see("the launcher", |widget| widget.here).await?;
    ensure!(loaded(&tab).await? == 0, "loaded before its time");
    tab.click_hook("launcher").await?;
    tab.see("the open panel", |widget| widget.open).await?;
    let focused = focused(&tab).await?;
    ensure!(focused.as_deref() == Some("composer"), "{focused:?}");
    Ok(())
}

async fn a_pointer_over_the_launcher_loads_the_chat_and_changes_no_pixel(
    engine: Engine,
) -> Result<()> {
    let (server, browser) = tokio::try_join!(Server::start(), Browser::start_in(engine))?;
    let left = [
        BUSY,
        &with_tag(
            server.http(),
            "demo",
            "data-position=left data-theme=dark data-identity=tab",
        ),
    ]
    .concat();
    let pages = Pages::serve([("/", busy(&server)), ("/left", left)]).await?;
    let tab = browser.open(&pages.url("/")).await?;
    for path in ["/", "/left"] {
        tab.goto(&pages.url(path)).await?;
        tab.see("the launcher", |widget| widget.here).await?;
        let before: Vec<String> = tab.run(LOOKS, vec![]).await?;
        ensure!(before.len() > 300, "{} properties", before.len());
        ensure!(loaded(&tab).await? == 0, "loaded before its time");
        let (x, y): (i32, i32) = tab.run(MIDDLE, vec![]).await?;
        tab.point(x, y).await?;
        tab.see("the line", |widget| widget.connection == "online")
            .await?;
        ensure!(!tab.widget().await?.open, "opened by a mere pointer");
        tab.point(1, 1).await?;
        // It shrinks back in a moment, which is seen as well.
        let looks = async || tab.run::<Vec<String>>(LOOKS, vec![]).await;
        let after = wait::until("the same launcher", looks, |after| *after == before).await;
        if after.is_err() {
            let after: Vec<String> = tab.run(LOOKS, vec![]).await?;
            let changed: Vec<_> = before.iter().zip(&after).filter(|(a, b)| a != b).collect();
            anyhow::bail!("{} changed: {changed:#?}", changed.len());
        }
    }
    Ok(())
}

/// As with the Tab key: whoever comes to the launcher so is about to open the chat.
async fn the_focus_on_the_launcher_loads_the_chat_and_opens_nothing(engine: Engine) -> Result<()> {
    let (server, browser) = tokio::try_join!(Server::start(), Browser::start_in(engine))?;
    let pages = Pages::serve([("/", busy(&server))]).await?;
    let tab = browser.open(&pages.url("/")).await?;
    tab.see("the launcher", |widget| widget.here).await?;
    ensure!(loaded(&tab).await? == 0, "loaded before its time");
    tab.type_keys("return document.body", vec![], TAB).await?;
    let widget = tab
        .see("the line", |widget| widget.connection == "online")
        .await?;
    ensure!(!widget.open, "opened by the mere focus");
    let focused = focused(&tab).await?;
    ensure!(focused.as_deref() == Some("launcher"), "{focused:?}");
    Ok(())
}

async fn an_idle_page_loads_the_chat_by_itself(engine: Engine) -> Result<()> {
    let (server, browser) = tokio::try_join!(Server::start(), Browser::start_in(engine))?;
    let page = with_tag(server.http(), "demo", "");
    let pages = Pages::serve([("/", page)]).await?;
    let tab = browser.open(&pages.url("/")).await?;
    let calm = engine.calm_line();
    tab.see("the line", |widget| widget.connection == calm)
        .await?;
    // What scripts can call, the words of one language, and the program.
    ensure!(loaded(&tab).await? == 3, "{} files", loaded(&tab).await?);
    Ok(())
}

/// With all that came meanwhile, though in Firefox the chat had hung up.
async fn a_chat_at_rest_has_its_line_when_somebody_comes(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let page = with_tag(stage.street.addr(), "demo", "");
    let pages = Pages::serve([("/", page)]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    let calm = |widget: &Widget| widget.connection == engine.calm_line();
    tab.see("the line", calm).await?;
    stage
        .server
        .set_site("greeting = \"Hello again\"\n")
        .await?;
    let (x, y): (i32, i32) = tab.run(MIDDLE, vec![]).await?;
    tab.point(x, y).await?;
    tab.see("the line for the pointer", |widget| {
        widget.connection == "online" && !widget.open
    })
    .await?;
    let greeting = "return document.querySelector('#holdfast-chat').shadowRoot
        .querySelector('[data-hf=greeting]').textContent.includes('Hello again')";
    let read = async || tab.run::<bool>(greeting, vec![]).await;
    wait::until("the owner's words of now", read, |is_there| *is_there).await?;
    tab.point(1, 1).await?;

    tab.reload().await?;
    tab.see("the line of the next page", calm).await?;
    tab.type_keys("return document.body", vec![], TAB).await?;
    tab.see("the line for the focus", |widget| {
        widget.connection == "online" && !widget.open
    })
    .await?;

    tab.reload().await?;
    tab.see("the line once more", calm).await?;
    let mut agent = stage.agent("Ana").await?;
    let send = "window.states = []; Holdfast.on('connection', ({ state }) => states.push(state));
        Holdfast.track('looks'); Holdfast.sendMessage('by a script');";
    tab.run::<()>(send, vec![]).await?;
    let desk = agent
        .see("the message", |desk| desk.find("by a script").is_some())
        .await?;
    ensure!(desk.messages.len() == 1, "{desk:?}");
    let conversation = desk.messages[0].conversation;
    let answer = json!({"send": {"conversation": conversation, "text": "an answer"}});
    agent.tell(&answer).await?;
    let unread = async || tab.run::<u32>("return Holdfast.getUnread()", vec![]).await;
    wait::until("the answer", unread, |count| *count == 1).await?;
    let states: Vec<String> = tab.run("return states", vec![]).await?;
    ensure!(!states.iter().any(|state| state == "paused"), "{states:?}");
    Ok(())
}

/// And shows the answer.
async fn a_chat_at_rest_hears_of_a_conversation_in_another_tab(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let mut agent = stage.agent("Ana").await?;
    let page = with_tag(stage.street.addr(), "demo", "");
    let pages = Pages::serve([("/", page)]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.see("the line", |widget| widget.connection == engine.calm_line())
        .await?;
    let other = stage.browser.open_another(&pages.url("/")).await?;
    other.open_chat().await?;
    stage.visitor_writes(&other, "Hello").await?;
    let desk = agent.see("it", |desk| desk.find("Hello").is_some()).await?;
    let conversation = desk.messages[0].conversation;
    stage.agent_writes(&mut agent, conversation, "Hi").await?;
    tab.see("the answer's count", |widget| widget.unread == "1")
        .await?;
    Ok(())
}

async fn a_conversation_goes_on_at_once(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let agent = stage.agent("Ana").await?;
    let pages = Pages::serve([("/", busy(&stage.server))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.open_chat().await?;
    stage.visitor_writes(&tab, "Hello").await?;
    tab.see("the message on the disk", |widget| {
        widget
            .state_of("Hello")
            .is_some_and(|state| state != "waiting")
    })
    .await?;
    tab.click_hook("close").await?;
    tab.see("the closed panel", |widget| !widget.open).await?;
    tab.goto(&pages.url("/")).await?;
    // The page is never idle, and nobody touches the launcher.
    tab.see("the line", |widget| widget.connection == "online")
        .await?;
    drop(agent);
    Ok(())
}

/// A page that is never idle, and notes that it was asked to say when it is: the chat waits for that, and for nobody else.
const WAITS: &str =
    "<script>window.requestIdleCallback = () => { window.isAsked = true; return 0; };</script>";

/// Loads the page anew in a window of its own, and looks whether the chat waits until it is idle.
async fn waits(stage: &Stage, url: &str) -> Result<Tab> {
    let tab = stage.browser.open_another(url).await?;
    let asked = async || {
        tab.run::<bool>("return window.isAsked === true", vec![])
            .await
    };
    wait::until("a chat that waits", asked, |is_asked| *is_asked).await?;
    ensure!(loaded(&tab).await? == 0, "loaded before its time");
    Ok(tab)
}

/// Also where nobody has answered yet, and no longer when it is over, or its visitor has left.
async fn a_conversation_goes_on_at_once_in_another_tab(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let page = [WAITS, &with_tag(stage.server.http(), "demo", "")].concat();
    let pages = Pages::serve([("/", page)]).await?;
    let url = pages.url("/");
    let tab = stage.browser.open(&url).await?;
    tab.open_chat().await?;
    // Who has only looked has no conversation.
    tab.see("the line", |widget| widget.connection == "online")
        .await?;
    waits(&stage, &url).await?.close().await?;

    stage.visitor_writes(&tab, "Hello").await?;
    is_marked(&tab, true).await?;
    let next = stage.browser.open_another(&url).await?;
    next.see("the conversation, and nobody touched anything", |widget| {
        widget.connection == "online"
    })
    .await?;
    next.close().await?;

    let mut agent = stage.agent("Ana").await?;
    let desk = agent.see("it", |desk| !desk.snapshot.is_empty()).await?;
    let close = json!({"close": {"conversation": desk.snapshot[0]}});
    agent.tell(&close).await?;
    is_marked(&tab, false).await?;
    waits(&stage, &url).await?.close().await?;

    // What is said after its end opens it again.
    stage.visitor_writes(&tab, "One more thing").await?;
    is_marked(&tab, true).await?;
    tab.run::<()>("Holdfast.logout()", vec![]).await?;
    is_marked(&tab, false).await?;
    waits(&stage, &url).await?;
    Ok(())
}

/// Waits until the other tabs of the visitor are told, or are not told any more, that a conversation goes on.
async fn is_marked(tab: &Tab, is_wanted: bool) -> Result<()> {
    let mark = "return !!localStorage['holdfast:demo:talk']";
    let look = async || tab.run::<bool>(mark, vec![]).await;
    wait::until("the mark of a conversation", look, |is| *is == is_wanted).await?;
    Ok(())
}

/// With `data-identity="tab"`, whatever the site's other pages have left for all tabs.
async fn a_tab_of_its_own_knows_of_no_other(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let own = |attributes| [WAITS, &with_tag(stage.server.http(), "demo", attributes)].concat();
    let pages = [("/", own("")), ("/own", own("data-identity=tab"))];
    let pages = Pages::serve(pages).await?;
    let tab = stage.browser.open(&pages.url("/own")).await?;
    tab.open_chat().await?;
    stage.visitor_writes(&tab, "Hello").await?;
    tab.see("the message on the disk", |widget| {
        widget.messages.iter().all(|bubble| bubble.seq.is_some())
    })
    .await?;
    ensure!(
        tab.run::<u64>("return localStorage.length", vec![]).await? == 0,
        "left for all tabs"
    );
    waits(&stage, &pages.url("/own")).await?.close().await?;
    // In this tab it goes on, also on a page with a closed panel.
    tab.click_hook("close").await?;
    tab.see("the closed panel", |widget| !widget.open).await?;
    tab.reload().await?;
    tab.see("the line", |widget| widget.connection == "online")
        .await?;
    let shared = stage.browser.open_another(&pages.url("/")).await?;
    shared.open_chat().await?;
    shared.write("Hello").await?;
    is_marked(&shared, true).await?;
    waits(&stage, &pages.url("/own")).await?;
    Ok(())
}

async fn a_tap_without_a_line_is_told_to_the_owner_and_done_when_it_is_back(
    engine: Engine,
) -> Result<()> {
    let (server, browser) = tokio::try_join!(Server::start(), Browser::start_in(engine))?;
    let street = Proxy::start(server.http()).await?;
    let page = [BUSY, &with_tag(street.addr(), "demo", "")].concat();
    let pages = Pages::serve([("/", watched(&page))]).await?;
    let tab = browser.open(&pages.url("/")).await?;
    tab.see("the launcher", |widget| widget.here).await?;
    street.refuse().await?;
    tab.click_hook("launcher").await?;
    let told = async || complaints(&tab).await;
    wait::until("words for the owner", told, |lines| {
        lines.iter().any(|line| line.contains("could not start"))
    })
    .await?;
    street.heal(Forgotten::Reset).await?;
    // Nobody touches it any more.
    tab.see("the open panel", |widget| widget.open).await?;
    Ok(())
}
