//! All SQL, written once in the subset that SQLite and PostgreSQL share. The differences are in
//! `sqlite`, `postgres` and their migrations.
//!
//! Reads use a [`Snapshot`]; writes that are visible to readers use a [`Revision`]. Look-ups return
//! `Ok(None)` if there is no such row, and a write that affects an unexpected number of rows is an
//! error. The columns are `BIGINT`, `TEXT` and blobs only; times are in microseconds.
//!
//! - `open`, `sqlite`, `postgres`: opening and migrating a database, connection pools.
//! - `transaction`, `row`, `error`: transactions with deadlines, decoding, errors.
//! - `counter`, `feed`: revision counters, epochs, and the heads of entries.
//! - `entries`, `articles`, `updates`, `writing`, `deletions`, `rerendering`: live blogs and
//!   updates.
//! - `update_drafts`: updates that are saved and not posted.
//! - `rooms`, `messages`, `room_nicks`: rooms, and the names that people use there.
//! - `likes`, `readers`: likes, and their number for each update; the number of open streams.
//! - `chat_rules`, `message_limits`, `held_messages`, `reports`, `sanctions`, `removals`,
//!   `moderation_log`: the moderation of rooms.
//! - `accounts`, `sessions`, `tokens`, `signing_keys`: accounts and authentication;
//!   `invitations`, `password_resets`: links that work once; `account_deletions`; `author_names`:
//!   display names, and the names below updates.
//! - `site`: the settings of the site.
//! - `hot_queries`: the queries whose plans are tested.
//! - `operations`: outcomes of requests with an operation id.
//! - `pg_notify`, `presence`, `probe`: notifications, running servers, the write probe.

mod account_deletions;
mod accounts;
mod articles;
mod author_names;
mod chat_rules;
mod counter;
mod deletions;
mod entries;
mod error;
mod feed;
mod held_messages;
mod hot_queries;
mod invitations;
mod kind;
mod likes;
mod message_limits;
mod messages;
mod moderation_log;
mod open;
mod operations;
mod password_resets;
mod pg_notify;
mod postgres;
mod presence;
mod probe;
mod readers;
mod removals;
mod reports;
mod rerendering;
mod room_nicks;
mod rooms;
mod row;
mod row_count;
mod sanctions;
mod sessions;
mod signing_keys;
mod site;
mod sqlite;
mod tokens;
mod transaction;
mod update_drafts;
mod updates;
mod writing;

use std::{fmt, time::Duration};

use domain::{Language, Rev};
use sqlx::{
    Any, AnyPool,
    any::{AnyArguments, AnyRow},
    query::Query,
};
use tokio::time::{Instant, timeout_at};

pub use accounts::{AccountChange, StoredAccount};
pub use articles::OutdatedArticle;
pub use author_names::RenamedAccount;
pub use counter::Counter;
pub use entries::SlugConflict;
pub use error::OpenError;
pub use feed::{EntryHead, FeedState};
pub use hot_queries::HOT_QUERIES;
pub use invitations::StoredInvitation;
pub use messages::MessageToStore;
pub use operations::{Operation, Outcome};
pub use pg_notify::HeadListener;
pub use presence::{NoServer, ServerPresence};
pub use room_nicks::NickClaim;
pub use sessions::{NewSession, StoredSession};
pub use tokens::StoredToken;
pub use transaction::BoundedTransaction;
pub use update_drafts::ListedDraft;
pub use updates::ChangedUpdates;
pub use writing::NewUpdate;

use crate::{DatabaseFailure, Error, Result};
use kind::Kind;

