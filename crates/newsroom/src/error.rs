//! The engine's one error type, and what the log gets of it.

use domain::{Invalid, Reset};

use crate::storage::StorageError;

/// Why a use case was not done. The text of each variant is safe to show; sources, and the fields of
/// [`Error::Corrupt`], are for the log alone.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A submitted value is not valid.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such thing, or none that the caller may know of.
    #[error("There is no such {0}.")]
    NotFound(&'static str),
    /// The update was deleted.
    #[error("This update was removed.")]
    Removed,
    /// The caller is known, and lacks the permission.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The caller is not known: no session, or an expired one.
    #[error("You are not logged in, or your session has expired. Log in and try again.")]
    Unauthenticated,
    /// The username or the password is wrong; which of them is not said.
    #[error("The username or the password is wrong.")]
    WrongPassword,
    /// The operation id was used before, for a different request.
    #[error("This operation id was already used for another text; send the text under a new one.")]
    IdempotencyConflict,
    /// The cursor can't be continued from.
    #[error("The feed has started again; fetch everything.")]
    Reset(Reset),
    /// The database was not reached in time, or rejected the transaction. Nothing was changed.
    #[error("The database can't be reached at the moment; nothing was changed. Try again.")]
    Unavailable(#[source] StorageError),
    /// The database's disk is full. Nothing was changed.
    #[error("The server's disk is full; nothing was changed. Try again once there is space.")]
    DiskFull(#[source] StorageError),
    /// The commit was sent and not confirmed: it may have happened or not. The same request again
    /// under the same operation id is safe.
    #[error(
        "The database did not confirm the change: it may be saved or not. Check before you repeat it."
    )]
    OutcomeUnknown(#[source] StorageError),
    /// A stored value can't be decoded.
    #[error("Something that is stored can't be read; the server's log says what.")]
    Corrupt {
        /// The table of the row.
        table: &'static str,
        /// The row's number; 0 where the row has none.
        id: i64,
        /// The column that can't be decoded.
        column: String,
    },
    /// A bounded queue or pool is full, or waiting for it took too long. Nothing was changed.
    #[error(
        "The server is too busy at the moment; nothing was changed. Try again in a few seconds."
    )]
    Busy,
    /// A failure of the server itself, as a sentence that is safe to show. Nothing was changed.
    #[error("{0}")]
    Internal(&'static str),
}

/// The same for every use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Whether the server failed, rather than the caller.
    pub const fn is_server_failure(&self) -> bool {
        match self {
            Self::Unavailable(_)
            | Self::DiskFull(_)
            | Self::OutcomeUnknown(_)
            | Self::Corrupt { .. }
            | Self::Busy
            | Self::Internal(_) => true,
            Self::Invalid(_)
            | Self::NotFound(_)
            | Self::Removed
            | Self::Forbidden(_)
            | Self::Unauthenticated
            | Self::WrongPassword
            | Self::IdempotencyConflict
            | Self::Reset(_) => false,
        }
    }

    /// Whether the storage below the database failed: its disk is full, broken or read-only.
    pub(crate) fn is_of_storage(&self) -> bool {
        match self {
            Self::Unavailable(cause) | Self::DiskFull(cause) | Self::OutcomeUnknown(cause) => {
                cause.is_of_storage()
            }
            _ => false,
        }
    }

    /// After how many seconds the same request may succeed, where waiting helps.
    pub const fn retry_after(&self) -> Option<u16> {
        match self {
            Self::Unavailable(_) | Self::OutcomeUnknown(_) | Self::Busy => Some(2),
            Self::DiskFull(_) => Some(30),
            _ => None,
        }
    }

    /// Logs the cause of a server failure under the message `what`; logs nothing of a caller's
    /// mistake.
    pub fn log_failure(&self, what: &str) {
        match self {
            Self::Corrupt { table, id, column } => {
                tracing::error!(table, id, column, "{what}: a stored value can't be decoded");
            }
            Self::Unavailable(cause) | Self::DiskFull(cause) | Self::OutcomeUnknown(cause) => {
                tracing::error!(error = %self, %cause, "{what}");
            }
            Self::Busy | Self::Internal(_) => tracing::error!(error = %self, "{what}"),
            _ => {}
        }
    }
}
