//! [`Disk`] as SQLite sees it: a virtual file system, which is this process' default.
//!
//! One history runs on one thread and never lets two connections work at the same moment. So the only lock that can
//! be refused is the one by which a connection finds out that it is the last one, and the shared memory of WAL
//! mode is plain memory.

use std::collections::{BTreeMap, HashMap};
use std::ptr::NonNull;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use sqlite_plugin::flags::{AccessFlags, LockLevel, OpenOpts, ShmLockMode};
use sqlite_plugin::vars;
use sqlite_plugin::vfs::{RegisterOpts, Vfs, VfsHandle, VfsResult, register_static};

use super::{Disk, Failure};

/// What is mounted where.
static MOUNTS: LazyLock<Mutex<HashMap<String, Mount>>> = LazyLock::new(Mutex::default);

/// Registered once, by whoever mounts first.
static REGISTERED: LazyLock<bool> = LazyLock::new(|| {
    let name = c"simulated-disk".to_owned();
    register_static(name, Files, RegisterOpts { make_default: true }).is_ok()
});

#[derive(Clone)]
struct Mount {
    disk: Disk,
    /// The regions of shared memory of each database.
    memory: Arc<Mutex<Vec<Box<[u8]>>>>,
    /// How many handles hold a lock on each file.
    locked: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Mount {
    fn new(disk: Disk) -> Self {
        Self {
            disk,
            memory: Arc::default(),
            locked: Arc::default(),
        }
    }
}

/// A disk that is mounted until this is dropped. Files that are open then stay open.
#[derive(Debug)]
pub struct Mounted {
    folder: String,
}

/// Mounts a disk at a folder: every database that this process opens there lies on it.
///
/// # Panics
/// When SQLite does not take the file system.
#[must_use]
pub fn mount(folder: &str, disk: &Disk) -> Mounted {
    assert!(*REGISTERED, "SQLite takes the simulated disk");
    mounts().insert(folder.to_owned(), Mount::new(disk.clone()));
    Mounted {
        folder: folder.to_owned(),
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        mounts().remove(&self.folder);
    }
}

/// The file system.
struct Files;

/// An open file.
struct Handle {
    mount: Mount,
    name: String,
    is_temporary: bool,
    level: LockLevel,
}

impl Handle {
    fn release(&mut self, level: LockLevel) {
        if level == LockLevel::Unlocked && self.level > level {
            let mut locked = lock(&self.mount.locked);
            let count = locked.entry(self.name.clone()).or_default();
            *count = count.saturating_sub(1);
        }
        self.level = self.level.min(level);
    }
}

impl VfsHandle for Handle {
    fn readonly(&self) -> bool {
        false
    }

    fn in_memory(&self) -> bool {
        false
    }
}

impl Vfs for Files {
    type Handle = Handle;

    fn open(&self, path: Option<&str>, opts: OpenOpts) -> VfsResult<Handle> {
        let is_temporary = path.is_none();
        let path = path.unwrap_or("/temporary/file");
        let (folder, name) = split(path);
        let mount = if is_temporary {
            Mount::new(Disk::new(0))
        } else {
            mounts().get(folder).cloned().ok_or(vars::SQLITE_CANTOPEN)?
        };
        if mount.disk.is_dead() {
            return Err(vars::SQLITE_CANTOPEN);
        }
        mount.disk.create(name);
        Ok(Handle {
            mount,
            name: name.to_owned(),
            is_temporary: is_temporary || opts.delete_on_close(),
            level: LockLevel::Unlocked,
        })
    }

    fn delete(&self, path: &str) -> VfsResult<()> {
        let (folder, name) = split(path);
        let mount = mounts().get(folder).cloned();
        let disk = mount.ok_or(vars::SQLITE_IOERR_DELETE)?.disk;
        match disk.remove(name) {
            Ok(true) => Ok(()),
            Ok(false) => Err(vars::SQLITE_IOERR_DELETE_NOENT),
            Err(_) => Err(vars::SQLITE_IOERR_DELETE),
        }
    }

