//! Limits how often one voter likes, and how many new voters one address may have. A voter is an
//! account or a cookie, and anybody can drop a cookie: the address is only a ceiling. The counts
//! are per process, limited in number, and expire when they are not used for some minutes.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use governor::Quota;
use newsroom::Visitor;

use super::{address_limits::network_of, rates::Rates};
use crate::problem::Problem;

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

/// The limits of likes, and their counts; cheap to clone.
#[derive(Clone, Debug)]
pub struct LikeLimits {
    voters: Rates<String>,
    addresses: Rates<IpAddr>,
}

impl Default for LikeLimits {
    fn default() -> Self {
        let quota = |rate, burst| Quota::per_second(rate).allow_burst(burst);
        Self {
            voters: Rates::new(quota(VOTER_RATE, VOTER_BURST), COUNT_LIFE),
            addresses: Rates::new(quota(ADDRESS_RATE, ADDRESS_BURST), COUNT_LIFE),
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
            Some(voter) => self
                .voters
                .take(voter, "You are liking very fast. Try again in a moment."),
            None => self.addresses.take(
                network_of(visitor.address),
                "Many readers behind your address liked something for the first time. Try again in a moment.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

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
