//! What both kinds of connection do alike: the handshake's deadline, the heartbeat, bounded writes, and
//! the last words.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use holdfast_protocol::frame::{self, GoingAway, Pace, Refusal, RefusalCode, Rejected};
use holdfast_protocol::limits;
use holdfast_protocol::reader::{Due, Reader};
use holdfast_protocol::time::Millis;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::Sleep;

use super::{Gone, Incoming, Shared, Transport};
use crate::clock::span;
use crate::log::StoreError;

/// After its last words the server reads on for so long, so that they are not lost with a reset.
const LINGER: Duration = Duration::from_secs(1);

/// A client comes back so soon after the server's stop: a restart takes about that.
const STOP_RETRY: Millis = Millis(1_000);

/// A client comes back so soon after the disk failed: room is not made sooner. Clients wait up to twice as long, so
/// as not to come all at once, and even those shall be back within 3 s of the room.
const DISK_RETRY: Millis = Millis(1_250);

/// Frames that are the same for visitors and agents.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Plain {
    Refused(Refusal),
    Rejected(Rejected),
    GoingAway(GoingAway),
    Ping { n: u64 },
    Pong { n: u64 },
}

/// Why a connection ends.
#[derive(Debug)]
pub(super) enum End {
    /// The peer is gone, dead, or does not read.
    Gone,
    /// The peer breaks the rules, or is not let in.
    Refused(RefusalCode, String),
    /// The server stops.
    Stop,
    /// The disk failed.
    Disk,
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "can't read the log");
        Self::Disk
    }
}

impl From<serde_json::Error> for End {
    fn from(error: serde_json::Error) -> Self {
        tracing::error!(%error, "can't write a frame");
        Self::Gone
    }
}

impl End {
    pub(super) fn bad_frame(words: impl ToString) -> Self {
        Self::Refused(RefusalCode::BadFrame, words.to_string())
    }

    pub(super) fn version(other: u32) -> Self {
        let words = format!(
            "this server speaks version {} of the protocol, not {other}; reload the page, or use the \
             client of the same release",
            limits::VERSION
        );
        Self::Refused(RefusalCode::Version, words)
    }
}

/// Reads the first frame. One of another version may look otherwise and is told so, not that it is malformed.
pub(super) fn parse_first<F: DeserializeOwned>(text: &str) -> Result<F, End> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    frame::parse(text, limits::UP_FRAME_BYTES).map_err(|error| {
        let first = frame::parse::<HashMap<String, Versioned>>(text, limits::UP_FRAME_BYTES).ok();
        let version = first.and_then(|frame| frame.into_values().next());
        match version.filter(|first| first.version != limits::VERSION) {
            Some(first) => End::version(first.version),
            None => End::bad_frame(error),
        }
    })
}

/// What wakes a connection from its own side.
pub(super) enum LineWake {
    Incoming(Incoming),
    Time,
    Stop,
}

/// One connection.
pub(super) struct Line<T> {
    pub(super) transport: T,
    pub(super) shared: Arc<Shared>,
    pub(super) reader: Reader,
    /// A write that takes longer has a dead peer.
    patience: Millis,
    /// Rings when something is due, or earlier.
    timer: Pin<Box<Sleep>>,
    /// Whether frames may wait for a flush.
    is_unflushed: bool,
}

impl<T: Transport> Line<T> {
    pub(super) fn new(transport: T, shared: Arc<Shared>) -> Self {
        let reader = Reader::new(shared.heartbeat, shared.clock.now());
        let due = shared.clock.instant(reader.poll_timeout());
        Self {
            transport,
            reader,
            patience: shared.handshake,
            shared,
            timer: Box::pin(tokio::time::sleep_until(due)),
            is_unflushed: false,
        }
    }

    /// The handshake's frame.
    pub(super) async fn first_text(&mut self) -> Result<String, End> {
        let deadline = span(self.shared.handshake);
        let first = async {
            loop {
                match self.transport.recv().await {
                    Incoming::Text(text) => return Ok(text),
                    Incoming::Alive => {}
                    Incoming::Broken(words) => return Err(End::bad_frame(words)),
                    Incoming::Closed => return Err(End::Gone),
                }
            }
        };
        tokio::select! {
            biased;
            first = tokio::time::timeout(deadline, first) => first.unwrap_or_else(|_| {
                let words = "the first frame did not come in time";
                Err(End::Refused(RefusalCode::TooLate, words.to_owned()))
            }),
            () = self.shared.stop.cancelled() => Err(End::Stop),
        }
    }

    /// The handshake is done.
    pub(super) fn welcomed(&mut self, after: u64, last: u64, pace: Pace) {
        let now = self.shared.clock.now();
        self.reader.handle_welcomed(after, last, pace, now);
        self.patience = self.shared.heartbeat.of(pace).dead_ms;
    }

    pub(super) fn set_pace(&mut self, pace: Pace) {
        self.reader.set_pace(pace, self.shared.clock.now());
        self.patience = self.shared.heartbeat.of(pace).dead_ms;
    }

    /// The text of what came in, if it is one; whatever it is, the peer lives.
    pub(super) fn heard(&mut self, incoming: Incoming) -> Result<Option<String>, End> {
        self.reader.handle_heard(self.shared.clock.now());
        match incoming {
            Incoming::Text(text) => Ok(Some(text)),
            Incoming::Alive => Ok(None),
            Incoming::Broken(words) => Err(End::bad_frame(words)),
            Incoming::Closed => Err(End::Gone),
        }
    }

