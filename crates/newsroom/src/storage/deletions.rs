//! What becomes of updates that are deleted, in the database.

use domain::Timestamp;

use super::{Revision, Store, feed, one_row};
use crate::{LiveUpdate, Result};

impl Revision {
    /// Takes an update away, or with `None` gives it back.
    ///
    /// # Errors
    /// If there is no such update, or the database can't be reached.
    pub async fn set_update_deleted(
        &mut self,
        update: &LiveUpdate,
        deleted_at: Option<Timestamp>,
    ) -> Result<()> {
        let result = sqlx::query("UPDATE updates SET deleted_at = $2, rev = $3 WHERE id = $1")
            .bind(update.id.0)
            .bind(deleted_at.map(|at| at.0))
            .bind(self.rev)
            .execute(&mut *self.snapshot.tx)
            .await?;
        one_row(&result)?;
        self.note_change_of(update).await
    }
}

impl Store {
    /// Wipes the text of updates that were deleted before `before`; their tombstones stay.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn wipe_deleted(&self, before: Timestamp) -> Result<()> {
        let mut tx = self.begin_write().await?;
        // Mostly there is nothing, and then nothing is written: the lock alone would cost a commit a minute.
        let due = sqlx::query(
            "SELECT 1 AS one FROM updates WHERE deleted_at < $1 AND source <> '' LIMIT 1",
        )
        .bind(before.0)
        .fetch_optional(&mut *tx)
        .await?;
        if due.is_none() {
            return Ok(());
        }
        // No writer is in the middle of changing the same rows in another order.
        feed::lock(&mut tx).await?;
        sqlx::query(
            "UPDATE updates SET headline = NULL, source = '', html = ''
             WHERE deleted_at < $1 AND source <> ''",
        )
        .bind(before.0)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }
}
