//! The feed as it happens: server-sent events and WebSocket, each to many connections.
//!
//! A stream's place in the feed is a `newsroom` subscription. A [`Reader`] drives one of them for a
//! connection that is busy with other things, too. Plain server-sent events, which are nearly all there
//! is, need no more than a socket to be written to: once the answer has begun, the connection is handed
//! over ([`Handover`]) to the [`FanOut`], where one task writes to thousands.

use std::{net::IpAddr, sync::Arc};

use axum::http::StatusCode;
use newsroom::Newsroom;
use tokio_util::task::TaskTracker;

use crate::{
    address_limits::{AddressLimits, Permit},
    log_limit::LogLimit,
    problem::Problem,
};

mod fan_out;
mod handover;
mod reader;
mod refusal;
mod sse;
mod subscriber;
mod websocket;
mod write_deadline;

use fan_out::FanOut;
pub use handover::Connection;
use handover::{Handover, Socket};
use reader::{Feed, Opening, Reader};
pub use sse::stream;
pub use websocket::websocket;

/// What all streams share; cheap to clone.
#[derive(Clone, Debug)]
pub struct Streams {
    newsroom: Arc<Newsroom>,
    limits: Arc<AddressLimits>,
    /// The feeds that WebSocket connections follow: several each.
    subscriptions: Arc<AddressLimits>,
    logs: Arc<Logs>,
    fan_out: FanOut,
    /// Those that are connections of their own.
    tasks: TaskTracker,
}

/// What clients can bring about, and the log tells of once a minute.
#[derive(Debug, Default)]
struct Logs {
    refused: LogLimit,
    talkative: LogLimit,
    subscriptions: LogLimit,
}

impl Streams {
    /// No streams yet, and at most `total` of them, and `per_address` from one address.
    pub fn new(newsroom: Arc<Newsroom>, total: usize, per_address: usize) -> Self {
        Self {
            newsroom,
            limits: Arc::new(AddressLimits::new(total, per_address)),
            subscriptions: Arc::new(AddressLimits::new(
                websocket::most_subscriptions(total),
                websocket::most_subscriptions(per_address),
            )),
            logs: Arc::default(),
            fan_out: FanOut::default(),
            tasks: TaskTracker::new(),
        }
    }

    /// Returns the permit of a stream to `address`.
    ///
    /// # Errors
    /// 503 if there are too many, which is logged.
    fn admit(&self, address: IpAddr) -> Result<Permit, Problem> {
        self.limits.admit(address).map_err(|limit| {
            self.logs.refused.log(|streams| {
                tracing::warn!(
                    streams,
                    ?limit,
                    %address,
                    "streams were refused: as many are open as may be"
                );
            });
            limit.into()
        })
    }

    /// Returns the permit of a feed that a WebSocket connection of `address` follows.
    ///
    /// # Errors
    /// 503 if there are too many, which is logged.
    fn admit_subscription(&self, address: IpAddr) -> Result<Permit, Problem> {
        self.subscriptions.admit(address).map_err(|limit| {
            self.logs.subscriptions.log(|subscriptions| {
                tracing::warn!(
                    subscriptions,
                    ?limit,
                    %address,
                    "subscriptions were refused: WebSocket connections follow as many feeds as they may"
                );
            });
            let sentence = "The server's connections follow as many feeds as they may: poll meanwhile.";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, sentence)
        })
    }

    /// Waits until all of them were told goodbye; the hub must be closed.
    pub async fn finish(&self) {
        self.tasks.close();
        tokio::join!(self.fan_out.finish(), self.tasks.wait());
    }
}
