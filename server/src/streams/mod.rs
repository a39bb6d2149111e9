//! The feed as it happens: server-sent events and WebSocket, each to many connections.
//!
//! A stream's place in the feed is a `newsroom` subscription. A [`Reader`] drives one of them for a
//! connection that is busy with other things, too. Plain server-sent events, which are nearly all there
//! is, need no more than a socket to be written to: once the answer has begun, the connection is handed
//! over ([`Handover`]) to the [`FanOut`], where one task writes to thousands.

use std::sync::Arc;

use newsroom::Newsroom;
use tokio_util::task::TaskTracker;

mod caps;
mod fan_out;
mod handover;
mod reader;
mod sse;
mod websocket;

use caps::{StreamCaps, StreamPermit};
use fan_out::FanOut;
use handover::Handover;
pub use handover::HandoverAcceptor;
use reader::{Feed, Opening, Reader};
pub use sse::stream;
pub use websocket::websocket;

/// What all streams share; cheap to clone.
#[derive(Clone, Debug)]
pub struct Streams {
    newsroom: Arc<Newsroom>,
    caps: Arc<StreamCaps>,
    fan_out: FanOut,
    /// Those that are connections of their own.
    tasks: TaskTracker,
}

impl Streams {
    /// No streams yet, and at most `total` of them, and `per_address` from one address.
    pub fn new(newsroom: Arc<Newsroom>, total: usize, per_address: usize) -> Self {
        Self {
            newsroom,
            caps: Arc::new(StreamCaps::new(total, per_address)),
            fan_out: FanOut::default(),
            tasks: TaskTracker::new(),
        }
    }

    /// Waits until all of them were told goodbye; the hub must be closed.
    pub async fn finish(&self) {
        self.tasks.close();
        tokio::join!(self.fan_out.finish(), self.tasks.wait());
    }
}
