//! The disk with nobody before it: one who appends a message, syncs, and appends the next.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// Milliseconds of each append of so many bytes with its `fdatasync`, one after the other for `span`, to a new file in
/// `folder`.
///
/// # Errors
/// When the disk refuses.
pub(crate) fn append_and_sync(folder: &Path, bytes: usize, span: Duration) -> Result<Vec<f64>> {
    let path = folder.join("bare");
    let mut file = File::create(&path).with_context(|| format!("create {}", path.display()))?;
    let message = vec![b'z'; bytes];
    let began = Instant::now();
    let mut took = Vec::new();
    while began.elapsed() < span {
        let one = Instant::now();
        file.write_all(&message)?;
        file.sync_data()?;
        took.push(one.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(took)
}
