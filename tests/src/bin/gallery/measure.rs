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

/// The pages that are measured, in the order of the table.
const PAGES: [(&str, &str); 4] = [
    ("without", "page without the tag"),
    ("with", "page with the tag"),
    ("talking", "with a conversation"),
    ("again", "without it once more"),
];

/// A conversation of this visitor's is going on, so that the chat is loaded at once.
const TALKING: &str = "<script>localStorage.setItem('holdfast:demo:talk', '1')</script>";

/// Prints a table: the page without and with the tag, with it in the middle of a conversation, without it once more, and the opening
/// of the chat; then what the tag makes of a difference beside the one between two loads without it. The traces stay in `folder`.
///
/// # Errors
/// When something can't be started or read, when the opening of the chat mostly has more than [`MOST_LONG`] long tasks, or when the tag
/// makes more of a difference, in the middle, than two loads without it ever did.
pub(super) async fn measure(folder: &Path) -> Result<()> {
    let server = Server::start().await?;
    let tag = tag(server.http(), "data-site=\"demo\"");
    let pages = Pages::serve([
        ("/without", page("")),
        ("/with", page(&tag)),
        ("/talking", page(&[TALKING, &tag].concat())),
        ("/again", page("")),
    ])
    .await?;
    let mut loads: [Vec<Figures>; 4] = Default::default();
    let mut opened = Vec::new();
    for round in 1..=ROUNDS {
        for (rows, (name, _)) in loads.iter_mut().zip(PAGES) {
            let keep =
                |trace: &Trace, name| trace.keep(&folder.join(format!("{name}-{round}.json")));
            let (url, tab, browser, trace) = load(&pages, &format!("/{name}")).await?;
            let (figures, page) = Figures::of_load(&trace, &url)?;
            rows.push(figures);
            keep(&trace, name)?;
            if name == "with" {
                let trace = open(&tab, &browser).await?;
                keep(&trace, "opened")?;
                opened.push(Figures::of(&trace, page));
            }
        }
        // Whether a load is the first of four or the last must not matter.
        loads.swap(0, 3);
    }
    let [without, with, talking, again] = &loads;
    println!("{ROUNDS} loads each, processor slowed down {SLOWDOWN} times, slow 4G; milliseconds");
    println!(
        "                         largest paint          blocking time          longest task    tasks over 50 ms"
    );
    let all = PAGES.iter().map(|(_, name)| *name).zip(&loads);
    for (name, rows) in all.chain([("chat opened", &opened)]) {
        print(name, &Figures::ALL.map(|of| spread(rows.iter().map(of))));
    }
    for (name, rows) in [
        ("with minus without", with),
        ("talking minus without", talking),
        ("without minus without", again),
    ] {
        let line = Figures::ALL.map(|of| spread(differences(rows, without, of)));
        print(name, &line);
    }
    judge(&opened)?;
    judge_load("with the tag", with, without, again)?;
    judge_load("in the middle of a conversation", talking, without, again)
}

/// The chat is opened, with the trace of it.
async fn open(tab: &Tab, browser: &Browser) -> Result<Trace> {
    let tracing = browser.trace().await?;
    // Nobody looks meanwhile whether it is open: that would be a task of the page's, too.
    tab.click_hook("launcher").await?;
    // sleep: what is measured is a span in which nobody does anything.
    tokio::time::sleep(OPENED).await;
    let trace = tracing.end().await?;
    ensure!(tab.widget().await?.open, "the chat did not open");
    Ok(trace)
}

fn differences(
    rows: &[Figures],
    base: &[Figures],
    of: fn(&Figures) -> f64,
) -> impl Iterator<Item = f64> {
    rows.iter()
        .zip(base)
        .map(move |(row, base)| of(row) - of(base))
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

/// Whether the middle of what the tag makes of a difference is within what two loads without it differ by.
fn judge_load(what: &str, rows: &[Figures], without: &[Figures], again: &[Figures]) -> Result<()> {
    for (name, of) in [
        ("largest paint", Figures::paint as fn(&Figures) -> f64),
        ("blocking time", Figures::blocking),
    ] {
        let (middle, _, _) = middle(differences(rows, without, of));
        let (_, _, noise) = self::middle(differences(again, without, of).map(f64::abs));
        ensure!(
            middle <= noise,
            "the page {what} has {middle:.0} ms more of {name} than without the tag, and two loads without it differ by \
             {noise:.0} at most"
        );
    }
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

    #[test]
    fn the_tag_makes_no_more_of_a_difference_than_chance() {
        let paints = |all: [f64; 3]| {
            all.map(|paint| Figures {
                paint: Some(paint),
                tasks: vec![],
            })
        };
        let (without, again) = (paints([300.0, 310.0, 290.0]), paints([320.0, 280.0, 300.0]));
        let judged = |with| judge_load("with the tag", &paints(with), &without, &again);
        assert!(judged([330.0, 340.0, 300.0]).is_ok());
        assert!(judged([330.0, 345.0, 330.0]).is_err());
    }
}
