//! All the SQL there is, written once in the subset that SQLite and PostgreSQL share.
//!
//! Reads happen in a [`Snapshot`], writes in a [`Revision`] if readers' pages show them. Look-ups
//! answer `Ok(None)` for what isn't there; a write that touches another number of rows than it
//! means to is an error. Only `BIGINT`, `TEXT` and blobs are stored, times in microseconds.

mod accounts;
mod entries;
mod feed;
mod operations;
mod row;
mod sessions;
mod updates;

use std::{sync::Once, time::Duration};

use domain::Rev;
use sqlx::{
    Any, AnyConnection, AnyPool, Connection, Executor, Row, Transaction,
    any::AnyPoolOptions,
    migrate::{MigrateError, Migrator},
};

pub use accounts::StoredAccount;
pub use feed::{FeedState, Moved};
pub use operations::Operation;
pub use updates::NewUpdate;

use crate::Result;

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// How many readers of an SQLite file work at once: more than a small machine's cores gain nothing.
const SQLITE_READERS: u32 = 4;

/// While one process turns a new file to WAL, SQLite refuses others at once, whatever their
/// `busy_timeout`: they try again, for five seconds in all.
const WAL_TRIES: u32 = 100;
const WAL_PAUSE: Duration = Duration::from_millis(50);

/// Why a database can't be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address names no database that Ringside knows.
    #[error("The database URL must begin with sqlite://; it is {0:?}.")]
    Scheme(String),
    /// It can't be opened, or not written.
    #[error("The database {url} can't be opened: {reason}.")]
    Unusable {
        /// Its address.
        url: String,
        /// What it said.
        reason: String,
    },
    /// A later release made it what it is.
    #[error(
        "The database {url} was made by a newer Ringside (migration {version} is unknown here). \
         Start the newer release, or restore a backup made by this one."
    )]
    Newer {
        /// Its address.
        url: String,
        /// The migration that this release doesn't know.
        version: i64,
    },
    /// It can't be brought up to date.
    #[error("The database {url} can't be brought up to date: {source}.")]
    Migrate {
        /// Its address.
        url: String,
        /// Why.
        source: MigrateError,
    },
}

impl OpenError {
    fn unusable(url: &str, error: &sqlx::Error) -> Self {
        Self::Unusable {
            url: url.to_owned(),
            reason: match error {
                sqlx::Error::Database(error) => error.message().to_owned(),
                error => error.to_string(),
            },
        }
    }
}

/// The database.
#[derive(Clone, Debug)]
pub struct Store {
    /// One connection on SQLite, which has one writer at a time anyway: waiting here is fair and may
    /// last half a minute (sqlx's `acquire_timeout`), waiting for the file's lock is neither.
    writer: AnyPool,
    readers: AnyPool,
}

impl Store {
    /// Opens the database at `url`, makes it if it isn't there, and brings it up to date.
    ///
    /// # Errors
    /// With one sentence for whoever runs the server.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);

        if !url.starts_with("sqlite:") {
            return Err(OpenError::Scheme(url.to_owned()));
        }
        bring_up_to_date(url).await?;
        let unusable = |error| OpenError::unusable(url, &error);
        Ok(Self {
            writer: sqlite_pool("rwc", 1, url).await.map_err(unusable)?,
            readers: sqlite_pool("ro", SQLITE_READERS, url)
                .await
                .map_err(unusable)?,
        })
    }

    /// Waits for what is under way, and closes every connection.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Everything as it is at one moment.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        Ok(Snapshot {
            tx: self.readers.begin().await?,
        })
    }

    /// Begins a change that readers' pages show: takes the feed's counter, and with it the right to
    /// be the only one who changes anything until the commit.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn revise(&self) -> Result<Revision> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let row = sqlx::query("UPDATE feed SET rev = rev + 1 WHERE id = 1 RETURNING rev")
            .fetch_one(&mut *tx)
            .await?;
        Ok(Revision {
            rev: row.try_get("rev")?,
            snapshot: Snapshot { tx },
        })
    }
}

/// A transaction that reads: all of its answers are of one moment.
#[derive(Debug)]
pub struct Snapshot {
    tx: Transaction<'static, Any>,
}

/// A transaction that changes what readers see, at one new revision. Dropped, it never happened.
#[derive(Debug)]
pub struct Revision {
    snapshot: Snapshot,
    rev: Rev,
}

impl Revision {
    /// The revision of everything that this changes.
    pub const fn rev(&self) -> Rev {
        self.rev
    }

    /// Reads what is there, changes of this revision included.
    pub const fn snapshot(&mut self) -> &mut Snapshot {
        &mut self.snapshot
    }

    /// Makes it so, durably.
    ///
    /// # Errors
    /// If the database can't be reached; it may then have happened or not, and the operation's name
    /// tells.
    pub async fn commit(self) -> Result<()> {
        Ok(self.snapshot.tx.commit().await?)
    }
}

/// What every connection is told. FULL: an acknowledged update is on the disk. Waiting five seconds
/// for a lock lets a command of the shell share the file with a running server.
const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";

/// Makes the database if it isn't there, and the tables that this release needs.
///
/// On a connection of its own: a pool would try what was refused for half a minute, and then say
/// nothing but that it timed out. In one transaction, which waits for its turn: a server and a
/// command may be started on a new file at once.
async fn bring_up_to_date(url: &str) -> Result<(), OpenError> {
    let unusable = |error| OpenError::unusable(url, &error);
    let mut connection = AnyConnection::connect(&with_mode(url, "rwc"))
        .await
        .map_err(unusable)?;
    let mut tries = 0;
    while let Err(error) = connection.execute(PRAGMAS).await {
        tries += 1;
        if tries == WAL_TRIES || !is_busy(&error) {
            return Err(unusable(error));
        }
        tokio::time::sleep(WAL_PAUSE).await;
    }
    let mut tx = connection
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(unusable)?;
    // What `run` does, but for a future that can be sent (`Acquire` is not general enough).
    let migrated = SQLITE.run_direct(None, &mut *tx, false).await;
    migrated.map_err(|error| match error {
        MigrateError::VersionMissing(version) => OpenError::Newer {
            url: url.to_owned(),
            version,
        },
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => unusable(error),
        source => OpenError::Migrate {
            url: url.to_owned(),
            source,
        },
    })?;
    feed::found(&mut tx).await.map_err(unusable)?;
    tx.commit().await.map_err(unusable)?;
    connection.close().await.map_err(unusable)
}

/// Whether somebody else has the file's lock (`SQLITE_BUSY`, in the low byte of its extended codes).
fn is_busy(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code()?.parse::<u32>().ok())
        .is_some_and(|code| code & 0xff == 5)
}

async fn sqlite_pool(mode: &str, connections: u32, url: &str) -> Result<AnyPool, sqlx::Error> {
    AnyPoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
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

/// That a write touched the one row it was meant for.
fn one_row(result: &sqlx::any::AnyQueryResult) -> Result<()> {
    match result.rows_affected() {
        1 => Ok(()),
        _ => Err(sqlx::Error::RowNotFound.into()),
    }
}
