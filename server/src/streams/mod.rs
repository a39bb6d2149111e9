//! Streams the feed to many connections, as server-sent events or over WebSocket.
//!
//! Each stream has a `newsroom` subscription, which is its position in the feed. An [`EventStream`]
//! drives one subscription, inside a task that also does other work for its connection: a WebSocket
//! connection reads messages as well. Nearly all streams are server-sent events over HTTP/1.1,
//! which need only a socket to write to. Once the response has begun, their sockets are handed off
//! ([`Handoff`]) to the [`FanOut`], in which one task writes to thousands of sockets.

use std::{net::IpAddr, sync::Arc};

use axum::http::StatusCode;
use newsroom::Newsroom;
use tokio_util::task::TaskTracker;

use crate::{
    address_limits::{AddressLimits, Permit},
    log_limit::LogLimit,
    problem::Problem,
};

mod event_stream;
mod fan_out;
mod handoff;

mod refusal;
mod sse;
mod subscriber;
mod websocket;
mod write_deadline;

use event_stream::{EventStream, Feed, Opening};
use fan_out::FanOut;
pub use handoff::HttpSocket;
use handoff::{Handoff, Socket};
pub use sse::stream;
pub use websocket::websocket;

/// The open streams of a server, and their limits; cheap to clone.
#[derive(Clone, Debug)]
pub struct Streams {
    newsroom: Arc<Newsroom>,
    limits: Arc<AddressLimits>,
    /// The limits of the WebSocket connections' subscriptions, of which each may have several.
    subscriptions: Arc<AddressLimits>,
    logs: Arc<Logs>,
    fan_out: FanOut,
    /// The tasks of WebSocket connections.
    tasks: TaskTracker,
}

/// The limits of log messages that clients can cause.
#[derive(Debug, Default)]
struct Logs {
    streams_refused: LogLimit,
    subscriptions_refused: LogLimit,
    policy_violations: LogLimit,
}

impl Streams {
    /// Allows at most `total` streams, and `per_address` of them from one address.
    pub fn new(newsroom: Arc<Newsroom>, total: usize, per_address: usize) -> Self {
        Self {
            newsroom,
            limits: Arc::new(AddressLimits::new(total, per_address)),
            subscriptions: Arc::new(AddressLimits::new(
                websocket::max_subscriptions(total),
                websocket::max_subscriptions(per_address),
            )),
            logs: Arc::default(),
            fan_out: FanOut::default(),
            tasks: TaskTracker::new(),
        }
    }

    /// Returns a permit for a stream to `address`.
    ///
    /// # Errors
    /// 503 if a limit is reached. Logged at most once a minute.
    fn admit(&self, address: IpAddr) -> Result<Permit, Problem> {
        self.limits.admit(address).map_err(|limit| {
            self.logs.streams_refused.log(|streams| {
                tracing::warn!(
                    streams,
                    ?limit,
                    %address,
                    "streams were refused because the limit of open streams is reached"
                );
            });
            limit.into()
        })
    }

    /// Returns a permit for a subscription of a WebSocket connection from `address`.
    ///
    /// # Errors
    /// 503 if a limit is reached. Logged at most once a minute.
    fn admit_subscription(&self, address: IpAddr) -> Result<Permit, Problem> {
        self.subscriptions.admit(address).map_err(|limit| {
            self.logs.subscriptions_refused.log(|subscriptions| {
                tracing::warn!(
                    subscriptions,
                    ?limit,
                    %address,
                    "subscriptions were refused because the limit of WebSocket subscriptions is reached"
                );
            });
            let sentence = "Too many WebSocket subscriptions. Poll instead, and retry later.";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, sentence)
        })
    }

    /// Waits until every stream has received its `bye` event. The hub must be closed.
    pub async fn finish(&self) {
        self.tasks.close();
        tokio::join!(self.fan_out.finish(), self.tasks.wait());
    }
}
