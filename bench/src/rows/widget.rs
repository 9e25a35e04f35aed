//! What a visitor feels: the widget in a real browser on a slow machine, and what it weighs.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::browser::{Browser, Tab};
use holdfast_tests::pages::{Page, Pages};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Size, float, key, scroll};
use crate::gauge::median;
use crate::report::Report;
use crate::stage::Stage;

/// The browser's processor is slowed down by this, as a cheap phone's.
pub(super) const SLOWDOWN: u32 = 4;

/// Pages that are opened.
const PAGES: usize = 5;

/// Puts the tag on a page without it, opens the panel as soon as there is a launcher, and says how long it took from the
/// tag until the composer could be used.
const READY: &str = "
    const [site, server, done] = arguments;
    const began = performance.now();
    const tag = document.createElement('script');
    tag.src = `http://${server}/widget.js`;
    tag.dataset.site = site;
    document.head.append(tag);
    const find = (hook) => document.querySelector('#holdfast-chat')?.shadowRoot?.querySelector(`[data-hf=\"${hook}\"]`);
    const look = () => {
        const composer = find('composer');
        if (composer?.checkVisibility({ visibilityProperty: true })) return done(performance.now() - began);
        find('launcher')?.click();
        setTimeout(look, 1);
    };
    look();";

/// What the page has loaded, but for what comes after the first opening.
const LOADED: &str = "
    const all = performance.getEntriesByType('resource').map((it) => new URL(it.name).pathname);
    return all.filter((path) => /\\.(js|wasm|json)$/.test(path) && !/\\/later\\//.test(path));";

/// Kilobytes until the panel can be used: what the owners of sites are promised.
const BUDGET_KB: f64 = 60.0;

pub(super) async fn measure(size: Size, report: &mut Report) -> Result<()> {
    let stage = Stage::start(1).await?;
    let server = stage.server.http();
    let browser = Browser::start().await?;
    let pages = site().await?;
    let page = pages.url("/");
    let tab = browser.open(&page).await?;
    slow_down(&tab, SLOWDOWN).await?;
    tab.devtools("Network.enable", json!({})).await?;
    tab.devtools("Network.setCacheDisabled", json!({"cacheDisabled": true}))
        .await?;
    let mut ready = Vec::new();
    for _ in 0..PAGES / size.divisor.min(PAGES) {
        tab.goto(&page).await?;
        ready.push(
            tab.run_async(READY, vec![json!("s0"), json!(server)])
                .await?,
        );
    }
    let weight = weight(&tab, server).await?;
    let slow = "the budget, with the processor slowed down 4 times";
    report.add("widget_ready", median(&mut ready), "ms", 1000.0, slow);
    key::measure(&tab, report).await?;
    scroll::measure(&browser, &tab, size, report).await?;
    report.add("widget_brotli_kb", weight, "kB", BUDGET_KB, "the budget");
    Ok(())
}

/// The web server of a site with a page that has no tag yet.
pub(super) async fn site() -> Result<Pages> {
    let page =
        "<!doctype html><html lang=\"en\"><title>A shop</title><body><h1>A shop</h1></body></html>";
    Pages::serve([("/", Page::html(page))]).await
}

/// Slows the browser's processor down by a factor; 1 is its own speed.
pub(super) async fn slow_down(tab: &Tab, rate: u32) -> Result<()> {
    tab.devtools("Emulation.setCPUThrottlingRate", json!({"rate": rate}))
        .await?;
    Ok(())
}

/// Kilobytes that the browser has downloaded until the panel could be used, as it would over TLS: plain connections are not
/// offered brotli.
async fn weight(tab: &Tab, server: SocketAddr) -> Result<f64> {
    let files: Vec<String> = tab.run(LOADED, vec![]).await?;
    ensure!(files.len() > 2, "too little to be the widget: {files:?}");
    let mut bytes = 0;
    for file in files {
        bytes += compressed(server, &file).await?;
    }
    Ok(float(bytes) / 1000.0)
}

async fn compressed(server: SocketAddr, path: &str) -> Result<usize> {
    Ok(get(server, path, "br").await?.len())
}

/// The body of a file in this encoding.
async fn get(server: SocketAddr, path: &str, encoding: &str) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {server}\r\nAccept-Encoding: {encoding}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let body = answer.split_off(end.context("no head")? + 4);
    ensure!(
        answer.starts_with(b"HTTP/1.1 200"),
        "no {path} on the server"
    );
    Ok(body)
}
