//! How soon a visitor sees what they wrote: from the key to the message in the document, and to the frame that shows it.

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::browser::Tab;
use serde::Deserialize;
use serde_json::json;

use super::float;
use crate::gauge::median;
use crate::report::Report;

/// Messages that are written for each row.
const MESSAGES: usize = 15;

/// A frame of a screen with 60 in a second.
const FRAME_MS: f64 = 1000.0 / 60.0;

/// The Enter key, as WebDriver writes it.
const ENTER: &str = "\u{E007}";

/// Writes a message and presses Enter; says how long it took until it stood in the list, laid out, which is before the
/// key's event is over: whoever looked again and again by a timer would measure the timer too.
const KEY: &str = "
    const [text, done] = arguments;
    const root = document.querySelector('#holdfast-chat').shadowRoot;
    const composer = root.querySelector('[data-hf=\"composer\"]');
    const log = root.querySelector('[data-hf=\"messages\"]');
    composer.value = text;
    composer.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }));
    requestAnimationFrame(() => setTimeout(() => {
        const began = performance.now();
        const init = { key: 'Enter', code: 'Enter', keyCode: 13, bubbles: true, composed: true, cancelable: true };
        composer.dispatchEvent(new KeyboardEvent('keydown', init));
        const { height } = log.lastElementChild.getBoundingClientRect();
        const took = performance.now() - began;
        const mine = log.lastElementChild.querySelector('[data-hf=\"text\"]');
        done(mine?.textContent === text && height > 0 ? took : null);
    }));";

/// Writes a message, and from then on looks at each frame, until one has the message: whether it is in the list when the
/// frame begins, and in sight once the frame is drawn. A frame is drawn in one task, in which its callbacks are called
/// first; what they post is received after it. When the picture was on the screen, the browser says itself (Event Timing):
/// in steps of 8 ms, and not at all where it was sooner than after 16 ms.
const WATCH: &str = "
    const [text, done] = arguments;
    const root = document.querySelector('#holdfast-chat').shadowRoot;
    const composer = root.querySelector('[data-hf=\"composer\"]');
    const list = root.querySelector('[data-hf=\"list\"]');
    const log = root.querySelector('[data-hf=\"messages\"]');
    composer.value = text;
    composer.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }));
    let key;
    composer.addEventListener('keydown', (event) => { key = event; }, { capture: true, once: true });
    const painted = new Promise((tell) => {
        const watch = new PerformanceObserver((seen) => {
            const mine = seen.getEntries().find((it) => it.name === 'keydown');
            if (!mine) return;
            watch.disconnect();
            tell(mine.duration);
        });
        watch.observe({ type: 'event', durationThreshold: 16 });
    });
    window.shown = new Promise((resolve) => {
        const channel = new MessageChannel();
        channel.port1.onmessage = async ({ data: frames }) => {
            const mine = log.lastElementChild.getBoundingClientRect();
            const place = list.getBoundingClientRect();
            const seen = mine.height > 0 && mine.top >= place.top && mine.bottom <= place.bottom + 1;
            const soon = new Promise((tell) => setTimeout(tell, 1000, 16));
            const paint = await Promise.race([painted, soon]);
            resolve({ is_real: key.isTrusted, frames, is_in_sight: seen, paint });
        };
        let frames = 0;
        const frame = () => {
            if (key) frames++;
            const mine = log.lastElementChild?.querySelector('[data-hf=\"text\"]');
            if (key && mine?.textContent === text) return channel.port2.postMessage(frames);
            requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
    });
    requestAnimationFrame(() => setTimeout(done, 0, true));";

const COMPOSER: &str = "return document.querySelector('#holdfast-chat').shadowRoot.querySelector('[data-hf=\"composer\"]')";

/// What is known once the message is on the screen.
const SHOWN: &str = "const [done] = arguments; window.shown.then(done);";

/// The frame that shows the message.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Shown {
    /// Whether the key was pressed on a keyboard, as far as the page can tell.
    is_real: bool,
    /// Which frame it is, the first after the key being 1.
    frames: f64,
    is_in_sight: bool,
    /// Milliseconds from the key until it was on the screen; 16 also stands for less.
    paint: f64,
}

/// In an open panel, with the processor slowed down already.
pub(super) async fn measure(tab: &Tab, report: &mut Report) -> Result<()> {
    let (mut took, mut shown) = (Vec::new(), Vec::new());
    for number in 0..MESSAGES {
        took.push(processed(tab, &format!("message {number}")).await?);
    }
    for number in 0..MESSAGES {
        shown.push(frame(tab, &format!("frame {number}")).await?);
    }
    let frames: f64 = shown.iter().map(|it| it.frames).sum();
    let mut paints: Vec<_> = shown.iter().map(|it| it.paint).collect();
    report.add(
        "widget_key",
        median(&mut took),
        "ms",
        FRAME_MS,
        "a frame, for the work until the message is laid out, with the processor slowed down 4 times",
    );
    report.add(
        "widget_key_frames",
        frames / float(MESSAGES),
        "frames",
        1.0,
        "the first frame that is drawn after the key, with the processor slowed down 4 times",
    );
    report.add(
        "widget_key_paint",
        median(&mut paints),
        "ms",
        FRAME_MS,
        "a frame, from the key until the screen shows it, with the processor slowed down 4 times",
    );
    Ok(())
}

/// Milliseconds of work from the key until the message is laid out.
async fn processed(tab: &Tab, text: &str) -> Result<f64> {
    let took: Option<f64> = tab.run_async(KEY, vec![json!(text)]).await?;
    took.context("the message did not stand there when the key's event was over")
}

/// Presses Enter on the keyboard, and says which frame shows the message.
async fn frame(tab: &Tab, text: &str) -> Result<Shown> {
    tab.run_async::<bool>(WATCH, vec![json!(text)]).await?;
    tab.type_keys(COMPOSER, vec![], ENTER).await?;
    let shown: Shown = tab.run_async(SHOWN, vec![]).await?;
    ensure!(
        shown.is_real && shown.is_in_sight,
        "no such key, or nothing to see: {shown:?}"
    );
    Ok(shown)
}
