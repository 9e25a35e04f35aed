//! One line to the server: TCP, TLS, one JSON object a line. It moves bytes and knows no frames.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use holdfast_protocol::client::LineId;
use holdfast_protocol::limits;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::address::Address;
use crate::tls;

/// What a line yields.
#[derive(Debug)]
pub(crate) enum LineNews {
    /// It is open.
    Opened,
    /// A line of text, without its end.
    Text(String),
    /// It is over; why, in words, where it did not simply end.
    Closed(Option<String>),
}

/// A line that is being opened or is open. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Line {
    frames: mpsc::Sender<String>,
}

/// The line takes nothing more: it is as good as closed.
#[derive(Debug)]
pub(crate) struct Stuck;

/// Frames that wait for the socket: the 32 in flight, and pongs and typing of many seconds beside them.
const WAITING_FRAMES: usize = 256;

/// A polite end may take so long; then the socket is dropped.
const GOODBYE: Duration = Duration::from_secs(1);

impl Line {
    /// Begins to open a line in the background.
    pub(crate) fn dial(
        id: LineId,
        address: Arc<Address>,
        connector: TlsConnector,
        news: mpsc::Sender<(LineId, LineNews)>,
    ) -> Self {
        let (frames, waiting) = mpsc::channel(WAITING_FRAMES);
        tokio::spawn(run(id, address, connector, news, waiting));
        Self { frames }
    }

    /// Writes a frame soon.
    pub(crate) fn transmit(&self, frame: String) -> Result<(), Stuck> {
        self.frames.try_send(frame).map_err(|_| Stuck)
    }
}

async fn run(
    id: LineId,
    address: Arc<Address>,
    connector: TlsConnector,
    news: mpsc::Sender<(LineId, LineNews)>,
    mut frames: mpsc::Receiver<String>,
) {
    let open = open(&address, &connector);
    let stream = tokio::select! {
        stream = open => stream,
        // Nothing is sent before the line is open, so this is the owner dropping it.
        _ = frames.recv() => return,
    };
    let why = match stream {
        Err(why) => Some(why),
        Ok(stream) => {
            let (reader, mut writer) = tokio::io::split(stream);
            if news.send((id, LineNews::Opened)).await.is_err() {
                return;
            }
            let why = tokio::select! {
                read = read_lines(id, reader, &news) => read.err(),
                written = write_frames(&mut writer, &mut frames) => match written {
                    Ok(()) => {
                        let _ = tokio::time::timeout(GOODBYE, writer.shutdown()).await;
                        return;
                    }
                    Err(error) => Some(error),
                },
            };
            why.map(|why| format!("the line to {address} broke: {}", plainly(&why)))
        }
    };
    // The owner may have gone; then nobody needs to know.
    let _ = news.send((id, LineNews::Closed(why))).await;
}

async fn open(
    address: &Address,
    connector: &TlsConnector,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, String> {
    let name = ServerName::try_from(address.host().to_owned())
        .map_err(|_| format!("{:?} is no host name", address.host()))?;
    let tcp = TcpStream::connect((address.host(), address.port()))
        .await
        .map_err(|error| format!("can't reach {address}: {}", plainly(&error)))?;
    // Without it a short frame may wait for the acknowledgement of the one before.
    let _ = tcp.set_nodelay(true);
    let stream = connector.connect(name, tcp).await;
    stream.map_err(|error| tls::explain(&error, address))
}

/// Without the number that the system gives it.
fn plainly(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

async fn read_lines(
    id: LineId,
    reader: impl AsyncRead + Unpin,
    news: &mpsc::Sender<(LineId, LineNews)>,
) -> io::Result<()> {
    // A line end may follow a frame of full length.
    const LONGEST: usize = limits::DOWN_FRAME_BYTES + 2;
    let mut reader = BufReader::new(reader);
    loop {
        let mut bytes = Vec::new();
        let mut bounded = (&mut reader).take(LONGEST as u64);
        bounded.read_until(b'\n', &mut bytes).await?;
        if bytes.is_empty() {
            return Ok(());
        }
        if bytes.pop() != Some(b'\n') {
            let is_long = bytes.len() + 1 == LONGEST;
            let why = if is_long {
                "the server sent a line that is too long"
            } else {
                "it ended within a line"
            };
            return Err(io::Error::other(why));
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        let text = String::from_utf8(bytes).map_err(io::Error::other)?;
        if news.send((id, LineNews::Text(text))).await.is_err() {
            return Ok(());
        }
    }
}

/// Ends without an error when the owner drops the line.
async fn write_frames(
    writer: &mut (impl AsyncWrite + Unpin),
    frames: &mut mpsc::Receiver<String>,
) -> io::Result<()> {
    while let Some(frame) = frames.recv().await {
        let mut batch = frame;
        batch.push('\n');
        while let Ok(frame) = frames.try_recv() {
            batch.push_str(&frame);
            batch.push('\n');
        }
        writer.write_all(batch.as_bytes()).await?;
        writer.flush().await?;
    }
    Ok(())
}
