//! The number of readers of each entry: of the streams that are open on all servers.
//!
//! Each server stores the number of its streams every 15 seconds (`storing`), and the sum is shown
//! through the counts, like likes: it is no revision.

pub mod server_id;
mod storing;

use domain::{EntryId, Timestamp};

use crate::{Newsroom, Result, storage::Snapshot};

/// How long the streams of a server count after it stored them, in microseconds: three intervals.
const LIFE: i64 = 45 * 1_000_000;

/// Returns the time before which a server is lost.
const fn lost_before(now: Timestamp) -> Timestamp {
    now.plus_micros(-LIFE)
}

impl Newsroom {
    /// Returns the number of an entry's open streams on all servers; `None` if no server counts
    /// them.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn open_streams(&self, entry: EntryId) -> Result<Option<i64>> {
        let mut snapshot = self.store.snapshot().await?;
        if snapshot.is_counting(lost_before(self.clock.now())).await? {
            snapshot.streams_of_entry(entry).await.map(Some)
        } else {
            Ok(None)
        }
    }

    /// Returns the number of readers that pages of an entry show; `None` if no server counts them,
    /// or there are fewer than ten.
    pub(crate) async fn shown_readers(
        &self,
        snapshot: &mut Snapshot,
        entry: EntryId,
    ) -> Result<Option<i64>> {
        if snapshot.is_counting(lost_before(self.clock.now())).await? {
            let readers = snapshot.readers(entry).await?;
            Ok(Some(readers).filter(|readers| *readers > 0))
        } else {
            Ok(None)
        }
    }
}
