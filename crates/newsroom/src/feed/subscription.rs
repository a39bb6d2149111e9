//! The position of one connection in a feed.

use std::sync::Arc;

use domain::Rev;
use tokio::sync::watch;

use super::{
    Event, Frame,
    replay_buffer::{CloseReason, Next, ReplayBuffer},
};

/// The state of a connection to a feed: its cursor, and a receiver of change notifications.
#[derive(Debug)]
pub struct Subscription {
    buffer: Arc<ReplayBuffer>,
    changed: watch::Receiver<()>,
    cursor: Rev,
    heartbeat_number: u64,
    /// The position up to which all counts were sent.
    counts: Option<Rev>,
    _counted: Arc<()>,
}

/// An event for one connection.
#[derive(Debug)]
pub enum StreamEvent {
    /// Send this batch.
    Batch(Frame),
    /// The replay buffer doesn't reach back to the cursor. Read the changes since this revision
    /// from the database, send them, and call [`Subscription::caught_up`].
    Behind(Rev),
    /// Send this heartbeat.
    Heartbeat(Event),
    /// Send these counts.
    Counts(Event),
    /// Send a reset, and close the connection: the epoch changed.
    Reset,
    /// Send `bye`, and close the connection: the entry has ended.
    Ended,
    /// Send `bye`, and close the connection: the server is shutting down.
    Closing,
}

impl Subscription {
    pub(super) fn new(buffer: Arc<ReplayBuffer>, since: Option<Rev>) -> Self {
        Self {
            changed: buffer.subscribe(),
            cursor: since.unwrap_or_else(|| buffer.head()),
            heartbeat_number: buffer.heartbeat_number(),
            counts: None,
            _counted: buffer.count_subscription(),
            buffer,
        }
    }

    /// Waits for the next event.
    pub async fn next(&mut self) -> StreamEvent {
        loop {
            self.changed.borrow_and_update();
            if let Some(event) = self.next_now() {
                return event;
            }
            if self.changed.changed().await.is_err() {
                return StreamEvent::Closing;
            }
        }
    }

    /// Returns the next event if there is one already.
    pub fn next_now(&mut self) -> Option<StreamEvent> {
        let Some(next) = self.buffer.next(self.cursor, self.heartbeat_number) else {
            let (to, event) = self.buffer.next_counts(self.counts)?;
            self.counts = Some(to);
            return Some(StreamEvent::Counts(event));
        };
        Some(match next {
            Next::Frame(frame) => {
                self.cursor = frame.to;
                StreamEvent::Batch(frame)
            }
            Next::Behind => StreamEvent::Behind(self.cursor),
            Next::Heartbeat(number, event) => {
                self.heartbeat_number = number;
                StreamEvent::Heartbeat(event)
            }
            Next::Ended => StreamEvent::Ended,
            Next::Closed(CloseReason::Reset) => StreamEvent::Reset,
            Next::Closed(CloseReason::Closing) => StreamEvent::Closing,
        })
    }

    /// Returns another receiver of change notifications, which is notified whenever
    /// [`Subscription::next_now`] may have an event.
    pub fn changed(&self) -> watch::Receiver<()> {
        self.changed.clone()
    }

    /// Returns the revision up to which all changes were sent.
    pub const fn cursor(&self) -> Rev {
        self.cursor
    }

    /// Records that all changes up to `rev` were sent.
    pub fn caught_up(&mut self, rev: Rev) {
        self.cursor = self.cursor.max(rev);
    }
}
