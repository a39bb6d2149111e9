//! An SQLite file and its backup.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{AnyConnection, Connection, Executor, Row};

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
    pub async fn back_up(&self) {
        self.check_point().await;
        fs::copy(&self.file, &self.backup).unwrap();
    }

    /// Copies the backup back. The database must be closed.
    pub async fn restore_backup(&self) {
        self.check_point().await;
        fs::copy(&self.backup, &self.file).unwrap();
    }

    /// Moves everything from the write-ahead log to the file. A connection whose query was
    /// cancelled may close a moment after its pool, and leave the log.
    async fn check_point(&self) {
        let mut connection = AnyConnection::connect(&self.url()).await.unwrap();
        loop {
            let row = connection
                .fetch_one("PRAGMA wal_checkpoint(TRUNCATE)")
                .await;
            if row.unwrap().get::<i64, _>(0) == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        connection.close().await.unwrap();
    }
}
