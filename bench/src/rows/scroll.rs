//! How smoothly a visitor scrolls through a long conversation, and how much of it is on the page.

use anyhow::{Context as _, Result, bail};
use holdfast_tests::browser::{Browser, Tab};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Size;
use super::log::planted;
use super::page::{MIB, Memory, Work};
use super::widget::{SLOWDOWN, site, slow_down};
use crate::report::Report;
use crate::seed::Seed;
use crate::stage::Stage;

/// Messages of the conversation.
const MESSAGES: u64 = 10_000;

/// Pixels from frame to frame: what a finger's fling makes at its fastest.
const BY: i32 = -120;

/// The other way, back to the newest.
const BACK: i32 = -BY;

/// Pixels from frame to frame on the way to the first message: as far as messages are put there in between.
const LEAP: i32 = -300;

/// What a page may have of elements for the widget, however long the conversation is.
const ELEMENTS: f64 = 1500.0;

/// What JavaScript and the program may have of memory, however long the conversation is.
const BUDGET_MIB: f64 = 32.0;

/// Frames that a screen shows in a second.
const SCREEN: f64 = 60.0;

/// On the way to the first message so many turns are enough on any machine.
const TURNS: usize = 100;

/// Lets the visitor be known and puts the tag on the page, which opens its panel; done when there are messages.
const OPEN: &str = "
    const [site, server, token, done] = arguments;
    localStorage.setItem(`holdfast:${site}:token`, token);
    const tag = document.createElement('script');
    tag.src = `http://${server}/widget.js`;
    tag.dataset.site = site;
    document.head.append(tag);
    const look = () => {
        const root = document.querySelector('#holdfast-chat')?.shadowRoot;
        if (root?.querySelectorAll('[data-seq]').length > 20) return setTimeout(done, 1000, true);
        setTimeout(look, 50);
    };
    tag.onload = () => { Holdfast.open(); look(); };";

/// A list of the page's own, of the same size, which does nothing: as smooth as this browser can be here.
const PLAIN: &str = "
    const list = document.body.appendChild(document.createElement('div'));
    list.className = 'plain';
    list.style = 'position: fixed; right: 20px; bottom: 20px; width: 384px; height: 500px; overflow: auto';
    for (let n = 0; n < 2000; n++) list.appendChild(document.createElement('p')).textContent = 'A rope of sixty metres. '.repeat(4);
    list.scrollTop = list.scrollHeight;";

/// Scrolls a list from frame to frame for some seconds, or upwards until the first message is in sight.
const SCROLL: &str = "
    const [by, span, done] = arguments;
    const root = document.querySelector('#holdfast-chat')?.shadowRoot ?? document;
    const list = root.querySelector('[data-hf=list]') ?? root.querySelector('.plain');
    const began = performance.now();
    let frames = 0;
    let elements = 0;
    const frame = () => {
        const ms = performance.now() - began;
        if (frames++ % 30 === 0) elements = Math.max(elements, root.querySelectorAll('*').length);
        const first = Number(root.querySelector('[data-seq]')?.dataset.seq ?? 1);
        if (ms < span && (by > 0 || list.scrollTop > 0 || first > 1)) {
            list.scrollTop += by;
            return requestAnimationFrame(frame);
        }
        done({ frames: frames - 1, ms, elements, first });
    };
    requestAnimationFrame(frame);";

#[derive(Debug, Deserialize)]
struct Scrolled {
    frames: f64,
    /// Milliseconds that they took.
    ms: f64,
    /// The most elements that were in the widget.
    elements: f64,
    /// The number of the first message on the page.
    first: u64,
}

impl Scrolled {
    /// Frames in a second.
    fn rate(&self) -> f64 {
        self.frames * 1000.0 / self.ms
    }
}

