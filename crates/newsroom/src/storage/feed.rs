//! The counter that orders all changes, and what moved since.

use domain::{EntryId, EntryState, Epoch, Rev, Slug};
use sqlx::{Any, Row, Transaction};

use super::{Revision, Snapshot, Store, one_row, row};
use crate::Result;

/// Where the database's feed stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedState {
    /// The life of the database.
    pub epoch: Epoch,
    /// The last revision.
    pub rev: Rev,
    /// Cursors below it, but for zero, are too old.
    pub horizon: Rev,
}

/// An entry that something changed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Which entry.
    pub id: EntryId,
    /// Its name in addresses.
    pub slug: Slug,
    /// Where it is in its life.
    pub state: EntryState,
    /// The revision of the last change to anything in it.
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
pub(super) async fn lock(tx: &mut Transaction<'_, Any>) -> Result<()> {
    let result = sqlx::query("UPDATE feed SET rev = rev WHERE id = 1")
        .execute(&mut **tx)
        .await?;
    one_row(&result)
}

impl Revision {
    /// Goes on at the next revision, in the same transaction: what was changed so far and what follows
    /// are made so together.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn advance(&mut self) -> Result<()> {
        self.advance_to(self.rev + 1).await
    }

    /// Goes on at `rev`, which nobody else can have taken meanwhile.
    pub(super) async fn advance_to(&mut self, rev: Rev) -> Result<()> {
        self.rev = rev;
        let result = sqlx::query("UPDATE feed SET rev = $1 WHERE id = 1")
            .bind(rev)
            .execute(&mut *self.snapshot.tx)
            .await?;
        one_row(&result)
    }
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

impl Snapshot {
    /// Where the feed stands.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn feed(&mut self) -> Result<FeedState> {
        let row = sqlx::query("SELECT epoch, rev, horizon FROM feed WHERE id = 1")
            .fetch_one(&mut *self.tx)
            .await?;
        Ok(FeedState {
            epoch: row::parsed(&row, "epoch", Epoch::parse)?,
            rev: row.try_get("rev")?,
            horizon: row.try_get("horizon")?,
        })
    }

    /// The entries that something changed in after `since`.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn moved_since(&mut self, since: Rev) -> Result<Vec<Moved>> {
        sqlx::query("SELECT id, slug, state, head FROM entries WHERE head > $1")
            .bind(since)
            .fetch_all(&mut *self.tx)
            .await?
            .iter()
            .map(|row| {
                Ok(Moved {
                    id: EntryId(row.try_get("id")?),
                    slug: row::parsed(row, "slug", Slug::parse)?,
                    state: row::parsed(row, "state", str::parse)?,
                    head: row.try_get("head")?,
                })
            })
            .collect()
    }
}

/// Eight letters and digits: two lives of a database never share it.
fn random_epoch() -> String {
    const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    rand::random::<[u8; 8]>()
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
        .collect()
}
