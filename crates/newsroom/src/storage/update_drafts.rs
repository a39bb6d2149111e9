//! The table of update drafts, each of which belongs to one account.

use domain::{
    AccountId, DraftHeadline, DraftId, DraftSource, EntryId, SavedDraft, Timestamp, UpdateDraft,
};
use sqlx::{Row, any::AnyRow};

use super::{
    Counter, Revision, Snapshot, counter,
    row::{Record, decodable},
    row_count::one_row,
};
use crate::Result;

/// A draft in a list, without its complete text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDraft {
    /// Its id.
    pub id: DraftId,
    /// Its entry.
    pub entry_id: EntryId,
    /// The headline; empty for none.
    pub headline: String,
    /// The first 600 characters of the text.
    pub beginning: String,
    /// Its version.
    pub version: i64,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

pub(super) const DRAFTS_OF_ENTRY: &str =
    "SELECT id, entry_id, headline, substr(source, 1, 600) AS beginning, version, changed_at
     FROM update_drafts WHERE entry_id = $1 AND account_id = $2
     ORDER BY changed_at DESC, id DESC";
pub(super) const DRAFTS_OF_ACCOUNT: &str =
    "SELECT id, entry_id, headline, substr(source, 1, 600) AS beginning, version, changed_at
     FROM update_drafts WHERE account_id = $1
     ORDER BY changed_at DESC, id DESC";
const DRAFT: &str = "SELECT id, entry_id, source, headline, version, changed_at
     FROM update_drafts WHERE id = $1 AND account_id = $2";

impl Snapshot {
    /// Returns the drafts of `account` for `entry`, the last changed first.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn drafts_of_entry(
        &mut self,
        entry: EntryId,
        account: AccountId,
    ) -> Result<Vec<ListedDraft>> {
        let rows = sqlx::query(DRAFTS_OF_ENTRY)
            .bind(entry.0)
            .bind(account.0)
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(decodable(&rows, listed))
    }

    /// Returns the drafts of `account` for all entries, the last changed first.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn drafts_of_account(&mut self, account: AccountId) -> Result<Vec<ListedDraft>> {
        let rows = sqlx::query(DRAFTS_OF_ACCOUNT)
            .bind(account.0)
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(decodable(&rows, listed))
    }

    /// Returns the draft with the id `id` and its entry, if it belongs to `account`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn draft(
        &mut self,
        id: DraftId,
        account: AccountId,
    ) -> Result<Option<(EntryId, UpdateDraft)>> {
        let row = sqlx::query(DRAFT)
            .bind(id.0)
            .bind(account.0)
            .fetch_optional(&mut *self.tx)
            .await?;
        row.map(|row| {
            let record = Record::new("update_drafts", &row)?;
            let draft = UpdateDraft {
                id: DraftId(record.id()),
                source: record.get("source")?,
                headline: record.get("headline")?,
                version: record.get("version")?,
                changed_at: record.time("changed_at")?,
            };
            Ok((EntryId(record.get("entry_id")?), draft))
        })
        .transpose()
    }

    /// Returns how many drafts `account` has: for `entry`, and for all entries.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn count_drafts(&mut self, entry: EntryId, account: AccountId) -> Result<(i64, i64)> {
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM update_drafts WHERE entry_id = $1 AND account_id = $2) AS of_entry,
                    (SELECT COUNT(*) FROM update_drafts WHERE account_id = $2) AS of_account",
        )
        .bind(entry.0)
        .bind(account.0)
        .fetch_one(&mut *self.tx)
        .await?;
        Ok((row.try_get("of_entry")?, row.try_get("of_account")?))
    }
}

impl Revision {
    /// Locks the drafts of all accounts until the transaction ends. Transactions with the counter
    /// [`Counter::DRAFTS`] have this lock from the beginning.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn lock_drafts(&mut self) -> Result<()> {
        counter::take_write_lock_at(self.writing(), Counter::DRAFTS)
            .await
            .map(drop)
    }

    /// Adds a draft at `now`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn add_draft(
        &mut self,
        entry: EntryId,
        account: AccountId,
        source: &DraftSource,
        headline: &DraftHeadline,
        now: Timestamp,
    ) -> Result<SavedDraft> {
        let row = sqlx::query(
            "INSERT INTO update_drafts (entry_id, account_id, source, headline, version, changed_at)
             VALUES ($1, $2, $3, $4, 1, $5) RETURNING id",
        )
        .bind(entry.0)
        .bind(account.0)
        .bind(source.as_str())
        .bind(headline.as_str())
        .bind(now.0)
        .fetch_one(self.writing())
        .await?;
        Ok(SavedDraft {
            id: DraftId(row.try_get("id")?),
            version: 1,
            changed_at: now,
        })
    }

    /// Replaces the text of the draft `saved.id`, its version and the time of its last change.
    ///
    /// # Errors
    /// Returns an error if there is no such draft, or the database can't be reached.
    pub async fn rewrite_draft(
        &mut self,
        saved: SavedDraft,
        source: &DraftSource,
        headline: &DraftHeadline,
    ) -> Result<()> {
        let result = sqlx::query(
            "UPDATE update_drafts SET source = $2, headline = $3, version = $4, changed_at = $5
             WHERE id = $1",
        )
        .bind(saved.id.0)
        .bind(source.as_str())
        .bind(headline.as_str())
        .bind(saved.version)
        .bind(saved.changed_at.0)
        .execute(self.writing())
        .await?;
        one_row(&result)
    }

    /// Deletes the draft with the id `id`, if it is a draft of `account` for `entry`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_draft(
        &mut self,
        id: DraftId,
        entry: EntryId,
        account: AccountId,
    ) -> Result<()> {
        sqlx::query(
            "DELETE FROM update_drafts WHERE id = $1 AND entry_id = $2 AND account_id = $3",
        )
        .bind(id.0)
        .bind(entry.0)
        .bind(account.0)
        .execute(self.writing())
        .await?;
        Ok(())
    }
}

fn listed(row: &AnyRow) -> Result<ListedDraft> {
    let record = Record::new("update_drafts", row)?;
    Ok(ListedDraft {
        id: DraftId(record.id()),
        entry_id: record.get("entry_id").map(EntryId)?,
        headline: record.get("headline")?,
        beginning: record.get("beginning")?,
        version: record.get("version")?,
        changed_at: record.time("changed_at")?,
    })
}
