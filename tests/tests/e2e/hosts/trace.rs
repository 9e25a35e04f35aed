//! What the tag leaves on a page that has nothing to do with it: one name, and a button in a corner.

use std::time::Duration;

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab, Widget},
    in_every_engine,
    pages::{Page, Pages},
    proxy::{Counts, Scope},
    stage::Stage,
    wait,
};
use serde::Deserialize;
use serde_json::json;

use super::{CONTENT, Place, cannot_show, complaints, extras, page, place, serve_with, talk};

in_every_engine!(
    one_name_and_no_cookie,
    nothing_moves,
    the_focus_stays_where_it_is,
    clicks_reach_the_page,
    clicks_reach_the_page_beside_a_hidden_launcher_and_one_on_the_left,
    the_page_stays_in_the_back_forward_cache,
    a_page_that_is_not_kept_is_known_by_it,
);

const TRACE: &str = include_str!("trace.js");

/// Inserts the tag, so that the page can be looked at before.
const INSERT: &str = "const script = document.createElement('script');
    script.async = true;
    script.src = `http://${arguments[0]}/widget.js`;
    script.dataset.site = 'demo';
    document.head.append(script);";

/// A page without the tag, with what looks for its traces.
async fn plain() -> Result<Pages> {
    let own = page("<script src=\"/trace.js\"></script>", CONTENT);
    let more = [
        ("/trace.js", Page::script(TRACE)),
        ("/other", Page::html("<title>Other</title>")),
    ];
    serve_with(own, more).await
}

async fn insert_the_tag(stage: &Stage, tab: &Tab) -> Result<()> {
    let server = stage.street.addr().to_string();
    tab.run::<()>(INSERT, vec![json!(server)]).await?;
    tab.see("the widget", |widget| widget.here).await?;
    Ok(())
}

#[derive(Debug, Deserialize)]
struct Changes {
    names: Vec<String>,
    parts: Vec<String>,
}

/// From the tag to the end of a conversation, with all that is loaded on the way: one global name, no patched part of the
/// language or the browser, no cookie, and nothing in the console.
async fn one_name_and_no_cookie(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let pages = plain().await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.run::<()>("window.before = window.unsteadies = null;", vec![])
        .await?;
    let look = "window.before = inventory(); window.unsteadies = unsteady(before, inventory());";
    tab.run::<()>(look, vec![]).await?;
    // Asking for all names makes browsers say which of them are old.
    let known = complaints(&tab).await?;
    insert_the_tag(&stage, &tab).await?;
    talk(&mut stage, &tab).await?;
    extras::work(&tab).await?;
    let mut said = complaints(&tab).await?;
    said.retain(|line| !known.contains(line));
    let changes = "const { names, parts } = changes(window.before, inventory());
        return { names, parts: parts.filter((path) => !window.unsteadies.includes(path)) };";
    let changes: Changes = tab.run(changes, vec![]).await?;
    ensure!(changes.names == ["Holdfast"], "{changes:?}");
    ensure!(changes.parts.is_empty(), "{changes:?}");
    ensure!(tab.cookies().await?.is_empty());
    ensure!(said.is_empty(), "{said:#?}");
    Ok(())
}

/// Until the chat is opened nothing moves at all, and the page's own parts never do. In the open panel an answer may
/// move a word.
async fn nothing_moves(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let pages = plain().await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    let layout = "return layout().concat([document.documentElement.scrollWidth,
        document.documentElement.scrollHeight].map(String));";
    let before: Vec<String> = tab.run(layout, vec![]).await?;
    insert_the_tag(&stage, &tab).await?;
    ensure!(tab.run::<Vec<String>>(layout, vec![]).await? == before);
    let shifts = shifts(&tab).await?;
    ensure!(shifts.is_empty(), "{shifts:?}");

    let mut agent = stage.agent("Ben").await?;
    talk(&mut stage, &tab).await?;
    // sleep: browsers forgive what moves within half a second of a key.
    tokio::time::sleep(FORGIVEN).await;
    let conversation = agent.desk().messages[0].conversation;
    for answer in ["One more thing:", "we close at six."] {
        stage.agent_writes(&mut agent, conversation, answer).await?;
        stage.settle(&[&tab], &agent, conversation).await?;
    }
    let open: Vec<String> = tab.run(layout, vec![]).await?;
    ensure!(open == before, "{open:?} instead of {before:?}");
    let shifts = self::shifts(&tab).await?;
    let sum: f64 = shifts.iter().map(|(value, _)| value).sum();
    println!("layout shift of an open chat with two answers: {sum:.5}");
    ensure!(sum < A_WORD, "{shifts:?}");
    if !engine.has_devtools() {
        cannot_show(engine, "the browser's own count", "only Chromium has one");
    }
    Ok(())
}

