//! Pages that make it hard for a widget, and pages that must not notice it. What stands in one of these pages
//! has been met on a real site.

mod apps;
mod extras;
mod frames;
mod looks;
mod policies;
mod questions;
mod scripts;
mod styles;
mod tags;
mod trace;

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    pages::{Page, Pages, tag},
    stage::Stage,
};
use serde::Deserialize;
use serde_json::Value;

/// The script that notes what goes wrong on a page, and the page's own address for it.
const WATCH: &str = include_str!("watch.js");
const WATCH_TAG: &str = "<script src=\"/watch.js\"></script>";

/// Text that fills a page, with something to click, to fill in and to follow.
const CONTENT: &str = "<main><h1>A shop</h1><p>Ropes, hooks and <a href=\"/other\">other things</a>.</p>\
    <form><label>Name <input id=name></label> <button type=button id=buy>Buy</button></form>\
    <p id=long>Everything for climbers since 1989, at prices that hold.</p></main>";

/// Where a part of the widget is, in the pixels of the window.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
struct Place {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
    /// What can be seen and clicked in its middle is a part of it.
    is_on_top: bool,
    /// The window's size.
    width: f64,
    height: f64,
}

/// Where the element with this hook is.
const PLACE: &str = r#"
    const host = document.querySelector('#holdfast-chat');
    const element = host.shadowRoot.querySelector(`[data-hf="${arguments[0]}"]`);
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const middle = [(left + right) / 2, (top + bottom) / 2];
    const isOurs = document.elementFromPoint(...middle) === host;
    const hit = host.shadowRoot.elementFromPoint(...middle)?.closest(`[data-hf="${arguments[0]}"]`);
    return { left, top, right, bottom, is_on_top: isOurs && hit === element, width: innerWidth, height: innerHeight };
"#;

/// A page with `head` and `body` in the order in which sites have them, watched.
pub(crate) fn page(head: &str, body: &str) -> Page {
    Page::html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>A shop</title>{WATCH_TAG}{head}</head>\
         <body>{body}</body></html>"
    ))
}

/// A page of other scenarios, watched. Its head has to have a title.
pub(crate) fn watched(html: &str) -> String {
    html.replacen("<title>", &format!("<script>{WATCH}</script><title>"), 1)
}

/// The tag for the demo site at the stage's server.
fn tag_for(stage: &Stage) -> String {
    tag(stage.street.addr(), "data-site=\"demo\"")
}

/// A site with this page at `/`, and what all of them have.
pub(crate) async fn serve(page: Page) -> Result<Pages> {
    serve_with(page, []).await
}

/// The same with more pages.
pub(crate) async fn serve_with<const N: usize>(
    page: Page,
    more: [(&str, Page); N],
) -> Result<Pages> {
    let always = [
        ("/", page),
        (
            "/watch.js",
            Page::script(WATCH).with("cross-origin-resource-policy", "cross-origin"),
        ),
    ];
    Pages::serve(always.into_iter().chain(more)).await
}

/// Opens the chat on the page at `url`, talks, and uses what is loaded after the panel: both sides see everything, what
/// can be seen of the widget lies within the window and in front, and nothing was complained about.
pub(crate) async fn chat_works_at(stage: &mut Stage, url: &str) -> Result<Tab> {
    let tab = stage.browser.open(url).await?;
    chat_works_in(stage, &tab).await?;
    Ok(tab)
}

/// The same in a tab that has loaded its page already.
pub(crate) async fn chat_works_in(stage: &mut Stage, tab: &Tab) -> Result<()> {
    if let Err(missing) = tab.see("the widget", |widget| widget.here).await {
        return Err(missing.context(format!("{:#?}", complaints(tab).await?)));
    }
    let launcher = place(tab, "launcher").await?;
    ensure!(launcher.is_in_view() && launcher.is_on_top, "{launcher:?}");
    talk(stage, tab).await?;
    let panel = place(tab, "panel").await?;
    ensure!(panel.is_in_view() && panel.is_on_top, "{panel:?}");
    for hook in ["composer", "send"] {
        let part = place(tab, hook).await?;
        ensure!(part.is_on_top, "{hook}: {part:?}");
    }
    if let Err(missing) = extras::work(tab).await {
        return Err(missing.context(format!("{:#?}", complaints(tab).await?)));
    }
    let complaints = complaints(tab).await?;
    ensure!(complaints.is_empty(), "{complaints:#?}");
    Ok(())
}

/// The answer in each talk, and the address in it.
const ANSWER: &str = "Loud and clear, see https://example.com/rope";
const ADDRESS: &str = "https://example.com/rope";

/// A word and an answer.
async fn talk(stage: &mut Stage, tab: &Tab) -> Result<()> {
    let mut agent = stage.agent("Ana").await?;
    tab.open_chat().await?;
    stage.visitor_writes(tab, "Do you hear me?").await?;
    let desk = agent
        .see("the question", |desk| {
            desk.find("Do you hear me?").is_some()
        })
        .await?;
    let conversation = desk.find("Do you hear me?").context("it")?.conversation;
    stage.agent_writes(&mut agent, conversation, ANSWER).await?;
    stage.settle(&[tab], &agent, conversation).await?;
    Ok(())
}

async fn place(tab: &Tab, hook: &str) -> Result<Place> {
    tab.run(PLACE, vec![hook.into()]).await
}

/// Watches a page that was loaded as it is, from now on.
pub(crate) async fn watch(tab: &Tab) -> Result<()> {
    tab.run::<Value>(WATCH, vec![]).await?;
    Ok(())
}

/// Everything that the page's owner finds in the console since the page was loaded.
pub(crate) async fn complaints(tab: &Tab) -> Result<Vec<String>> {
    let mut found: Vec<String> = tab.run("return window.watched.complaints", vec![]).await?;
    // The other engines tell nobody outside of the page.
    if tab.engine().has_devtools() {
        found.extend(tab.console().await?);
    }
    Ok(found)
}

/// Says, where somebody reads the output, what an engine can't show.
pub(crate) fn cannot_show(engine: Engine, what: &str, why: &str) {
    println!("not shown in {engine}: {what}, because {why}");
}

impl Place {
    /// Whether a point lies in it.
    fn holds(&self, x: f64, y: f64) -> bool {
        x >= self.left && x <= self.right && y >= self.top && y <= self.bottom
    }

    /// Whether all of it is inside of the window, with a pixel for rounding, and as large as a finger: 44 pixels, which may be
    /// 43.99999 while the panel rises.
    fn is_in_view(&self) -> bool {
        self.left >= -1.0
            && self.top >= -1.0
            && self.right <= self.width + 1.0
            && self.bottom <= self.height + 1.0
            && self.right - self.left > 43.9
            && self.bottom - self.top > 43.9
    }
}
