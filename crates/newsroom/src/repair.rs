//! Repairs a database that no server uses.

use domain::Rev;

use crate::{Error, Newsroom, Result, storage::Counter};

const SERVER_RUNNING: Error =
    Error::Forbidden("A server is running on this database. Stop it first, then run this again.");

impl Newsroom {
    /// Numbers all updates and entries from revision 1, in another epoch, and returns the last
    /// revision. Open pages then fetch everything once.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if a server uses the database, and an
    /// error if the database can't be reached.
    pub async fn repair_revisions(&self) -> Result<Rev> {
        let _no_server = self.store.exclude_servers().ok_or(SERVER_RUNNING)?;
        let mut revision = self.store.revise(Counter::ENTRIES).await?;
        if !revision.exclude_servers(&self.store).await? {
            return Err(SERVER_RUNNING);
        }
        let rev = revision.renumber().await?;
        revision.commit().await?;
        Ok(rev)
    }
}
