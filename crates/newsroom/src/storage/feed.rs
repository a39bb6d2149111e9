//! Epochs, and the heads of entries.

use domain::{EntryId, EntryState, Epoch, Rev, Slug};
use sqlx::{Row, any::AnyRow};

use super::{
    Revision, Snapshot, Store,
    counter::{self, Counter},
    row::{Record, decodable},
};
use crate::Result;

/// The state of the database's feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedState {
    /// The epoch of its revisions.
    pub epoch: Epoch,
    /// The last revision.
    pub rev: Rev,
}

/// The head of an entry: its last change, and the data by which the hub finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryHead {
    /// The entry's id.
    pub id: EntryId,
    /// Its slug.
    pub slug: Slug,
    /// Its state.
    pub state: EntryState,
    /// The revision of the last change to it or to one of its updates.
    pub head: Rev,
}

impl Store {
    /// Begins another epoch after `old`. Cursors of `old` are then answered with a reset. If
    /// another server has already begun an epoch, does nothing.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn begin_epoch(&self, old: &Epoch) -> Result<()> {
        sqlx::query("UPDATE feed SET epoch = $1 WHERE id = 1 AND epoch = $2")
            .bind(counter::random_epoch())
            .bind(old.as_str())
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}

impl Revision {
    /// Numbers all changes from revision 1, in their previous order and in another epoch. Returns
    /// the last revision.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn renumber(&mut self) -> Result<Rev> {
        let connection = self.writing();
        // Bases of edits are of the new epoch from now on, so all of them are above every text.
        // The unique index would compare previous revisions with new ones row by row.
        sqlx::query("DROP INDEX updates_by_rev")
            .execute(&mut *connection)
            .await?;
        sqlx::query(
            "UPDATE updates SET rev = n.place, text_rev = n.place
             FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY rev, id) AS place FROM updates) AS n
             WHERE updates.id = n.id",
        )
        .execute(&mut *connection)
        .await?;
        sqlx::query("CREATE UNIQUE INDEX updates_by_rev ON updates (rev)")
            .execute(&mut *connection)
            .await?;
        // Then each entry takes a revision above all updates.
        sqlx::query(
            "UPDATE entries SET rev = n.place, head = n.place, body_rev = n.place,
             body_text_rev = n.place
             FROM (SELECT id, (SELECT COUNT(*) FROM updates)
                        + ROW_NUMBER() OVER (ORDER BY head, rev, id) AS place FROM entries) AS n
             WHERE entries.id = n.id",
        )
        .execute(&mut *connection)
        .await?;
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM updates) + (SELECT COUNT(*) FROM entries) AS rev",
        )
        .fetch_one(&mut *connection)
        .await?;
        let rev = row.try_get("rev")?;
        sqlx::query("UPDATE feed SET epoch = $1 WHERE id = 1")
            .bind(counter::random_epoch())
            .execute(&mut *connection)
            .await?;
        self.continue_at(rev);
        Ok(rev)
    }
}

impl Snapshot {
    /// Returns the state of the feed.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn feed(&mut self) -> Result<FeedState> {
        let row = sqlx::query("SELECT id, epoch, rev FROM feed WHERE id = 1")
            .fetch_one(&mut *self.tx)
            .await?;
        let record = Record::new("feed", &row)?;
        Ok(FeedState {
            epoch: record.word("epoch")?,
            rev: record.get("rev")?,
        })
    }

    /// Returns the last revision of a counter; 0 if it has no row.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn last_rev(&mut self, counter: Counter) -> Result<Rev> {
        counter::last_rev(&mut self.tx, counter).await
    }

    /// Returns the heads of the public entries that changed after `since`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn public_heads_since(&mut self, since: Rev) -> Result<Vec<EntryHead>> {
        let rows = sqlx::query(
            "SELECT id, slug, state, head FROM entries WHERE head > $1 AND state <> 'draft'",
        )
        .bind(since)
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(decodable(&rows, entry_head))
    }

    /// Returns the head of the public entry with the id `id`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn public_entry_head(&mut self, id: EntryId) -> Result<Option<EntryHead>> {
        sqlx::query("SELECT id, slug, state, head FROM entries WHERE id = $1 AND state <> 'draft'")
            .bind(id.0)
            .fetch_optional(&mut *self.tx)
            .await?
            .map(|row| entry_head(&row))
            .transpose()
    }
}

fn entry_head(row: &AnyRow) -> Result<EntryHead> {
    let record = Record::new("entries", row)?;
    Ok(EntryHead {
        id: EntryId(record.id()),
        slug: record.text("slug", Slug::from_stored)?,
        state: record.word("state")?,
        head: record.get("head")?,
    })
}
