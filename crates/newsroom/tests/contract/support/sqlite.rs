//! An SQLite file, and a copy of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file in a test's folder.
pub struct SqliteFile {
    file: PathBuf,
    backup: PathBuf,
}

impl SqliteFile {
    /// One that isn't there yet.
    pub fn new(folder: &Path) -> Self {
        Self {
            file: folder.join("ringside.db"),
            backup: folder.join("backup.db"),
        }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("sqlite://{}", self.file.display())
    }

    /// Copies it; it must be closed.
    pub fn back_up(&self) {
        fs::copy(&self.file, &self.backup).unwrap();
    }

    /// Copies it back; it must be closed.
    pub fn put_back(&self) {
        fs::copy(&self.backup, &self.file).unwrap();
    }
}
