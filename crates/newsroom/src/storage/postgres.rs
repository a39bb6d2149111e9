//! What is particular to a PostgreSQL database.

use sqlx::{AnyConnection, AnyPool, Connection, any::AnyPoolOptions, migrate::Migrator};

pub const MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// The counter's row is what writers wait for.
pub const BEGIN_WRITE: &str = "BEGIN";
/// What a transaction reads is of one moment only if that is asked for.
pub const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

/// Held to the end of the transaction, it lets one server's migrations run at a time. The number is
/// this program's own, out of nowhere.
pub const LOCK_MIGRATIONS: &str = "SELECT CAST(pg_advisory_xact_lock(7464324627) AS TEXT)";

/// One writes at a time, whoever holds the counter; the others of a burst wait in the database, and
/// a session can be opened meanwhile.
const WRITERS: u32 = 4;
/// Reads wait for the network rather than for a core: twice what an SQLite file gets. A server
/// takes thirteen connections at most, with the one that listens; PostgreSQL allows a hundred by default.
const READERS: u32 = 8;

/// A connection to the database at `url`.
pub async fn connect(url: &str) -> Result<AnyConnection, sqlx::Error> {
    AnyConnection::connect(url).await
}

/// The connections that write.
pub async fn writer(url: &str) -> Result<AnyPool, sqlx::Error> {
    pool(WRITERS, url).await
}

/// The connections that read.
pub async fn readers(url: &str) -> Result<AnyPool, sqlx::Error> {
    pool(READERS, url).await
}

async fn pool(connections: u32, url: &str) -> Result<AnyPool, sqlx::Error> {
    AnyPoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .connect(url)
        .await
}
