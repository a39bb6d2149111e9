//! Transactions whose statements have a deadline, so that a broken network or a frozen database
//! server fails a request instead of blocking it.

use std::{fmt, future::Future, io, time::Duration};

use futures::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Any, AnyPool, Describe, Either, Execute, Executor, SqlStr, Transaction,
    any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo},
};
use tokio::time::timeout;

use super::error;
use crate::{DatabaseFailure, Error, Result};

/// A transaction on a pooled connection.
pub struct BoundedTransaction {
    tx: Transaction<'static, Any>,
    /// How long the database may take for a statement, or between two of its rows; `None` for
    /// SQLite.
    deadline: Option<Duration>,
}

impl BoundedTransaction {
    /// Begins a transaction with the statement `begin` on a connection of `pool`. It is boxed so
    /// that its owner can move it out for the commit.
    ///
    /// # Errors
    /// Returns an error if no connection is available.
    pub async fn begin(
        pool: &AnyPool,
        begin: &'static str,
        deadline: Option<Duration>,
    ) -> Result<Box<Self>> {
        let tx = pool.begin_with(begin).await?;
        Ok(Box::new(Self { tx, deadline }))
    }

    /// Commits the transaction.
    ///
    /// # Errors
    /// Returns [`Error::OutcomeUnknown`] if the database doesn't respond in time, or the connection
    /// fails.
    pub async fn commit(self) -> Result<()> {
        let commit = self.tx.commit();
        let Some(deadline) = self.deadline else {
            return commit.await.map_err(error::of_commit);
        };
        match timeout(deadline, commit).await {
            Ok(committed) => committed.map_err(error::of_commit),
            Err(_) => Err(Error::OutcomeUnknown(DatabaseFailure::timed_out())),
        }
    }
}

/// Returns a timeout error if `wait` takes longer than `deadline`.
async fn within<T>(
    deadline: Option<Duration>,
    wait: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match deadline {
        None => wait.await,
        Some(deadline) => timeout(deadline, wait).await.unwrap_or_else(|_| {
            let message = "the database did not respond in time";
            Err(io::Error::new(io::ErrorKind::TimedOut, message).into())
        }),
    }
}

impl<'c> Executor<'c> for &'c mut BoundedTransaction {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<AnyQueryResult, AnyRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let deadline = self.deadline;
        let results = self.tx.fetch_many(query);
        // After an error there are no more rows.
        stream::unfold(Some(results), move |results| async move {
            let mut results = results?;
            let next = async { results.next().await.transpose() };
            match within(deadline, next).await {
                Ok(Some(result)) => Some((Ok(result), Some(results))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<AnyRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        within(self.deadline, self.tx.fetch_optional(query)).boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<AnyStatement, sqlx::Error>>
    where
        'c: 'e,
    {
        within(self.deadline, self.tx.prepare_with(sql, parameters)).boxed()
    }

    // The trait has this method if SQLx's macros are compiled in; nothing calls it.
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Any>, sqlx::Error>>
    where
        'c: 'e,
    {
        within(self.deadline, self.tx.describe(sql)).boxed()
    }
}

impl fmt::Debug for BoundedTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundedTransaction")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
