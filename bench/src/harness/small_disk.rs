//! A small disk that can be filled and freed again.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{Context, Result};

/// A file system in memory, unmounted when dropped.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts a disk of `megabytes` at `folder`. Returns `None` if the system doesn't allow that.
    ///
    /// # Errors
    ///
    /// If the folder can't be created.
    pub fn mount(folder: &Path, megabytes: u32) -> Result<Option<Self>> {
        fs::create_dir_all(folder).context("creating a folder for a small disk")?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(folder)
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        Ok(mounted.then(|| Self(folder.to_owned())))
    }

    /// Fills all free space.
    ///
    /// # Errors
    ///
    /// If no file can be created.
    pub fn fill(&self) -> Result<()> {
        let mut filler = File::create(self.filler()).context("filling a disk")?;
        for block in [1 << 20, 512] {
            while filler.write_all(&vec![0; block]).is_ok() {}
        }
        Ok(())
    }

    /// Frees the space again.
    ///
    /// # Errors
    ///
    /// If the disk wasn't filled.
    pub fn free(&self) -> Result<()> {
        fs::remove_file(self.filler()).context("freeing a disk")
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, because the server that uses it may still be ending.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
