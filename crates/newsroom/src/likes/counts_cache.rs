//! The cache of feeds' counts: many clients request them within a second.

use std::time::Duration;

use domain::{Counts, FeedId};
use moka::future::Cache;

use crate::{Error, Result};

/// How old the counts of a feed may be.
pub const MAX_COUNTS_AGE: Duration = Duration::from_secs(1);
/// The maximum number of feeds whose counts are cached.
const MAX_FEEDS: u64 = 1_000;

/// The counts of feeds, each at most a second old.
#[derive(Debug)]
pub struct CountsCache(Cache<FeedId, Counts>);

impl Default for CountsCache {
    fn default() -> Self {
        let cache = Cache::builder()
            .max_capacity(MAX_FEEDS)
            .time_to_live(MAX_COUNTS_AGE)
            .build();
        Self(cache)
    }
}

impl CountsCache {
    /// Returns the counts of a feed. The first call runs `read`; concurrent calls wait for its
    /// result.
    ///
    /// # Errors
    /// Returns the error of `read`; the next call runs it again.
    pub async fn get(
        &self,
        feed: FeedId,
        read: impl Future<Output = Result<Counts>>,
    ) -> Result<Counts> {
        let counts = self.0.try_get_with(feed, read).await;
        counts.map_err(|error| Error::clone(&error))
    }
}
