//! An SQLite file and its backup.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// An SQLite file in a test's folder.
pub struct SqliteFile {
    file: PathBuf,
    backup: PathBuf,
}

impl SqliteFile {
    /// Returns the paths in `folder`. The file does not exist yet.
    pub fn new(folder: &Path) -> Self {
        Self {
            file: folder.join("ringside.db"),
            backup: folder.join("backup.db"),
        }
    }

    /// Returns the database URL.
    pub fn url(&self) -> String {
        format!("sqlite://{}", self.file.display())
    }

    /// Copies the file to the backup. The database must be closed.
    pub fn back_up(&self) {
        fs::copy(&self.file, &self.backup).unwrap();
    }

    /// Copies the backup back. The database must be closed.
    pub fn restore_backup(&self) {
        fs::copy(&self.backup, &self.file).unwrap();
    }
}
