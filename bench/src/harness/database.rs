//! The database of a server, for tests that access it directly.

use std::{
    env, fmt, process,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use clap::ValueEnum;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor, Row, any::install_default_drivers};

use tokio::time::sleep;

use super::{Context, Error, Folder, Result};

/// How long PostgreSQL may take to recover, and how often this is checked.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(30);
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// Makes the names of databases unique.
static LAST: AtomicUsize = AtomicUsize::new(0);

/// The kind of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DatabaseKind {
    /// A file in the server's data folder.
    #[value(name = "sqlite")]
    SQLite,
    /// A new database on the server of `scripts/with-postgres`, removed with that server.
    #[value(name = "postgres")]
    PostgreSQL,
}

/// An empty database.
#[derive(Debug)]
pub struct Database {
    /// Its kind.
    pub kind: DatabaseKind,
    /// Its URL, or `None` for the file in the server's data folder.
    url: Option<String>,
}

impl Database {
    /// Creates a database.
    ///
    /// # Errors
    ///
    /// If it is on PostgreSQL and there is no server.
    pub async fn create(kind: DatabaseKind) -> Result<Self> {
        install_default_drivers();
        let url = match kind {
            DatabaseKind::SQLite => None,
            DatabaseKind::PostgreSQL => Some(create_on_postgres().await?),
        };
        Ok(Self { kind, url })
    }

    /// Returns the settings with which the server uses it.
    pub fn settings(&self) -> Vec<(&str, &str)> {
        let url = self.url.as_deref();
        url.map(|url| ("RINGSIDE_DATABASE_URL", url))
            .into_iter()
            .collect()
    }

    /// Connects to the database of the server with its files in `folder`.
    ///
    /// # Errors
    ///
    /// If it can't be reached.
    pub async fn connect(&self, folder: &Folder) -> Result<AnyConnection> {
        Ok(AnyConnection::connect(&self.url(folder)).await?)
    }

    /// Returns its URL, if the server with its files in `folder` uses it.
    pub fn url(&self, folder: &Folder) -> String {
        let file = folder.path().join("data/ringside.db");
        match &self.url {
            Some(url) => url.clone(),
            None => format!("sqlite://{}", file.display()),
        }
    }

    /// Suspends one of PostgreSQL's processes for `time` while it is in the middle of a writing
    /// transaction. Returns `false` if this is not PostgreSQL, or no process has such a transaction
    /// for a while.
    ///
    /// # Errors
    ///
    /// If the system doesn't allow it.
    pub async fn suspend_process(&self, time: Duration) -> Result<bool> {
        let Some(url) = &self.url else {
            return Ok(false);
        };
        let mut connection = AnyConnection::connect(url).await?;
        let deadline = Instant::now() + time;
        while Instant::now() < deadline {
            let process = sqlx::query(
                "SELECT pid::bigint FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()
                 AND backend_xid IS NOT NULL LIMIT 1",
            )
            .fetch_optional(&mut connection)
            .await?;
            if let Some(process) = process {
                let process = process.try_get(0)?;
                if signal(process, "-STOP")? {
                    sleep(time).await;
                    signal(process, "-CONT")?;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Kills one of PostgreSQL's processes that serve connections. PostgreSQL then ends all others
    /// and recovers from its log. Waits for the recovery. Returns `false` if there is no process to
    /// kill.
    ///
    /// # Errors
    ///
    /// If the system doesn't allow it, or PostgreSQL doesn't recover.
    pub async fn kill_process(&self) -> Result<bool> {
        let Some(url) = &self.url else {
            return Ok(false);
        };
        let mut connection = AnyConnection::connect(url).await?;
        let process = sqlx::query(
            "SELECT pid::bigint FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid() LIMIT 1",
        )
        .fetch_optional(&mut connection)
        .await?;
        let Some(process) = process else {
            return Ok(false);
        };
        let process: i64 = process.try_get(0)?;
        // If the process has ended meanwhile or may not be signalled, this connection stays open.
        if !signal(process, "-KILL")? {
            return Ok(false);
        }
        while connection.ping().await.is_ok() {
            sleep(CHECK_INTERVAL).await;
        }
        let deadline = Instant::now() + RECOVERY_TIMEOUT;
        loop {
            match AnyConnection::connect(url).await {
                Ok(_) => return Ok(true),
                Err(error) if Instant::now() > deadline => return Err(error.into()),
                Err(_) => sleep(CHECK_INTERVAL).await,
            }
        }
    }
}

/// Sends a signal to one of PostgreSQL's processes. Returns whether it was running.
fn signal(process: i64, name: &str) -> Result<bool> {
    let sent = Command::new("kill")
        .args([name, &process.to_string()])
        .status()
        .context("sending a signal to a process of PostgreSQL")?;
    Ok(sent.success())
}

impl fmt::Display for DatabaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SQLite => "SQLite",
            Self::PostgreSQL => "PostgreSQL",
        })
    }
}

/// Creates a database on the server of `scripts/with-postgres`. Returns its URL.
async fn create_on_postgres() -> Result<String> {
    let server = env::var("RINGSIDE_TEST_POSTGRES").map_err(|_| {
        Error::Unexpected(
            "there is no PostgreSQL server: run the command with 'scripts/with-postgres'"
                .to_owned(),
        )
    })?;
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    let name = format!("bench_{}_{number}", process::id());
    let mut connection = AnyConnection::connect(&server).await?;
    for sql in [
        format!("CREATE DATABASE {name}"),
        // The tests' server doesn't wait for the disk. This database behaves like a real one:
        // acknowledged data is passed to the operating system, and survives if PostgreSQL's
        // processes are killed.
        format!("ALTER DATABASE {name} SET synchronous_commit = on"),
    ] {
        // Names can't be bound; this one consists of letters, digits and underscores.
        connection.execute(AssertSqlSafe(sql)).await?;
    }
    connection.close().await?;
    // The server's URL names the database `postgres`.
    Ok(server.replacen("/postgres?", &format!("/{name}?"), 1))
}
