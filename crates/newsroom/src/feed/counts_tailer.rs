//! Reads changed counts from the database once a second, no matter which process wrote them, and
//! publishes them to the connections.
//!
//! Not a part of the tailer: counts are no revisions, so a failure here delays no update.

use std::{collections::HashMap, sync::Arc, time::Duration};

use domain::{Epoch, FeedId, Rev};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::{Hub, recent_counts::ChangedCounts};
use crate::{
    DatabaseFailure, Error, Result,
    log_limit::LogLimit,
    storage::{Counter, Store},
};

/// The interval between two events of a feed, at least.
const INTERVAL: Duration = Duration::from_secs(1);
/// The deadline of a read. After it, the counts are read again.
const DEADLINE: Duration = Duration::from_secs(10);

/// The task that publishes counts.
#[derive(Clone, Debug)]
pub struct CountsTailer {
    store: Store,
    hub: Arc<Hub>,
    /// The position up to which all changes were published.
    published: Option<(Epoch, Rev)>,
}

impl CountsTailer {
    /// Creates a tailer that has read nothing yet.
    pub const fn new(store: Store, hub: Arc<Hub>) -> Self {
        Self {
            store,
            hub,
            published: None,
        }
    }

    /// Publishes changed counts once a second. Call [`CountsTailer::poll`] once before.
    pub async fn run(mut self) {
        let mut interval = interval_at(Instant::now() + INTERVAL, INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let failures = LogLimit::new();
        loop {
            interval.tick().await;
            let error = match timeout(DEADLINE, self.poll()).await {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error,
                Err(_) => Error::Unavailable(DatabaseFailure::timed_out()),
            };
            if failures.allows(()) {
                error.log_failure("could not read the counts; retrying every second");
            }
        }
    }

    /// Reads what changed since the last call, and publishes it.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub(crate) async fn poll(&mut self) -> Result<()> {
        let mut snapshot = self.store.snapshot().await?;
        let epoch = snapshot.feed().await?.epoch;
        let to = snapshot.last_rev(Counter::COUNTS).await?;
        if epoch != self.hub.epoch() {
            // The tailer hasn't read the new epoch yet.
            return Ok(());
        }
        match self.published.replace((epoch, to)) {
            Some((in_epoch, since)) if in_epoch == epoch => {
                if to == since {
                    return Ok(());
                }
                // If the read fails, the same changes are read again.
                self.published = Some((epoch, since));
                let mut by_feed: HashMap<FeedId, ChangedCounts> = HashMap::new();
                for (entry, count) in snapshot.like_counts_since(since).await? {
                    let counts = by_feed.entry(FeedId::Entry(entry)).or_default();
                    counts.likes.push(count);
                }
                for (entry, count) in snapshot.reader_counts_since(since).await? {
                    let counts = by_feed.entry(FeedId::Entry(entry)).or_default();
                    counts.readers = Some(count);
                }
                self.published = Some((epoch, to));
                self.hub.publish_counts(&epoch, to, by_feed);
            }
            _ => self.hub.begin_counts(&epoch, to),
        }
        Ok(())
    }
}
