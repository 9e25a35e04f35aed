//! A line to a Socket.IO server, whose protocol is spoken by hand: its clients in Rust bring an HTTP library along, and
//! what is needed of it are five kinds of texts on a WebSocket.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use futures_util::SinkExt as _;
use serde_json::json;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::line::{Line, Role, next_text};
use super::{Socket, open};

const PATH: &str = "/socket.io/?EIO=4&transport=websocket";

/// What the first characters of a text say: those of Engine.IO, and after its `4` those of Socket.IO.
const OPEN: &str = "0";
const PING: &str = "2";
const PONG: &str = "3";
const CONNECT: &str = "40";
const EVENT: &str = "42";
const ACK: &str = "43";

/// The one event's name.
const NAME: &str = "message";

pub(super) struct SocketIo {
    socket: Socket,
    /// What the server has to be told before anything else: acknowledgements, and that we are there.
    owed: Vec<String>,
    /// How many events were sent; each has a number, by which the server acknowledges it.
    sent: u64,
}

impl Line for SocketIo {
    async fn open(server: SocketAddr, role: Role) -> Result<Self> {
        let mut line = Self {
            socket: open(server, role.number(), PATH).await?,
            owed: Vec::new(),
            sent: 0,
        };
        line.expect(OPEN).await?;
        let who = match role {
            Role::Visitor(number) => json!({ "visitor": number }),
            Role::Agent(number) => json!({ "agent": number }),
        };
        line.owed.push(format!("{CONNECT}{who}"));
        line.pay().await?;
        line.expect(CONNECT).await?;
        Ok(line)
    }

    async fn send(&mut self, text: Utf8Bytes) -> Result<()> {
        self.sent += 1;
        let event = json!([NAME, text.as_str()]);
        self.owed.push(format!("{EVENT}{}{event}", self.sent));
        Ok(())
    }

    async fn next(&mut self) -> Result<Utf8Bytes> {
        loop {
            self.pay().await?;
            let text = next_text(&mut self.socket).await?;
            if let Some(event) = text.strip_prefix(EVENT) {
                let (number, [name, said]) = split(event)?;
                if name != NAME {
                    bail!("an event {name:?}");
                }
                self.owed.push(format!("{ACK}{number}[]"));
                return Ok(said.into());
            } else if text.as_str() == PING {
                self.owed.push(PONG.to_owned());
            } else if !text.starts_with(ACK) {
                bail!("Socket.IO sent {text:?}");
            }
        }
    }
}

impl SocketIo {
    /// Sends what is owed, together.
    async fn pay(&mut self) -> Result<()> {
        while let Some(text) = self.owed.first() {
            self.socket.feed(Message::text(text.clone())).await?;
            self.owed.remove(0);
        }
        Ok(self.socket.flush().await?)
    }

    async fn expect(&mut self, prefix: &str) -> Result<()> {
        let text = next_text(&mut self.socket).await?;
        if !text.starts_with(prefix) {
            bail!("Socket.IO said {text:?} to a hello");
        }
        Ok(())
    }
}

/// The number of an event, and what it carries.
fn split(event: &str) -> Result<(&str, [String; 2])> {
    let at = event.find('[').context("an event without content")?;
    let (number, content) = event.split_at(at);
    Ok((number, serde_json::from_str(content)?))
}
