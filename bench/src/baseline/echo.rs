//! The echo: what comes goes back.

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::get;

/// The echo at `/ws`; `set` chooses its buffers.
pub(super) fn router(set: fn(WebSocketUpgrade) -> WebSocketUpgrade) -> Router {
    let upgrade = async move |upgrade: WebSocketUpgrade| {
        set(upgrade).on_upgrade(async |socket| {
            // A task of its own, so that what the upgrade needed is freed.
            tokio::spawn(run(socket));
        })
    };
    Router::new().route("/ws", get(upgrade))
}

async fn run(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Text(text) = message else {
            continue;
        };
        if socket.send(Message::Text(text)).await.is_err() {
            return;
        }
    }
}
