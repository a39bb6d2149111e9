//! Settings and statements for PostgreSQL.

use std::time::Duration;

use sqlx::{AnyConnection, AnyPool, Connection, Executor, any::AnyPoolOptions, migrate::Migrator};
use tokio::time::timeout;

pub const MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// Writers wait for the lock of the counter's row.
pub const BEGIN_WRITE: &str = "BEGIN";
/// Reads a consistent state, which PostgreSQL doesn't do by default.
pub const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

/// Locks migrations until the end of the transaction. The number identifies the lock and has no
/// meaning.
pub const LOCK_MIGRATIONS: &str = "SELECT CAST(pg_advisory_xact_lock(7464324627) AS TEXT)";

/// Only one connection writes at a time, the one that locks the counter; others wait in the
/// database.
const WRITERS: u32 = 4;
/// Reads wait for the network rather than for a CPU core: twice as many as for an SQLite file. A
/// server uses at most fifteen connections, including the listener; PostgreSQL allows a hundred by
/// default.
const READERS: u32 = 8;
/// Sessions are written without locking the counter, so that a login doesn't wait for a post.
const SESSIONS: u32 = 2;

/// Deadlines of every connection. A server that stops in a transaction loses its locks after ten
/// seconds, and TCP detects a lost peer.
const SETTINGS: &str = "SET statement_timeout = '30s'; \
     SET idle_in_transaction_session_timeout = '10s'; SET tcp_user_timeout = '10s'; \
     SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;";
/// How long a released connection may take to respond before it is replaced.
const PING: Duration = Duration::from_secs(1);

/// Connects to the database at `url`.
pub async fn connect(url: &str) -> Result<AnyConnection, sqlx::Error> {
    AnyConnection::connect(url).await
}

/// Creates the pool of connections that write.
pub async fn writer(url: &str, deadline: Duration) -> Result<AnyPool, sqlx::Error> {
    pool(WRITERS, url, deadline).await
}

/// Creates the pool of connections that read.
pub async fn readers(url: &str, deadline: Duration) -> Result<AnyPool, sqlx::Error> {
    pool(READERS, url, deadline).await
}

/// Creates the pool of connections that write sessions.
pub async fn sessions(url: &str, deadline: Duration) -> Result<AnyPool, sqlx::Error> {
    pool(SESSIONS, url, deadline).await
}

async fn pool(connections: u32, url: &str, deadline: Duration) -> Result<AnyPool, sqlx::Error> {
    AnyPoolOptions::new()
        .acquire_timeout(deadline)
        .max_connections(connections)
        .min_connections(1)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                connection.execute(SETTINGS).await?;
                // Shorter than the request's deadline, so that PostgreSQL reports its own error.
                let lock_timeout = (deadline * 3 / 4).as_millis().to_string();
                sqlx::query("SELECT set_config('lock_timeout', $1, false)")
                    .bind(lock_timeout)
                    .execute(connection)
                    .await
                    .map(drop)
            })
        })
        .after_release(|connection, _| Box::pin(is_reusable(connection)))
        .connect(url)
        .await
}

/// Returns whether a released connection can be reused. One that doesn't respond is replaced.
async fn is_reusable(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    match timeout(PING, connection.ping()).await {
        Ok(result) => result.map(|()| true),
        // Unlike `false`, an error makes the pool close the connection without notifying the
        // server.
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}
