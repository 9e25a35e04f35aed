//! One connection, one task: drives the protocol's state machine, moves frames, nothing else.
//!
//! [`visitor::run`] and [`agent::run`] are generic over a [`Transport`], so that tests run them in
//! memory.

pub mod agent;
pub mod board;
mod line;
mod pace;
mod pending;
#[cfg(test)]
mod tests;
pub mod visitor;

use std::future::Future;

use holdfast_protocol::frame::Heartbeat;
use holdfast_protocol::time::Millis;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::log::Log;
use crate::presence::Presence;
use board::Board;

/// What all connections share.
#[derive(Debug)]
pub struct Shared {
    /// Where events go and come from.
    pub log: Log,
    /// Who is here.
    pub presence: Presence,
    /// Where ephemeral news goes.
    pub board: Board,
    /// The clocks.
    pub clock: Clock,
    /// Draws the token of a visitor who has none.
    pub draw_token: fn() -> Result<String, getrandom::Error>,
    /// The times of the heartbeat.
    pub heartbeat: Heartbeat,
    /// A handshake that takes longer ends the connection.
    pub handshake: Millis,
    /// Cancelled when the server stops.
    pub stop: CancellationToken,
}

/// What a transport yields.
#[derive(Debug)]
pub enum Incoming {
    /// A frame's text.
    Text(String),
    /// Anything that only proves that the peer lives, such as a WebSocket's pong.
    Alive,
    /// The peer breaks the transport's rules, in words.
    Broken(&'static str),
    /// The connection is gone.
    Closed,
}

/// The connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// A connection that carries texts.
pub trait Transport: Send + 'static {
    /// The next thing that comes. To be dropped at any await without loss.
    fn recv(&mut self) -> impl Future<Output = Incoming> + Send;

    /// Puts a frame on its way; it may wait for others until [`Transport::flush`].
    fn send(&mut self, frame: String) -> impl Future<Output = Result<(), Gone>> + Send;

    /// Asks the peer's transport for a sign of life, where it has such a thing; may wait as a frame does.
    fn ping(&mut self) -> impl Future<Output = Result<(), Gone>> + Send;

    /// Lets nothing wait any longer: several frames that one moment brings leave as one packet.
    fn flush(&mut self) -> impl Future<Output = Result<(), Gone>> + Send;

    /// Says that nothing more will be sent, as the transport does that.
    fn close(&mut self) -> impl Future<Output = ()> + Send;
}
