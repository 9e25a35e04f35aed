//! What the visitors' port serves besides the chat: the script, the widget, the demo shop.

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    server::{Server, operator},
    wire::{VERSION, VisitorLine},
};
use reqwest::{Client, Response, StatusCode};
use serde_json::json;

/// An answer's header, or an empty text.
fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    let value = answer.headers().get(name);
    value.and_then(|value| value.to_str().ok()).unwrap_or("")
}

/// Asks for a file with this `Accept-Encoding`, and does not unpack it.
async fn get(server: &Server, path: &str, encoding: &str) -> Result<Response> {
    let client = Client::builder().no_brotli().no_gzip().build()?;
    let url = format!("http://{}{path}", server.http());
    let request = client.get(url).header("accept-encoding", encoding);
    Ok(request.send().await?)
}

/// The paths of everything that the script loads, found as a browser finds them.
async fn assets(server: &Server) -> Result<Vec<String>> {
    let script = get(server, "/widget.js", "identity").await?.text().await?;
    let start = script
        .find("/assets/")
        .context("no /assets/ in the script")?;
    let folder = script[start..]
        .split(['"', '\'', '`'])
        .next()
        .context("the folder's end")?
        .trim_end_matches('/');
    let names = ["sdk.js", "holdfast-widget_bg.wasm"];
    Ok(names
        .iter()
        .map(|name| format!("{folder}/{name}"))
        .collect())
}

#[tokio::test]
async fn files_have_the_right_types() -> Result<()> {
    let server = Server::start().await?;
    let assets = assets(&server).await?;
    for (path, kind) in [
        ("/", "text/html"),
        ("/catalogue.html", "text/html"),
        ("/shop.css", "text/css"),
        ("/shop.js", "text/javascript"),
        ("/widget.js", "text/javascript"),
        (&*assets[0], "text/javascript"),
        (&*assets[1], "application/wasm"),
    ] {
        let answer = get(&server, path, "identity").await?;
        ensure!(
            answer.status() == StatusCode::OK,
            "{path}: {}",
            answer.status()
        );
        let found = header(&answer, "content-type");
        ensure!(found.starts_with(kind), "{path} is {found:?}");
        ensure!(
            header(&answer, "x-content-type-options") == "nosniff",
            "{path}"
        );
    }
    for path in [
        "/nosuch",
        "/assets/nosuch.js",
        "/../Cargo.toml",
        "/%2e%2e/data",
    ] {
        let answer = get(&server, path, "identity").await?;
        ensure!(
            answer.status() == StatusCode::NOT_FOUND,
            "{path}: {}",
            answer.status()
        );
    }
    Ok(())
}

#[tokio::test]
async fn files_come_compressed_to_those_who_can_unpack_them() -> Result<()> {
    let server = Server::start().await?;
    let mut paths = assets(&server).await?;
    paths.push("/widget.js".to_owned());
    for path in &paths {
        let plain = get(&server, path, "identity").await?;
        ensure!(header(&plain, "content-encoding").is_empty(), "{path}");
        let plain = plain.bytes().await?;
        let mut sizes = vec![plain.len()];
        for (accepted, encoding) in [("gzip", "gzip"), ("gzip, deflate, br, zstd", "br")] {
            let packed = get(&server, path, accepted).await?;
            let found = header(&packed, "content-encoding");
            ensure!(found == encoding, "{path} for {accepted:?} is {found:?}");
            let vary = header(&packed, "vary").to_ascii_lowercase();
            ensure!(
                vary.contains("accept-encoding"),
                "{path} varies by {vary:?}"
            );
            sizes.push(packed.bytes().await?.len());
        }
        ensure!(
            sizes.is_sorted_by(|a, b| a > b),
            "{path} has the sizes {sizes:?}"
        );
        // A client that unpacks gets the same bytes.
        let url = format!("http://{}{path}", server.http());
        let (gzip, brotli) = (Client::builder().no_brotli(), Client::builder().no_gzip());
        for client in [gzip.build()?, brotli.build()?] {
            let unpacked = client.get(&url).send().await?.bytes().await?;
            ensure!(unpacked == plain, "{path} unpacks to other bytes");
        }
    }
    Ok(())
}

#[tokio::test]
async fn other_sites_may_load_the_widget() -> Result<()> {
    let server = Server::start().await?;
    let mut paths = assets(&server).await?;
    paths.push("/widget.js".to_owned());
    for path in &paths {
        let answer = get(&server, path, "br").await?;
        let policy = header(&answer, "cross-origin-resource-policy");
        ensure!(policy == "cross-origin", "{path}: {policy:?}");
        let origin = header(&answer, "access-control-allow-origin");
        ensure!(origin == "*", "{path}: {origin:?}");
    }
    Ok(())
}

#[tokio::test]
async fn hashed_files_are_kept_for_ever_and_the_script_is_not() -> Result<()> {
    let server = Server::start().await?;
    for path in assets(&server).await? {
        let answer = get(&server, &path, "br").await?;
        let caching = header(&answer, "cache-control");
        ensure!(caching.contains("immutable"), "{path}: {caching:?}");
        ensure!(max_age(caching)? >= 31_536_000, "{path}: {caching:?}");
    }
    let answer = get(&server, "/widget.js", "br").await?;
    let caching = header(&answer, "cache-control");
    ensure!(!caching.contains("immutable"), "{caching:?}");
    ensure!(max_age(caching)? <= 3_600, "{caching:?}");
    Ok(())
}

#[tokio::test]
async fn without_the_demo_there_is_no_shop_and_still_a_widget() -> Result<()> {
    let server = Server::start_bare().await?;
    let shop = get(&server, "/catalogue.html", "identity").await?;
    ensure!(shop.status() == StatusCode::NOT_FOUND, "{}", shop.status());
    let home = get(&server, "/", "identity").await?.text().await?;
    ensure!(
        home.contains("holdfast site add"),
        "what to do next: {home}"
    );
    ensure!(get(&server, "/widget.js", "br").await?.status() == StatusCode::OK);
    operator(server.data(), &["site", "add", "mine"]).await?;
    let mut visitor = VisitorLine::connect(server.http()).await?;
    visitor
        .say(&json!({"hello": {"version": VERSION, "site": "mine"}}))
        .await?;
    visitor.hear("welcome").await?;
    Ok(())
}

fn max_age(caching: &str) -> Result<u64> {
    let age = caching
        .split(',')
        .find_map(|part| part.trim().strip_prefix("max-age="))
        .with_context(|| format!("no max-age in {caching:?}"))?;
    Ok(age.parse()?)
}
