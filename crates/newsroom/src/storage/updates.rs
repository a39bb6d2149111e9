//! Updates, in the database.

use std::collections::HashMap;

use domain::{AccountId, Draft, EntryId, Headline, Mark, Rev, Timestamp, UpdateId, Username};
use sqlx::{Row, any::AnyRow};

use super::{Revision, Snapshot, one_row, row};
use crate::{LiveUpdate, Result, SafeHtml};

/// An update that is to be.
#[derive(Debug)]
pub struct NewUpdate<'a> {
    /// The entry it goes to.
    pub entry_id: EntryId,
    /// Whose it is.
    pub author_id: AccountId,
    /// What was written.
    pub draft: &'a Draft,
    /// What readers get of it.
    pub html: &'a SafeHtml,
    /// What is said of it, beside what it says itself.
    pub marks: &'a [Mark],
    /// When it was posted.
    pub posted_at: Timestamp,
}

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

impl Revision {
    /// Adds an update, and answers its number. What was pinned in a pinned one's place no longer is.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn add_update(&mut self, new: &NewUpdate<'_>) -> Result<UpdateId> {
        let is = |mark| new.marks.contains(&mark);
        if is(Mark::Pinned) {
            self.unpin_updates(new.entry_id).await?;
        }
        let row = sqlx::query(
            "INSERT INTO updates (entry_id, author_id, rev, headline, source, html, is_key, is_pinned, posted_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
        )
        .bind(new.entry_id.0)
        .bind(new.author_id.0)
        .bind(self.rev)
        .bind(new.draft.headline.as_ref().map(Headline::as_str))
        .bind(new.draft.source.as_str())
        .bind(new.html.as_str())
        .bind(i64::from(is(Mark::Key)))
        .bind(i64::from(is(Mark::Pinned)))
        .bind(new.posted_at.0)
        .fetch_one(&mut *self.snapshot.tx)
        .await?;
        if new.marks.is_empty() {
            self.move_head(new.entry_id).await?;
        } else {
            self.change_entry(new.entry_id).await?;
        }
        Ok(UpdateId(row.try_get("id")?))
    }

    /// Gives an update another text.
    ///
    /// # Errors
    /// If there is no such update, or the database can't be reached.
    pub async fn rewrite_update(
        &mut self,
        update: &LiveUpdate,
        draft: &Draft,
        html: &SafeHtml,
        edited_at: Timestamp,
    ) -> Result<()> {
        let result = sqlx::query(
            "UPDATE updates SET headline = $2, source = $3, html = $4, edited_at = $5, rev = $6
             WHERE id = $1",
        )
        .bind(update.id.0)
        .bind(draft.headline.as_ref().map(Headline::as_str))
        .bind(draft.source.as_str())
        .bind(html.as_str())
        .bind(edited_at.0)
        .bind(self.rev)
        .execute(&mut *self.snapshot.tx)
        .await?;
        one_row(&result)?;
        self.note_change_of(update).await
    }

    /// What the entry's top tells of an update changes with it.
    pub(super) async fn note_change_of(&mut self, update: &LiveUpdate) -> Result<()> {
        if update.is_highlight() {
            self.change_entry(update.entry_id).await
        } else {
            self.move_head(update.entry_id).await
        }
    }

    /// Gives the updates of an entry that was a draft new revisions, in the order of their old ones:
    /// whoever reads all entries has long read past those. What this revision changes afterwards
    /// has a later one than they have.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn revise_updates(&mut self, entry: EntryId) -> Result<()> {
        let row = sqlx::query(
            "SELECT MIN(rev) AS first, MAX(rev) AS last FROM updates WHERE entry_id = $1",
        )
        .bind(entry.0)
        .fetch_one(&mut *self.snapshot.tx)
        .await?;
        let (Some(first), Some(last)) = (
            row.try_get::<Option<Rev>, _>("first")?,
            row.try_get::<Option<Rev>, _>("last")?,
        ) else {
            return Ok(());
        };
        // All by the same distance: none meets another's old revision on the way.
        let distance = self.rev - first;
        sqlx::query("UPDATE updates SET rev = rev + $2 WHERE entry_id = $1")
            .bind(entry.0)
            .bind(distance)
            .execute(&mut *self.snapshot.tx)
            .await?;
        self.advance_to(last + distance + 1).await
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
