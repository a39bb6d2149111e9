//! One connection's place in a feed.

use std::sync::Arc;

use domain::Rev;
use tokio::sync::watch;

use super::{
    Event, Frame,
    replay_buffer::{CloseReason, Next, ReplayBuffer},
};

/// A connection's whole state: a cursor, and an ear on the feed's changed.
#[derive(Debug)]
pub struct Subscription {
    buffer: Arc<ReplayBuffer>,
    changed: watch::Receiver<()>,
    cursor: Rev,
    beat: u64,
}

/// What a connection does next.
#[derive(Debug)]
pub enum Signal {
    /// Send this batch.
    Batch(Frame),
    /// Read the database from the cursor, send what is there, and say so by
    /// [`Subscription::caught_up`].
    Behind(Rev),
    /// Send this: the stream is alive.
    Heartbeat(Event),
    /// Say that the feed starts again, and close.
    Reset,
    /// Say goodbye, and close: the entry is over.
    Ended,
    /// Say goodbye, and close: this server is going, another will be there.
    Closing,
}

impl Subscription {
    pub(super) fn new(buffer: Arc<ReplayBuffer>, since: Option<Rev>) -> Self {
        Self {
            changed: buffer.listen(),
            cursor: since.unwrap_or_else(|| buffer.head()),
            beat: buffer.beat(),
            buffer,
        }
    }

    /// Waits for what comes next.
    pub async fn next(&mut self) -> Signal {
        loop {
            self.changed.borrow_and_update();
            if let Some(signal) = self.next_now() {
                return signal;
            }
            if self.changed.changed().await.is_err() {
                return Signal::Closing;
            }
        }
    }

    /// What is there to be sent already, if anything is.
    pub fn next_now(&mut self) -> Option<Signal> {
        Some(match self.buffer.next(self.cursor, self.beat)? {
            Next::Frame(frame) => {
                self.cursor = frame.to;
                Signal::Batch(frame)
            }
            Next::Behind => Signal::Behind(self.cursor),
            Next::Heartbeat(number, event) => {
                self.beat = number;
                Signal::Heartbeat(event)
            }
            Next::Ended => Signal::Ended,
            Next::Closed(CloseReason::Reset) => Signal::Reset,
            Next::Closed(CloseReason::Closing) => Signal::Closing,
        })
    }

    /// Another ear on the feed's changed: it buffers whenever there is something for
    /// [`Subscription::next_now`].
    pub fn changed(&self) -> watch::Receiver<()> {
        self.changed.clone()
    }

    /// The revision up to which everything was sent.
    pub const fn cursor(&self) -> Rev {
        self.cursor
    }

    /// Notes that everything up to `rev` was sent.
    pub fn caught_up(&mut self, rev: Rev) {
        self.cursor = self.cursor.max(rev);
    }
}