pub(super) async fn measure(
    browser: &Browser,
    tab: &Tab,
    size: Size,
    report: &mut Report,
) -> Result<()> {
    let messages = MESSAGES / u64::try_from(size.divisor)?;
    let seed = Seed {
        visitors: 1,
        messages,
        are_waiting: false,
    };
    let (folder, who) = planted(seed).await?;
    let token = who.first().and_then(|who| who.token.clone());
    let token = token.context("no visitor was planted")?;
    let stage = Stage::start_on(folder).await?;
    let pages = site().await?;
    let page = pages.url("/");
    let span = 8000 / size.divisor;

    slow_down(tab, SLOWDOWN).await?;
    tab.goto(&page).await?;
    tab.run::<Value>(PLAIN, vec![]).await?;
    let plain = watched(tab, "a plain list", BY, span / 2).await?;
    tab.goto(&page).await?;
    let arguments = vec![json!("s0"), json!(stage.server.http()), json!(token)];
    tab.run_async::<bool>(OPEN, arguments).await?;
    let unread = Memory::of(browser, tab).await?;
    let ours = watched(tab, "the widget", BY, span).await?;
    slow_down(tab, 1).await?;
    let way = read_back(tab).await?;
    let read = Memory::of(browser, tab).await?;
    slow_down(tab, SLOWDOWN).await?;
    let back = watched(tab, "the widget back again", BACK, span).await?;
    slow_down(tab, 1).await?;
    for (name, rate) in [
        ("widget_scroll", ours.rate()),
        ("widget_scroll_down", back.rate()),
    ] {
        report.add(
            name,
            rate,
            "frames/s",
            plain.rate(),
            "a plain list in the same browser, with the processor slowed down 4 times",
        );
    }
    report.add(
        "widget_scroll_all",
        way.rate(),
        "frames/s",
        SCREEN,
        "the screen's; the rest of the way to the first message, at the processor's own speed",
    );
    report.add(
        "widget_scroll_elements",
        ours.elements.max(way.elements),
        "",
        ELEMENTS,
        "the bound, with all of 10,000 messages read back",
    );
    report_memory(unread, read, report);
    Ok(())
}

fn report_memory(unread: Memory, read: Memory, report: &mut Report) {
    eprintln!(
        "  the widget's memory: {:.1} MiB with the newest messages; with all of them JavaScript has {:.1} MiB, the program {:.1}",
        unread.mib(),
        read.heap / MIB,
        read.wasm / MIB
    );
    report.add(
        "widget_mib",
        read.mib(),
        "MiB",
        BUDGET_MIB,
        "the budget, with all of 10,000 messages read back",
    );
    report.add(
        "widget_page_mib",
        read.process / MIB,
        "MiB",
        unread.process / MIB,
        "with the newest messages alone; the browser's processes for pages, with all of 10,000 read back",
    );
}

/// Scrolls on until the first message is in sight.
async fn read_back(tab: &Tab) -> Result<Scrolled> {
    let mut way = scroll(tab, LEAP, 5000).await?;
    for _ in 0..TURNS {
        if way.first == 1 {
            return Ok(way);
        }
        let more = scroll(tab, LEAP, 5000).await?;
        way = Scrolled {
            frames: way.frames + more.frames,
            ms: way.ms + more.ms,
            elements: way.elements.max(more.elements),
            first: more.first,
        };
    }
    bail!("the first message was not reached, but {}", way.first)
}

/// Scrolls at the speed that is measured, and tells what each frame took.
async fn watched(tab: &Tab, whose: &str, by: i32, span: usize) -> Result<Scrolled> {
    let before = Work::of(tab).await?;
    let scrolled = scroll(tab, by, span).await?;
    let frames = scrolled.frames.max(1.0);
    let work = Work::of(tab).await?.for_each_frame(before, frames);
    let frame = 1000.0 / scrolled.rate();
    eprintln!("  scrolling {whose}: a frame takes {frame:.1} ms, {work}");
    Ok(scrolled)
}

async fn scroll(tab: &Tab, by: i32, span: usize) -> Result<Scrolled> {
    tab.run_async(SCROLL, vec![by.into(), span.into()]).await
}
