//! Use cases of likes: the counts of a feed.

use std::collections::BTreeMap;

use domain::{Counts, FeedId};

use crate::{Newsroom, Result, storage::Counter};

impl Newsroom {
    /// Returns all counts of a feed, at most a second old. Only the feeds of entries have any.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`](crate::Error::NotFound) if there is no such feed, and an error
    /// if the database can't be reached.
    pub async fn counts(&self, feed: FeedId) -> Result<Counts> {
        self.head(feed).await?;
        self.counts.get(feed, self.read_counts(feed)).await
    }

    async fn read_counts(&self, feed: FeedId) -> Result<Counts> {
        let mut snapshot = self.store.snapshot().await?;
        let (epoch, to) = (
            snapshot.feed().await?.epoch,
            snapshot.last_rev(Counter::COUNTS).await?,
        );
        let (likes, readers) = match feed {
            FeedId::Entry(entry) => (
                snapshot.likes_of_entry(entry).await?,
                self.shown_readers(&mut snapshot, entry).await?,
            ),
            FeedId::All | FeedId::Room(_) => (BTreeMap::new(), None),
        };
        Ok(Counts {
            epoch,
            from: 0,
            to,
            likes,
            readers,
        })
    }
}
