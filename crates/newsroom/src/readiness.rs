//! Why a server can't serve at the moment.

use std::time::Duration;

/// What fails, as the body of `/readyz` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// The server is stopping.
    #[error("The server is shutting down.")]
    Closing,
    /// The database can't be read.
    #[error("The database can't be read.")]
    Reads,
    /// A write failed because of the database's disk, and none has succeeded since.
    #[error("The database can't be written: its disk is full, broken or read-only.")]
    Writes,
    /// The tailer has not read the database for ten seconds.
    #[error("The feed has not been read for ten seconds.")]
    Feed,
}

impl NotReady {
    /// How long reading the database may take before it counts as failed: `/readyz` responds within a
    /// second.
    pub(crate) const READ_DEADLINE: Duration = Duration::from_millis(900);
}
