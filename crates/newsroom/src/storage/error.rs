//! What the database can answer but rows.

use std::sync::Arc;

use sqlx::migrate::MigrateError;

use crate::Error;

/// Why the database failed: for the log, not for people.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct StorageError(Arc<sqlx::Error>);

impl StorageError {
    /// The database is closed.
    pub(crate) fn closed() -> Self {
        Self(Arc::new(sqlx::Error::PoolClosed))
    }

    /// The database did not respond in time.
    pub(crate) fn timed_out() -> Self {
        Self(Arc::new(sqlx::Error::PoolTimedOut))
    }

    /// Whether the storage failed below the database: its disk is full, broken or read-only. Such a
    /// failure lasts until somebody repairs it.
    pub(crate) fn is_of_storage(&self) -> bool {
        match code(&self.0) {
            Some(Code::Sqlite(code)) => {
                matches!(
                    code & 0xff,
                    SQLITE_FULL | SQLITE_IOERR | SQLITE_READONLY | SQLITE_CANTOPEN
                )
            }
            Some(Code::Postgres(code)) => {
                POSTGRES_STORAGE.contains(&&*code) || code.starts_with("58")
            }
            None => false,
        }
    }

    fn is_disk_full(&self) -> bool {
        match code(&self.0) {
            Some(Code::Sqlite(code)) => code & 0xff == SQLITE_FULL,
            Some(Code::Postgres(code)) => code == DISK_FULL,
            None => false,
        }
    }
}

impl From<sqlx::Error> for Error {
    /// The error of a statement inside a transaction, or of its beginning: nothing was changed.
    fn from(error: sqlx::Error) -> Self {
        let error = StorageError(Arc::new(error));
        if error.is_disk_full() {
            Self::DiskFull(error)
        } else {
            Self::Unavailable(error)
        }
    }
}

/// The error of a COMMIT. A database that rejects it has rolled back; without its answer the commit may
/// have happened or not.
pub(super) fn of_commit(error: sqlx::Error) -> Error {
    let rejected = match code(&error) {
        Some(Code::Sqlite(code)) => code & 0xff != SQLITE_IOERR,
        // Class 08 is a lost connection, 57P a server that stops, 40003 "completion unknown".
        Some(Code::Postgres(code)) => {
            !code.starts_with("08") && !code.starts_with("57P") && code != "40003"
        }
        None => false,
    };
    if rejected {
        error.into()
    } else {
        Error::OutcomeUnknown(StorageError(Arc::new(error)))
    }
}

/// SQLite's primary result codes (<https://www.sqlite.org/rescode.html>), the low byte of its extended ones.
pub(super) const SQLITE_BUSY: u32 = 5;
const SQLITE_READONLY: u32 = 8;
const SQLITE_IOERR: u32 = 10;
const SQLITE_FULL: u32 = 13;
const SQLITE_CANTOPEN: u32 = 14;

/// PostgreSQL's `disk_full`.
const DISK_FULL: &str = "53100";
/// PostgreSQL's codes for a disk that can't be written: `disk_full`, `read_only_sql_transaction`.
/// Class 58 is system errors, input and output among them.
const POSTGRES_STORAGE: [&str; 2] = [DISK_FULL, "25006"];

/// An error code of one of the databases.
pub(super) enum Code {
    /// SQLite's extended result code.
    Sqlite(u32),
    /// PostgreSQL's SQLSTATE.
    Postgres(String),
}

/// The database's code for `error`, if the database reported it. SQLSTATE has five characters; SQLite's
/// codes are shorter numbers.
pub(super) fn code(error: &sqlx::Error) -> Option<Code> {
    let code = error.as_database_error()?.code()?;
    if code.len() == 5 {
        return Some(Code::Postgres(code.into_owned()));
    }
    code.parse().ok().map(Code::Sqlite)
}

/// PostgreSQL's codes for what passes by itself: it is starting up or going down (`cannot_connect_now`), or
/// has too many connections.
const PASSING: [&str; 2] = ["57P03", "53300"];

/// Why a database can't be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address names no database that Ringside knows; this is how it begins.
    #[error("The database URL must begin with sqlite:// or postgres://, not with {0:?}.")]
    Scheme(String),
    /// Its server doesn't answer, or can't yet; it may later.
    #[error("The database {url} can't be reached: {reason}.")]
    Unreachable {
        /// Its address, without the password.
        url: String,
        /// What the system or the server said.
        reason: String,
    },
    /// It can't be opened, or not written.
    #[error("The database {url} can't be opened: {reason}.")]
    Unusable {
        /// Its address, without the password.
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
        /// Its address, without the password.
        url: String,
        /// The migration that this release doesn't know.
        version: i64,
    },
    /// It can't be brought up to date.
    #[error("The database {url} can't be brought up to date: {source}.")]
    Migrate {
        /// Its address, without the password.
        url: String,
        /// Why.
        source: MigrateError,
    },
}

impl OpenError {
    /// Without what stands behind the scheme: there may be a password in it.
    pub(super) fn scheme(url: &str) -> Self {
        Self::Scheme(url.split(':').next().unwrap_or_default().to_owned())
    }

    /// What `error` says of the database named `url`.
    pub(super) fn unusable(url: &str, error: &sqlx::Error) -> Self {
        let url = url.to_owned();
        let reason = match error {
            sqlx::Error::Database(error) => error.message().to_owned(),
            error => error.to_string(),
        };
        let passes = match error {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut => true,
            sqlx::Error::Database(error) => {
                error.code().is_some_and(|code| PASSING.contains(&&*code))
            }
            _ => false,
        };
        if passes {
            Self::Unreachable { url, reason }
        } else {
            Self::Unusable { url, reason }
        }
    }

    /// What `error` says of the migrations of the database named `url`.
    pub(super) fn migrating(url: &str, error: MigrateError) -> Self {
        let url = url.to_owned();
        match error {
            MigrateError::VersionMissing(version) => Self::Newer { url, version },
            MigrateError::Execute(error) => Self::unusable(&url, &error),
            source => Self::Migrate { url, source },
        }
    }
}
