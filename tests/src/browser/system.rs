//! What a phone's system does to a browser whose memory it needs, and what is left of it on the disk.

use std::{
    collections::HashMap,
    fs,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use super::Browser;
use crate::wait;

/// In the names of folders in which browsers keep what pages store.
const STORES: [&str; 2] = ["Local Storage", "ls"];

/// What stands on the command line of Chromium's processes that hold pages.
const RENDERER: &str = "--type=renderer";

impl Browser {
    /// Kills the browser at once, with all that it has on its screen, and starts it again on what it has on its disk. No
    /// tab of it may be held any more. WebKit's has nothing there.
    ///
    /// # Errors
    /// When a tab is still held, or it does not start again.
    pub async fn killed(self) -> Result<Self> {
        let mark = self.profile_mark();
        let seat = Arc::into_inner(self.seat).context("somebody still holds a tab")?;
        let wish = seat.wish;
        for pid in with_mark(&mark)? {
            // It may just have ended with another one.
            let _ = kill_process(pid, Signal::KILL);
        }
        let profile = seat.profile.clone();
        drop(seat);
        let gone = async || Ok(with_mark(&mark)?.len());
        wait::until("the end of the browser", gone, |count| *count == 0).await?;
        Self::start_on(wish, profile).await
    }

    /// The processes of the system in which this browser keeps its pages. Chromium has such, one for each site.
    ///
    /// # Errors
    /// When the browser does not run.
    pub fn renderers(&self) -> Result<Vec<u32>> {
        let all = below(self.seat.processes.driver.id())?;
        let is_renderer = |id: &u32| {
            let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            holds(&line, RENDERER.as_bytes())
        };
        Ok(all.into_iter().filter(is_renderer).collect())
    }

    /// Waits until what pages store for good is on the disk with this text in it: browsers write it later.
    ///
    /// # Errors
    /// When it does not get there.
    pub async fn has_on_disk(&self, text: &str) -> Result<()> {
        let profile = self.seat.profile.path();
        let look = async || {
            let stores = stores_below(profile)?;
            Ok(stores
                .iter()
                .any(|file| holds(&fs::read(file).unwrap_or_default(), text.as_bytes())))
        };
        let what = format!("{text:?} on the disk");
        wait::until(&what, look, |is_there| *is_there).await?;
        Ok(())
    }
}

/// Sends a signal to all processes that a driver has started, and to those that they have started.
pub(super) fn signal_below(driver: u32, signal: Signal) -> Result<()> {
    for id in below(driver)? {
        let pid = Pid::from_raw(i32::try_from(id)?).context("a process")?;
        // It may just have ended.
        let _ = kill_process(pid, signal);
    }
    Ok(())
}

/// All processes that a driver has started, and those that they have started.
fn below(driver: u32) -> Result<Vec<u32>> {
    let mut families = HashMap::<u32, Vec<u32>>::new();
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        let of = |part: &str| part.parse::<u32>().ok();
        let name = path.file_name().and_then(|name| of(name.to_str()?));
        let stat = fs::read_to_string(path.join("stat")).unwrap_or_default();
        // The name of a program may hold blanks; after its bracket come the state and the parent.
        let after = stat.rsplit_once(") ").map(|(_, after)| after);
        let parent = after.and_then(|after| of(after.split(' ').nth(1)?));
        if let (Some(child), Some(parent)) = (name, parent) {
            families.entry(parent).or_default().push(child);
        }
    }
    let mut found = families.remove(&driver).unwrap_or_default();
    ensure!(!found.is_empty(), "the driver {driver} has no browser");
    let mut seen = 0;
    while let Some(id) = found.get(seen) {
        let children = families.remove(id).unwrap_or_default();
        found.extend(children);
        seen += 1;
    }
    Ok(found)
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|part| part == text)
}

/// The processes that have `mark` on their command line.
fn with_mark(mark: &str) -> Result<Vec<Pid>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.parse().ok());
        if let Some(pid) = pid.and_then(Pid::from_raw)
            && holds(&line, mark.as_bytes())
        {
            found.push(pid);
        }
    }
    Ok(found)
}

/// The files of the stores; they come and go.
fn stores_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry?.path();
        let is_store = |part: Component<'_>| STORES.iter().any(|store| part.as_os_str() == *store);
        if path.is_dir() {
            found.extend(stores_below(&path)?);
        } else if path.components().any(is_store) {
            found.push(path);
        }
    }
    Ok(found)
}
