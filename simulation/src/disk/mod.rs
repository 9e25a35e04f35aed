//! The file layer under the real SQLite: a page cache over a disk, both in memory. What was written is in the
//! cache; what was synced is on the disk; a machine that loses its power keeps the disk and some of the rest.

mod vfs;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::rng::Rng;

pub use vfs::{Mounted, mount};

/// Written in one piece or not at all, whatever happens to the power.
const SECTOR: usize = 512;

/// How the power went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// The process died; the machine and its page cache live on.
    Process,
    /// The machine lost its power; what was not synced may be gone, in part or wholly.
    Power,
}

/// What the disk does wrong at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Defects {
    /// No file grows.
    pub is_full: bool,
    /// So many of the next writes fail.
    pub failing_writes: u32,
    /// So many of the next reads fail.
    pub failing_reads: u32,
    /// So many of the next syncs fail. What they should have written is never written by a later one, as on Linux.
    pub failing_syncs: u32,
    /// Syncs succeed and do nothing. No database can live with that: it shows that the simulator would notice.
    pub lies: bool,
}

/// The disk of one life of the server. Clones name the same disk.
#[derive(Clone, Debug)]
pub struct Disk {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    died: Notify,
}

#[derive(Debug)]
struct State {
    files: BTreeMap<String, File>,
    defects: Defects,
    rng: Rng,
    /// Writes and syncs until the process or the machine dies.
    until_death: Option<u64>,
    is_dead: bool,
}

/// A file: what programs read, and what a power cut leaves.
#[derive(Clone, Debug, Default)]
struct File {
    cache: Vec<u8>,
    disk: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

/// Why an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// Nobody is there any more to carry anything out.
    Dead,
    Full,
    Broken,
}

impl Disk {
    /// An empty disk.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with(BTreeMap::new(), seed)
    }

    fn with(files: BTreeMap<String, File>, seed: u64) -> Self {
        let state = State {
            files,
            defects: Defects::default(),
            rng: Rng::new(seed),
            until_death: None,
            is_dead: false,
        };
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                died: Notify::new(),
            }),
        }
    }

    /// What the next life finds after `death`. This life can do nothing any more.
    #[must_use]
    pub fn after(&self, death: Death) -> Self {
        let mut state = self.lock();
        state.is_dead = true;
        let mut rng = Rng::new(state.rng.next());
        let mut files = state.files.clone();
        for file in files.values_mut() {
            match death {
                // The kernel writes its cache back in its own time; what a failed sync has dropped stays dropped.
                Death::Process => {}
                Death::Power => file.lose_power(&mut rng),
            }
        }
        // Shared memory is gone with its processes, and a lock file is none.
        Self::with(files, rng.next())
    }

    /// A copy of a disk that nobody uses, for another history.
    #[must_use]
    pub fn copied(&self, seed: u64) -> Self {
        Self::with(self.lock().files.clone(), seed)
    }

    /// Changes what the disk does wrong.
    pub fn set_defects(&self, defects: Defects) {
        self.lock().defects = defects;
    }

    /// Lets the life end at the `count`th write or sync from now, before it or right after it.
    pub fn die_after(&self, count: u64) {
        self.lock().until_death = Some(count);
    }

    /// Takes a death back that has not come yet.
    pub fn live_on(&self) {
        self.lock().until_death = None;
    }

    /// Whether the life has ended.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.lock().is_dead
    }

    /// Returns when the life ends by [`Disk::die_after`].
    pub async fn died(&self) {
        self.shared.died.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a write or a sync towards the end. Whether it still happens.
    fn live(&self, state: &mut State) -> Result<(), Failure> {
        if state.is_dead {
            return Err(Failure::Dead);
        }
        let Some(count) = state.until_death else {
            return Ok(());
        };
        if count > 0 {
            state.until_death = Some(count - 1);
            return Ok(());
        }
        state.is_dead = true;
        self.shared.died.notify_one();
        // In half of the cases it happened, and nobody hears of it.
        if state.rng.chance(50) {
            Ok(())
        } else {
            Err(Failure::Dead)
        }
    }

    fn write(&self, name: &str, at: usize, data: &[u8]) -> Result<(), Failure> {
        let state = &mut *self.lock();
        self.live(state)?;
        if state.defects.failing_writes > 0 {
            state.defects.failing_writes -= 1;
            return Err(Failure::Broken);
        }
        let is_full = state.defects.is_full;
        let file = state.files.get_mut(name).ok_or(Failure::Broken)?;
        if is_full && at + data.len() > file.cache.len() {
            return Err(Failure::Full);
        }
        let change = Change::Write(at, data.to_vec());
        change.apply(&mut file.cache);
        file.unsynced.push(change);
        Ok(())
    }

    fn set_len(&self, name: &str, len: usize) -> Result<(), Failure> {
        let state = &mut *self.lock();
        self.live(state)?;
        let file = state.files.get_mut(name).ok_or(Failure::Broken)?;
        let change = Change::Length(len);
        change.apply(&mut file.cache);
        file.unsynced.push(change);
        Ok(())
    }

    fn sync(&self, name: &str) -> Result<(), Failure> {
        let state = &mut *self.lock();
        self.live(state)?;
        let file = state.files.get_mut(name).ok_or(Failure::Broken)?;
        if state.defects.failing_syncs > 0 {
            state.defects.failing_syncs -= 1;
            file.unsynced.clear();
            return Err(Failure::Broken);
        }
        if !state.defects.lies {
            for change in file.unsynced.drain(..) {
                change.apply(&mut file.disk);
            }
        }
        Ok(())
    }

    fn read(&self, name: &str, at: usize, into: &mut [u8]) -> Result<usize, Failure> {
        let state = &mut *self.lock();
        if state.is_dead {
            return Err(Failure::Dead);
        }
        if state.defects.failing_reads > 0 {
            state.defects.failing_reads -= 1;
            return Err(Failure::Broken);
        }
        let file = state.files.get(name).ok_or(Failure::Broken)?;
        let there = file.cache.get(at..).unwrap_or_default();
        let count = there.len().min(into.len());
        into[..count].copy_from_slice(&there[..count]);
        Ok(count)
    }

    fn len(&self, name: &str) -> usize {
        self.lock()
            .files
            .get(name)
            .map_or(0, |file| file.cache.len())
    }

    fn exists(&self, name: &str) -> bool {
        self.lock().files.contains_key(name)
    }

    fn create(&self, name: &str) {
        self.lock().files.entry(name.to_owned()).or_default();
    }

    /// A name is gone at once and for good: the folder's own durability is the file system's, not SQLite's.
    fn remove(&self, name: &str) -> Result<bool, Failure> {
        let state = &mut *self.lock();
        self.live(state)?;
        Ok(state.files.remove(name).is_some())
    }
}

