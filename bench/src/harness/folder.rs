//! The files of a benchmark.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{Context, Result};

/// A temporary folder beside the build, which is on a disk. On many systems /tmp is in memory,
/// where a commit does not wait for a disk.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Folder {
    /// Creates an empty folder, removed when dropped.
    pub fn new() -> Result<Self> {
        let made = build_folder()
            .and_then(|parent| tempfile::Builder::new().prefix("bench-").tempdir_in(parent));
        Ok(Self(made.context("creating a temporary folder")?))
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file into it and returns its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.path().join(name);
        fs::write(&path, content).context(format!("writing {}", path.display()))?;
        Ok(path)
    }

    /// Returns the type of its file system, for example `ext4`.
    pub fn file_system(&self) -> String {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        file_system_of(self.path(), &mounts)
            .unwrap_or("unknown file system")
            .to_owned()
    }
}

/// Returns the folder of the release build, which contains these programs.
pub fn build_folder() -> io::Result<PathBuf> {
    let mut program = std::env::current_exe()?;
    program.pop();
    Ok(program)
}

/// Returns the type of the innermost mounted file system that contains `path`. The fields of each
/// line in `mounts` are the device, the mount point, the type, and others.
fn file_system_of<'a>(path: &Path, mounts: &'a str) -> Option<&'a str> {
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            Some((fields.next()?, fields.next()?))
        })
        .filter(|(place, _)| path.starts_with(place))
        .max_by_key(|(place, _)| place.len())
        .map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn innermost_mount_determines_the_file_system() {
        let mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\ntmpfs /tm tmpfs rw 0 0\n";
        let kind = |path: &str| file_system_of(Path::new(path), mounts);
        assert_eq!(kind("/home/ann"), Some("ext4"));
        assert_eq!(kind("/tmp/x"), Some("tmpfs"));
        assert_eq!(kind("/tmpx"), Some("ext4"));
    }
}