/// The database.
#[derive(Clone)]
pub struct Store {
    kind: Kind,
    /// The URL without secrets, for messages and logs.
    name: String,
    /// The URL, which may contain a password.
    url: String,
    writer: AnyPool,
    readers: AnyPool,
    /// Connections that write sessions, so that a login doesn't wait for other writes. On SQLite,
    /// which has one writer, the same as `writer`.
    sessions: AnyPool,
    /// How long a request waits for a transaction to begin, and for each statement.
    deadline: Duration,
    /// The language of entries without a language of their own.
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
    /// Sets the language of entries without a language of their own. The default is English.
    #[must_use]
    pub fn with_language(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// Returns the language of entries without a language of their own.
    pub(crate) const fn language(&self) -> &Language {
        &self.language
    }

    /// Returns the URL without secrets.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Waits for current transactions, and closes all connections.
    pub async fn close(&self) {
        self.readers.close().await;
        self.sessions.close().await;
        self.writer.close().await;
    }

    /// Begins a transaction that reads a consistent state.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        in_time(Instant::now() + self.deadline, async {
            Ok(Snapshot {
                tx: self.begin(&self.readers, self.kind.begin_read()).await?,
                language: self.language.clone(),
            })
        })
        .await
    }

    /// Begins a transaction that changes data visible to readers. It locks `counter`, so it is the
    /// only writer of that counter's feeds until its end.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn revise(&self, counter: Counter) -> Result<Revision> {
        self.revise_by(counter, Instant::now() + self.deadline)
            .await
    }

    /// Begins the same transaction for a request that fails at `deadline`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached by then.
    pub(crate) async fn revise_by(&self, counter: Counter, deadline: Instant) -> Result<Revision> {
        in_time(deadline, async {
            let mut tx = self.begin(&self.writer, self.kind.begin_write()).await?;
            let rev = counter::take_write_lock_at(&mut tx, counter).await?;
            Ok(Revision {
                counter,
                before: rev,
                rev,
                statements: 0,
                snapshot: Snapshot {
                    tx,
                    language: self.language.clone(),
                },
            })
        })
        .await
    }

    /// Reads at most one row with one statement, without a transaction: one round trip.
    async fn look_up(&self, query: Query<'_, Any, AnyArguments>) -> Result<Option<AnyRow>> {
        in_time(Instant::now() + self.deadline, async {
            Ok(query.fetch_optional(&self.readers).await?)
        })
        .await
    }

    async fn begin_write(&self) -> Result<Box<BoundedTransaction>> {
        let begin = self.begin(&self.writer, self.kind.begin_write());
        in_time(Instant::now() + self.deadline, begin).await
    }

    /// Begins a transaction. On PostgreSQL each statement has a deadline, too.
    async fn begin(&self, pool: &AnyPool, begin: &'static str) -> Result<Box<BoundedTransaction>> {
        let deadline = match self.kind {
            Kind::Sqlite => None,
            Kind::Postgres => Some(self.deadline),
        };
        BoundedTransaction::begin(pool, begin, deadline).await
    }

    /// Returns how long a request waits for a transaction to begin.
    pub(crate) const fn deadline(&self) -> Duration {
        self.deadline
    }
}

/// Waits until `deadline` for a transaction to begin, including a free connection and locks, or for
/// a look-up.
async fn in_time<T>(deadline: Instant, wait: impl Future<Output = Result<T>>) -> Result<T> {
    timeout_at(deadline, wait)
        .await
        .unwrap_or_else(|_| Err(Error::Unavailable(DatabaseFailure::timed_out())))
}

/// A read transaction. All of its queries read the same state.
#[derive(Debug)]
pub struct Snapshot {
    tx: Box<BoundedTransaction>,
    /// The language of entries without a language of their own.
    language: Language,
}

/// A write transaction that changes data visible to readers. Each row that it writes takes one
/// revision, and the counter advances by exactly that many. Dropped without a commit, it changes
/// nothing.
#[derive(Debug)]
pub struct Revision {
    snapshot: Snapshot,
    counter: Counter,
    /// The counter when the transaction began.
    before: Rev,
    /// The last revision taken.
    rev: Rev,
    /// The number of statements that write.
    statements: u64,
}

impl Snapshot {
    /// Returns the transaction's connection, to read a capability's own tables. Only
    /// [`Revision::writing`] is for statements that write: what is written here may be rolled back.
    pub const fn connection(&mut self) -> &mut BoundedTransaction {
        &mut self.tx
    }
}

impl Revision {
    /// Returns the last revision that this transaction took; if it took none, the last one before
    /// it.
    pub const fn last_rev(&self) -> Rev {
        self.rev
    }

    /// Returns the counter of the revisions.
    pub(crate) const fn counter(&self) -> Counter {
        self.counter
    }

    /// Returns the transaction as a snapshot, which includes its own changes.
    pub const fn snapshot(&mut self) -> &mut Snapshot {
        &mut self.snapshot
    }

    /// Returns the transaction's connection, for one statement that writes.
    pub const fn writing(&mut self) -> &mut BoundedTransaction {
        self.statements += 1;
        &mut self.snapshot.tx
    }

    /// Returns the number of statements so far that write.
    pub(crate) const fn statements(&self) -> u64 {
        self.statements
    }

    /// Takes the next revision, for one row.
    ///
    /// # Errors
    /// Returns an error if the counter has reached its limit.
    pub fn take_rev(&mut self) -> Result<Rev> {
        self.rev = counter::after(self.rev, 1)?;
        Ok(self.rev)
    }

    /// Continues after `rev`, the last revision that a statement assigned to rows.
    const fn continue_at(&mut self, rev: Rev) {
        self.rev = rev;
    }

    /// Commits the transaction durably.
    ///
    /// # Errors
    /// Returns [`Error::OutcomeUnknown`] if the database doesn't
    /// confirm the commit.
    pub async fn commit(mut self) -> Result<()> {
        if self.rev != self.before {
            counter::set_rev(&mut self.snapshot.tx, self.counter, self.rev).await?;
        }
        self.snapshot.tx.commit().await
    }
}
