//! Errors of the database, and what they mean for a request.

use sqlx::migrate::MigrateError;

use crate::error::{DatabaseFailure, Error};

/// Returns whether the storage below the database failed: its disk is full, broken or read-only.
/// Such a failure lasts until somebody repairs it.
fn is_storage_failure(error: &sqlx::Error) -> bool {
    match code(error) {
        Some(Code::Sqlite(code)) => {
            matches!(
                code & 0xff,
                SQLITE_FULL | SQLITE_IOERR | SQLITE_READONLY | SQLITE_CANTOPEN
            )
        }
        Some(Code::Postgres(code)) => POSTGRES_STORAGE.contains(&&*code) || code.starts_with("58"),
        None => false,
    }
}

fn is_disk_full(error: &sqlx::Error) -> bool {
    match code(error) {
        Some(Code::Sqlite(code)) => code & 0xff == SQLITE_FULL,
        Some(Code::Postgres(code)) => code == DISK_FULL,
        None => false,
    }
}

fn database_failure(error: sqlx::Error) -> DatabaseFailure {
    let is_storage_failure = is_storage_failure(&error);
    DatabaseFailure::new(error, is_storage_failure)
}

impl From<sqlx::Error> for Error {
    /// Converts the error of a statement in a transaction, or of its beginning: nothing was
    /// changed.
    fn from(error: sqlx::Error) -> Self {
        let is_disk_full = is_disk_full(&error);
        let failure = database_failure(error);
        if is_disk_full {
            Self::DiskFull(failure)
        } else {
            Self::Unavailable(failure)
        }
    }
}

/// Converts the error of a COMMIT. If the database rejected it, the transaction was rolled back;
/// without a response, the commit may have succeeded or not.
pub(super) fn of_commit(error: sqlx::Error) -> Error {
    let rejected = match code(&error) {
        Some(Code::Sqlite(code)) => code & 0xff != SQLITE_IOERR,
        // Class 08 is a lost connection, 57P a server that is stopping, 40003 "completion unknown".
        Some(Code::Postgres(code)) => {
            !code.starts_with("08") && !code.starts_with("57P") && code != "40003"
        }
        None => false,
    };
    if rejected {
        error.into()
    } else {
        Error::OutcomeUnknown(database_failure(error))
    }
}

/// SQLite's primary result codes (<https://www.sqlite.org/rescode.html>): the low byte of its
/// extended result codes.
pub(super) const SQLITE_BUSY: u32 = 5;
const SQLITE_READONLY: u32 = 8;
const SQLITE_IOERR: u32 = 10;
const SQLITE_FULL: u32 = 13;
const SQLITE_CANTOPEN: u32 = 14;

/// PostgreSQL's `disk_full`.
const DISK_FULL: &str = "53100";
/// PostgreSQL's codes for a disk that can't be written: `disk_full`, `read_only_sql_transaction`.
/// Class 58 is system errors, including I/O errors.
const POSTGRES_STORAGE: [&str; 2] = [DISK_FULL, "25006"];

/// An error code of SQLite or PostgreSQL.
pub(super) enum Code {
    /// SQLite's extended result code.
    Sqlite(u32),
    /// PostgreSQL's SQLSTATE.
    Postgres(String),
}

/// Returns the database's code for `error`, if the database reported it. SQLSTATE has five
/// characters; SQLite's codes are shorter.
pub(super) fn code(error: &sqlx::Error) -> Option<Code> {
    let code = error.as_database_error()?.code()?;
    if code.len() == 5 {
        return Some(Code::Postgres(code.into_owned()));
    }
    code.parse().ok().map(Code::Sqlite)
}

/// PostgreSQL's codes for temporary conditions: it is starting or stopping (`cannot_connect_now`),
/// or has too many connections.
const TEMPORARY: [&str; 2] = ["57P03", "53300"];

/// The reason why a database can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL has an unknown scheme, which is given.
    #[error("The database URL must begin with sqlite:// or postgres://, not with {0:?}.")]
    Scheme(String),
    /// The database server can't be reached, or is not ready.
    #[error("The database {url} can't be reached: {reason}.")]
    Unreachable {
        /// The URL without secrets.
        url: String,
        /// The message of the system or the database server.
        reason: String,
    },
    /// The database can't be opened or written.
    #[error("The database {url} can't be opened: {reason}.")]
    Unusable {
        /// The URL without secrets.
        url: String,
        /// The message of the system or the database.
        reason: String,
    },
    /// A newer version has migrated the database.
    #[error(
        "The database {url} was made by a newer Ringside (migration {version} is unknown here). \
         Start the newer release, or restore a backup made by this one."
    )]
    Newer {
        /// The URL without secrets.
        url: String,
        /// The first unknown migration.
        version: i64,
    },
    /// A migration failed.
    #[error("The database {url} can't be migrated: {source}.")]
    Migrate {
        /// The URL without secrets.
        url: String,
        /// The cause.
        source: MigrateError,
    },
}

impl OpenError {
    /// Creates the error for `url` without the part after the scheme, which may contain a password.
    pub(super) fn scheme(url: &str) -> Self {
        Self::Scheme(url.split(':').next().unwrap_or_default().to_owned())
    }

    /// Converts an error of the database that messages call `url`.
    pub(super) fn unusable(url: &str, error: &sqlx::Error) -> Self {
        let url = url.to_owned();
        let reason = match error {
            sqlx::Error::Database(error) => error.message().to_owned(),
            error => error.to_string(),
        };
        let is_temporary = match error {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut => true,
            sqlx::Error::Database(error) => {
                error.code().is_some_and(|code| TEMPORARY.contains(&&*code))
            }
            _ => false,
        };
        if is_temporary {
            Self::Unreachable { url, reason }
        } else {
            Self::Unusable { url, reason }
        }
    }

    /// Converts an error of the migrations of the database that messages call `url`.
    pub(super) fn migrating(url: &str, error: MigrateError) -> Self {
        let url = url.to_owned();
        match error {
            MigrateError::VersionMissing(version) => Self::Newer { url, version },
            MigrateError::Execute(error) => Self::unusable(&url, &error),
            source => Self::Migrate { url, source },
        }
    }
}
