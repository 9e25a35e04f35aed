//! What the tag costs a page on a slow phone with a slow line, by Chromium's trace of its own work.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    browser::{Browser, Engine, Tab, Thread, Trace, Wish},
    pages::{Page, Pages, tag},
    server::Server,
};
use serde_json::json;

/// Each page is loaded so often, in turn; the middle value counts. All of it takes three minutes, since the machine must be
/// left alone meanwhile.
const ROUNDS: usize = 7;

/// As Lighthouse has it for a phone: a processor of a quarter of the speed, and a slow 4G line.
const SLOWDOWN: u32 = 4;
const LATENCY_MS: u32 = 150;
const DOWN_BYTES: u32 = 1_638_400 / 8;
const UP_BYTES: u32 = 750 * 1024 / 8;

/// The whole load, the browser's idle time and the widget's beginning lie within this span.
const SETTLED: Duration = Duration::from_secs(5);

/// What the panel adds once it is open lies within this span.
const OPENED: Duration = Duration::from_secs(2);

/// A task that is longer holds up what a person does.
const LONG_MS: f64 = 50.0;

/// So many long tasks may the opening of the chat have, as the middle of the rounds.
const MOST_LONG: f64 = 1.0;

#[derive(Clone, Debug)]
struct Figures {
    /// The largest paint, in milliseconds since the page was asked for; nothing where no page was.
    paint: Option<f64>,
    /// The lengths of the long tasks.
    tasks: Vec<f64>,
}

impl Figures {
    /// What the table has of them.
    const ALL: [fn(&Self) -> f64; 4] = [Self::paint, Self::blocking, Self::longest, Self::count];

    fn of_load(trace: &Trace, url: &str) -> Result<(Self, Thread)> {
        let page = trace.thread(url)?;
        let paint = trace.largest_paint(url).context("nothing was painted")?;
        let paint = Some(paint);
        Ok((
            Self {
                paint,
                ..Self::of(trace, page)
            },
            page,
        ))
    }

    fn of(trace: &Trace, page: Thread) -> Self {
        let mut tasks = trace.tasks(page);
        tasks.retain(|task| *task > LONG_MS);
        Self { paint: None, tasks }
    }

    fn paint(&self) -> f64 {
        self.paint.unwrap_or_default()
    }

    fn blocking(&self) -> f64 {
        self.tasks.iter().map(|task| task - LONG_MS).sum::<f64>() + 0.0
    }

    /// A count, as a figure like the others.
    fn count(&self) -> f64 {
        self.tasks.iter().map(|_| 1.0).sum::<f64>() + 0.0
    }

    fn longest(&self) -> f64 {
        self.tasks.iter().copied().fold(0.0, f64::max)
    }
}

/// Prints a table: the page without and with the tag, without it once more, and the opening of the chat; then what the tag
/// makes of a difference beside the one between two loads without it. The traces stay in `folder`.
///
/// # Errors
/// When something can't be started or read, or the opening of the chat mostly has more than [`MOST_LONG`] long tasks.
pub(super) async fn measure(folder: &Path) -> Result<()> {
    let server = Server::start().await?;
    let tag = tag(server.http(), "data-site=\"demo\"");
    let pages = Pages::serve([("/without", page("")), ("/with", page(&tag))]).await?;
    let (mut without, mut with, mut again, mut opened) = (vec![], vec![], vec![], vec![]);
    for round in 1..=ROUNDS {
        let keep = |trace: &Trace, name| trace.keep(&folder.join(format!("{name}-{round}.json")));
        let (url, _, _, trace) = load(&pages, "/without").await?;
        without.push(Figures::of_load(&trace, &url)?.0);
        keep(&trace, "without")?;
        let (url, tab, browser, trace) = load(&pages, "/with").await?;
        let (figures, page) = Figures::of_load(&trace, &url)?;
        with.push(figures);
        keep(&trace, "with")?;
        let tracing = browser.trace().await?;
        // Nobody looks meanwhile whether it is open: that would be a task of the page's, too.
        tab.click_hook("launcher").await?;
        // sleep: what is measured is a span in which nobody does anything.
        tokio::time::sleep(OPENED).await;
        let trace = tracing.end().await?;
        ensure!(tab.widget().await?.open, "the chat did not open");
        keep(&trace, "opened")?;
        opened.push(Figures::of(&trace, page));
        drop((tab, browser));
        let (url, _, _, trace) = load(&pages, "/without").await?;
        again.push(Figures::of_load(&trace, &url)?.0);
        // Whether a load is the first of three or the last must not matter.
        std::mem::swap(&mut without, &mut again);
    }
    println!("{ROUNDS} loads each, processor slowed down {SLOWDOWN} times, slow 4G; milliseconds");
    println!(
        "                         largest paint          blocking time          longest task    tasks over 50 ms"
    );
    for (name, rows) in [
        ("page without the tag", &without),
        ("page with the tag", &with),
        ("without it once more", &again),
        ("chat opened", &opened),
    ] {
        let line = Figures::ALL.map(|of| spread(rows.iter().map(of)));
        print(name, &line);
    }
    for (name, rows) in [
        ("with minus without", &with),
        ("without minus without", &again),
    ] {
        let pairs = || rows.iter().zip(&without);
        let line = Figures::ALL.map(|of| spread(pairs().map(|(row, base)| of(row) - of(base))));
        print(name, &line);
    }
    judge(&opened)
}

