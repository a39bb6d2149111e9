//! The settings of a client.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::time::sleep;

use super::page::Cards;

/// How a client receives changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// Server-sent events only.
    Sse,
    /// Server-sent events, and polling while there is no stream: the default of a page.
    Auto,
    /// Polling.
    Poll,
    /// WebSocket only.
    WebSocket,
}

/// The settings of a client.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The address of the proxy in front of the server.
    pub address: SocketAddr,
    /// The id of the feed.
    pub feed: String,
    /// How much faster the client's clock runs: at 2, the page's timeout of 40 s is 20 s.
    pub time_scale: u32,
    /// The cards shared by all clients.
    pub cards: Arc<Cards>,
}

impl ClientConfig {
    /// Waits for a number of milliseconds of the client's clock.
    pub async fn pause(&self, ms: u64) {
        sleep(self.to_real_time(ms)).await;
    }

    /// Converts milliseconds of the client's clock to real time.
    pub fn to_real_time(&self, ms: u64) -> Duration {
        Duration::from_millis(ms) / self.time_scale
    }
}
