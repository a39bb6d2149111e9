//! The response to a client that reached a stream limit.

use axum::http::StatusCode;

use crate::{problem::Problem, security::address_limits::LimitReached};

/// After how many seconds the client may try to open a stream again. Until then pages poll, and
/// miss nothing.
const RETRY_AFTER_S: u16 = 30;

impl From<LimitReached> for Problem {
    fn from(reached: LimitReached) -> Self {
        let sentence = match reached {
            LimitReached::Total => {
                "Too many open streams. Poll instead, and retry after the given time."
            }
            LimitReached::Address => {
                "Too many open streams from your address. Poll instead, and retry after the given time."
            }
        };
        Self::new(StatusCode::SERVICE_UNAVAILABLE, sentence).retry_after(RETRY_AFTER_S)
    }
}
