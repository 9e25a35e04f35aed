//! Append and sync, grouped: what waits while one sync runs is written by the next.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use axum::extract::ws::Utf8Bytes;
use tokio::sync::mpsc;

/// Messages in one write: as many as Holdfast commits at once.
const GROUP: usize = 512;

/// A message with its way on.
pub(super) type Entry = (Utf8Bytes, mpsc::Sender<Utf8Bytes>);

/// A file that is only appended to.
#[derive(Clone, Debug)]
pub(super) struct Journal {
    inbox: mpsc::Sender<Entry>,
}

impl Journal {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("create {}", path.display()))?;
        let (inbox, waiting) = mpsc::channel(GROUP * 8);
        std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || run(file, waiting))?;
        Ok(Self { inbox })
    }

    /// Passes the text on when it is on the disk.
    pub(super) async fn append(&self, entry: Entry) {
        // A journal that has failed passes nothing on, which nobody can overlook.
        let _ = self.inbox.send(entry).await;
    }
}

fn run(mut file: File, mut waiting: mpsc::Receiver<Entry>) {
    let mut group = Vec::with_capacity(GROUP);
    let mut bytes = Vec::new();
    while waiting.blocking_recv_many(&mut group, GROUP) > 0 {
        bytes.clear();
        for (text, _) in &group {
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(b'\n');
        }
        if file
            .write_all(&bytes)
            .and_then(|()| file.sync_data())
            .is_err()
        {
            return;
        }
        for (text, to) in group.drain(..) {
            // Nobody has more than one message under way, so there is room.
            let _ = to.try_send(text);
        }
    }
}