/// So long after an input, and then some, a shift does not count.
const FORGIVEN: Duration = Duration::from_millis(600);

/// What the browsers' score says of a word that moves; a page is called good below 0.1.
const A_WORD: f64 = 0.001;

/// How much of the page moved, and what.
type Shift = (f64, String);

async fn shifts(tab: &Tab) -> Result<Vec<Shift>> {
    tab.run("return window.watched.shifts", vec![]).await
}

/// Neither loading nor an answer, nor a page on which the panel was open already, takes the focus away.
async fn the_focus_stays_where_it_is(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let pages = plain().await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    let name = "return document.getElementById('name')";
    tab.click(name, vec![]).await?;
    insert_the_tag(&stage, &tab).await?;
    focus_is_on(&tab, "name").await?;
    let mut agent = stage.agent("Ben").await?;
    talk(&mut stage, &tab).await?;
    focus_is_on(&tab, "holdfast-chat").await?;

    tab.click(name, vec![]).await?;
    let conversation = agent.desk().messages[0].conversation;
    stage
        .agent_writes(&mut agent, conversation, "Anything else?")
        .await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    focus_is_on(&tab, "name").await?;

    tab.reload().await?;
    tab.click(name, vec![]).await?;
    insert_the_tag(&stage, &tab).await?;
    tab.see("the panel, open as it was", |widget| widget.open)
        .await?;
    focus_is_on(&tab, "name").await
}

async fn focus_is_on(tab: &Tab, id: &str) -> Result<()> {
    let focused: String = tab.run("return document.activeElement.id", vec![]).await?;
    ensure!(focused == id, "the focus is on {focused:?}");
    Ok(())
}

type Hit = (f64, f64, String);

/// Whatever can be clicked on the page without the tag can be clicked with it, outside of what is seen of it.
async fn clicks_reach_the_page(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let pages = plain().await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    let before: Vec<Hit> = tab.run("return hits()", vec![]).await?;
    insert_the_tag(&stage, &tab).await?;
    let closed: Vec<Hit> = tab.run("return hits()", vec![]).await?;
    let launcher = place(&tab, "launcher").await?;
    compare(&before, &closed, &[launcher])?;

    tab.open_chat().await?;
    tab.at_rest().await?;
    let open: Vec<Hit> = tab.run("return hits()", vec![]).await?;
    let seen = [place(&tab, "launcher").await?, place(&tab, "panel").await?];
    compare(&before, &open, &seen)?;

    tab.click_hook("close").await?;
    tab.see("the closed panel", |widget| !widget.open).await?;
    tab.at_rest().await?;
    let closed: Vec<Hit> = tab.run("return hits()", vec![]).await?;
    compare(&before, &closed, &[place(&tab, "launcher").await?])
}

/// Put away, nothing of the chat takes a click; moved to the other side, nothing of it is left on this one.
async fn clicks_reach_the_page_beside_a_hidden_launcher_and_one_on_the_left(
    engine: Engine,
) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let pages = plain().await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    let before: Vec<Hit> = tab.run("return hits()", vec![]).await?;
    insert_the_tag(&stage, &tab).await?;
    tab.open_chat().await?;
    tab.run::<()>("Holdfast.hide()", vec![]).await?;
    tab.see("no panel", |widget| !widget.open).await?;
    tab.at_rest().await?;
    let hidden: Vec<Hit> = tab.run("return hits()", vec![]).await?;
    let taken = before.iter().zip(&hidden).find(|(was, is)| was != is);
    ensure!(taken.is_none(), "a hidden chat takes clicks: {taken:?}");

    let left = "Holdfast.show(); Holdfast.update({ position: 'left' })";
    tab.run::<()>(left, vec![]).await?;
    let launcher = async || place(&tab, "launcher").await;
    wait::until("the launcher on the left", launcher, |place| {
        place.left < 100.0 && place.right > 0.0
    })
    .await?;
    tab.at_rest().await?;
    let closed: Vec<Hit> = tab.run("return hits()", vec![]).await?;
    compare(&before, &closed, &[place(&tab, "launcher").await?])?;
    tab.open_chat().await?;
    tab.at_rest().await?;
    let open: Vec<Hit> = tab.run("return hits()", vec![]).await?;
    let seen = [place(&tab, "launcher").await?, place(&tab, "panel").await?];
    compare(&before, &open, &seen)
}

