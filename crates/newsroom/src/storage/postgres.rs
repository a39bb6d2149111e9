//! What is particular to a PostgreSQL database.

use std::time::Duration;

use sqlx::{AnyConnection, AnyPool, Connection, Executor, any::AnyPoolOptions, migrate::Migrator};
use tokio::time::timeout;

pub const MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// The counter's row is what writers wait for.
pub const BEGIN_WRITE: &str = "BEGIN";
/// What a transaction reads is of one moment only if that is asked for.
pub const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

/// Held to the end of the transaction, it lets one server's migrations run at a time. The number is
/// this program's own, out of nowhere.
pub const LOCK_MIGRATIONS: &str = "SELECT CAST(pg_advisory_xact_lock(7464324627) AS TEXT)";

/// One writes at a time, the one that holds the counter; the others of a burst wait in the database.
const WRITERS: u32 = 4;
/// Reads wait for the network rather than for a core: twice what an SQLite file gets. A server
/// takes fifteen connections at most, with the one that listens; PostgreSQL allows a hundred by default.
const READERS: u32 = 8;
/// Sessions are written apart from the feed's counter, so that a login doesn't wait behind a post.
const SESSIONS: u32 = 2;

/// The deadlines of every session, so that no server can hold others up for longer: one that stops in
/// mid-transaction loses its locks after ten seconds, and TCP notices a peer that is gone.
const SETTINGS: &str = "SET statement_timeout = '30s'; \
     SET idle_in_transaction_session_timeout = '10s'; SET tcp_user_timeout = '10s'; \
     SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;";
/// How long a released connection may take to answer before it is replaced.
const PING: Duration = Duration::from_secs(1);

/// A connection to the database at `url`.
pub async fn connect(url: &str) -> Result<AnyConnection, sqlx::Error> {
    AnyConnection::connect(url).await
}

/// The connections that write.
pub async fn writer(url: &str, deadline: Duration) -> Result<AnyPool, sqlx::Error> {
    pool(WRITERS, url, deadline).await
}

/// The connections that read.
pub async fn readers(url: &str, deadline: Duration) -> Result<AnyPool, sqlx::Error> {
    pool(READERS, url, deadline).await
}

/// The connections that write sessions.
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
                // Shorter than a request waits: PostgreSQL's own word for it is better than none.
                let patience = (deadline * 3 / 4).as_millis().to_string();
                sqlx::query("SELECT set_config('lock_timeout', $1, false)")
                    .bind(patience)
                    .execute(connection)
                    .await
                    .map(drop)
            })
        })
        .after_release(|connection, _| Box::pin(is_reusable(connection)))
        .connect(url)
        .await
}

/// Whether a connection that was released can be used again. One that doesn't answer is replaced.
async fn is_reusable(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    match timeout(PING, connection.ping()).await {
        Ok(answered) => answered.map(|()| true),
        // An error, unlike `false`, has the pool close the connection without a word to its peer.
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}
