//! Tells whether a server uses the database, so that no command renumbers revisions under it.
//!
//! On SQLite running servers share a lock of a file beside the database; on PostgreSQL they share an
//! advisory lock, which the connection that listens for notifications holds.

use std::fs::{File, TryLockError};

use sqlx::{Executor, Row, postgres::PgListener};

use super::{Revision, Store, open::Kind, sqlite};
use crate::{Error, Result};

/// The number of PostgreSQL's advisory lock: this program's own, with no meaning.
const LOCK: i64 = 7_464_324_628;
const A_SERVER_RUNS: Error =
    Error::Forbidden("A server is running on this database. Stop it first, then run this again.");

/// The sign that a server uses the database, until it is dropped.
#[derive(Debug)]
pub struct ServerPresence {
    _lock: Option<File>,
}

/// The certainty that no server uses the database, until it is dropped.
#[derive(Debug)]
pub struct NoServer {
    _lock: Option<File>,
}

impl Store {
    /// Shows other processes that a server uses the database. On PostgreSQL [`Store::listen`] does.
    pub fn announce_server(&self) -> ServerPresence {
        let file = self.lock_file().and_then(|file| {
            file.try_lock_shared()
                .map_err(|error| tracing::warn!(%error, "the servers' lock file can't be locked"))
                .ok()
                .map(|()| file)
        });
        ServerPresence { _lock: file }
    }

    /// Keeps servers away from an SQLite database that none uses. On PostgreSQL [`Revision::exclude_servers`]
    /// does.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if a server uses it.
    pub fn exclude_servers(&self) -> Result<NoServer> {
        match self.lock_file() {
            Some(file) => match file.try_lock() {
                Ok(()) => Ok(NoServer { _lock: Some(file) }),
                Err(TryLockError::WouldBlock) => Err(A_SERVER_RUNS),
                Err(TryLockError::Error(error)) => {
                    tracing::warn!(%error, "the servers' lock file can't be locked");
                    Ok(NoServer { _lock: None })
                }
            },
            None => Ok(NoServer { _lock: None }),
        }
    }

    fn lock_file(&self) -> Option<File> {
        if self.kind != Kind::Sqlite {
            return None;
        }
        let path = sqlite::lock_file(&self.url)?;
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| tracing::warn!(%error, "the servers' lock file can't be opened"))
            .ok()
    }
}

impl Revision {
    /// Keeps servers away from a PostgreSQL database that none uses, until this transaction ends. On SQLite
    /// [`Store::exclude_servers`] does.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if a server uses it, or if the database can't be reached.
    pub async fn exclude_servers(&mut self, store: &Store) -> Result<()> {
        if store.kind != Kind::Postgres {
            return Ok(());
        }
        let row = sqlx::query("SELECT pg_try_advisory_xact_lock($1) AS free")
            .bind(LOCK)
            .fetch_one(&mut *self.snapshot.tx)
            .await?;
        if row.try_get("free")? {
            Ok(())
        } else {
            Err(A_SERVER_RUNS)
        }
    }
}

/// Shares the servers' lock for as long as `listener` is connected.
pub(super) async fn share_lock(listener: &mut PgListener) -> Result<()> {
    listener
        .execute(sqlx::query("SELECT pg_advisory_lock_shared($1)").bind(LOCK))
        .await?;
    Ok(())
}