fn compare(before: &[Hit], after: &[Hit], seen: &[Place]) -> Result<()> {
    ensure!(before.len() == after.len() && before.len() > 1000);
    let mut taken = 0;
    for (was, is) in before.iter().zip(after) {
        let (x, y, hit) = is;
        if seen.iter().any(|place| place.holds(*x, *y)) {
            taken += usize::from(hit == "DIV#holdfast-chat");
        } else {
            ensure!(was == is, "at {x}, {y} is {hit} instead of {}", was.2);
        }
    }
    ensure!(taken > 0, "the widget itself takes no clicks");
    Ok(())
}

/// Both with a chat that was never opened and in the middle of a conversation. Firefox keeps no page with an open
/// WebSocket, and decides so before the page hears that it is left: there the chat has none while nothing is going on, and a
/// page with a conversation is loaded anew.
async fn the_page_stays_in_the_back_forward_cache(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in_with(engine, Scope::WebSockets).await?;
    let pages = plain().await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    // A browser that has just started may be busy with itself.
    let plainly = async || comes_back(&tab, &pages, 1).await;
    wait::until("the page without the tag, kept", plainly, Back::is_kept).await?;
    insert_the_tag(&stage, &tab).await?;
    let is_calm = |widget: &Widget| widget.connection == engine.calm_line();
    tab.see("the line as it stays", is_calm).await?;
    // Who hangs up says so at once. For the browser the line is there until the server has closed it, too.
    let open = usize::from(engine.calm_line() == "online");
    let end = |now: &Counts| now.open == open;
    stage.street.wait_for("the end of the line", end).await?;
    is_kept(&tab, &pages, "with an unopened chat").await?;
    tab.see("the line as it was", is_calm).await?;
    talk(&mut stage, &tab).await?;
    if engine == Engine::Firefox {
        ensure!(
            !comes_back(&tab, &pages, 1).await?.is_restored,
            "it keeps pages with an open WebSocket: nobody need hang up"
        );
        insert_the_tag(&stage, &tab).await?;
    } else {
        is_kept(&tab, &pages, "with an open chat").await?;
    }
    let widget = tab
        .see("the line again", |widget| {
            widget.connection == "online" && widget.messages.len() == 2
        })
        .await?;
    ensure!(widget.open, "{widget:?}");
    Ok(())
}

async fn is_kept(tab: &Tab, pages: &Pages, what: &str) -> Result<()> {
    let back = comes_back(tab, pages, 1).await?;
    ensure!(back.is_kept(), "{what}: {back:?}");
    Ok(())
}

/// What the test above looks at tells a page that is loaded anew from one that is kept. Chromium and Firefox keep no page that
/// listens for its end; WebKit does, and keeps few pages.
async fn a_page_that_is_not_kept_is_known_by_it(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let pages = plain().await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    insert_the_tag(&stage, &tab).await?;
    let further = match engine {
        Engine::Chromium | Engine::Firefox => {
            let spoil = "addEventListener('unload', () => {});";
            tab.run::<()>(spoil, vec![]).await?;
            1
        }
        Engine::WebKit => MANY,
    };
    let back = comes_back(&tab, &pages, further).await?;
    ensure!(!back.is_restored, "{back:?}");
    if engine.has_devtools() {
        ensure!(!back.reasons.is_empty(), "the browser says no reason");
    } else {
        cannot_show(engine, "the reasons", "it tells none");
    }
    Ok(())
}

/// More pages than WebKit keeps.
const MANY: usize = 6;

/// How a page is after somebody went to another one and back.
#[derive(Debug, Deserialize)]
struct Back {
    /// Whether it is the same page as before.
    is_restored: bool,
    /// Why it is not, in the browser's own words; other engines than Chromium's say nothing.
    reasons: Vec<String>,
}

impl Back {
    fn is_kept(&self) -> bool {
        self.is_restored && self.reasons.is_empty()
    }
}

/// Goes so many pages further, and back again.
async fn comes_back(tab: &Tab, pages: &Pages, further: usize) -> Result<Back> {
    let mark = "window.restored = false;
        addEventListener('pageshow', (event) => { window.restored = event.persisted; }, { once: true });";
    tab.run::<()>(mark, vec![]).await?;
    for step in 0..further {
        tab.goto(&pages.url(&format!("/other?{step}"))).await?;
    }
    for _ in 0..further {
        tab.back().await?;
    }
    // A page that was kept may be about to hear so.
    let told = async || {
        tab.run::<bool>("return window.restored !== false", vec![])
            .await
    };
    wait::until("a page that knows where it is from", told, |told| *told).await?;
    let look = "const said = performance.getEntriesByType('navigation')[0].notRestoredReasons;
        return { is_restored: window.restored === true, reasons: (said?.reasons ?? []).map(({ reason }) => reason) };";
    let back = tab.run(look, vec![]).await?;
    println!("{}: {back:?}", tab.engine());
    Ok(back)
}
