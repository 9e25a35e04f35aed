//! A site owner's web server: serves the pages of a test, and nothing else.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use anyhow::{Context as _, Result};
use axum::{
    Router,
    http::{StatusCode, Uri, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// A running web server with fixed pages. Dropping it stops it.
pub struct Pages {
    addr: SocketAddr,
    serving: JoinHandle<()>,
}

/// What the web server answers to one path.
#[derive(Clone, Debug)]
pub struct Page {
    mime: &'static str,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Page {
    /// A page of HTML.
    #[must_use]
    pub fn html(body: impl Into<String>) -> Self {
        Self {
            mime: "text/html; charset=utf-8",
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// A script of the site's own.
    #[must_use]
    pub fn script(body: impl Into<String>) -> Self {
        Self {
            mime: "text/javascript; charset=utf-8",
            ..Self::html(body)
        }
    }

    /// A style sheet of the site's own.
    #[must_use]
    pub fn style(body: impl Into<String>) -> Self {
        Self {
            mime: "text/css; charset=utf-8",
            ..Self::html(body)
        }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl From<String> for Page {
    fn from(html: String) -> Self {
        Self::html(html)
    }
}

impl Pages {
    /// Serves `pages`, each with its path, on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn serve<P: Into<Page>>(pages: impl IntoIterator<Item = (&str, P)>) -> Result<Self> {
        let pages: HashMap<String, Page> = pages
            .into_iter()
            .map(|(path, page)| (path.to_owned(), page.into()))
            .collect();
        let pages = Arc::new(pages);
        let router = Router::new().fallback(move |uri: Uri| {
            let page = answer(&pages, &uri);
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

    /// The address of the same page under another name of this machine, which browsers take for another
    /// company's site.
    #[must_use]
    pub fn foreign_url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.addr.port())
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The tag as a site owner pastes it, for a chat server at `server`.
#[must_use]
pub fn tag(server: SocketAddr, attributes: &str) -> String {
    format!("<script async src=\"http://{server}/widget.js\" {attributes}></script>")
}

/// A page that carries the tag, for a chat server at `server`.
#[must_use]
pub fn with_tag(server: SocketAddr, site: &str, attributes: &str) -> String {
    let tag = tag(server, &format!("data-site=\"{site}\" {attributes}"));
    format!("<!doctype html><html lang=\"en\"><title>A site</title><h1>A site</h1>{tag}")
}

/// A page that shows another one in a frame without an origin, where storage throws.
#[must_use]
pub fn with_sandbox(inner: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><title>Sandbox</title>\
         <iframe sandbox=\"allow-scripts\" src=\"{inner}\" width=\"900\" height=\"700\"></iframe>"
    )
}

fn answer(pages: &HashMap<String, Page>, uri: &Uri) -> Response {
    match pages.get(uri.path()) {
        Some(page) => {
            let mut response = ([(CONTENT_TYPE, page.mime)], page.body.clone()).into_response();
            for (name, value) in &page.headers {
                match value.parse() {
                    Ok(value) => drop(response.headers_mut().append(*name, value)),
                    Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
                }
            }
            response
        }
        // Browsers ask for it by themselves, and complain where there is none.
        None if uri.path() == "/favicon.ico" => StatusCode::NO_CONTENT.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
