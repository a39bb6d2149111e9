//! A tap: follows all feeds, with or without readers, for push proxies and other publishers.
//!
//! A tap stores only how far it has read the feeds that changed, so one that falls behind costs a
//! few bytes for each of them.

use std::sync::Arc;

use domain::{Epoch, FeedId, Rev};

use super::{
    Frame, Hub,
    replay_buffer::Next,
    tap_queue::{TapQueue, TapStep},
};

/// Follows all feeds. Dropped, it no longer does.
#[derive(Debug)]
pub struct FeedTap {
    hub: Arc<Hub>,
    queue: Arc<TapQueue>,
}

/// What a tap sees.
#[derive(Debug)]
pub enum TapEvent {
    /// The next changes of a feed. Without a [`TapEvent::Behind`] or a reset before it, `from` is
    /// the `to` of the feed's previous frame, or lower.
    Frame(FeedId, Frame),
    /// The replay buffer of a feed doesn't reach back to this revision. Read the changes after it
    /// from the database; the next frame of the feed follows them or repeats some of them.
    Behind(FeedId, Rev),
    /// The feed has ended; it may be reopened. A tap that was behind may not see it.
    Ended(FeedId),
    /// Another epoch began. All feeds must be read again.
    Reset(Epoch),
}

impl FeedTap {
    /// Follows all feeds of `hub` from now on.
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        let queue = Arc::default();
        hub.add_tap(&queue);
        Self { hub, queue }
    }

    /// Waits for the next event; `None` after the last one, when the server shuts down. The feeds
    /// take turns; the events of one feed are in order.
    pub async fn next(&mut self) -> Option<TapEvent> {
        loop {
            match self.queue.next() {
                TapStep::Read {
                    feed,
                    since,
                    resets,
                } => {
                    let (event, read) = self.read(feed, since);
                    if let Some(read) = read {
                        self.queue.add_again(feed, read, resets);
                    }
                    if event.is_some() {
                        return event;
                    }
                }
                TapStep::Reset(epoch) => return Some(TapEvent::Reset(epoch)),
                TapStep::Wait => self.queue.changed().await,
                TapStep::End => return None,
            }
        }
    }

    /// Returns the next event of a feed after `since`, and up to where it then has been read.
    /// `None` if there is nothing more to read.
    fn read(&self, feed: FeedId, since: Rev) -> (Option<TapEvent>, Option<Rev>) {
        let behind = TapEvent::Behind(feed, since);
        let Some(buffer) = self.hub.buffer(feed) else {
            return (Some(behind), None);
        };
        // Taps ignore heartbeats.
        match buffer.next(since, u64::MAX) {
            Some(Next::Frame(frame)) => {
                let to = frame.to;
                (Some(TapEvent::Frame(feed, frame)), Some(to))
            }
            Some(Next::Behind) => (Some(behind), Some(buffer.head())),
            Some(Next::Ended) => (Some(TapEvent::Ended(feed)), None),
            // The feed can't be read at the moment.
            Some(Next::Closed(_)) if !self.hub.is_closing() => (Some(behind), None),
            // Everything is read.
            Some(Next::Closed(_) | Next::Heartbeat(..)) | None => (None, None),
        }
    }
}
