//! Lines that carry texts to servers other than Holdfast: a baseline's or a peer's.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::{Socket, open};

/// Who is at the load's end of a line.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    /// Writes, and reads the answer. The number stands in the first eight characters of each text.
    Visitor(usize),
    /// Gets what its share of the visitors write, and sends it back.
    Agent(usize),
}

impl Role {
    /// What the address to dial from is chosen by.
    pub(super) fn number(self) -> usize {
        match self {
            Self::Visitor(number) | Self::Agent(number) => number,
        }
    }
}

/// A line that is open and taken in.
pub(super) trait Line: Sized + Send {
    /// Dials, and waits until the server has taken it in.
    ///
    /// # Errors
    /// When the server does not.
    fn open(server: SocketAddr, role: Role) -> impl Future<Output = Result<Self>> + Send;

    /// Sends a text, with [`next`](Self::next) at the latest, which is to be called right after.
    ///
    /// # Errors
    /// When the line is broken.
    fn send(&mut self, text: Utf8Bytes) -> impl Future<Output = Result<()>> + Send;

    /// The next text that comes; acknowledges it where the protocol knows of that. Nothing is lost when it is dropped.
    ///
    /// # Errors
    /// When the line is broken, or something came that does not belong there.
    fn next(&mut self) -> impl Future<Output = Result<Utf8Bytes>> + Send;
}

/// The next message of a WebSocket on which all messages are texts.
///
/// # Errors
/// When it is none, or the line is broken.
pub(super) async fn next_text(socket: &mut Socket) -> Result<Utf8Bytes> {
    let message = socket.next().await.context("it was closed")??;
    let Message::Text(text) = message else {
        bail!("no text: {message:?}");
    };
    Ok(text)
}

/// A WebSocket to a baseline's server, which acknowledges nothing.
pub(super) struct Bare(Socket);

impl Line for Bare {
    async fn open(server: SocketAddr, role: Role) -> Result<Self> {
        let mut line = Self(open(server, role.number(), "/ws").await?);
        let hello = match role {
            Role::Visitor(number) => format!("visitor {number}"),
            Role::Agent(number) => format!("agent {number}"),
        };
        line.send(hello.into()).await?;
        line.next().await.context("no welcome")?;
        Ok(line)
    }

    async fn send(&mut self, text: Utf8Bytes) -> Result<()> {
        Ok(self.0.send(Message::Text(text)).await?)
    }

    async fn next(&mut self) -> Result<Utf8Bytes> {
        next_text(&mut self.0).await
    }
}
