//! The machine's own limits: the least that a server of the same shape could do.
//!
//! A relay on bare axum WebSockets: who says `visitor N` is one, who says `agent N` gets the messages of its share of
//! the visitors, and what an agent sends back goes to the visitor that it names in its first eight characters. With a
//! disk, a message is passed on after it was appended to a file and `fdatasync` has returned, all that wait together.
//!
//! An echo on the same WebSockets, with the buffers that axum chooses or with ours: what an idle line costs.

mod disk;
mod echo;
mod journal;
mod relay;

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Result;
use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use clap::ValueEnum;
use tokio::net::TcpSocket;

pub(crate) use disk::append_and_sync;

/// The same buffers and backlog as Holdfast's.
const READ_BUFFER: usize = 1024;
const WRITE_BUFFER_MAX: usize = 64 * 1024;
const BACKLOG: u32 = 4096;

/// What a baseline's server does with texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Work {
    /// Passes them on.
    Relay,
    /// Appends each to a file and syncs, grouped, and passes it on then.
    SyncedRelay,
    /// Sends them back, with buffers as small as Holdfast's.
    SmallEcho,
    /// Sends them back, with the buffers that axum chooses.
    DefaultEcho,
}

impl Work {
    /// As it is called on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::SyncedRelay => "synced-relay",
            Self::SmallEcho => "small-echo",
            Self::DefaultEcho => "default-echo",
        }
    }
}

/// Serves until it is killed; prints its address.
///
/// # Errors
/// When the port or the file can't be opened.
pub(crate) async fn serve(work: Work, folder: &Path) -> Result<()> {
    let router = match work {
        Work::Relay => relay::router(None),
        Work::SyncedRelay => relay::router(Some(journal::Journal::open(&folder.join("journal"))?)),
        Work::SmallEcho => echo::router(small),
        Work::DefaultEcho => echo::router(|upgrade| upgrade),
    };
    listen(router).await
}

/// An upgrade with buffers as small as Holdfast's.
fn small(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER_MAX)
}

async fn listen(router: Router) -> Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let listener = socket.listen(BACKLOG)?;
    println!("ready {}", listener.local_addr()?);
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        // A socket that is gone already ends by itself.
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, router).await?)
}
