//! A visitor's connection: one frame per WebSocket text message.

use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use futures_util::{SinkExt as _, StreamExt as _};
use holdfast_protocol::limits;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_util::bytes::Buf as _;

use crate::link::{Gone, Incoming, Transport};

/// A visitor's reading buffer while idle. The usual 128 KiB would be most of what a visitor costs; a frame
/// that is larger makes it grow for a moment.
const READ_BUFFER: usize = 1024;

/// Frames that one moment brings wait for each other until there are so many bytes: one packet's worth.
const WRITE_BUFFER: usize = 1400;

/// Bytes that wait for a visitor's line. A frame that does not fit is an error, and its reader comes back by
/// its cursor.
const WRITE_BUFFER_MAX: usize = 2 * limits::DOWN_FRAME_BYTES;

/// An open WebSocket.
#[derive(Debug)]
pub(super) struct Socket {
    stream: WebSocketStream<TcpStream>,
}

impl Socket {
    /// The answer to a request for a WebSocket, and what becomes of its connection when that is sent.
    ///
    /// # Errors
    /// When it is no such request (RFC 6455, section 4.2.1).
    pub(super) fn accept(
        request: &mut Request,
    ) -> Result<(Response<Body>, OnUpgrade), tungstenite::Error> {
        let answer = create_response_with_body(request, Body::empty)?;
        Ok((answer, hyper::upgrade::on(request)))
    }

    /// The connection as a WebSocket; nothing where it is gone.
    pub(super) async fn open(upgrade: OnUpgrade) -> Option<Self> {
        let upgraded = upgrade.await.ok()?;
        let parts = upgraded.downcast::<TokioIo<TcpStream>>().ok()?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(WRITE_BUFFER_MAX)
            .max_message_size(Some(limits::UP_FRAME_BYTES))
            .max_frame_size(Some(limits::UP_FRAME_BYTES));
        let (stream, early) = (parts.io.into_inner(), parts.read_buf.to_vec());
        let stream =
            WebSocketStream::from_partially_read(stream, early, Role::Server, Some(config)).await;
        Some(Self { stream })
    }

    /// Sends a long frame past the buffer, which would keep the memory for as long as the visitor stays.
    async fn send_long(&mut self, frame: &str) -> Result<(), Gone> {
        self.flush().await?;
        let mut head = Vec::with_capacity(LONGEST_HEAD);
        let header = FrameHeader {
            opcode: OpCode::Data(Data::Text),
            ..FrameHeader::default()
        };
        header
            .format(frame.len() as u64, &mut head)
            .map_err(|_| Gone)?;
        let mut bytes = head.as_slice().chain(frame.as_bytes());
        let stream = self.stream.get_mut();
        stream.write_all_buf(&mut bytes).await.map_err(|_| Gone)
    }
}

/// Bytes before a server's frame: code, length, and the long form of it.
const LONGEST_HEAD: usize = 10;

impl Transport for Socket {
    async fn recv(&mut self) -> Incoming {
        match self.stream.next().await {
            Some(Ok(Message::Text(text))) => Incoming::Text(text.as_str().to_owned()),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Incoming::Alive,
            Some(Ok(Message::Binary(_))) => Incoming::Broken("frames are text messages"),
            Some(Ok(Message::Close(_))) | None => Incoming::Closed,
            // A lost connection looks the same from here; words to it go nowhere and do no harm.
            Some(Err(_)) => {
                Incoming::Broken("the message is longer than a frame may be, or no message")
            }
        }
    }

    async fn send(&mut self, frame: String) -> Result<(), Gone> {
        if frame.len() > WRITE_BUFFER {
            return self.send_long(&frame).await;
        }
        let message = Message::Text(frame.into());
        self.stream.feed(message).await.map_err(|_| Gone)
    }

    async fn ping(&mut self) -> Result<(), Gone> {
        let message = Message::Ping(Default::default());
        self.stream.feed(message).await.map_err(|_| Gone)
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        self.stream.flush().await.map_err(|_| Gone)
    }

    async fn close(&mut self) {
        // A peer that is gone already has been told all it can be.
        let _ = self.stream.send(Message::Close(None)).await;
    }
}
