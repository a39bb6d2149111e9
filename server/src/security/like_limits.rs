//! Limits how often one voter likes, and how many new voters one address may have. A voter is an
//! account or a cookie, and anybody can drop a cookie: the address is only a ceiling. The counts
//! are per process, limited in number, and expire when they are not used for some minutes.

use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use axum::http::StatusCode;
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use moka::sync::Cache;
use newsroom::Visitor;

use super::address_limits::network_of;
use crate::problem::Problem;

/// The maximum number of counts of each kind. A count takes some 200 bytes.
const MAX_COUNTS: u64 = 50_000;
/// How long a count is stored after its last use. By then it has recovered.
const COUNT_LIFE: Duration = Duration::from_mins(5);
/// How many likes a voter may set or remove at once: all of a long page.
const VOTER_BURST: NonZeroU32 = NonZeroU32::new(60).unwrap();
/// How many likes a voter may set or remove in a second: more than fingers can.
const VOTER_RATE: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// How many voters may be new at one address at once: a stadium's network.
const ADDRESS_BURST: NonZeroU32 = NonZeroU32::new(2_000).unwrap();
/// How many voters may be new at one address in a second.
const ADDRESS_RATE: NonZeroU32 = NonZeroU32::new(20).unwrap();

type Counts<K> = Cache<K, Arc<DefaultDirectRateLimiter>>;

/// The limits of likes, and their counts; cheap to clone.
#[derive(Clone, Debug)]
pub struct LikeLimits {
    voters: Counts<String>,
    addresses: Counts<IpAddr>,
}

impl Default for LikeLimits {
    fn default() -> Self {
        fn counts<K>() -> Counts<K>
        where
            K: std::hash::Hash + Eq + Send + Sync + 'static,
        {
            Cache::builder()
                .max_capacity(MAX_COUNTS)
                .time_to_idle(COUNT_LIFE)
                .build()
        }
        Self {
            voters: counts(),
            addresses: counts(),
        }
    }
}

impl LikeLimits {
    /// Counts a like of `visitor`.
    ///
    /// # Errors
    /// 429, with the time after which the client may retry, if a limit is reached.
    pub fn check(&self, visitor: &Visitor) -> Result<(), Problem> {
        let voter = match (&visitor.caller, &visitor.guest) {
            (Some(caller), _) => Some(format!("account {}", caller.id)),
            (None, Some(guest)) => Some(format!("guest {}", guest.as_str())),
            (None, None) => None,
        };
        match voter {
            Some(voter) => take(
                &self
                    .voters
                    .get_with(voter, || limiter(VOTER_RATE, VOTER_BURST)),
                "You are liking very fast. Try again in a moment.",
            ),
            None => take(
                &self.addresses.get_with(network_of(visitor.address), || {
                    limiter(ADDRESS_RATE, ADDRESS_BURST)
                }),
                "Many readers behind your address liked something for the first time. Try again in a moment.",
            ),
        }
    }
}

fn limiter(rate: NonZeroU32, burst: NonZeroU32) -> Arc<DefaultDirectRateLimiter> {
    Arc::new(RateLimiter::direct(
        Quota::per_second(rate).allow_burst(burst),
    ))
}

fn take(limiter: &DefaultDirectRateLimiter, sentence: &str) -> Result<(), Problem> {
    limiter.check().map_err(|until| {
        let wait = until.wait_time_from(DefaultClock::default().now());
        let seconds = u16::try_from(wait.as_secs()).map_or(u16::MAX, |wait| wait.saturating_add(1));
        Problem::new(StatusCode::TOO_MANY_REQUESTS, sentence).retry_after(seconds)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(address: &str) -> Visitor {
        Visitor {
            caller: None,
            guest: None,
            address: address.parse().unwrap(),
        }
    }

    #[test]
    fn address_has_a_ceiling_of_new_voters() {
        let limits = LikeLimits::default();
        let here = visitor("192.0.2.1");
        for _ in 0..ADDRESS_BURST.get() {
            assert_eq!(limits.check(&here), Ok(()));
        }
        let mut refused = 0;
        for _ in 0..1_000 {
            if let Err(problem) = limits.check(&here) {
                assert_eq!(problem.status(), StatusCode::TOO_MANY_REQUESTS);
                refused += 1;
            }
        }
        assert!(refused > 0, "the address has no ceiling");
        assert_eq!(limits.check(&visitor("192.0.2.2")), Ok(()));
    }
}
