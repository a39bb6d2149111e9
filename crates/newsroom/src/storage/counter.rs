//! Revision counters, each in a row of its own, and the epoch that they share. A transaction that
//! takes revisions holds the lock of its counter's row.

use std::fmt;

use domain::{MAX_REV, Rev};
use sqlx::{
    Any, Row, Transaction,
    any::{AnyArguments, AnyRow},
    query::Query,
};

use super::{row_count::one_row, transaction::BoundedTransaction};
use crate::{Error, Result};

/// A revision counter. Feeds with the same counter share its revisions; a change to a feed waits
/// only for changes to feeds with the same counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Counter(&'static str);

impl Counter {
    /// The counter of the entries' feeds, in the table `feed`.
    pub const ENTRIES: Self = Self("entries");
    /// The counter of the rooms' feeds.
    pub const ROOMS: Self = Self("rooms");
    /// Not a counter of a feed: the positions of counts, of likes and of readers. Its row is named
    /// after the first of them.
    pub const COUNTS: Self = Self("likes");
    /// Not a counter of a feed: the lock of a transaction that writes update drafts.
    pub const DRAFTS: Self = Self("drafts");

    /// Returns the counter in the row `name` of the table `counters`, which a migration adds.
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    /// Returns whether feeds have its revisions.
    pub fn is_of_feeds(self) -> bool {
        !matches!(self, Self::COUNTS | Self::DRAFTS)
    }

    /// Returns the name.
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// Returns the query of the counter's row: `feed` for entries, or else `counters`, whose last
    /// parameter, $1 or $2, is the name.
    fn query(
        self,
        feed: &'static str,
        counters: &'static str,
        rev: Option<Rev>,
    ) -> Query<'static, Any, AnyArguments> {
        let query = sqlx::query(match self {
            Self::ENTRIES => feed,
            Self(_) => counters,
        });
        let query = match rev {
            Some(rev) => query.bind(rev),
            None => query,
        };
        match self {
            Self::ENTRIES => query,
            Self(name) => query.bind(name),
        }
    }
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Creates the first epoch in a new database.
pub(super) async fn init_epoch(tx: &mut Transaction<'_, Any>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO feed (id, epoch, rev, horizon) VALUES (1, $1, 0, 0)
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(random_epoch())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Locks the counter of entries until the transaction ends, so that it is their only writer.
pub(super) async fn take_write_lock(tx: &mut BoundedTransaction) -> Result<()> {
    take_write_lock_at(tx, Counter::ENTRIES).await.map(drop)
}

/// Locks a counter, and returns its value.
pub(super) async fn take_write_lock_at(
    tx: &mut BoundedTransaction,
    counter: Counter,
) -> Result<Rev> {
    let query = counter.query(
        "UPDATE feed SET rev = rev WHERE id = 1 RETURNING rev",
        "UPDATE counters SET rev = rev WHERE name = $1 RETURNING rev",
        None,
    );
    rev_of(&query.fetch_one(tx).await?)
}

/// Sets a counter.
pub(super) async fn set_rev(tx: &mut BoundedTransaction, counter: Counter, rev: Rev) -> Result<()> {
    let query = counter.query(
        "UPDATE feed SET rev = $1 WHERE id = 1",
        "UPDATE counters SET rev = $1 WHERE name = $2",
        Some(rev),
    );
    one_row(&query.execute(tx).await?)
}

/// Returns the last revision of a counter; 0 if it has no row.
pub(super) async fn last_rev(tx: &mut BoundedTransaction, counter: Counter) -> Result<Rev> {
    let query = counter.query(
        "SELECT rev FROM feed WHERE id = 1",
        "SELECT rev FROM counters WHERE name = $1",
        None,
    );
    let row = query.fetch_optional(tx).await?;
    row.as_ref().map_or(Ok(0), rev_of)
}

fn rev_of(row: &AnyRow) -> Result<Rev> {
    Ok(row.try_get("rev")?)
}

/// Returns the revision `count` after `rev`.
///
/// # Errors
/// Returns [`Error::NO_REVISION_LEFT`] if it is not below 2^53, the limit of integers in
/// JavaScript.
pub(super) fn after(rev: Rev, count: i64) -> Result<Rev> {
    rev.checked_add(count)
        .filter(|rev| (0..=MAX_REV).contains(rev))
        .ok_or(Error::NO_REVISION_LEFT)
}

/// Returns eight random letters and digits: two epochs of a database practically never collide.
pub fn random_epoch() -> String {
    const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    rand::random::<[u8; 8]>()
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
        .collect()
}
