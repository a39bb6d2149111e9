//! What a server keeps its data in, for those who look past it.

use std::{
    env, fmt, process,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use clap::ValueEnum;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor, Row, any::install_default_drivers};

use tokio::time::sleep;

use super::{Error, Folder, Result, While};

/// How long PostgreSQL may take to recover, and how often it is asked whether it has.
const RECOVERY: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// Names are short, and never one that is in use.
static LAST: AtomicUsize = AtomicUsize::new(0);

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DatabaseKind {
    /// A file in the server's data folder.
    #[value(name = "sqlite")]
    SQLite,
    /// A database of its own on the server of `scripts/with-postgres`, which is gone with that server.
    #[value(name = "postgres")]
    PostgreSQL,
}

/// A database with nothing in it.
#[derive(Debug)]
pub struct Database {
    /// Which it is.
    pub kind: DatabaseKind,
    /// Its address; `None` for the file in the server's data folder.
    url: Option<String>,
}

impl Database {
    /// Makes one.
    ///
    /// # Errors
    /// If it is to be on PostgreSQL, and there is no server.
    pub async fn create(kind: DatabaseKind) -> Result<Self> {
        install_default_drivers();
        let url = match kind {
            DatabaseKind::SQLite => None,
            DatabaseKind::PostgreSQL => Some(create_on_postgres().await?),
        };
        Ok(Self { kind, url })
    }

    /// What the server must be told to use it.
    pub fn settings(&self) -> Vec<(&str, &str)> {
        let url = self.url.as_deref();
        url.map(|url| ("RINGSIDE_DATABASE_URL", url))
            .into_iter()
            .collect()
    }

    /// Connects to it, past the server that keeps its files in `folder`.
    ///
    /// # Errors
    /// If it can't be reached.
    pub async fn connect(&self, folder: &Folder) -> Result<AnyConnection> {
        let file = folder.path().join("data/ringside.db");
        let url = match &self.url {
            Some(url) => url.clone(),
            None => format!("sqlite://{}", file.display()),
        };
        Ok(AnyConnection::connect(&url).await?)
    }

    /// Has one of PostgreSQL's own processes stand still for `time` while it is in the middle of a
    /// transaction that changes something. `false` if this is no PostgreSQL, or none is for a while.
    ///
    /// # Errors
    /// If the system doesn't allow it.
    pub async fn freeze_a_process(&self, time: Duration) -> Result<bool> {
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

    /// Kills one of PostgreSQL's own processes, that of somebody's connection: PostgreSQL then ends all
    /// the others, and recovers from its log. Waits until it has. `false` if there is none to kill.
    ///
    /// # Errors
    /// If the system doesn't allow it, or PostgreSQL doesn't recover.
    pub async fn kill_a_process(&self) -> Result<bool> {
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
        // It ended by itself meanwhile, or it is not ours to kill: then this connection lives on.
        if !signal(process, "-KILL")? {
            return Ok(false);
        }
        while connection.ping().await.is_ok() {
            sleep(PAUSE).await;
        }
        let deadline = Instant::now() + RECOVERY;
        loop {
            match AnyConnection::connect(url).await {
                Ok(_) => return Ok(true),
                Err(error) if Instant::now() > deadline => return Err(error.into()),
                Err(_) => sleep(PAUSE).await,
            }
        }
    }
}

/// Sends a signal to one of PostgreSQL's processes; whether it was there.
fn signal(process: i64, name: &str) -> Result<bool> {
    let sent = Command::new("kill")
        .args([name, &process.to_string()])
        .status()
        .while_doing("sending a signal to a process of PostgreSQL")?;
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

/// A database on the server of `scripts/with-postgres`; its address.
async fn create_on_postgres() -> Result<String> {
    let server = env::var("RINGSIDE_TEST_POSTGRES").map_err(|_| {
        Error::Unexpected(
            "there is no PostgreSQL server: put 'scripts/with-postgres' before the command"
                .to_owned(),
        )
    })?;
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    let name = format!("bench_{}_{number}", process::id());
    let mut connection = AnyConnection::connect(&server).await?;
    for sql in [
        format!("CREATE DATABASE {name}"),
        // The server of the tests doesn't wait for the disk. This database does what real ones do:
        // what is acknowledged is in the system's hands, whatever happens to PostgreSQL's processes.
        format!("ALTER DATABASE {name} SET synchronous_commit = on"),
    ] {
        // Names can't be bound; this one is made of letters and digits.
        connection.execute(AssertSqlSafe(sql)).await?;
    }
    connection.close().await?;
    // The server's address is that of the database `postgres`.
    Ok(server.replacen("/postgres?", &format!("/{name}?"), 1))
}
