//! Statements that insert and change updates.

use domain::{AccountId, Draft, EntryId, Headline, Mark, Rev, Timestamp, UpdateId};
use sqlx::Row;

use super::{Revision, author_names::shown_name, counter, row_count::one_row};
use crate::{EditableUpdate, LiveUpdate, MARKUP_VERSION, Result, SafeHtml};

/// An update to insert.
#[derive(Debug)]
pub struct NewUpdate<'a> {
    /// The entry to add it to.
    pub entry_id: EntryId,
    /// The author's account.
    pub author_id: AccountId,
    /// The submitted text.
    pub draft: &'a Draft,
    /// The rendered text.
    pub html: &'a SafeHtml,
    /// The marks: key or pinned.
    pub marks: &'a [Mark],
    /// When it was posted: its place in the list.
    pub posted_at: Timestamp,
    /// When it was published.
    pub published_at: Timestamp,
}

impl Revision {
    /// Inserts an update, and returns its id. A pinned one replaces the pinned update of its entry.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn add_update(&mut self, new: &NewUpdate<'_>) -> Result<UpdateId> {
        let is = |mark| new.marks.contains(&mark);
        if is(Mark::Pinned) {
            self.unpin_update(new.entry_id).await?;
        }
        let rev = self.take_rev()?;
        let row = sqlx::query(concat!(
            "INSERT INTO updates (entry_id, author_id, rev, headline, source, html, excerpt, is_key, is_pinned, posted_at, markup_version, published_at, text_rev, shown_author)
             SELECT $1, a.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $3, ",
            shown_name!(),
            " FROM accounts a WHERE a.id = $2 RETURNING id"
        ))
        .bind(new.entry_id.0)
        .bind(new.author_id.0)
        .bind(rev)
        .bind(new.draft.headline.as_ref().map(Headline::as_str))
        .bind(new.draft.source.as_str())
        .bind(new.html.as_str())
        .bind(new.html.stored_excerpt())
        .bind(i64::from(is(Mark::Key)))
        .bind(i64::from(is(Mark::Pinned)))
        .bind(new.posted_at.0)
        .bind(MARKUP_VERSION)
        // NULL if it did not wait.
        .bind((new.published_at != new.posted_at).then_some(new.published_at.0))
        .fetch_one(self.writing())
        .await?;
        if new.marks.is_empty() {
            self.move_head(new.entry_id).await?;
        } else {
            self.change_entry(new.entry_id).await?;
        }
        Ok(UpdateId(row.try_get("id")?))
    }

    /// Stores the text and the marks of `after`, and returns the update's new revision. A newly
    /// pinned update replaces the pinned update of its entry.
    ///
    /// # Errors
    /// Returns an error if there is no such update, or the database can't be reached.
    pub async fn rewrite_update(
        &mut self,
        before: &EditableUpdate,
        after: &EditableUpdate,
    ) -> Result<Rev> {
        let is_rendered_again = after.source != before.source;
        let is_new_text = is_rendered_again || after.headline() != before.headline();
        let edited_by = after.edited_by.as_ref().map(|editor| editor.id.0);
        let text_rev = before.text_rev;
        let (source, before, after) = (&after.source, &before.update, &after.update);
        if after.pinned && !before.pinned {
            self.unpin_update(after.entry_id).await?;
        }
        let rev = self.take_rev()?;
        let result = sqlx::query(
            "UPDATE updates SET headline = $2, source = $3, html = $4, excerpt = $5, is_key = $6,
             is_pinned = $7, edited_at = $8, rev = $9,
             markup_version = CASE WHEN $10 = 0 THEN markup_version ELSE $10 END,
             text_rev = $11, edited_by = $12 WHERE id = $1",
        )
        .bind(after.id.0)
        .bind(after.headline.as_ref().map(Headline::as_str))
        .bind(source.as_str())
        .bind(after.html.as_str())
        .bind(after.html.stored_excerpt())
        .bind(i64::from(after.key))
        .bind(i64::from(after.pinned))
        .bind(after.edited_at.map(|at| at.0))
        .bind(rev)
        // If only marks changed, the HTML keeps the version that rendered it.
        .bind(if is_rendered_again { MARKUP_VERSION } else { 0 })
        .bind(if is_new_text { rev } else { text_rev })
        .bind(edited_by)
        .execute(self.writing())
        .await?;
        one_row(&result)?;
        // The highlights also change if the update was highlighted before.
        let highlighted = if before.is_highlight() { before } else { after };
        self.record_change_of(highlighted).await?;
        Ok(rev)
    }

    /// Unpins the pinned update of an entry, if it has one, deleted or not.
    async fn unpin_update(&mut self, entry: EntryId) -> Result<()> {
        let pinned = sqlx::query("SELECT id FROM updates WHERE entry_id = $1 AND is_pinned <> 0")
            .bind(entry.0)
            .fetch_optional(&mut *self.snapshot.tx)
            .await?;
        if let Some(row) = pinned {
            let rev = self.take_rev()?;
            let result = sqlx::query("UPDATE updates SET is_pinned = 0, rev = $2 WHERE id = $1")
                .bind(row.try_get::<i64, _>("id")?)
                .bind(rev)
                .execute(self.writing())
                .await?;
            one_row(&result)?;
        }
        Ok(())
    }

    /// Records a change of an update in its entry. If it is highlighted, the entry itself changes
    /// too.
    pub(super) async fn record_change_of(&mut self, update: &LiveUpdate) -> Result<()> {
        if update.is_highlight() {
            self.change_entry(update.entry_id).await
        } else {
            self.move_head(update.entry_id).await
        }
    }

    /// Gives every update of an entry a new revision, in the previous order, so that the feed
    /// carries all of them again. Used when a change affects all of an entry's cards (its slug,
    /// zone, language or start), and when a draft is published, whose updates have revisions that
    /// clients of the feed of all entries have already passed.
    ///
    /// The new revisions are consecutive, so the counter advances by the number of updates.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn revise_updates(&mut self, entry: EntryId) -> Result<()> {
        let last = self.last_rev();
        let result = sqlx::query(
            "UPDATE updates SET rev = $2 + n.place
             FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY rev) AS place
                   FROM updates WHERE entry_id = $1) AS n
             WHERE updates.id = n.id",
        )
        .bind(entry.0)
        .bind(last)
        .execute(self.writing())
        .await?;
        let count = i64::try_from(result.rows_affected()).unwrap_or(i64::MAX);
        self.continue_at(counter::after(last, count)?);
        Ok(())
    }
}
