//! What the tag costs a page on a slow phone with a slow line, by the browser's own figures.

use std::time::Duration;

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Browser, Tab},
    pages::{Page, Pages, tag},
    server::Server,
};
use serde::Deserialize;
use serde_json::json;

/// Each page is loaded so often; the middle value counts.
const ROUNDS: usize = 9;

/// As Lighthouse has it for a phone: a processor of a quarter of the speed, and a slow 4G line.
const SLOWDOWN: u32 = 4;
const LATENCY_MS: u32 = 150;
const DOWN_BYTES: u32 = 1_638_400 / 8;
const UP_BYTES: u32 = 750 * 1024 / 8;

/// The whole load, the browser's idle time and the widget's beginning lie within this span.
const SETTLED: Duration = Duration::from_secs(7);

/// A task that is longer holds up what a person does.
const LONG_MS: f64 = 50.0;

/// Collects from the beginning of the page.
const WATCH: &str = "window.figures = { paint: 0, tasks: [] };
    new PerformanceObserver((list) => list.getEntries().forEach((it) => { figures.paint = it.startTime; }))
        .observe({ type: 'largest-contentful-paint', buffered: true });
    new PerformanceObserver((list) => list.getEntries().forEach((it) => figures.tasks.push(it.duration)))
        .observe({ type: 'longtask', buffered: true });";

#[derive(Clone, Debug, Deserialize)]
struct Figures {
    /// The largest paint, in milliseconds since the page was asked for.
    paint: f64,
    /// The lengths of the long tasks.
    tasks: Vec<f64>,
}

impl Figures {
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

/// Prints a table: the page without and with the tag, and the opening of the chat.
pub(super) async fn measure() -> Result<()> {
    let server = Server::start().await?;
    let tag = tag(server.http(), "data-site=\"demo\"");
    let pages = Pages::serve([("/without", page("")), ("/with", page(&tag))]).await?;
    let (mut without, mut with, mut opened) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(load(&pages.url("/without")).await?.0);
        let (figures, tab, _browser) = load(&pages.url("/with")).await?;
        with.push(figures);
        tab.run::<()>("figures.tasks = [];", vec![]).await?;
        tab.open_chat().await?;
        // sleep: the browser tells of a long task only when it is over.
        tokio::time::sleep(Duration::from_secs(2)).await;
        opened.push(tab.run::<Figures>("return figures", vec![]).await?);
    }
    println!("{ROUNDS} loads each, processor slowed down {SLOWDOWN} times, slow 4G; milliseconds");
    println!(
        "                         largest paint          blocking time          longest task    tasks over 50 ms"
    );
    for (name, rows) in [
        ("page without the tag", without),
        ("page with the tag", with),
        ("chat opened", opened),
    ] {
        println!(
            "{name:22} {:>22} {:>22} {:>22} {:>19}",
            spread(&rows, |row| row.paint),
            spread(&rows, Figures::blocking),
            spread(&rows, Figures::longest),
            spread(&rows, Figures::count)
        );
    }
    Ok(())
}

/// The middle value, and the least and the greatest.
fn spread(rows: &[Figures], of: impl Fn(&Figures) -> f64) -> String {
    let mut values: Vec<f64> = rows.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    let middle = values[values.len() / 2];
    format!(
        "{middle:.0} ({:.0} to {:.0})",
        values[0],
        values[values.len() - 1]
    )
}

/// A fresh browser each time: nothing is cached, and nothing is compiled yet.
async fn load(url: &str) -> Result<(Figures, Tab, Browser)> {
    let browser = Browser::start().await?;
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
    tab.goto(url).await?;
    // sleep: what is measured is a span in which nobody does anything.
    tokio::time::sleep(SETTLED).await;
    let figures: Figures = tab.run("return figures", vec![]).await?;
    ensure!(figures.paint > 0.0, "nothing was painted");
    Ok((figures, tab, browser))
}

/// A page of a usual weight: some text, a style sheet of its own, and a script that keeps it busy for a moment.
fn page(tag: &str) -> Page {
    let text = "<p>Ropes, hooks and harnesses for everybody who goes up, and for those who wait below.</p>";
    Page::html(format!(
        "<!doctype html><html lang=\"en\"><head><title>A shop</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <style>body {{ font: 16px/1.5 sans-serif }} h1 {{ font-size: 40px }}</style><script>{WATCH}</script></head>\
         <body><h1>Everything for climbers since 1989, at prices that hold</h1>{}\
         <script>const end = performance.now() + 20; while (performance.now() < end);</script>{tag}</body></html>",
        text.repeat(200)
    ))
}
