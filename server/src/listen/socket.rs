//! A visitor's connection: one frame per WebSocket text message.

use axum::extract::ws::{Message, WebSocket};
use futures_util::SinkExt as _;

use crate::link::{Gone, Incoming, Transport};

impl Transport for WebSocket {
    async fn recv(&mut self) -> Incoming {
        match Self::recv(self).await {
            Some(Ok(Message::Text(text))) => Incoming::Text(text.as_str().to_owned()),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Incoming::Alive,
            Some(Ok(Message::Binary(_))) => Incoming::Broken("frames are text messages"),
            Some(Ok(Message::Close(_))) | None => Incoming::Closed,
            // A lost connection looks the same from here; words to it go nowhere and do no harm.
            Some(Err(_)) => {
                Incoming::Broken("the message is longer than a frame may be, or no message")
            }
        }
    }

    async fn send(&mut self, frame: String) -> Result<(), Gone> {
        self.feed(Message::Text(frame.into()))
            .await
            .map_err(|_| Gone)
    }

    async fn ping(&mut self) -> Result<(), Gone> {
        self.feed(Message::Ping(Default::default()))
            .await
            .map_err(|_| Gone)
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        futures_util::SinkExt::flush(self).await.map_err(|_| Gone)
    }

    async fn close(&mut self) {
        // A peer that is gone already has been told all it can be.
        let _ = Self::send(self, Message::Close(None)).await;
    }
}
