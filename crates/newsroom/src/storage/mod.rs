//! All the SQL there is, written once in the subset that SQLite and PostgreSQL share; what isn't the same
//! stands in [`sqlite`] and [`postgres`], and in their migrations.
//!
//! Reads happen in a [`Snapshot`], writes in a [`Revision`] if readers' pages show them. Look-ups
//! answer `Ok(None)` for what isn't there; a write that touches another number of rows than it
//! means to is an error. Only `BIGINT`, `TEXT` and blobs are stored, times in microseconds.

mod accounts;
mod bell;
mod deletions;
mod entries;
mod error;
mod feed;
mod open;
mod operations;
mod postgres;
mod row;
mod sessions;
mod sqlite;
mod tokens;
mod updates;
mod writing;

use domain::Rev;
use sqlx::{Any, AnyPool, Row, Transaction};

pub use accounts::StoredAccount;
pub use bell::Bell;
pub use error::{OpenError, StorageError};
pub use feed::{FeedState, Moved};
pub use operations::{Operation, Outcome};
pub use writing::NewUpdate;

use crate::Result;
use open::Kind;

/// The database.
#[derive(Clone, Debug)]
pub struct Store {
    kind: Kind,
    /// Its address as it may be said and logged.
    name: String,
    writer: AnyPool,
    readers: AnyPool,
}

impl Store {
    /// Its address, without the password.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Waits for what is under way, and closes every connection.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Everything as it is at one moment.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        Ok(Snapshot {
            tx: self.readers.begin_with(self.kind.begin_read()).await?,
        })
    }

    /// Begins a change that readers' pages show: takes the feed's counter, and with it the right to
    /// be the only one who changes anything until the commit.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn revise(&self) -> Result<Revision> {
        let mut tx = self.begin_write().await?;
        let row = sqlx::query("UPDATE feed SET rev = rev + 1 WHERE id = 1 RETURNING rev")
            .fetch_one(&mut *tx)
            .await?;
        Ok(Revision {
            rev: row.try_get("rev")?,
            snapshot: Snapshot { tx },
        })
    }

    async fn begin_write(&self) -> Result<Transaction<'static, Any>> {
        Ok(self.writer.begin_with(self.kind.begin_write()).await?)
    }
}

/// A transaction that reads: all of its answers are of one moment.
#[derive(Debug)]
pub struct Snapshot {
    tx: Transaction<'static, Any>,
}

/// A transaction that changes what readers see, at a new revision. Dropped, it never happened.
#[derive(Debug)]
pub struct Revision {
    snapshot: Snapshot,
    rev: Rev,
}

impl Revision {
    /// The revision of everything that this changes.
    pub const fn rev(&self) -> Rev {
        self.rev
    }

    /// Reads what is there, changes of this revision included.
    pub const fn snapshot(&mut self) -> &mut Snapshot {
        &mut self.snapshot
    }

    /// Makes it so, durably.
    ///
    /// # Errors
    /// If the database can't be reached; it may then have happened or not, and the operation's name
    /// tells.
    pub async fn commit(self) -> Result<()> {
        Ok(self.snapshot.tx.commit().await?)
    }
}

/// That a write touched the one row it was meant for.
fn one_row(result: &sqlx::any::AnyQueryResult) -> Result<()> {
    match result.rows_affected() {
        1 => Ok(()),
        _ => Err(sqlx::Error::RowNotFound.into()),
    }
}
