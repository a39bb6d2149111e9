//! The feeds that a tap has to read, each with the revision up to which it has been read.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{Epoch, FeedId, Rev};
use tokio::sync::Notify;

/// The feeds that a tap has to read.
#[derive(Debug, Default)]
pub struct TapQueue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// How far each feed is read.
    cursors: HashMap<FeedId, Rev>,
    /// The order in which they are read: the keys of `cursors`.
    order: VecDeque<FeedId>,
    reset: Option<Epoch>,
    /// The number of resets.
    resets: u64,
    is_closed: bool,
}

impl State {
    /// Adds a feed whose changes after `since` are to be read, unless earlier ones are, too.
    fn add(&mut self, feed: FeedId, since: Rev) {
        match self.cursors.entry(feed) {
            Entry::Occupied(mut cursor) => {
                let earlier = since.min(*cursor.get());
                cursor.insert(earlier);
            }
            Entry::Vacant(cursor) => {
                cursor.insert(since);
                self.order.push_back(feed);
            }
        }
    }

    fn next(&mut self) -> TapStep {
        if let Some(epoch) = self.reset.take() {
            return TapStep::Reset(epoch);
        }
        while let Some(feed) = self.order.pop_front() {
            if let Some(since) = self.cursors.remove(&feed) {
                let resets = self.resets;
                return TapStep::Read {
                    feed,
                    since,
                    resets,
                };
            }
        }
        if self.is_closed {
            TapStep::End
        } else {
            TapStep::Wait
        }
    }
}

/// What a tap does next.
#[derive(Debug, PartialEq, Eq)]
pub enum TapStep {
    /// Read a feed.
    Read {
        /// The feed, which is no longer in the queue.
        feed: FeedId,
        /// The revision up to which it has been read.
        since: Rev,
        /// The number of resets before.
        resets: u64,
    },
    /// Another epoch began.
    Reset(Epoch),
    /// Wait for [`TapQueue::changed`].
    Wait,
    /// The server is shutting down.
    End,
}

impl TapQueue {
    /// Adds a feed that has changes after `since`.
    pub fn add(&self, feed: FeedId, since: Rev) {
        self.state().add(feed, since);
        self.changed.notify_one();
    }

    /// Adds a feed again, which was read up to `since`, unless there was a reset meanwhile.
    pub fn add_again(&self, feed: FeedId, since: Rev, resets: u64) {
        let mut state = self.state();
        if state.resets == resets {
            state.add(feed, since);
        }
    }

    /// Removes the next feed to read from the queue.
    pub fn next(&self) -> TapStep {
        self.state().next()
    }

    /// Waits for a change of the queue since the last call.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Begins another epoch.
    pub fn reset(&self, epoch: Epoch) {
        let mut state = self.state();
        state.cursors.clear();
        state.order.clear();
        state.reset = Some(epoch);
        state.resets += 1;
        drop(state);
        self.changed.notify_one();
    }

    /// Ends the tap after the feeds in the queue.
    pub fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use domain::EntryId;

    use super::*;

    const ONE: FeedId = FeedId::Entry(EntryId(1));
    const TWO: FeedId = FeedId::Entry(EntryId(2));

    fn read(feed: FeedId, since: Rev, resets: u64) -> TapStep {
        TapStep::Read {
            feed,
            since,
            resets,
        }
    }

    #[test]
    fn feeds_take_turns_and_keep_their_earliest_revision() {
        let queue = TapQueue::default();
        for (feed, since) in [(ONE, 5), (TWO, 6), (ONE, 7), (TWO, 3)] {
            queue.add(feed, since);
        }
        assert_eq!(queue.next(), read(ONE, 5, 0));
        // A change that came while the feed was read.
        queue.add(ONE, 9);
        queue.add_again(ONE, 8, 0);
        assert_eq!(queue.next(), read(TWO, 3, 0));
        assert_eq!(queue.next(), read(ONE, 8, 0));
        assert_eq!(queue.next(), TapStep::Wait);
    }

    #[test]
    fn reset_forgets_the_revisions_of_the_earlier_epoch() {
        let queue = TapQueue::default();
        queue.add(ONE, 5);
        queue.add(TWO, 6);
        assert_eq!(queue.next(), read(ONE, 5, 0));
        let epoch = Epoch::parse("next").unwrap();
        queue.reset(epoch);
        queue.add_again(ONE, 7, 0);
        queue.add(TWO, 1);
        assert_eq!(queue.next(), TapStep::Reset(epoch));
        assert_eq!(queue.next(), read(TWO, 1, 1));
        queue.close();
        assert_eq!(queue.next(), TapStep::End);
    }
}
