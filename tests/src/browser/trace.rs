//! What Chromium writes down of its own work, as its developer tools show it under "Performance".

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use super::Browser;

/// What a browser that is traced is started with: its driver does not hand out what the tools are told.
pub(super) const FLAG: &str = "--remote-debugging-port=0";

/// The file in a profile in which Chromium says where its developer tools are: the port, and the path.
const TOOLS: &str = "DevToolsActivePort";

/// What is written down: the tasks of each thread and what they consist of, and the paints.
const CATEGORIES: &str = "toplevel,devtools.timeline,disabled-by-default-devtools.timeline,loading,\
                          blink.user_timing,v8,v8.wasm";

/// One piece of work that nothing interrupts.
const TASK: &str = "RunTask";

/// What may be the largest paint until a larger one comes.
const PAINT: &str = "largestContentfulPaint::Candidate";

/// A browser that is writing down what it does.
pub struct Tracing {
    tools: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// A span of the browser's work.
pub struct Trace {
    events: Vec<Value>,
}

/// The process and the thread on which a page's scripts run, and on which it is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread(u64, u64);

impl Browser {
    /// Begins to write down what the browser does; one that was wished to be traced.
    ///
    /// # Errors
    /// When the browser does not do so.
    pub async fn trace(&self) -> Result<Tracing> {
        let file = self.seat.profile.path().join(TOOLS);
        let place = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let (port, path) = place.split_once('\n').context("where the tools are")?;
        let url = format!("ws://127.0.0.1:{port}{}", path.trim());
        let (tools, _) = connect_async(url).await?;
        let mut tracing = Tracing { tools };
        let categories = json!({"traceConfig": {"includedCategories": CATEGORIES.split(',').collect::<Vec<_>>()}});
        tracing.ask("Tracing.start", categories).await?;
        let answer = tracing.hear().await?;
        ensure!(answer["error"].is_null(), "no trace: {answer}");
        Ok(tracing)
    }
}

impl Tracing {
    /// What the browser has done since.
    ///
    /// # Errors
    /// When the browser does not tell.
    pub async fn end(mut self) -> Result<Trace> {
        self.ask("Tracing.end", json!({})).await?;
        let mut events = Vec::new();
        loop {
            let mut told = self.hear().await?;
            match told["method"].as_str() {
                Some("Tracing.dataCollected") => {
                    let Value::Array(some) = told["params"]["value"].take() else {
                        bail!("a trace without events");
                    };
                    events.extend(some);
                }
                Some("Tracing.tracingComplete") => return Ok(Trace { events }),
                _ => {}
            }
        }
    }

    async fn ask(&mut self, method: &str, params: Value) -> Result<()> {
        let text = json!({"id": 1, "method": method, "params": params}).to_string();
        Ok(self.tools.send(Message::text(text)).await?)
    }

    async fn hear(&mut self) -> Result<Value> {
        let message = self.tools.next().await.context("the browser is gone")??;
        Ok(serde_json::from_str(message.to_text()?)?)
    }
}

impl Trace {
    /// Where the page at `url` runs that was asked for in this span.
    ///
    /// # Errors
    /// When none was.
    pub fn thread(&self, url: &str) -> Result<Thread> {
        self.asked(url)
            .map(thread)
            .with_context(|| format!("no {url} in the trace"))
    }

    /// How long each task of a page took, in milliseconds.
    #[must_use]
    pub fn tasks(&self, page: Thread) -> Vec<f64> {
        let tasks = self.named(TASK).filter(|task| thread(task) == page);
        let lengths = tasks.filter_map(|task| task["dur"].as_f64());
        lengths.map(|length| length / 1000.0).collect()
    }

    /// When the page at `url` had its largest paint, in milliseconds since it was asked for; nothing where it painted
    /// nothing.
    #[must_use]
    pub fn largest_paint(&self, url: &str) -> Option<f64> {
        let asked = self.asked(url)?;
        let painted = self
            .named(PAINT)
            .filter(|paint| thread(paint) == thread(asked));
        Some((painted.last()?["ts"].as_f64()? - asked["ts"].as_f64()?) / 1000.0)
    }

    /// Writes it where the developer tools, or ui.perfetto.dev, can open it.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn keep(&self, path: &Path) -> Result<()> {
        let text = json!({ "traceEvents": self.events }).to_string();
        fs::write(path, text).with_context(|| path.display().to_string())
    }

    fn named(&self, name: &'static str) -> impl Iterator<Item = &Value> {
        self.events
            .iter()
            .filter(move |event| event["name"] == name)
    }

    fn asked(&self, url: &str) -> Option<&Value> {
        let asked = self.named("navigationStart");
        asked
            .filter(|event| event["args"]["data"]["documentLoaderURL"] == url)
            .last()
    }
}

fn thread(event: &Value) -> Thread {
    let number = |key: &str| event[key].as_u64().unwrap_or_default();
    Thread(number("pid"), number("tid"))
}