fn judge(opened: &[Figures]) -> Result<()> {
    let (middle, _, most) = middle(opened.iter().map(Figures::count));
    ensure!(
        middle <= MOST_LONG,
        "the opening of the chat has {middle:.0} tasks over {LONG_MS:.0} ms as the middle of the rounds, and up to \
         {most:.0}; {MOST_LONG:.0} is the limit. The traces tell what they do"
    );
    Ok(())
}

fn print(name: &str, [paint, blocking, longest, count]: &[String; 4]) {
    println!("{name:22} {paint:>22} {blocking:>22} {longest:>22} {count:>19}");
}

/// The middle value, and the least and the greatest.
fn spread(values: impl Iterator<Item = f64>) -> String {
    let (middle, least, most) = middle(values);
    format!("{middle:.0} ({least:.0} to {most:.0})")
}

/// The middle value, the least and the greatest.
fn middle(values: impl Iterator<Item = f64>) -> (f64, f64, f64) {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    (
        values[values.len() / 2],
        values[0],
        values[values.len() - 1],
    )
}

/// A fresh browser each time: nothing is cached, and nothing is compiled yet.
async fn load(pages: &Pages, path: &str) -> Result<(String, Tab, Browser, Trace)> {
    let browser = Browser::start_with(Wish {
        is_traced: true,
        ..Wish::of(Engine::Chromium)
    })
    .await?;
    let tab = browser.open("about:blank").await?;
    let screen = json!({"width": 390, "height": 760, "deviceScaleFactor": 2, "mobile": true});
    tab.devtools("Emulation.setDeviceMetricsOverride", screen)
        .await?;
    tab.devtools("Network.enable", json!({})).await?;
    let line = json!({
        "offline": false, "latency": LATENCY_MS, "downloadThroughput": DOWN_BYTES, "uploadThroughput": UP_BYTES,
    });
    tab.devtools("Network.emulateNetworkConditions", line)
        .await?;
    tab.devtools("Emulation.setCPUThrottlingRate", json!({"rate": SLOWDOWN}))
        .await?;
    let tracing = browser.trace().await?;
    let url = pages.url(path);
    tab.goto(&url).await?;
    // sleep: what is measured is a span in which nobody does anything.
    tokio::time::sleep(SETTLED).await;
    let trace = tracing.end().await?;
    Ok((url, tab, browser, trace))
}

/// A page of a usual weight: some text, a style sheet of its own, and a script that keeps it busy for a moment.
fn page(tag: &str) -> Page {
    let text = "<p>Ropes, hooks and harnesses for everybody who goes up, and for those who wait below.</p>";
    Page::html(format!(
        "<!doctype html><html lang=\"en\"><head><title>A shop</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <style>body {{ font: 16px/1.5 sans-serif }} h1 {{ font-size: 40px }}</style></head>\
         <body><h1>Everything for climbers since 1989, at prices that hold</h1>{}\
         <script>const end = performance.now() + 20; while (performance.now() < end);</script>{tag}</body></html>",
        text.repeat(200)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(counts: [usize; 3]) -> Vec<Figures> {
        let figures = |count| Figures {
            paint: None,
            tasks: vec![LONG_MS + 1.0; count],
        };
        counts.map(figures).to_vec()
    }

    #[test]
    fn one_long_task_in_most_rounds_is_the_limit() {
        assert!(judge(&opened([1, 9, 0])).is_ok());
        assert!(judge(&opened([2, 0, 2])).is_err());
    }
}
