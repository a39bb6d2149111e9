//! One connection's place in a feed.

use std::sync::Arc;

use bytes::Bytes;
use domain::Rev;
use tokio::sync::watch;

use super::{
    Frame,
    ring::{Next, Over, Ring},
};

/// A connection's whole state: a cursor, and an ear on the feed's bell.
#[derive(Debug)]
pub struct Subscription {
    ring: Arc<Ring>,
    bell: watch::Receiver<()>,
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
    /// Send these bytes: the stream is alive.
    Heartbeat(Bytes),
    /// Say that the feed starts again, and close.
    Reset,
    /// Say goodbye, and close: the entry is over.
    Ended,
    /// Say goodbye, and close: this server is going, another will be there.
    Closing,
}

impl Subscription {
    pub(super) fn new(ring: Arc<Ring>, since: Option<Rev>) -> Self {
        Self {
            bell: ring.listen(),
            cursor: since.unwrap_or_else(|| ring.head()),
            beat: ring.beat(),
            ring,
        }
    }

    /// Waits for what comes next.
    pub async fn next(&mut self) -> Signal {
        loop {
            self.bell.borrow_and_update();
            match self.ring.next(self.cursor, self.beat) {
                Some(Next::Frame(frame)) => {
                    self.cursor = frame.to;
                    return Signal::Batch(frame);
                }
                Some(Next::Behind) => return Signal::Behind(self.cursor),
                Some(Next::Heartbeat(event)) => {
                    self.beat = self.ring.beat();
                    return Signal::Heartbeat(event);
                }
                Some(Next::Ended) => return Signal::Ended,
                Some(Next::Over(Over::Reset)) => return Signal::Reset,
                Some(Next::Over(Over::Closing)) => return Signal::Closing,
                None => {
                    if self.bell.changed().await.is_err() {
                        return Signal::Closing;
                    }
                }
            }
        }
    }

    /// Notes that everything up to `rev` was sent.
    pub fn caught_up(&mut self, rev: Rev) {
        self.cursor = self.cursor.max(rev);
    }
}
