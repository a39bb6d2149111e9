//! What is answered where as many streams are open as may be.

use axum::http::StatusCode;

use crate::{address_limits::LimitReached, problem::Problem};

/// How long a client that is refused should stay away, in seconds: pages poll meanwhile, and miss
/// nothing.
const RETRY_AFTER_S: u16 = 30;

impl From<LimitReached> for Problem {
    fn from(reached: LimitReached) -> Self {
        let sentence = match reached {
            LimitReached::Total => {
                "The server has as many streams open as it can bear: poll meanwhile."
            }
            LimitReached::Address => {
                "Your address has as many streams open as it may: poll meanwhile."
            }
        };
        Self::new(StatusCode::SERVICE_UNAVAILABLE, sentence).retry_after(RETRY_AFTER_S)
    }
}
