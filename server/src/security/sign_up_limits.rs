//! Limits how many accounts are created from one address, by open sign-up. The address is only a
//! ceiling: a whole audience may be behind one.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use governor::Quota;

use super::{address_limits::network_of, rates::Rates};
use crate::{config::Settings, problem::Problem};

/// How long a count is stored after its last use. By then it has recovered.
const COUNT_LIFE: Duration = Duration::from_hours(2);

/// The limit of sign-ups, and its counts; cheap to clone.
#[derive(Clone, Debug)]
pub struct SignUpLimits(Option<Rates<IpAddr>>);

impl SignUpLimits {
    /// Creates the limit of the settings, with nothing counted.
    pub fn new(settings: &Settings) -> Self {
        let per_hour = NonZeroU32::new(settings.sign_ups_per_hour_per_address);
        Self(per_hour.map(|per_hour| Rates::new(Quota::per_hour(per_hour), COUNT_LIFE)))
    }

    /// Counts a sign-up from `address`; for IPv6, from its /64 network.
    ///
    /// # Errors
    /// 429, with the time after which the client may retry, if the limit is reached.
    pub fn check(&self, address: IpAddr) -> Result<(), Problem> {
        self.0.as_ref().map_or(Ok(()), |rates| {
            rates.take(
                network_of(address),
                "Many accounts were created from your network. Try again later.",
            )
        })
    }
}
