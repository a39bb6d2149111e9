//! The marks of updates, in the database.

use domain::{EntryId, Mark};

use super::{Revision, one_row};
use crate::{LiveUpdate, Result};

impl Revision {
    /// Sets a mark on an update, or takes it off. What was pinned in its place no longer is.
    ///
    /// # Errors
    /// If there is no such update, or the database can't be reached.
    pub async fn set_update_mark(
        &mut self,
        update: &LiveUpdate,
        mark: Mark,
        on: bool,
    ) -> Result<()> {
        if on && mark == Mark::Pinned {
            self.unpin_updates(update.entry_id).await?;
        }
        let result = sqlx::query(match mark {
            Mark::Key => "UPDATE updates SET is_key = $2, rev = $3 WHERE id = $1",
            Mark::Pinned => "UPDATE updates SET is_pinned = $2, rev = $3 WHERE id = $1",
        })
        .bind(update.id.0)
        .bind(i64::from(on))
        .bind(self.rev)
        .execute(&mut *self.snapshot.tx)
        .await?;
        one_row(&result)?;
        self.change_entry(update.entry_id).await
    }

    /// Takes the pin from whatever of an entry is pinned, deleted or not, at a revision of its own.
    pub(super) async fn unpin_updates(&mut self, entry: EntryId) -> Result<()> {
        let result = sqlx::query(
            "UPDATE updates SET is_pinned = 0, rev = $2 WHERE entry_id = $1 AND is_pinned <> 0",
        )
        .bind(entry.0)
        .bind(self.rev)
        .execute(&mut *self.snapshot.tx)
        .await?;
        if result.rows_affected() > 0 {
            self.advance().await?;
        }
        Ok(())
    }
}
