//! A visitor's socket: small buffers, and an address of its own for some thousands of them.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// A visitor's WebSocket.
pub(crate) type Socket = WebSocketStream<TcpStream>;

/// Loopback addresses that visitors come from: each has some 28,000 ports, and one that was just used rests for a
/// minute.
const SOURCES: usize = 32;

/// What a visitor reads at once.
const READ_BUFFER: usize = 2048;

/// What is fed together leaves in one packet.
const WRITE_BUFFER: usize = 1024;

/// Dials, from the address of the visitor of this number.
///
/// # Errors
/// When the server does not take it.
pub(crate) async fn connect(server: SocketAddr, number: usize) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_nodelay(true)?;
    let last = u8::try_from(2 + number % SOURCES)?;
    let source = if server.ip().is_loopback() {
        Ipv4Addr::new(127, 0, 0, last)
    } else {
        Ipv4Addr::UNSPECIFIED
    };
    socket.bind((source, 0).into())?;
    Ok(socket.connect(server).await?)
}

/// Opens the WebSocket of the visitor of this number at a path of the server.
///
/// # Errors
/// When the server does not take it.
pub(crate) async fn open(server: SocketAddr, number: usize, path: &str) -> Result<Socket> {
    let stream = connect(server, number).await?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER);
    let url = format!("ws://{server}{path}");
    let (socket, _) = client_async_with_config(url, stream, Some(config)).await?;
    Ok(socket)
}
