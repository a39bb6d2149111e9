//! Settings and statements for SQLite.

use std::{path::PathBuf, time::Duration};

use sqlx::{
    AnyConnection, AnyPool, Connection, Executor, any::AnyPoolOptions, migrate::Migrator,
    sqlite::SqliteConnectOptions,
};

use super::error::{Code, SQLITE_BUSY, code};

pub const MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// Writers lock the file at the beginning: a transaction that begins by reading may be rejected
/// when it writes.
pub const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";
/// In WAL mode, a transaction reads a consistent state.
pub const BEGIN_READ: &str = "BEGIN";

/// The number of connections that read. More than the cores of a small machine gain nothing.
const READERS: u32 = 4;

/// The settings of every connection. FULL: an acknowledged update is on the disk. The busy timeout
/// of five seconds lets commands share the file with a running server. `secure_delete` overwrites
/// deleted text with zeros.
const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;";

/// Moves the pages of the write-ahead log into the file, and empties the log.
pub const EMPTY_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// How often to retry while another process switches a new file to WAL mode. SQLite then returns an
/// error at once, regardless of `busy_timeout`. In total for five seconds.
const WAL_TRIES: u32 = 100;
/// The pause between two such attempts.
const WAL_PAUSE: Duration = Duration::from_millis(50);

/// Connects to the file at `url`, which is created if it doesn't exist.
pub async fn connect(url: &str) -> Result<AnyConnection, sqlx::Error> {
    let mut connection = AnyConnection::connect(&with_mode(url, "rwc")).await?;
    let mut tries = 0;
    while let Err(error) = connection.execute(PRAGMAS).await {
        tries += 1;
        if tries == WAL_TRIES || !is_busy(&error) {
            return Err(error);
        }
        tokio::time::sleep(WAL_PAUSE).await;
    }
    Ok(connection)
}

/// Creates the pool of the one connection that writes. Waiting for a connection is fair, waiting
/// for the file's lock is not.
pub async fn writer(url: &str, deadline: Duration) -> Result<AnyPool, sqlx::Error> {
    pool("rwc", 1, url, deadline).await
}

/// Creates the pool of connections that read.
pub async fn readers(url: &str, deadline: Duration) -> Result<AnyPool, sqlx::Error> {
    pool("ro", READERS, url, deadline).await
}

async fn pool(
    mode: &str,
    connections: u32,
    url: &str,
    deadline: Duration,
) -> Result<AnyPool, sqlx::Error> {
    AnyPoolOptions::new()
        .acquire_timeout(deadline)
        .max_connections(connections)
        .min_connections(1)
        // A file can't disconnect, and each test would cost two thread switches.
        .test_before_acquire(false)
        .after_release(|connection, _| Box::pin(is_reusable(connection)))
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute(PRAGMAS).await.map(drop) })
        })
        .connect(&with_mode(url, mode))
        .await
}

/// Returns whether a released connection can begin another transaction.
///
/// After a full disk or an I/O error SQLite has already rolled back. The driver's own ROLLBACK then
/// fails, and the driver considers the transaction open for ever: such a connection is replaced.
async fn is_reusable(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // A rollback may still be queued in the driver; the ping runs after it.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// Returns the file, beside the database, on which running servers share a lock; `None` for a
/// database in memory.
pub fn lock_file(url: &str) -> Option<PathBuf> {
    let options: SqliteConnectOptions = url.parse().ok()?;
    let database = options.get_filename();
    let name = database.file_name()?.to_str()?;
    (name != ":memory:").then(|| database.with_file_name(format!("{name}-servers")))
}

fn with_mode(url: &str, mode: &str) -> String {
    let join = if url.contains('?') { '&' } else { '?' };
    format!("{url}{join}mode={mode}")
}

/// Returns whether another process has locked the file.
fn is_busy(error: &sqlx::Error) -> bool {
    matches!(code(error), Some(Code::Sqlite(code)) if code & 0xff == SQLITE_BUSY)
}
