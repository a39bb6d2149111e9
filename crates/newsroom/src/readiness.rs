//! The reasons why a server is not ready to serve requests.

use std::time::Duration;

/// The reason why a server is not ready, as in the body of `/readyz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// The server is stopping.
    #[error("The server is shutting down.")]
    Closing,
    /// The database can't be read.
    #[error("The database can't be read.")]
    Reads,
    /// A write failed because of the database's disk, and no write has succeeded since.
    #[error("The database can't be written: its disk is full, broken or read-only.")]
    Writes,
    /// The tailer has not read the database for ten seconds.
    #[error("The feed has not been read for ten seconds.")]
    Feed,
}

impl NotReady {
    /// The deadline of the test read: `/readyz` responds within a second.
    pub(crate) const READ_DEADLINE: Duration = Duration::from_millis(900);
}