    fn access(&self, path: &str, _: AccessFlags) -> VfsResult<bool> {
        let (folder, name) = split(path);
        Ok(mounts()
            .get(folder)
            .is_some_and(|mount| mount.disk.exists(name)))
    }

    fn file_size(&self, handle: &mut Handle) -> VfsResult<usize> {
        Ok(handle.mount.disk.len(&handle.name))
    }

    fn truncate(&self, handle: &mut Handle, size: usize) -> VfsResult<()> {
        let done = handle.mount.disk.set_len(&handle.name, size);
        done.map_err(|failure| code(failure, vars::SQLITE_IOERR_TRUNCATE))
    }

    fn write(&self, handle: &mut Handle, offset: usize, data: &[u8]) -> VfsResult<usize> {
        let done = handle.mount.disk.write(&handle.name, offset, data);
        done.map_err(|failure| code(failure, vars::SQLITE_IOERR_WRITE))?;
        Ok(data.len())
    }

    fn read(&self, handle: &mut Handle, offset: usize, data: &mut [u8]) -> VfsResult<usize> {
        let done = handle.mount.disk.read(&handle.name, offset, data);
        done.map_err(|failure| code(failure, vars::SQLITE_IOERR_READ))
    }

    fn lock(&self, handle: &mut Handle, level: LockLevel) -> VfsResult<()> {
        let mut locked = lock(&handle.mount.locked);
        let count = locked.entry(handle.name.clone()).or_default();
        if level == LockLevel::Exclusive && *count > 1 {
            return Err(vars::SQLITE_BUSY);
        }
        if handle.level == LockLevel::Unlocked {
            *count += 1;
        }
        handle.level = handle.level.max(level);
        Ok(())
    }

    fn unlock(&self, handle: &mut Handle, level: LockLevel) -> VfsResult<()> {
        handle.release(level);
        Ok(())
    }

    fn check_reserved_lock(&self, _: &mut Handle) -> VfsResult<bool> {
        Ok(false)
    }

    fn sync(&self, handle: &mut Handle) -> VfsResult<()> {
        let done = handle.mount.disk.sync(&handle.name);
        done.map_err(|failure| code(failure, vars::SQLITE_IOERR_FSYNC))
    }

    fn close(&self, mut handle: Handle) -> VfsResult<()> {
        handle.release(LockLevel::Unlocked);
        if handle.is_temporary {
            // Who deletes a file that is dead already has nothing to delete.
            let _ = handle.mount.disk.remove(&handle.name);
        }
        Ok(())
    }

    fn device_characteristics(&self, _: &mut Handle) -> VfsResult<i32> {
        // What SQLite assumes of every disk under Linux.
        Ok(vars::SQLITE_IOCAP_POWERSAFE_OVERWRITE)
    }

    fn shm_map(
        &self,
        handle: &mut Handle,
        region: usize,
        size: usize,
        extend: bool,
    ) -> VfsResult<Option<NonNull<u8>>> {
        let mut memory = lock(&handle.mount.memory);
        if region >= memory.len() && !extend {
            return Ok(None);
        }
        while memory.len() <= region {
            memory.push(vec![0; size].into_boxed_slice());
        }
        Ok(NonNull::new(memory[region].as_mut_ptr()))
    }

    fn shm_lock(&self, _: &mut Handle, _: u32, _: u32, _: ShmLockMode) -> VfsResult<()> {
        Ok(())
    }

    fn shm_unmap(&self, _: &mut Handle, _: bool) -> VfsResult<()> {
        Ok(())
    }
}

fn code(failure: Failure, broken: i32) -> i32 {
    match failure {
        Failure::Full => vars::SQLITE_FULL,
        Failure::Dead | Failure::Broken => broken,
    }
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn mounts() -> MutexGuard<'static, HashMap<String, Mount>> {
    lock(&MOUNTS)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
