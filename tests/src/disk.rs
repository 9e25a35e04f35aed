//! A small disk that can be filled and freed again.

use std::{fs::File, io::Write as _, path::Path};

use anyhow::{Context as _, Result};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

/// A small file system of its own, unmounted when dropped.
pub struct Disk(tempfile::TempDir);

impl Disk {
    /// An empty disk of so many megabytes.
    ///
    /// # Errors
    /// Where this user may not mount.
    pub fn new(megabytes: u32) -> Result<Self> {
        Self::at(tempfile::tempdir()?, megabytes)
    }

    /// The same in a folder of this temporary one.
    ///
    /// # Errors
    /// Where this user may not mount.
    pub fn at(folder: tempfile::TempDir, megabytes: u32) -> Result<Self> {
        let options = std::ffi::CString::new(format!("size={megabytes}m"))?;
        let flags = MountFlags::empty();
        mount("tmpfs", folder.path(), "tmpfs", flags, Some(&*options)).context("mount a tmpfs")?;
        Ok(Self(folder))
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes until nothing fits any more.
    ///
    /// # Errors
    /// When the file that fills it can't be made.
    pub fn fill(&self) -> Result<()> {
        let mut file = File::create(self.path().join("filler"))?;
        for size in [64 * 1024, 4096, 1] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
        Ok(())
    }

    /// Removes what [`Disk::fill`] has written.
    ///
    /// # Errors
    /// When there is nothing.
    pub fn make_room(&self) -> Result<()> {
        std::fs::remove_file(self.path().join("filler")).context("remove the filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = unmount(self.path(), UnmountFlags::DETACH);
    }
}
