//! A conversation that is longer than what is on the page of it.

use std::time::Duration;

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    in_every_engine,
    stage::Stage,
    wait,
};
use serde::Deserialize;

use super::{INSIDE, call, extras, holds, inside};

in_every_engine!(a_long_conversation_is_scrolled_through_with_few_messages_on_the_page);

/// Messages of the conversation: more than is on the page.
const MESSAGES: u64 = 242;

/// As many are on the page at most.
const SHOWN: usize = 150;

/// What comes from the server between a scroll and the browser's word of it finds the list at its end, and keeps it
/// there. A list that did not keep its place would jump each time that messages are put in.
const JUMPS: usize = 1;

/// A busy machine draws few frames in a second, and each brings a few messages.
const SCROLLING: Duration = Duration::from_secs(90);

/// Scrolls in one direction, a part of a screen at a time, and looks what happens to what is in sight. After some
/// seconds it says how far it came, and goes on when it is called again.
const SCROLL: &str = "
    const [by, last, done] = arguments;
    const list = find('list');
    const all = () => [...find('messages').querySelectorAll('[data-seq]')];
    const frame = () => new Promise((go) => requestAnimationFrame(go));
    const seen = (window.seen ??= new Set());
    const began = performance.now();
    let most = 0;
    let jumps = 0;
    let moved = 0;
    const known = new WeakSet(find('messages').children);
    const put = (node) => known.has(node) ? moved++ : known.add(node);
    const observer = new MutationObserver((all) => all.forEach(({ addedNodes }) => addedNodes.forEach(put)));
    observer.observe(find('messages'), { childList: true });
    const look = () => {
        const { top, height } = list.getBoundingClientRect();
        for (const it of all()) {
            const { bottom } = it.getBoundingClientRect();
            if (bottom > top && bottom <= top + height) seen.add(Number(it.dataset.seq));
        }
        most = Math.max(most, all().length);
    };
    (async () => {
        look();
        while (performance.now() - began < 4000 && !seen.has(last)) {
            const { top, height } = list.getBoundingClientRect();
            list.scrollTop += by;
            const middle = all().find((it) => it.getBoundingClientRect().bottom > top + height / 2);
            const stood = middle.getBoundingClientRect().top;
            await frame();
            await frame();
            if (middle.isConnected && Math.abs(middle.getBoundingClientRect().top - stood) > 2) jumps++;
            look();
        }
        observer.disconnect();
        done({ most, jumps, moved, seen: seen.size, is_done: seen.has(last) });
    })();";

#[derive(Debug, Deserialize)]
struct Scrolled {
    /// The most messages that were on the page at a time.
    most: usize,
    /// How often what was in sight did not stay there.
    jumps: usize,
    /// How often a line that was there was put there again, for which a browser does all its work anew.
    moved: usize,
    /// Messages that were in sight so far.
    seen: u64,
    /// Whether it came to its end.
    is_done: bool,
}

async fn a_long_conversation_is_scrolled_through_with_few_messages_on_the_page(
    engine: Engine,
) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    for number in 3..=MESSAGES {
        let text = format!("line {number}\n{}", "long ".repeat(9));
        agent.write(conversation, &text).await?;
    }
    let last = format!("return find('messages').lastElementChild?.dataset.seq === '{MESSAGES}'");
    holds(&tab, &last).await?;
    let count = "return find('messages').querySelectorAll('[data-seq]').length";
    ensure!(inside::<usize>(&tab, count).await? <= SHOWN);
    // Nothing of it is here: what is older comes from the server.
    call(&tab, "window.onpagehide = null; sessionStorage.clear()").await?;
    let tab = stage.browser.open_another(&stage.page("/")).await?;
    tab.open_chat().await?;
    holds(&tab, &last).await?;
    extras(&tab).await?;
    let script = format!("{INSIDE}{SCROLL}");
    for (by, last) in [(-300, 1), (300, MESSAGES)] {
        call(&tab, "delete window.seen").await?;
        let scroll = async || {
            let arguments = vec![by.into(), last.into()];
            let scrolled: Scrolled = tab.run_async(&script, arguments).await?;
            ensure!(
                scrolled.most <= SHOWN && scrolled.jumps <= JUMPS && scrolled.moved == 0,
                "{scrolled:?}"
            );
            Ok(scrolled)
        };
        let scrolled = wait::until_for(SCROLLING, "the end", scroll, |it| it.is_done).await?;
        ensure!(scrolled.seen == MESSAGES, "{scrolled:?}");
    }
    holds(&tab, "return !shown('jump')").await?;
    jumps_to_the_newest(&tab).await
}

/// From so far up that the newest message is not on the page, one click leads to it.
async fn jumps_to_the_newest(tab: &Tab) -> Result<()> {
    let newest = format!(
        "const newest = find('messages').querySelector('[data-seq=\"{MESSAGES}\"]')?.getBoundingClientRect();"
    );
    let up = "find('list').scrollTop = 0; return shown('jump') && !newest";
    holds(tab, &format!("{newest}{up}")).await?;
    tab.click_hook("jump").await?;
    // A pixel for rounding.
    let there = "const { top, bottom } = find('list').getBoundingClientRect();
        return !!newest && newest.top >= top && newest.bottom <= bottom + 1 && !shown('jump')";
    holds(tab, &format!("{newest}{there}")).await
}
