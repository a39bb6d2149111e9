//! Updates, written into the database.

use domain::{AccountId, Draft, EntryId, Headline, Mark, Rev, Timestamp, UpdateId};
use sqlx::Row;

use super::{Revision, one_row};
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

    /// Makes an update what `after` says of its text and its marks. What was pinned in a pinned one's place
    /// no longer is.
    ///
    /// # Errors
    /// If there is no such update, or the database can't be reached.
    pub async fn rewrite_update(&mut self, before: &LiveUpdate, after: &LiveUpdate) -> Result<()> {
        if after.pinned && !before.pinned {
            self.unpin_updates(after.entry_id).await?;
        }
        let result = sqlx::query(
            "UPDATE updates SET headline = $2, source = $3, html = $4, is_key = $5, is_pinned = $6,
             edited_at = $7, rev = $8 WHERE id = $1",
        )
        .bind(after.id.0)
        .bind(after.headline.as_ref().map(Headline::as_str))
        .bind(after.source.as_str())
        .bind(after.html.as_str())
        .bind(i64::from(after.key))
        .bind(i64::from(after.pinned))
        .bind(after.edited_at.map(|at| at.0))
        .bind(self.rev)
        .execute(&mut *self.snapshot.tx)
        .await?;
        one_row(&result)?;
        // The entry's top tells of what was marked until now, too.
        let marked = if before.is_highlight() { before } else { after };
        self.note_change_of(marked).await
    }

    /// Takes the pin from whatever of an entry is pinned, deleted or not, at a revision of its own.
    async fn unpin_updates(&mut self, entry: EntryId) -> Result<()> {
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

    /// What the entry's top tells of an update changes with it.
    pub(super) async fn note_change_of(&mut self, update: &LiveUpdate) -> Result<()> {
        if update.is_highlight() {
            self.change_entry(update.entry_id).await
        } else {
            self.move_head(update.entry_id).await
        }
    }

    /// Tells of the updates of an entry again, at new revisions in the order of their old ones. It is for what
    /// makes all its cards others (an address, a zone, a start), and for a draft that is no draft any more:
    /// whoever reads all entries has long read past its updates. What this revision changes afterwards has a
    /// later one than they have.
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
