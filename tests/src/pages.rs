//! A site owner's web server: serves the pages of a test, and nothing else.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use anyhow::{Context as _, Result};
use axum::{
    Router,
    http::{StatusCode, Uri},
    response::{Html, IntoResponse as _, Response},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// A running web server with fixed pages. Dropping it stops it.
pub struct Pages {
    addr: SocketAddr,
    serving: JoinHandle<()>,
}

impl Pages {
    /// Serves `pages`, each a path and its HTML, on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn serve(pages: impl IntoIterator<Item = (&str, String)>) -> Result<Self> {
        let pages: HashMap<String, String> = pages
            .into_iter()
            .map(|(path, html)| (path.to_owned(), html))
            .collect();
        let pages = Arc::new(pages);
        let router = Router::new().fallback(move |uri: Uri| {
            let page = page(&pages, &uri);
            std::future::ready(page)
        });
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("bind the page server")?;
        let addr = listener.local_addr()?;
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { addr, serving })
    }

    /// The address of one of the pages.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A page that carries the tag as a site owner pastes it, for a chat server at `server`.
#[must_use]
pub fn with_tag(server: SocketAddr, site: &str, attributes: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><title>A site</title><h1>A site</h1>\
         <script async src=\"http://{server}/widget.js\" data-site=\"{site}\" {attributes}></script>"
    )
}

/// A page that shows another one in a frame without an origin, where storage throws.
#[must_use]
pub fn with_sandbox(inner: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><title>Sandbox</title>\
         <iframe sandbox=\"allow-scripts\" src=\"{inner}\" width=\"900\" height=\"700\"></iframe>"
    )
}

fn page(pages: &HashMap<String, String>, uri: &Uri) -> Response {
    match pages.get(uri.path()) {
        Some(html) => Html(html.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
