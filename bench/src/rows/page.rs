//! What a page costs in Chromium, by its developer tools: the main thread's time, and memory.

use anyhow::{Context as _, Result};
use holdfast_tests::browser::{Browser, Tab};
use serde_json::{Value, json};

use crate::gauge::Gauge;

/// Bytes.
pub(super) const MIB: f64 = 1_048_576.0;

/// What the main thread has done since the page was loaded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    /// Seconds in tasks of every kind.
    tasks: f64,
    /// Of them in scripts, the program included.
    scripts: f64,
    /// … in finding out which styles hold.
    styles: f64,
    /// … in finding out where everything stands.
    layout: f64,
    /// How often that was done.
    layouts: f64,
}

/// What a page has of memory, once what is dead was collected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    /// Bytes of JavaScript's objects.
    pub(super) heap: f64,
    /// Bytes of all memories of WebAssembly.
    pub(super) wasm: f64,
    /// Bytes of the browser's processes for pages: both, and the document, what is drawn, and the browser's own code.
    pub(super) process: f64,
}

impl Work {
    /// What was done so far.
    ///
    /// # Errors
    /// When the browser does not tell.
    pub(super) async fn of(tab: &Tab) -> Result<Self> {
        let metrics = metrics(tab).await?;
        Ok(Self {
            tasks: metric(&metrics, "TaskDuration")?,
            scripts: metric(&metrics, "ScriptDuration")?,
            styles: metric(&metrics, "RecalcStyleDuration")?,
            layout: metric(&metrics, "LayoutDuration")?,
            layouts: metric(&metrics, "LayoutCount")?,
        })
    }

    /// The same for each of some frames in between, in words.
    pub(super) fn for_each_frame(self, before: Self, frames: f64) -> String {
        let ms = |part: fn(&Self) -> f64| (part(&self) - part(&before)) * 1000.0 / frames;
        let tasks = ms(|work| work.tasks);
        let scripts = ms(|work| work.scripts);
        let styles = ms(|work| work.styles);
        let layout = ms(|work| work.layout);
        let rest = tasks - scripts - styles - layout;
        let layouts = (self.layouts - before.layouts) / frames;
        format!(
            "{tasks:.1} ms in tasks: scripts {scripts:.1}, styles {styles:.1}, layout {layout:.1} ({layouts:.2} of them), \
             painting and the rest {rest:.1}"
        )
    }
}

impl Memory {
    /// What there is now.
    ///
    /// # Errors
    /// When the browser does not tell.
    pub(super) async fn of(browser: &Browser, tab: &Tab) -> Result<Self> {
        tab.devtools("HeapProfiler.collectGarbage", json!({}))
            .await?;
        let metrics = metrics(tab).await?;
        let mut process = 0.0;
        for id in browser.renderers()? {
            process += Gauge::new(id).memory_kib()? * 1024.0;
        }
        Ok(Self {
            heap: metric(&metrics, "JSHeapUsedSize")?,
            wasm: wasm_bytes(tab).await?,
            process,
        })
    }

    /// What the widget's objects and its program take, in MiB.
    pub(super) fn mib(self) -> f64 {
        (self.heap + self.wasm) / MIB
    }
}

async fn metrics(tab: &Tab) -> Result<Value> {
    tab.devtools("Performance.enable", json!({})).await?;
    tab.devtools("Performance.getMetrics", json!({})).await
}

fn metric(metrics: &Value, name: &str) -> Result<f64> {
    let mut all = metrics["metrics"].as_array().into_iter().flatten();
    let metric = all.find(|metric| metric["name"] == name);
    let value = metric.and_then(|metric| metric["value"].as_f64());
    value.with_context(|| format!("no {name} in {metrics}"))
}

/// The program keeps its memory to itself, so that the page is asked for all memories there are.
async fn wasm_bytes(tab: &Tab) -> Result<f64> {
    let kind = json!({"expression": "WebAssembly.Memory.prototype"});
    let kind = tab.devtools("Runtime.evaluate", kind).await?;
    let all = json!({"prototypeObjectId": kind["result"]["objectId"]});
    let all = tab.devtools("Runtime.queryObjects", all).await?;
    let sum = json!({
        "objectId": all["objects"]["objectId"],
        "functionDeclaration": "function() { return this.reduce((sum, it) => sum + it.buffer.byteLength, 0); }",
        "returnByValue": true,
    });
    let sum = tab.devtools("Runtime.callFunctionOn", sum).await?;
    let bytes = sum["result"]["value"].as_f64();
    bytes.with_context(|| format!("no memory of WebAssembly: {sum}"))
}
