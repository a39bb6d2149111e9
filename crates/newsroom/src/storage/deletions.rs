//! Statements that delete, restore and erase updates.

use domain::{AccountId, Timestamp};

use super::{Counter, Revision, Store, counter, kind::Kind, row_count::one_row, sqlite};
use crate::{LiveUpdate, Result};

/// The condition for updates whose text is to be erased; $1 is the end of the undo window. An older
/// version erases the text, but not the excerpt, which it doesn't know.
macro_rules! erasable {
    () => {
        "deleted_at < $1 AND (source <> '' OR excerpt <> '')"
    };
}

const ERASABLE: &str = concat!(
    "SELECT 1 AS one FROM updates WHERE ",
    erasable!(),
    " LIMIT 1"
);
pub(super) const ERASE: &str = concat!(
    "UPDATE updates SET headline = NULL, source = '', html = '', excerpt = '' WHERE ",
    erasable!()
);

impl Revision {
    /// Marks an update as deleted at a time by an account; `None` restores it.
    ///
    /// # Errors
    /// Returns an error if there is no such update, or the database can't be reached.
    pub async fn set_update_deleted(
        &mut self,
        update: &LiveUpdate,
        deleted: Option<(Timestamp, AccountId)>,
    ) -> Result<()> {
        let rev = self.take_rev()?;
        let result = sqlx::query(
            "UPDATE updates SET deleted_at = $2, deleted_by = $3, rev = $4 WHERE id = $1",
        )
        .bind(update.id.0)
        .bind(deleted.map(|(at, _)| at.0))
        .bind(deleted.map(|(_, by)| by.0))
        .bind(rev)
        .execute(self.writing())
        .await?;
        one_row(&result)?;
        self.record_change_of(update).await
    }

    /// Records that `by` deleted an update that is already deleted. Nothing changes for readers.
    ///
    /// # Errors
    /// Returns an error if there is no such update, or the database can't be reached.
    pub async fn set_deleted_by(&mut self, update: &LiveUpdate, by: AccountId) -> Result<()> {
        let result = sqlx::query("UPDATE updates SET deleted_by = $2 WHERE id = $1")
            .bind(update.id.0)
            .bind(by.0)
            .execute(self.writing())
            .await?;
        one_row(&result)
    }
}

impl Store {
    /// Erases the text of updates that were deleted before `before`. Their tombstones stay.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn erase_deleted(&self, before: Timestamp) -> Result<()> {
        if self
            .clean_up(Counter::ENTRIES, ERASABLE, ERASE, before)
            .await?
        {
            self.truncate_log().await?;
        }
        Ok(())
    }

    /// Runs `change` if `due` selects a row; $1 of both is `before`. Returns whether it did. The
    /// counter is that of the other writers of these rows.
    pub(super) async fn clean_up(
        &self,
        counter: Counter,
        due: &'static str,
        change: &'static str,
        before: Timestamp,
    ) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        // Usually there is nothing to do. Then skip the lock, which would cost a commit a minute.
        let due = sqlx::query(due).bind(before.0).fetch_optional(&mut *tx);
        if due.await?.is_none() {
            return Ok(false);
        }
        // Exclude writers that change the same rows in another order.
        counter::take_write_lock_at(&mut tx, counter).await?;
        sqlx::query(change).bind(before.0).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Makes SQLite move the erased pages from its log into the file, where `secure_delete` has
    /// overwritten them. PostgreSQL keeps dead rows until its own vacuum.
    pub(super) async fn truncate_log(&self) -> Result<()> {
        if self.kind == Kind::Sqlite {
            sqlx::query(sqlite::EMPTY_LOG).execute(&self.writer).await?;
        }
        Ok(())
    }
}
