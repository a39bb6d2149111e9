//! The tables of likes, and of their number for each update.

use std::collections::BTreeMap;

use domain::{EntryId, Rev, UpdateId};
use sqlx::{Row, any::AnyRow};

use super::{Revision, Snapshot, row::Record, row_count::one_row};
use crate::{Result, feed::LikeCount, model::room::PersonId};

pub(super) const LIKE_COUNTS_SINCE: &str =
    "SELECT update_id, entry_id, likes, rev FROM like_counts WHERE rev > $1";
pub(super) const LIKE_COUNTS_OF_ENTRY: &str =
    "SELECT c.update_id, c.entry_id, c.likes, c.rev FROM like_counts c
     JOIN updates u ON u.id = c.update_id
     WHERE c.entry_id = $1 AND c.likes > 0 AND u.deleted_at IS NULL";

impl Snapshot {
    /// Returns the counts that changed after `since`, each with its entry.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn like_counts_since(&mut self, since: Rev) -> Result<Vec<(EntryId, LikeCount)>> {
        let query = sqlx::query(LIKE_COUNTS_SINCE).bind(since);
        let rows = query.fetch_all(&mut *self.tx).await?;
        rows.iter().map(count).collect()
    }

    /// Returns the number of likes of each update of an entry that has any. Deleted updates are
    /// left out.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn likes_of_entry(&mut self, entry: EntryId) -> Result<BTreeMap<UpdateId, i64>> {
        let query = sqlx::query(LIKE_COUNTS_OF_ENTRY).bind(entry.0);
        let rows = query.fetch_all(&mut *self.tx).await?;
        let counts = rows.iter().map(count);
        counts
            .map(|count| count.map(|(_, count)| (count.update, count.likes)))
            .collect()
    }

    /// Returns the number of likes of an update.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn likes(&mut self, update: UpdateId) -> Result<i64> {
        let query = sqlx::query("SELECT likes FROM like_counts WHERE update_id = $1");
        let row = query.bind(update.0).fetch_optional(&mut *self.tx).await?;
        row.map_or(Ok(0), |row| Ok(row.try_get("likes")?))
    }

    /// Returns whether `voter` likes an update.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn has_like(&mut self, update: UpdateId, voter: &PersonId) -> Result<bool> {
        let row = sqlx::query("SELECT 1 AS one FROM likes WHERE update_id = $1 AND voter = $2")
            .bind(update.0)
            .bind(voter_text(voter))
            .fetch_optional(&mut *self.tx)
            .await?;
        Ok(row.is_some())
    }
}

impl Revision {
    /// Adds or removes the like of `voter`. Returns whether that changed anything.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn set_like(
        &mut self,
        update: UpdateId,
        voter: &PersonId,
        liked: bool,
    ) -> Result<bool> {
        let query = if liked {
            "INSERT INTO likes (update_id, voter) VALUES ($1, $2) ON CONFLICT DO NOTHING"
        } else {
            "DELETE FROM likes WHERE update_id = $1 AND voter = $2"
        };
        let result = sqlx::query(query)
            .bind(update.0)
            .bind(voter_text(voter))
            .execute(self.writing())
            .await?;
        Ok(result.rows_affected() == 1)
    }

    /// Adds `difference` to the number of likes of an update, under a revision.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn change_like_count(
        &mut self,
        entry: EntryId,
        update: UpdateId,
        difference: i64,
    ) -> Result<()> {
        let rev = self.take_rev()?;
        let result = sqlx::query(
            "INSERT INTO like_counts (update_id, entry_id, likes, rev) VALUES ($1, $2, $3, $4)
             ON CONFLICT (update_id) DO UPDATE SET likes = like_counts.likes + $3, rev = $4",
        )
        .bind(update.0)
        .bind(entry.0)
        .bind(difference)
        .bind(rev)
        .execute(self.writing())
        .await?;
        one_row(&result)
    }
}

/// Returns a voter as it is stored.
fn voter_text(voter: &PersonId) -> String {
    match voter {
        PersonId::Account(account) => format!("account:{account}"),
        PersonId::Guest(guest) => format!("guest:{}", guest.as_str()),
    }
}

fn count(row: &AnyRow) -> Result<(EntryId, LikeCount)> {
    let record = Record::without_id("like_counts", row);
    let count = LikeCount {
        update: UpdateId(record.get("update_id")?),
        likes: record.get("likes")?,
        rev: record.get("rev")?,
    };
    Ok((EntryId(record.get("entry_id")?), count))
}
