//! The visitors' port: WebSockets and pages.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use holdfast_protocol::frame::{Refusal, RefusalCode, VisitorDown};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::TaskTracker;
use tower::Service;
use tower_http::set_header::SetResponseHeaderLayer;

use super::socket::Socket;
use super::{ACCEPT_PAUSE, Capacity, FULL, assets};
use crate::clock::span;
use crate::link::{Shared, Transport, visitor};

/// A request's head: what browsers send is under 4 KiB with all cookies.
const HEAD_BUFFER: usize = 16 * 1024;

/// What is said to people who come here by hand.
const PLAIN: (HeaderName, &str) = (CONTENT_TYPE, "text/plain; charset=utf-8");

/// What the HTTP handlers share.
#[derive(Clone, Debug)]
struct Site {
    shared: Arc<Shared>,
    capacity: Capacity,
    tasks: TaskTracker,
    is_demo: bool,
}

/// Serves visitors until the server stops.
pub async fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
    capacity: Capacity,
    tasks: TaskTracker,
    is_demo: bool,
) {
    let router = router(Site {
        shared: shared.clone(),
        capacity: capacity.clone(),
        tasks: tasks.clone(),
        is_demo,
    });
    while let Some(place) = capacity.socket().await {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stop.cancelled() => return,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "can't accept on the visitors' port");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (router, shared) = (router.clone(), shared.clone());
        tasks.spawn(serve_one(stream, router, shared, Place(Arc::new(place))));
    }
}

/// A socket's place, which an upgraded connection keeps.
#[derive(Clone, Debug)]
struct Place(
    #[expect(dead_code, reason = "held, and freed by the last drop")] Arc<OwnedSemaphorePermit>,
);

async fn serve_one(stream: TcpStream, router: Router, shared: Arc<Shared>, place: Place) {
    // Frames are small and written whole; waiting for more only delays them.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(place.clone());
        router.clone().call(request)
    });
    let serving = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(span(shared.handshake))
        .max_buf_size(HEAD_BUFFER)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        served = serving => if let Err(error) = served {
            tracing::debug!(%error, "a connection to the visitors' port ended early");
        },
        () = shared.stop.cancelled() => {}
    }
}

fn router(site: Site) -> Router {
    let always = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
    };
    Router::new()
        .route("/ws", get(socket))
        .route("/healthz", get(health))
        .fallback(file)
        // Pages of any origin load the widget, also those that isolate themselves.
        .layer(always(ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .layer(always(
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ))
        .layer(always(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .with_state(site)
}

/// Answers whoever asks whether the server can be reached: monitors, and widgets without a line. The connection ends with it,
/// since one that is kept may be dead by the next time without knowing it.
async fn health() -> impl IntoResponse {
    let headers = [(CACHE_CONTROL, "no-store"), (CONNECTION, "close")];
    (headers, "ok\n")
}

/// Any page may connect: what a visitor may see hangs on the token in the first frame, which no browser sends
/// by itself.
async fn socket(
    State(site): State<Site>,
    Extension(place): Extension<Place>,
    mut request: Request,
) -> Response {
    let (answer, upgrade) = match Socket::accept(&mut request) {
        Ok(accepted) => accepted,
        Err(error) => {
            let words = format!("Only WebSockets are opened here. {error}\n");
            return (StatusCode::BAD_REQUEST, [PLAIN], words).into_response();
        }
    };
    let link = site.capacity.link();
    tokio::spawn(async move {
        let Some(mut socket) = Socket::open(upgrade).await else {
            return;
        };
        match link {
            // A task of its own, so that what the upgrade needed is freed.
            Some(link) => {
                site.tasks
                    .spawn(visitor::run(socket, site.shared, (place, link)));
            }
            None => refuse(&mut socket).await,
        }
    });
    answer
}

async fn refuse(socket: &mut Socket) {
    let refused = VisitorDown::Refused(Refusal {
        code: RefusalCode::Full,
        message: FULL.to_owned(),
    });
    if let Ok(text) = serde_json::to_string(&refused) {
        let sent = async {
            socket.send(text).await?;
            socket.flush().await
        };
        // Who does not read even this is not waited for.
        let _ = tokio::time::timeout(Duration::from_secs(1), sent).await;
    }
}

async fn file(State(site): State<Site>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    match assets::answer(uri.path(), &headers, site.is_demo) {
        Some(response) => response,
        None if uri.path() == "/" => Html(HOME).into_response(),
        None => (StatusCode::NOT_FOUND, [PLAIN], "There is nothing here.\n").into_response(),
    }
}

/// What stands at `/` without the demo.
const HOME: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif }
  body { max-width: 42rem; margin: 12vh auto; padding: 0 1.5rem }
  pre { padding: 1rem; border: 1px solid; border-radius: .5rem; overflow-x: auto }
</style>
<h1>Holdfast is running.</h1>
<p>Make a site with <code>holdfast site add your-site</code>, and paste this into its pages, with the
address of this server:</p>
<pre>&lt;script async src="https://this-server/widget.js" data-site="your-site"&gt;&lt;/script&gt;</pre>
<p>Take somebody on with <code>holdfast agent add your-site NAME</code>; they open the address that it
prints with <code>holdfast-agent</code>.</p>
</html>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_page_shows_the_tag_as_text() {
        assert!(HOME.contains("&lt;script async"));
        assert!(!HOME.contains("<script"));
    }
}
