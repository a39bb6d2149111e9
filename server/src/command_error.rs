//! The error of a command.

/// Why a command failed, as one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A setting or an argument is invalid.
    #[error("{0}")]
    InvalidInput(String),
    /// Anything else failed.
    #[error("{0}")]
    Failed(String),
}

impl From<newsroom::storage::OpenError> for CommandError {
    fn from(error: newsroom::storage::OpenError) -> Self {
        use newsroom::storage::OpenError;
        match error {
            OpenError::Scheme(_) | OpenError::Unusable { .. } => {
                Self::InvalidInput(error.to_string())
            }
            OpenError::Unreachable { .. } | OpenError::Newer { .. } | OpenError::Migrate { .. } => {
                Self::Failed(error.to_string())
            }
        }
    }
}

impl From<newsroom::Error> for CommandError {
    fn from(error: newsroom::Error) -> Self {
        match error {
            newsroom::Error::Invalid(_) | newsroom::Error::NotFound(_) => {
                Self::InvalidInput(error.to_string())
            }
            newsroom::Error::Unavailable(cause)
            | newsroom::Error::DiskFull(cause)
            | newsroom::Error::OutcomeUnknown(cause) => {
                Self::Failed(format!("The database failed: {cause}."))
            }
            newsroom::Error::Corrupt { table, id, column } => Self::Failed(format!(
                "The database contains an invalid value: table {table}, row {id}, column {column}."
            )),
            error => Self::Failed(error.to_string()),
        }
    }
}
