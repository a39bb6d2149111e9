//! All the SQL there is, written once in the subset that SQLite and PostgreSQL share; what isn't the same
//! stands in [`sqlite`] and [`postgres`], and in their migrations.
//!
//! Reads happen in a [`Snapshot`], writes in a [`Revision`] if readers' pages show them. Look-ups
//! answer `Ok(None)` for what isn't there; a write that touches another number of rows than it
//! means to is an error. Only `BIGINT`, `TEXT` and blobs are stored, times in microseconds.

mod accounts;
mod deletions;
mod entries;
mod error;
mod feed;
mod open;
mod operations;
mod pg_notify;
mod postgres;
mod presence;
mod probe;
mod rerendering;
mod row;
mod sessions;
mod sqlite;
mod tokens;
mod transaction;
mod updates;
mod writing;

use std::{fmt, time::Duration};

use domain::{Language, Rev};
use sqlx::AnyPool;
use tokio::time::{Instant, timeout_at};

pub use accounts::{AccountChange, StoredAccount};
pub use error::{OpenError, StorageError};
pub use feed::{FeedState, Moved};
pub use operations::{Operation, Outcome};
pub use pg_notify::HeadListener;
pub use presence::{NoServer, ServerPresence};
pub use sessions::{NewSession, StoredSession};
pub use tokens::StoredToken;
pub use updates::ChangedUpdates;
pub use writing::NewUpdate;

use crate::{Error, Result};
use open::Kind;
use transaction::BoundedTransaction;

/// The database.
#[derive(Clone)]
pub struct Store {
    kind: Kind,
    /// Its address as it may be said and logged.
    name: String,
    /// Its address, which may hold a password.
    url: String,
    writer: AnyPool,
    readers: AnyPool,
    /// Connections for sessions, so that a login doesn't wait behind writes; where the database has one
    /// writer at a time, that writer.
    sessions: AnyPool,
    /// How long a request waits for a transaction to begin, and for each of its statements.
    deadline: Duration,
    /// The language of entries that have none of their own.
    language: Language,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// The same store, in which entries without a language of their own have `language`. Without this it is
    /// English.
    #[must_use]
    pub fn with_language(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// The language of entries that have none of their own.
    pub(crate) const fn language(&self) -> &Language {
        &self.language
    }

    /// Its address, without the password.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Waits for what is under way, and closes every connection.
    pub async fn close(&self) {
        self.readers.close().await;
        self.sessions.close().await;
        self.writer.close().await;
    }

    /// Everything as it is at one moment.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        in_time(Instant::now() + self.deadline, async {
            Ok(Snapshot {
                tx: self.begin(&self.readers, self.kind.begin_read()).await?,
                language: self.language.clone(),
            })
        })
        .await
    }

    /// Begins a change that readers' pages show: takes the feed's counter, and with it the right to
    /// be the only one who changes anything until the commit.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn revise(&self) -> Result<Revision> {
        self.revise_by(Instant::now() + self.deadline).await
    }

    /// The same, for a request that fails at `deadline`.
    ///
    /// # Errors
    /// If the database can't be reached by then.
    pub(crate) async fn revise_by(&self, deadline: Instant) -> Result<Revision> {
        in_time(deadline, async {
            let mut tx = self.begin(&self.writer, self.kind.begin_write()).await?;
            let rev = feed::lock_at(&mut tx).await?;
            Ok(Revision {
                before: rev,
                rev,
                snapshot: Snapshot {
                    tx,
                    language: self.language.clone(),
                },
            })
        })
        .await
    }

    async fn begin_write(&self) -> Result<Box<BoundedTransaction>> {
        let begin = self.begin(&self.writer, self.kind.begin_write());
        in_time(Instant::now() + self.deadline, begin).await
    }

    /// Begins a transaction. Where the database is a server, no statement waits for it for longer than a
    /// request does.
    async fn begin(&self, pool: &AnyPool, begin: &'static str) -> Result<Box<BoundedTransaction>> {
        let deadline = match self.kind {
            Kind::Sqlite => None,
            Kind::Postgres => Some(self.deadline),
        };
        BoundedTransaction::begin(pool, begin, deadline).await
    }

    /// How long a request waits for a transaction to begin.
    pub(crate) const fn deadline(&self) -> Duration {
        self.deadline
    }
}

/// Waits for the beginning of a transaction, a free connection and locks included, until `deadline`.
async fn in_time<T>(deadline: Instant, beginning: impl Future<Output = Result<T>>) -> Result<T> {
    timeout_at(deadline, beginning)
        .await
        .unwrap_or_else(|_| Err(Error::Unavailable(StorageError::timed_out())))
}

/// A transaction that reads: all of its answers are of one moment.
#[derive(Debug)]
pub struct Snapshot {
    tx: Box<BoundedTransaction>,
    /// The language of entries that have none of their own.
    language: Language,
}

/// A transaction that changes what readers see. Each row that it writes takes a revision, and the
/// counter moves by no more than those. Dropped without a commit, nothing is changed.
#[derive(Debug)]
pub struct Revision {
    snapshot: Snapshot,
    /// The counter when the transaction began.
    before: Rev,
    /// The last revision that is taken.
    rev: Rev,
}

impl Revision {
    /// The last revision that this transaction took; the one before it, if it took none yet.
    pub const fn last_rev(&self) -> Rev {
        self.rev
    }

    /// Reads the database with the changes of this transaction.
    pub const fn snapshot(&mut self) -> &mut Snapshot {
        &mut self.snapshot
    }

    /// Takes the next revision, for one row.
    fn take_rev(&mut self) -> Result<Rev> {
        self.rev = feed::after(self.rev, 1)?;
        Ok(self.rev)
    }

    /// Goes on after `rev`, which is the last revision that rows were given.
    const fn continue_at(&mut self, rev: Rev) {
        self.rev = rev;
    }

    /// Commits the transaction durably.
    ///
    /// # Errors
    /// [`Error::OutcomeUnknown`](crate::Error::OutcomeUnknown) if the database doesn't confirm the commit.
    pub async fn commit(mut self) -> Result<()> {
        if self.rev != self.before {
            feed::set_rev(&mut self.snapshot.tx, self.rev).await?;
        }
        self.snapshot.tx.commit().await
    }
}

/// That a write touched the one row it was meant for.
fn one_row(result: &sqlx::any::AnyQueryResult) -> Result<()> {
    match result.rows_affected() {
        1 => Ok(()),
        _ => Err(sqlx::Error::RowNotFound.into()),
    }
}
