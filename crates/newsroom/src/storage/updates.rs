//! Updates, as the database has them.

use std::collections::HashMap;

use domain::{AccountId, EntryId, Headline, Rev, Timestamp, UpdateId, Username};
use sqlx::{Row, any::AnyRow};

use super::{Snapshot, row};
use crate::{LiveUpdate, Result, SafeHtml};

/// The one way to read updates, with the name they are signed with; `$rest` says which. Columns are named, as in
/// `select_entries!`, and for the same reason.
macro_rules! select_updates {
    ($rest:literal) => {
        concat!(
            "SELECT u.id, u.entry_id, u.author_id, u.rev, u.headline, u.source, u.html, u.is_key, u.is_pinned, u.posted_at, u.edited_at, u.deleted_at, a.username FROM updates u JOIN accounts a ON a.id = u.author_id ",
            $rest
        )
    };
}

impl Snapshot {
    /// The update numbered `id`, deleted or not.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn update(&mut self, id: UpdateId) -> Result<Option<LiveUpdate>> {
        sqlx::query(select_updates!("WHERE u.id = $1"))
            .bind(id.0)
            .fetch_optional(&mut *self.tx)
            .await?
            .map(|row| update(&row))
            .transpose()
    }

    /// The updates of an entry that aren't deleted, oldest first.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn updates(&mut self, entry: EntryId) -> Result<Vec<LiveUpdate>> {
        let rows = sqlx::query(select_updates!(
            "WHERE u.entry_id = $1 AND u.deleted_at IS NULL ORDER BY u.posted_at, u.id"
        ))
        .bind(entry.0)
        .fetch_all(&mut *self.tx)
        .await?;
        all(&rows)
    }

    /// The updates of an entry that were deleted at `since` or after it, and can still be given back,
    /// oldest first.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn updates_deleted_since(
        &mut self,
        entry: EntryId,
        since: Timestamp,
    ) -> Result<Vec<LiveUpdate>> {
        let rows = sqlx::query(select_updates!(
            "WHERE u.entry_id = $1 AND u.deleted_at >= $2 AND u.source <> ''
             ORDER BY u.posted_at, u.id"
        ))
        .bind(entry.0)
        .bind(since.0)
        .fetch_all(&mut *self.tx)
        .await?;
        all(&rows)
    }

    /// The updates of an entry with numbers above `after` that aren't deleted, in order of number.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn updates_numbered_above(
        &mut self,
        entry: EntryId,
        after: UpdateId,
    ) -> Result<Vec<LiveUpdate>> {
        let rows = sqlx::query(select_updates!(
            "WHERE u.entry_id = $1 AND u.id > $2 AND u.deleted_at IS NULL ORDER BY u.id"
        ))
        .bind(entry.0)
        .bind(after.0)
        .fetch_all(&mut *self.tx)
        .await?;
        all(&rows)
    }

    /// The updates of an entry that changed after `since`, tombstones included, in order of
    /// revision, `limit` at most.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn updates_changed_since(
        &mut self,
        entry: EntryId,
        since: Rev,
        limit: i64,
    ) -> Result<Vec<LiveUpdate>> {
        let rows = sqlx::query(select_updates!(
            "WHERE u.entry_id = $1 AND u.rev > $2 ORDER BY u.rev LIMIT $3"
        ))
        .bind(entry.0)
        .bind(since)
        .bind(limit)
        .fetch_all(&mut *self.tx)
        .await?;
        all(&rows)
    }

    /// The updates of all public entries that changed after `since`, tombstones included, in order
    /// of revision, `limit` at most.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn public_updates_changed_since(
        &mut self,
        since: Rev,
        limit: i64,
    ) -> Result<Vec<LiveUpdate>> {
        let rows = sqlx::query(select_updates!(
            "JOIN entries e ON e.id = u.entry_id
             WHERE u.rev > $1 AND e.state <> 'draft' ORDER BY u.rev LIMIT $2"
        ))
        .bind(since)
        .bind(limit)
        .fetch_all(&mut *self.tx)
        .await?;
        all(&rows)
    }

    /// The updates of an entry that its top tells of, oldest first.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn highlights(&mut self, entry: EntryId) -> Result<Vec<LiveUpdate>> {
        let rows = sqlx::query(select_updates!(
            "WHERE u.entry_id = $1 AND (u.is_key <> 0 OR u.is_pinned <> 0)
             AND u.deleted_at IS NULL ORDER BY u.posted_at, u.id"
        ))
        .bind(entry.0)
        .fetch_all(&mut *self.tx)
        .await?;
        all(&rows)
    }

    /// The latest updates of an entry that aren't deleted, newest first, `limit` at most.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn latest_updates(&mut self, entry: EntryId, limit: i64) -> Result<Vec<LiveUpdate>> {
        let rows = sqlx::query(select_updates!(
            "WHERE u.entry_id = $1 AND u.deleted_at IS NULL
             ORDER BY u.posted_at DESC, u.id DESC LIMIT $2"
        ))
        .bind(entry.0)
        .bind(limit)
        .fetch_all(&mut *self.tx)
        .await?;
        all(&rows)
    }

    /// The latest update of each public entry that has any, and that anything changed in after `since`.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn latest_of_each(&mut self, since: Rev) -> Result<HashMap<EntryId, LiveUpdate>> {
        let rows = sqlx::query(select_updates!(
            "WHERE u.id IN (
                 SELECT (SELECT l.id FROM updates l WHERE l.entry_id = e.id AND l.deleted_at IS NULL
                         ORDER BY l.posted_at DESC, l.id DESC LIMIT 1)
                 FROM entries e WHERE e.head > $1 AND e.state <> 'draft')"
        ))
        .bind(since)
        .fetch_all(&mut *self.tx)
        .await?;
        let latest = all(&rows)?.into_iter();
        Ok(latest.map(|update| (update.entry_id, update)).collect())
    }

    /// How many updates that aren't deleted each entry has; none for an entry without any.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn update_counts(&mut self) -> Result<HashMap<EntryId, usize>> {
        sqlx::query(
            "SELECT entry_id, COUNT(*) AS updates FROM updates WHERE deleted_at IS NULL
             GROUP BY entry_id",
        )
        .fetch_all(&mut *self.tx)
        .await?
        .iter()
        .map(|row| {
            let updates: i64 = row.try_get("updates")?;
            Ok((
                EntryId(row.try_get("entry_id")?),
                usize::try_from(updates).unwrap_or(0),
            ))
        })
        .collect()
    }
}

fn all(rows: &[AnyRow]) -> Result<Vec<LiveUpdate>> {
    rows.iter().map(update).collect()
}

fn update(row: &AnyRow) -> Result<LiveUpdate> {
    Ok(LiveUpdate {
        id: UpdateId(row.try_get("id")?),
        entry_id: EntryId(row.try_get("entry_id")?),
        rev: row.try_get("rev")?,
        author_id: AccountId(row.try_get("author_id")?),
        author: row::parsed(row, "username", Username::parse)?,
        headline: row::maybe_parsed(row, "headline", Headline::parse)?,
        source: row.try_get("source")?,
        html: SafeHtml::stored(row.try_get("html")?),
        key: row::flag(row, "is_key")?,
        pinned: row::flag(row, "is_pinned")?,
        posted_at: row::time(row, "posted_at")?,
        edited_at: row::maybe_time(row, "edited_at")?,
        deleted_at: row::maybe_time(row, "deleted_at")?,
    })
}
