//! The revision counter, which orders all changes, and the entries that changed since a revision.

use domain::{EntryId, EntryState, Epoch, MAX_REV, Rev, Slug};
use sqlx::{Any, Row, Transaction, any::AnyRow};

use super::{
    BoundedTransaction, Revision, Snapshot, Store, one_row,
    row::{Record, decodable},
};
use crate::{Error, Result};

/// The state of the database's feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedState {
    /// The epoch of its revisions.
    pub epoch: Epoch,
    /// The last revision.
    pub rev: Rev,
}

/// An entry that changed, itself or one of its updates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Which entry.
    pub id: EntryId,
    /// Its slug.
    pub slug: Slug,
    /// Its state.
    pub state: EntryState,
    /// The revision of its last change.
    pub head: Rev,
}

/// Begins the first epoch, in a database that has none.
pub(super) async fn found(tx: &mut Transaction<'_, Any>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO feed (id, epoch, rev, horizon) VALUES (1, $1, 0, 0)
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(random_epoch())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes the right to be the only one who writes until the transaction ends, at no new revision.
pub(super) async fn lock(tx: &mut BoundedTransaction) -> Result<()> {
    let result = sqlx::query("UPDATE feed SET rev = rev WHERE id = 1")
        .execute(&mut *tx)
        .await?;
    one_row(&result)
}

/// Takes the same right, and returns the last revision.
pub(super) async fn lock_at(tx: &mut BoundedTransaction) -> Result<Rev> {
    let row = sqlx::query("UPDATE feed SET rev = rev WHERE id = 1 RETURNING rev")
        .fetch_one(&mut *tx)
        .await?;
    Ok(row.try_get("rev")?)
}

/// Sets the counter.
pub(super) async fn set_rev(connection: &mut BoundedTransaction, rev: Rev) -> Result<()> {
    let result = sqlx::query("UPDATE feed SET rev = $1 WHERE id = 1")
        .bind(rev)
        .execute(connection)
        .await?;
    one_row(&result)
}

/// The revision `count` after `rev`.
///
/// # Errors
/// [`Error::Internal`] if there is none below 2^53, up to where browsers count.
pub(super) fn after(rev: Rev, count: i64) -> Result<Rev> {
    rev.checked_add(count)
        .filter(|rev| (0..=MAX_REV).contains(rev))
        .ok_or(Error::Internal(
            "The revision counter is at its end. Stop the server and run `ringside repair revisions`.",
        ))
}

impl Store {
    /// Begins another epoch after `old`: its cursors are answered with a reset. If another server was
    /// first to do so, the one that it began stands.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn begin_epoch(&self, old: &Epoch) -> Result<()> {
        sqlx::query("UPDATE feed SET epoch = $1 WHERE id = 1 AND epoch = $2")
            .bind(random_epoch())
            .bind(old.as_str())
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}

impl Revision {
    /// Numbers everything anew from revision 1, in another epoch, in the order of the old revisions;
    /// returns the last revision.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn renumber(&mut self) -> Result<Rev> {
        let connection = &mut *self.snapshot.tx;
        // The unique index would be checked row by row, old revisions against new ones.
        sqlx::query("DROP INDEX updates_by_rev")
            .execute(&mut *connection)
            .await?;
        sqlx::query(
            "UPDATE updates SET rev = n.place
             FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY rev, id) AS place FROM updates) AS n
             WHERE updates.id = n.id",
        )
        .execute(&mut *connection)
        .await?;
        sqlx::query("CREATE UNIQUE INDEX updates_by_rev ON updates (rev)")
            .execute(&mut *connection)
            .await?;
        // Each entry then takes a revision above all of its updates.
        sqlx::query(
            "UPDATE entries SET rev = n.place, head = n.place
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
            .bind(random_epoch())
            .execute(&mut *connection)
            .await?;
        self.continue_at(rev);
        Ok(rev)
    }
}

impl Snapshot {
    /// The state of the feed.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn feed(&mut self) -> Result<FeedState> {
        let row = sqlx::query("SELECT id, epoch, rev FROM feed WHERE id = 1")
            .fetch_one(&mut *self.tx)
            .await?;
        let record = Record::new("feed", &row)?;
        Ok(FeedState {
            epoch: record.text("epoch", Epoch::from_stored)?,
            rev: record.get("rev")?,
        })
    }

    /// The entries that changed after `since`.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn moved_since(&mut self, since: Rev) -> Result<Vec<Moved>> {
        let rows = sqlx::query("SELECT id, slug, state, head FROM entries WHERE head > $1")
            .bind(since)
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(decodable(&rows, moved))
    }
}

fn moved(row: &AnyRow) -> Result<Moved> {
    let record = Record::new("entries", row)?;
    Ok(Moved {
        id: EntryId(record.id()),
        slug: record.text("slug", Slug::from_stored)?,
        state: record.word("state")?,
        head: record.get("head")?,
    })
}

/// Eight letters and digits: two epochs of a database never share it.
fn random_epoch() -> String {
    const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    rand::random::<[u8; 8]>()
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
        .collect()
}
