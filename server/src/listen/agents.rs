//! The agents' port.

use std::sync::Arc;

use holdfast_protocol::frame::{AgentDown, Refusal, RefusalCode};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use super::lines::Lines;
use super::{ACCEPT_PAUSE, Capacity, FULL};
use crate::clock::span;
use crate::link::{Shared, Transport, agent};

/// Serves agents until the server stops.
pub async fn serve(
    listener: TcpListener,
    tls: ServerConfig,
    shared: Arc<Shared>,
    capacity: Capacity,
    tasks: TaskTracker,
) {
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    while let Some(place) = capacity.socket().await {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stop.cancelled() => return,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "can't accept on the agents' port");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (acceptor, shared, capacity) = (acceptor.clone(), shared.clone(), capacity.clone());
        tasks.spawn(async move {
            let _place = place;
            serve_one(stream, acceptor, shared, capacity).await;
        });
    }
}

async fn serve_one(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    shared: Arc<Shared>,
    capacity: Capacity,
) {
    // Frames are small and written whole; waiting for more only delays them.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let handshake = span(shared.handshake);
    let accepted = tokio::time::timeout(handshake, acceptor.accept(stream)).await;
    let Ok(Ok(stream)) = accepted else {
        tracing::debug!("a connection to the agents' port did not speak TLS");
        return;
    };
    let mut lines = Lines::new(stream);
    let Some(link) = capacity.link() else {
        let refused = AgentDown::Refused(Refusal {
            code: RefusalCode::Full,
            message: FULL.to_owned(),
        });
        if let Ok(text) = serde_json::to_string(&refused) {
            // Who does not read even this is not waited for.
            let said = async { lines.send(text).await.and(lines.flush().await) };
            let _ = tokio::time::timeout(handshake, said).await;
        }
        return;
    };
    agent::run(lines, shared, link).await;
}
