//! Tasks that run at the same time.

use tokio::task::JoinSet;

use super::{Error, Result};

/// Waits for all tasks. The first error ends the others.
pub async fn join_all(mut tasks: JoinSet<Result<()>>) -> Result<()> {
    while let Some(done) = tasks.join_next().await {
        done.map_err(|error| Error::Unexpected(error.to_string()))??;
    }
    Ok(())
}
