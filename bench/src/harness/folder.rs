//! Where a benchmark keeps its files.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{Result, While};

/// A temporary folder beside the build, which is on a disk: /tmp is memory on many systems, and a
/// commit to memory is no commit.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Folder {
    /// An empty folder, removed when dropped.
    pub fn new() -> Result<Self> {
        let made = build_folder()
            .and_then(|parent| tempfile::Builder::new().prefix("bench-").tempdir_in(parent));
        Ok(Self(made.while_doing("making a temporary folder")?))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file in it, and says where.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.path().join(name);
        fs::write(&path, content).while_doing(format!("writing {}", path.display()))?;
        Ok(path)
    }

    /// The kind of file system that it is on, as in `ext4`.
    pub fn file_system(&self) -> String {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        file_system_of(self.path(), &mounts)
            .unwrap_or("unknown file system")
            .to_owned()
    }
}

/// The folder of the release build: these programs stand in it.
pub fn build_folder() -> io::Result<PathBuf> {
    let mut program = std::env::current_exe()?;
    program.pop();
    Ok(program)
}

/// The kind of the innermost of the mounted file systems that holds `path`. Each line of `mounts`
/// reads: device, place, kind, and more.
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
    fn the_innermost_file_system_counts() {
        let mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\ntmpfs /tm tmpfs rw 0 0\n";
        let kind = |path: &str| file_system_of(Path::new(path), mounts);
        assert_eq!(kind("/home/ann"), Some("ext4"));
        assert_eq!(kind("/tmp/x"), Some("tmpfs"));
        assert_eq!(kind("/tmpx"), Some("ext4"));
    }
}
