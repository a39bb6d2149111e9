//! A transaction whose statements have a deadline: a network that swallows packets, or a server that
//! stands still, fails the request and holds it up no longer.

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

use super::{StorageError, error};
use crate::{Error, Result};

/// A transaction on a pooled connection.
pub struct BoundedTransaction {
    tx: Transaction<'static, Any>,
    /// How long the database may take for a statement, or between two of its rows; `None` if it is no
    /// server.
    deadline: Option<Duration>,
}

impl BoundedTransaction {
    /// Begins a transaction by `begin` on a connection of `pool`. It is boxed because it is handed on
    /// by what owns it, and has to be moved out of there by a commit.
    ///
    /// # Errors
    /// If there is no connection.
    pub async fn begin(
        pool: &AnyPool,
        begin: &'static str,
        deadline: Option<Duration>,
    ) -> Result<Box<Self>> {
        let tx = pool.begin_with(begin).await?;
        Ok(Box::new(Self { tx, deadline }))
    }

    /// Commits.
    ///
    /// # Errors
    /// [`Error::OutcomeUnknown`] if the database doesn't answer in time, or if the connection fails.
    pub async fn commit(self) -> Result<()> {
        let commit = self.tx.commit();
        let Some(deadline) = self.deadline else {
            return commit.await.map_err(error::of_commit);
        };
        match timeout(deadline, commit).await {
            Ok(committed) => committed.map_err(error::of_commit),
            Err(_) => Err(Error::OutcomeUnknown(StorageError::timed_out())),
        }
    }
}

/// Fails `wait` after `deadline`, if there is one.
async fn within<T>(
    deadline: Option<Duration>,
    wait: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match deadline {
        None => wait.await,
        Some(deadline) => timeout(deadline, wait).await.unwrap_or_else(|_| {
            let silent = "the database has not answered in time";
            Err(io::Error::new(io::ErrorKind::TimedOut, silent).into())
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
        // After an error there is nothing more to be read.
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

    // The trait has it where SQLx's macros are compiled in; nothing here calls it.
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
