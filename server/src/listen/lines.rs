//! An agent's connection: one frame a line.

use std::io::ErrorKind;

use futures_util::{SinkExt, StreamExt};
use holdfast_protocol::limits;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_util::codec::{Framed, LinesCodec, LinesCodecError};

use crate::link::{Gone, Incoming, Transport};

/// Lines over a stream of bytes.
#[derive(Debug)]
pub struct Lines<S> {
    framed: Framed<S, LinesCodec>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Lines<S> {
    /// Lines of at most a frame.
    #[must_use]
    pub fn new(stream: S) -> Self {
        let codec = LinesCodec::new_with_max_length(limits::UP_FRAME_BYTES);
        Self {
            framed: Framed::new(stream, codec),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Transport for Lines<S> {
    async fn recv(&mut self) -> Incoming {
        match self.framed.next().await {
            Some(Ok(line)) => Incoming::Text(line),
            Some(Err(LinesCodecError::MaxLineLengthExceeded)) => {
                Incoming::Broken("the line is longer than a frame may be")
            }
            Some(Err(LinesCodecError::Io(error))) if error.kind() == ErrorKind::InvalidData => {
                Incoming::Broken("the line is not UTF-8")
            }
            Some(Err(LinesCodecError::Io(_))) | None => Incoming::Closed,
        }
    }

    async fn send(&mut self, frame: String) -> Result<(), Gone> {
        self.framed.feed(frame).await.map_err(|_| Gone)
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        SinkExt::<&str>::flush(&mut self.framed)
            .await
            .map_err(|_| Gone)
    }

    async fn ping(&mut self) -> Result<(), Gone> {
        Ok(())
    }

    async fn close(&mut self) {
        // A peer that is gone already has been told all it can be.
        let _ = self.framed.get_mut().shutdown().await;
    }
}
