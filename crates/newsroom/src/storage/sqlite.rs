//! What is particular to an SQLite file.

use std::time::Duration;

use sqlx::{AnyConnection, AnyPool, Connection, Executor, any::AnyPoolOptions, migrate::Migrator};

pub const MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// A writer takes the file's lock at once: one that begins as a reader is refused when it comes to write.
pub const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";
/// In WAL mode what a transaction reads is of one moment.
pub const BEGIN_READ: &str = "BEGIN";

/// How many readers of a file work at once: more than a small machine's cores gain nothing.
const READERS: u32 = 4;

/// What every connection is told. FULL: an acknowledged update is on the disk. Waiting five seconds
/// for a lock lets a command of the shell share the file with a running server.
const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";

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

/// The one connection that writes: waiting here for its turn is fair and may last half a minute
/// (sqlx's `acquire_timeout`), waiting for the file's lock is neither.
pub async fn writer(url: &str) -> Result<AnyPool, sqlx::Error> {
    pool("rwc", 1, url).await
}

/// The connections that read.
pub async fn readers(url: &str) -> Result<AnyPool, sqlx::Error> {
    pool("ro", READERS, url).await
}

async fn pool(mode: &str, connections: u32, url: &str) -> Result<AnyPool, sqlx::Error> {
    AnyPoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        // A file doesn't hang up, and each question costs two turns between threads.
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute(PRAGMAS).await.map(drop) })
        })
        .connect(&with_mode(url, mode))
        .await
}

fn with_mode(url: &str, mode: &str) -> String {
    let join = if url.contains('?') { '&' } else { '?' };
    format!("{url}{join}mode={mode}")
}

/// Whether somebody else has the file's lock (`SQLITE_BUSY`, in the low byte of its extended codes).
fn is_busy(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code()?.parse::<u32>().ok())
        .is_some_and(|code| code & 0xff == 5)
}
