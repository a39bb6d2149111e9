//! Detects whether a server uses the database, so that no command renumbers revisions meanwhile.
//!
//! On SQLite running servers share a lock on a file beside the database. On PostgreSQL they share
//! an advisory lock, held by the connection that listens for notifications.

use std::fs::{File, TryLockError};

use sqlx::{Executor, Row, postgres::PgListener};

use super::{Revision, Store, kind::Kind, sqlite};
use crate::Result;

/// The number of PostgreSQL's advisory lock. It has no meaning.
const LOCK: i64 = 7_464_324_628;

/// Marks the database as used by a server until it is dropped.
#[derive(Debug)]
pub struct ServerPresence {
    _lock: Option<File>,
}

/// Prevents servers from using the database until it is dropped.
#[derive(Debug)]
pub struct NoServer {
    _lock: Option<File>,
}

impl Store {
    /// Marks the database as used by a server. On PostgreSQL [`Store::listen`] does this.
    pub fn announce_server(&self) -> ServerPresence {
        let file = self.lock_file().and_then(|file| {
            file.try_lock_shared()
                .map_err(|error| tracing::warn!(%error, "could not lock the servers' lock file"))
                .ok()
                .map(|()| file)
        });
        ServerPresence { _lock: file }
    }

    /// Locks an SQLite database against servers; returns `None` if a server uses it. On PostgreSQL
    /// [`Revision::exclude_servers`] does this.
    pub fn exclude_servers(&self) -> Option<NoServer> {
        let Some(file) = self.lock_file() else {
            return Some(NoServer { _lock: None });
        };
        match file.try_lock() {
            Ok(()) => Some(NoServer { _lock: Some(file) }),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(error)) => {
                tracing::warn!(%error, "could not lock the servers' lock file");
                Some(NoServer { _lock: None })
            }
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
            .map_err(|error| tracing::warn!(%error, "could not open the servers' lock file"))
            .ok()
    }
}

impl Revision {
    /// Locks a PostgreSQL database against servers until this transaction ends; returns `false` if
    /// a server uses it. On SQLite [`Store::exclude_servers`] does this.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn exclude_servers(&mut self, store: &Store) -> Result<bool> {
        if store.kind != Kind::Postgres {
            return Ok(true);
        }
        let row = sqlx::query("SELECT pg_try_advisory_xact_lock($1) AS free")
            .bind(LOCK)
            .fetch_one(&mut *self.snapshot.tx)
            .await?;
        Ok(row.try_get("free")?)
    }
}

/// Takes a share of the servers' lock while `listener` is connected.
pub(super) async fn share_lock(listener: &mut PgListener) -> Result<()> {
    listener
        .execute(sqlx::query("SELECT pg_advisory_lock_shared($1)").bind(LOCK))
        .await?;
    Ok(())
}
