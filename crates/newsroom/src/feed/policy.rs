//! The settings that open pages receive.

use domain::{Head, Timestamp, Transport};

use super::FeedHead;

/// The settings that open pages receive with each heartbeat and each response to a poll.
#[derive(Clone, Debug)]
pub struct FeedPolicy {
    /// The polling interval, in milliseconds.
    pub interval_ms: u32,
    /// The preferred transport.
    pub transport: Transport,
    /// The server's build.
    pub build: String,
}

impl FeedPolicy {
    /// Returns the response to a poll of `feed` at `now`.
    pub fn head(&self, feed: &FeedHead, now: Timestamp) -> Head {
        Head {
            epoch: feed.epoch,
            head: feed.head,
            state: feed.state,
            interval_ms: self.interval_ms,
            transport: self.transport,
            build: self.build.clone(),
            now,
        }
    }
}
