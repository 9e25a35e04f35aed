//! One line of a tab: a WebSocket, one frame per text message. It moves bytes and knows no frames.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use holdfast_protocol::client::LineId;
use tokio::sync::mpsc;
use tokio_tungstenite::{connect_async_with_config, tungstenite::Message};

/// Frames that wait for the socket: the 32 in flight, and pongs beside them.
const WAITING_FRAMES: usize = 256;

/// A polite end may take so long; then the socket is dropped.
const GOODBYE: Duration = Duration::from_secs(1);

/// What a line yields.
#[derive(Debug)]
pub(super) enum LineNews {
    /// It is open.
    Opened,
    /// A text message.
    Text(String),
    /// It is over, or could not be opened.
    Closed,
}

/// A line that is being opened or is open. Dropping it closes it.
#[derive(Debug)]
pub(super) struct Line {
    frames: mpsc::Sender<String>,
}

impl Line {
    /// Begins to open a line in the background.
    pub(super) fn dial(id: LineId, url: String, news: mpsc::Sender<(LineId, LineNews)>) -> Self {
        let (frames, waiting) = mpsc::channel(WAITING_FRAMES);
        tokio::spawn(run(id, url, news, waiting));
        Self { frames }
    }

    /// Writes a frame soon. False when the line takes nothing more.
    pub(super) fn transmit(&self, frame: String) -> bool {
        self.frames.try_send(frame).is_ok()
    }
}

async fn run(
    id: LineId,
    url: String,
    news: mpsc::Sender<(LineId, LineNews)>,
    mut frames: mpsc::Receiver<String>,
) {
    let opened = tokio::select! {
        opened = connect_async_with_config(&url, None, true) => opened,
        // Nothing is sent before the line is open, so this is the owner dropping it.
        _ = frames.recv() => return,
    };
    if let Ok((socket, _)) = opened {
        if news.send((id, LineNews::Opened)).await.is_err() {
            return;
        }
        let (mut up, mut down) = socket.split();
        // Each direction by itself: a peer that takes nothing may still have something to say.
        let write = async {
            while let Some(frame) = frames.recv().await {
                if up.send(Message::text(frame)).await.is_err() {
                    return false;
                }
            }
            let _ = tokio::time::timeout(GOODBYE, up.close()).await;
            true
        };
        let read = async {
            while let Some(Ok(message)) = down.next().await {
                if let Message::Text(text) = message
                    && news
                        .send((id, LineNews::Text(text.to_string())))
                        .await
                        .is_err()
                {
                    return;
                }
            }
        };
        let is_dropped = tokio::select! {
            is_dropped = write => is_dropped,
            () = read => false,
        };
        if is_dropped {
            return;
        }
    }
    let _ = news.send((id, LineNews::Closed)).await;
}
