//! What is particular to an SQLite file.

use std::{path::PathBuf, time::Duration};

use sqlx::{
    AnyConnection, AnyPool, Connection, Executor, any::AnyPoolOptions, migrate::Migrator,
    sqlite::SqliteConnectOptions,
};

use super::error::{Code, SQLITE_BUSY, code};

pub const MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// A writer takes the file's lock at once: one that begins as a reader is refused when it comes to write.
pub const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";
/// In WAL mode what a transaction reads is of one moment.
pub const BEGIN_READ: &str = "BEGIN";

/// How many readers of a file work at once: more than a small machine's cores gain nothing.
const READERS: u32 = 4;

/// The settings of every connection. FULL: an acknowledged update is on the disk. Waiting five seconds
/// for a lock lets a command of the shell share the file with a running server. `secure_delete`
/// overwrites deleted text with zeros.
const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;";

/// Moves the log's pages into the file, and empties the log.
pub const EMPTY_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// While one process turns a new file to WAL, SQLite refuses others at once, whatever their
/// `busy_timeout`: they try again, for five seconds in all.
const WAL_TRIES: u32 = 100;
const WAL_PAUSE: Duration = Duration::from_millis(50);

/// A connection to the file at `url`, which is made if it isn't there.
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

/// The one connection that writes: waiting for it is fair, waiting for the file's lock is not.
pub async fn writer(url: &str, deadline: Duration) -> Result<AnyPool, sqlx::Error> {
    pool("rwc", 1, url, deadline).await
}

/// The connections that read.
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
        // A file doesn't hang up, and each question costs two turns between threads.
        .test_before_acquire(false)
        .after_release(|connection, _| Box::pin(is_reusable(connection)))
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute(PRAGMAS).await.map(drop) })
        })
        .connect(&with_mode(url, mode))
        .await
}

/// Whether a connection that was released can begin another transaction.
///
/// After a full disk or an I/O error SQLite has rolled back already. The driver's own ROLLBACK then
/// fails, and it counts the transaction as open for ever: such a connection is replaced.
async fn is_reusable(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // A rollback may still be queued in the driver; a ping comes after it.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// The file whose lock running servers share, beside the database; `None` for a database in memory.
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

/// Whether another process holds the file's lock.
fn is_busy(error: &sqlx::Error) -> bool {
    matches!(code(error), Some(Code::Sqlite(code)) if code & 0xff == SQLITE_BUSY)
}
