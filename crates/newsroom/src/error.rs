//! The engine's error type, the messages that people see, and the logging of failures.

use std::{error::Error as StdError, fmt, io, sync::Arc};

use domain::{EditConflict, FeedId, Invalid, Reset, UpdateDraft};

/// The reason why a use case failed. The message of each variant is safe to show; its source, and
/// the fields of [`Error::Corrupt`], are for the log only.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A submitted value is invalid.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The item doesn't exist, or the caller may not see it.
    #[error("There is no such {0}.")]
    NotFound(&'static str),
    /// A link that works once is not valid. Contains what it is: an invitation, or a link.
    #[error("This {0} is no longer valid. It was used, withdrawn or replaced, or it has expired.")]
    LinkExpired(&'static str),
    /// The name of a person in a room belongs to somebody else.
    #[error("{0}")]
    NickTaken(&'static str),
    /// The update was deleted.
    #[error("This update was removed.")]
    Removed,
    /// The draft of an update doesn't exist, or belongs to another account.
    #[error("There is no such draft. It may have been posted or discarded on another device.")]
    DraftGone,
    /// The draft of an update was changed since the version that the request is based on. Contains
    /// the current draft.
    #[error(
        "This draft was changed on another device since you opened it. Nothing was saved or discarded."
    )]
    DraftConflict(Box<UpdateDraft>),
    /// The caller is authenticated, but lacks the permission.
    #[error("{0}")]
    Forbidden(&'static str),
    /// A limit of messages is reached. Nothing is counted: the same request succeeds later.
    #[error("{sentence}")]
    Limited {
        /// The sentence for the person.
        sentence: String,
        /// The seconds until the request may succeed.
        seconds: u16,
    },
    /// The person is muted or banned. Contains a sentence with the reason and the end.
    #[error("{0}")]
    Sanctioned(String),
    /// The caller is not authenticated: no session, or an expired one.
    #[error("You are not logged in, or your session has expired. Log in and try again.")]
    Unauthenticated,
    /// Another account is logged in than the one that wrote the text.
    #[error("This text was written by another account. Log in with that account to send it.")]
    OtherAccount,
    /// The username or the password is wrong. The message doesn't reveal which.
    #[error("The username or the password is wrong.")]
    WrongPassword,
    /// The operation id was already used for a different request.
    #[error(
        "This operation id was already used for a different text. Send this text with a new operation id."
    )]
    IdempotencyConflict,
    /// The update has another text than the one that the edit is based on. Nothing was changed.
    #[error("{0}")]
    Conflict(Box<EditConflict>),
    /// The cursor can't be continued from.
    #[error("The feed was reset. Fetch everything again.")]
    Reset(Reset),
    /// The database was not reached in time, or rejected the transaction. Nothing was changed.
    #[error("The database can't be reached. Nothing was changed. Try again.")]
    Unavailable(#[source] DatabaseFailure),
    /// The database's disk is full. Nothing was changed.
    #[error("The server's disk is full. Nothing was changed. Try again when there is free space.")]
    DiskFull(#[source] DatabaseFailure),
    /// The commit was sent but not confirmed: it may have succeeded or not. Repeating the request
    /// with the same operation id is safe.
    #[error(
        "The database did not confirm the change, so it may be saved or not. Check before you try again."
    )]
    OutcomeUnknown(#[source] DatabaseFailure),
    /// A stored value can't be decoded.
    #[error("Stored data can't be read. The server's log has the details.")]
    Corrupt {
        /// The table of the row.
        table: &'static str,
        /// The row's id; 0 if the row has none.
        id: i64,
        /// The column that can't be decoded.
        column: String,
    },
    /// A bounded queue or pool is full, or waiting for it took too long. Nothing was changed.
    #[error("The server is too busy. Nothing was changed. Try again in a few seconds.")]
    Busy,
    /// The server failed, with a message that is safe to show. Nothing was changed.
    #[error("{0}")]
    Internal(&'static str),
}

/// The cause of a database failure, for the log only.
#[derive(Clone, Debug)]
pub struct DatabaseFailure {
    cause: Arc<dyn StdError + Send + Sync>,
    is_storage_failure: bool,
}

impl DatabaseFailure {
    /// The failure `cause`; with `is_storage_failure`, the storage below the database failed: its
    /// disk is full, broken or read-only.
    pub(crate) fn new(
        cause: impl StdError + Send + Sync + 'static,
        is_storage_failure: bool,
    ) -> Self {
        Self {
            cause: Arc::new(cause),
            is_storage_failure,
        }
    }

    /// The database is closed.
    pub(crate) fn closed() -> Self {
        let cause = io::Error::new(io::ErrorKind::NotConnected, "the database is closed");
        Self::new(cause, false)
    }

    /// The database did not respond in time.
    pub(crate) fn timed_out() -> Self {
        let message = "the database did not respond in time";
        Self::new(io::Error::new(io::ErrorKind::TimedOut, message), false)
    }
}

impl fmt::Display for DatabaseFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl StdError for DatabaseFailure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.source()
    }
}

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The revision counter has reached its limit.
    pub(crate) const NO_REVISION_LEFT: Self = Self::Internal(
        "The revision counter has reached its limit. Stop the server and run `ringside repair revisions`.",
    );
    /// The result of an operation can't be encoded.
    pub(crate) const RESULT_NOT_STORED: Self =
        Self::Internal("An operation's result could not be stored.");

    /// Returns the error for a feed that doesn't exist, or that clients may not read.
    pub const fn no_such_feed(feed: FeedId) -> Self {
        Self::NotFound(match feed {
            FeedId::Room(_) => "room",
            FeedId::Entry(_) | FeedId::All => "live blog",
        })
    }

    /// Returns whether the server failed, rather than the caller.
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
            | Self::LinkExpired(_)
            | Self::NickTaken(_)
            | Self::Removed
            | Self::DraftGone
            | Self::DraftConflict(_)
            | Self::Forbidden(_)
            | Self::Limited { .. }
            | Self::Sanctioned(_)
            | Self::Unauthenticated
            | Self::OtherAccount
            | Self::WrongPassword
            | Self::IdempotencyConflict
            | Self::Conflict(_)
            | Self::Reset(_) => false,
        }
    }

    /// Returns whether the same read may succeed a moment later.
    pub(crate) const fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::DiskFull(_) | Self::Busy)
    }

    /// Returns whether the storage below the database failed: its disk is full, broken or
    /// read-only.
    pub(crate) const fn is_storage_failure(&self) -> bool {
        match self {
            Self::Unavailable(cause) | Self::DiskFull(cause) | Self::OutcomeUnknown(cause) => {
                cause.is_storage_failure
            }
            _ => false,
        }
    }

    /// Returns after how many seconds the same request may succeed, if retrying helps.
    pub const fn retry_after(&self) -> Option<u16> {
        match self {
            Self::Unavailable(_) | Self::OutcomeUnknown(_) | Self::Busy => Some(2),
            Self::DiskFull(_) => Some(30),
            Self::Limited { seconds, .. } => Some(*seconds),
            _ => None,
        }
    }

    /// Logs the cause of a server failure with the message `what`. Does not log a caller's
    /// mistakes.
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
