//! The folder of a soak.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rustix::mount::{UnmountFlags, unmount};
use tempfile::TempDir;

/// What the folders' names begin with; the number of the process that made them follows.
const PREFIX: &str = "holdfast-soak-";

/// A folder that is removed in the end, unless it is kept.
pub(super) struct Workshop {
    folder: Option<TempDir>,
    path: PathBuf,
}

impl Workshop {
    /// An empty folder; what killed runs have left behind is removed.
    pub(super) fn open() -> Result<Self> {
        remove_leftovers();
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir()?;
        let path = folder.path().to_owned();
        Ok(Self {
            folder: Some(folder),
            path,
        })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves it there, under a name that no later run removes.
    pub(super) fn keep(&mut self) -> Result<PathBuf> {
        let folder = self.folder.take().context("it is kept already")?.keep();
        let name = format!("holdfast-soak.kept-{}", std::process::id());
        let kept = folder.with_file_name(name);
        let _ = fs::remove_dir_all(&kept);
        fs::rename(&folder, &kept)?;
        Ok(kept)
    }
}

fn remove_leftovers() {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    for entry in fs::read_dir(std::env::temp_dir())
        .into_iter()
        .flatten()
        .flatten()
    {
        let folder = entry.path();
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| {
            let (owner, _) = name.strip_prefix(PREFIX)?.split_once('-')?;
            owner.parse::<u32>().ok()
        });
        let is_left =
            owner.is_some_and(|owner| !Path::new("/proc").join(owner.to_string()).exists());
        if !is_left {
            continue;
        }
        let points = mounts.lines().filter_map(|line| line.split(' ').nth(1));
        for point in points.filter(|point| Path::new(point).starts_with(&folder)) {
            let _ = unmount(point, UnmountFlags::DETACH);
        }
        let _ = fs::remove_dir_all(&folder);
    }
}
