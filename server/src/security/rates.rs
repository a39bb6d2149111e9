//! Limits how often something may happen for each key, such as an address. The counts are per
//! process, limited in number, and expire when they are not used for some time.

use std::{fmt, hash::Hash, sync::Arc, time::Duration};

use axum::http::StatusCode;
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use moka::sync::Cache;

use crate::problem::Problem;

/// The maximum number of keys that are counted. A count takes some 200 bytes.
const MAX_COUNTS: u64 = 50_000;

/// A limit, and the counts of each key; cheap to clone.
#[derive(Clone)]
pub struct Rates<K> {
    quota: Quota,
    counts: Cache<K, Arc<DefaultDirectRateLimiter>>,
}

impl<K: Hash + Eq + Send + Sync + 'static> Rates<K> {
    /// Allows `quota` for each key. A count is stored for `life` after its last use, by which it
    /// has recovered.
    pub fn new(quota: Quota, life: Duration) -> Self {
        let counts = Cache::builder()
            .max_capacity(MAX_COUNTS)
            .time_to_idle(life)
            .build();
        Self { quota, counts }
    }

    /// Counts one for `key`.
    ///
    /// # Errors
    /// 429 with `sentence`, and the time after which the client may retry, if the limit is reached.
    pub fn take(&self, key: K, sentence: &str) -> Result<(), Problem> {
        let quota = self.quota;
        let limiter = self
            .counts
            .get_with(key, || Arc::new(RateLimiter::direct(quota)));
        limiter.check().map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            let seconds =
                u16::try_from(wait.as_secs()).map_or(u16::MAX, |wait| wait.saturating_add(1));
            Problem::new(StatusCode::TOO_MANY_REQUESTS, sentence).retry_after(seconds)
        })
    }
}

impl<K> fmt::Debug for Rates<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rates")
            .field("quota", &self.quota)
            .finish_non_exhaustive()
    }
}