impl File {
    /// Of what was not synced, each sector of each write has reached the disk or has not.
    fn lose_power(&mut self, rng: &mut Rng) {
        for change in self.unsynced.drain(..) {
            match change {
                Change::Length(_) if rng.chance(50) => change.apply(&mut self.disk),
                Change::Length(_) => {}
                Change::Write(at, data) => {
                    let luck = rng.next() % 4;
                    let mut from = 0;
                    while from < data.len() {
                        let until = ((at + from) / SECTOR + 1) * SECTOR - at;
                        let until = until.min(data.len());
                        let is_kept = luck == 0 || (luck < 3 && rng.chance(50));
                        if is_kept {
                            let piece = data[from..until].to_vec();
                            Change::Write(at + from, piece).apply(&mut self.disk);
                        }
                        from = until;
                    }
                }
            }
        }
        self.cache.clone_from(&self.disk);
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Length(len) => bytes.resize(*len, 0),
            Self::Write(at, data) => {
                let end = at + data.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*at..end].copy_from_slice(data);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk() -> Disk {
        let disk = Disk::new(1);
        disk.create("f");
        disk
    }

    fn read(disk: &Disk) -> Vec<u8> {
        let mut bytes = vec![0; disk.len("f")];
        disk.read("f", 0, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_power_cut_keeps_what_was_synced_and_a_dead_process_keeps_all() {
        let disk = disk();
        disk.write("f", 0, b"one").unwrap();
        disk.sync("f").unwrap();
        disk.write("f", 3, b"two").unwrap();
        assert_eq!(read(&disk.after(Death::Process)), b"onetwo");
        let lives: Vec<_> = (0..64)
            .map(|seed| read(&disk.copied(seed).after(Death::Power)))
            .collect();
        assert!(lives.iter().all(|life| life.starts_with(b"one")));
        assert!(lives.iter().any(|life| life == b"one"));
        assert!(lives.iter().any(|life| life == b"onetwo"));
    }

    #[test]
    fn what_a_failed_sync_has_dropped_no_later_one_writes() {
        let disk = disk();
        disk.write("f", 0, b"one").unwrap();
        disk.set_defects(Defects {
            failing_syncs: 1,
            ..Defects::default()
        });
        assert_eq!(disk.sync("f"), Err(Failure::Broken));
        disk.sync("f").unwrap();
        assert_eq!(read(&disk), b"one");
        assert!(read(&disk.after(Death::Power)).is_empty());
    }

    #[test]
    fn a_full_disk_lets_no_file_grow() {
        let disk = disk();
        disk.write("f", 0, b"one").unwrap();
        disk.set_defects(Defects {
            is_full: true,
            ..Defects::default()
        });
        disk.write("f", 0, b"two").unwrap();
        assert_eq!(disk.write("f", 1, b"two"), Err(Failure::Full));
    }

    #[test]
    fn after_its_death_a_life_does_nothing() {
        let disk = disk();
        disk.die_after(1);
        disk.write("f", 0, b"one").unwrap();
        let _ = disk.write("f", 0, b"two");
        assert!(disk.is_dead());
        assert_eq!(disk.write("f", 0, b"two"), Err(Failure::Dead));
        assert_eq!(disk.sync("f"), Err(Failure::Dead));
    }
}
