//! What the database can answer but rows.

use std::sync::Arc;

use sqlx::migrate::MigrateError;

/// The database didn't do what it was asked. What it said is for the log, not for people.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct StorageError(Arc<sqlx::Error>);

impl StorageError {
    /// It takes no orders any more.
    pub(crate) fn closed() -> Self {
        Self(Arc::new(sqlx::Error::PoolClosed))
    }
}

impl From<sqlx::Error> for crate::Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(StorageError(Arc::new(error)))
    }
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
