//! The open streams of a server, and their limits.

use std::{net::IpAddr, sync::Arc};

use axum::http::StatusCode;
use newsroom::Newsroom;
use tokio_util::task::TaskTracker;

use super::fan_out::FanOut;
use crate::{
    problem::Problem,
    security::{
        address_limits::{AddressLimits, Permit},
        log_limit::LogLimit,
    },
};

/// How many feeds one WebSocket connection may subscribe to: more than any page needs.
pub const MAX_FEEDS: usize = 100;

/// The open streams of a server, and their limits; cheap to clone.
#[derive(Clone, Debug)]
pub struct Streams {
    /// The engine.
    pub newsroom: Arc<Newsroom>,
    limits: Arc<AddressLimits>,
    /// The limits of the WebSocket connections' subscriptions, of which each may have several.
    subscriptions: Arc<AddressLimits>,
    /// The limits of log messages.
    pub logs: Arc<Logs>,
    /// Writes server-sent events.
    pub fan_out: FanOut,
    /// The tasks of WebSocket connections.
    pub tasks: TaskTracker,
}

/// The limits of log messages that clients can cause.
#[derive(Debug, Default)]
pub struct Logs {
    streams_refused: LogLimit,
    subscriptions_refused: LogLimit,
    /// WebSocket connections that are closed because their client broke a rule.
    pub policy_violations: LogLimit,
}

impl Streams {
    /// Allows at most `total` streams, and `per_address` of them from one address.
    pub fn new(newsroom: Arc<Newsroom>, total: usize, per_address: usize) -> Self {
        Self {
            newsroom,
            limits: Arc::new(AddressLimits::new(total, per_address)),
            subscriptions: Arc::new(AddressLimits::new(
                max_subscriptions(total),
                max_subscriptions(per_address),
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
    pub fn admit(&self, address: IpAddr) -> Result<Permit, Problem> {
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
    pub fn admit_subscription(&self, address: IpAddr) -> Result<Permit, Problem> {
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

/// Returns the limit of subscriptions for a limit of `streams`: two per connection, as a page needs
/// for its entry and for all entries, and the maximum of one connection in addition.
const fn max_subscriptions(streams: usize) -> usize {
    streams.saturating_mul(2).saturating_add(MAX_FEEDS)
}
