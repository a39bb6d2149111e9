//! Tasks that run at the same time.

use tokio::task::JoinSet;

use super::{Error, Result};

/// Waits for all tasks, and returns their results in the order in which they ended. The first error
/// ends the others.
pub async fn join_all<T: 'static>(mut tasks: JoinSet<Result<T>>) -> Result<Vec<T>> {
    let mut results = Vec::with_capacity(tasks.len());
    while let Some(done) = tasks.join_next().await {
        results.push(done.map_err(|error| Error::Unexpected(error.to_string()))??);
    }
    Ok(results)
}
