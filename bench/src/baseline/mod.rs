//! The machine's own limits: the least that a server of the same shape could do.
//!
//! A relay on bare axum WebSockets: who says `visitor N` is one, who says `agent N` gets the messages of its share of
//! the visitors, and what an agent sends back goes to the visitor that it names in its first eight characters. With a
//! disk, a message is passed on after it was appended to a file and `fdatasync` has returned, all that wait together.

mod journal;
mod relay;

use std::path::Path;

use anyhow::Result;
use clap::ValueEnum;

/// What a relay does before it passes a message on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Disk {
    /// Nothing.
    None,
    /// Append and sync, grouped.
    Synced,
}

/// Serves until it is killed; prints its address.
///
/// # Errors
/// When the port or the file can't be opened.
pub(crate) async fn serve(disk: Disk, folder: &Path) -> Result<()> {
    let journal = match disk {
        Disk::None => None,
        Disk::Synced => Some(journal::Journal::open(&folder.join("journal"))?),
    };
    relay::serve(journal).await
}
