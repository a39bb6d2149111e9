//! Tests whether the database can be written.

use super::Store;
use crate::Result;

/// The bytes to write: more than SQLite may have free in its last pages.
const FILLER: usize = 64 * 1024;

impl Store {
    /// Writes 64 KiB, commits them, and removes them again.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached or written.
    pub async fn probe_write(&self) -> Result<()> {
        let mut tx = self.begin_write().await?;
        sqlx::query("DELETE FROM write_probe")
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO write_probe (id, filler) VALUES (1, $1)")
            .bind("x".repeat(FILLER))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        let mut tx = self.begin_write().await?;
        sqlx::query("DELETE FROM write_probe")
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }
}
