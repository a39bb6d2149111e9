//! What can go wrong in the newsroom, once for all of it.

use domain::{Invalid, Reset};

use crate::storage::StorageError;

/// Why a use case was not done. The text of each is safe to show, but for [`Error::Storage`]'s
/// source, which is for the log alone.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Something typed can't be taken.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such thing, or none that the asker may know of.
    #[error("There is no such {0}.")]
    Unknown(&'static str),
    /// The asker is known, and may not.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The asker is not known: no session, or one that is over.
    #[error("You are not logged in, or your session has expired. Log in and try again.")]
    LoggedOut,
    /// The username or the password is wrong; which of them is not said.
    #[error("The username or the password is wrong.")]
    WrongPassword,
    /// The operation's name was used before, for something else.
    #[error("This operation id was already used for another text; send the text under a new one.")]
    Repeated,
    /// The cursor can't be continued from.
    #[error("The feed has started again; fetch everything.")]
    Reset(Reset),
    /// The database didn't do what it was asked.
    #[error("The database can't be reached at the moment; nothing was changed. Try again.")]
    Storage(#[source] StorageError),
}

/// The same for every use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;