    /// Does what is due. Whether a beat was.
    pub(super) async fn beat(&mut self) -> Result<bool, End> {
        let mut has_beaten = false;
        while let Some(due) = self.reader.poll(self.shared.clock.now()) {
            match due {
                Due::Beat(n) => {
                    let patience = span(self.patience);
                    // A hidden page's timers sleep, but its browser answers this by itself.
                    tokio::time::timeout(patience, self.transport.ping())
                        .await
                        .map_err(|_| End::Gone)??;
                    self.send(&Plain::Ping { n }).await?;
                    has_beaten = true;
                }
                Due::Late | Due::Dead => return Err(End::Gone),
            }
        }
        Ok(has_beaten)
    }

    pub(super) async fn send<F: Serialize>(&mut self, frame: &F) -> Result<(), End> {
        self.send_text(serde_json::to_string(frame)?).await
    }

    /// Puts a frame on its way, which it leaves for at the next [`Line::flush`].
    pub(super) async fn send_text(&mut self, text: String) -> Result<(), End> {
        self.is_unflushed = true;
        let sent = self.transport.send(text);
        Ok(tokio::time::timeout(span(self.patience), sent)
            .await
            .map_err(|_| End::Gone)??)
    }

    pub(super) fn is_unflushed(&self) -> bool {
        self.is_unflushed
    }

    /// To be called before anything is waited for.
    pub(super) async fn flush(&mut self) -> Result<(), End> {
        self.is_unflushed = false;
        let sent = self.transport.flush();
        Ok(tokio::time::timeout(span(self.patience), sent)
            .await
            .map_err(|_| End::Gone)??)
    }

    /// Sees to it that [`Line::wake`] yields a timer's ring no later than something is due. Most of what is heard puts
    /// that off, so a timer that rings too early is cheaper than one that is moved each time.
    pub(super) fn set_timer(&mut self) {
        let due = self.shared.clock.instant(self.reader.poll_timeout());
        if due < self.timer.deadline() || self.timer.is_elapsed() {
            self.timer.as_mut().reset(due);
        }
    }

    /// Whether something is due, though so much is to be said that the timer is not asked.
    pub(super) fn is_due(&self) -> bool {
        self.reader.poll_timeout() <= self.shared.clock.now()
    }

    /// What the peer says, or that the timer rings, or the stop. To be dropped at any await without loss.
    pub(super) async fn wake(&mut self, is_reading: bool) -> LineWake {
        // The stop comes last, as being waited for costs it most; a peer that talks without pause does not keep it
        // away, since sockets pause by themselves.
        tokio::select! {
            biased;
            () = &mut self.timer => LineWake::Time,
            incoming = self.transport.recv(), if is_reading => LineWake::Incoming(incoming),
            () = self.shared.stop.cancelled() => LineWake::Stop,
        }
    }

    /// Says why, and closes.
    pub(super) async fn finish(mut self, end: End) {
        let words = match end {
            End::Gone => None,
            End::Refused(code, message) => {
                tracing::debug!(?code, message, "refused");
                Some(Plain::Refused(Refusal { code, message }))
            }
            End::Stop => Some(Plain::GoingAway(GoingAway {
                retry_after_ms: STOP_RETRY,
                message: "The server restarts; the chat goes on in a moment.".to_owned(),
            })),
            End::Disk => Some(Plain::GoingAway(GoingAway {
                retry_after_ms: DISK_RETRY,
                message: "The server can't use its disk; your messages are kept and sent again."
                    .to_owned(),
            })),
        };
        let is_spoken_to = words.is_some();
        if let Some(words) = words
            && self.send(&words).await.is_err()
        {
            return;
        }
        if self.flush().await.is_err() {
            return;
        }
        let lingering = async {
            self.transport.close().await;
            while is_spoken_to && !matches!(self.transport.recv().await, Incoming::Closed) {}
        };
        // Time is up where the peer keeps talking; nothing more is said to it.
        let _ = tokio::time::timeout(LINGER, lingering).await;
    }
}

#[cfg(test)]
mod tests {
    use holdfast_protocol::frame::{AgentDown, VisitorDown, VisitorUp};

    use super::*;

    #[test]
    fn a_first_frame_of_another_version_is_told_so_whatever_it_looks_like() {
        let code = |text| match parse_first::<VisitorUp>(text) {
            Err(End::Refused(code, _)) => Some(code),
            Ok(_) | Err(End::Gone | End::Stop | End::Disk) => None,
        };
        let later = r#"{"hello":{"version":2,"place":"demo"}}"#;
        assert_eq!(code(later), Some(RefusalCode::Version));
        let lame = r#"{"hello":{"version":1,"place":"demo"}}"#;
        assert_eq!(code(lame), Some(RefusalCode::BadFrame));
        assert_eq!(code("{"), Some(RefusalCode::BadFrame));
        assert_eq!(code(r#"{"hello":{"version":1,"site":"demo"}}"#), None);
    }

    #[test]
    fn plain_frames_are_frames_of_both_audiences() {
        let refusal = Refusal {
            code: RefusalCode::Full,
            message: "full".to_owned(),
        };
        let text = serde_json::to_string(&Plain::Refused(refusal.clone())).unwrap();
        let visitor: VisitorDown = serde_json::from_str(&text).unwrap();
        assert_eq!(visitor, VisitorDown::Refused(refusal.clone()));
        let agent: AgentDown = serde_json::from_str(&text).unwrap();
        assert_eq!(agent, AgentDown::Refused(refusal));
        for plain in [Plain::Ping { n: 3 }, Plain::Pong { n: 3 }] {
            let text = serde_json::to_string(&plain).unwrap();
            assert!(serde_json::from_str::<VisitorDown>(&text).is_ok(), "{text}");
            assert!(serde_json::from_str::<AgentDown>(&text).is_ok(), "{text}");
        }
    }
}
