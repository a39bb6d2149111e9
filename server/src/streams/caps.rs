//! How many streams may be open at once, in all and from one address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::StatusCode;

use crate::problem::Problem;

/// How long who is refused had better stay away, in seconds: pages poll meanwhile, and miss nothing.
const RETRY_AFTER_S: u16 = 30;

/// Counts the open streams.
#[derive(Debug)]
pub struct StreamCaps {
    total: usize,
    per_address: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The right to one open stream; given back when dropped.
#[derive(Debug)]
pub struct StreamPermit {
    caps: Arc<StreamCaps>,
    address: IpAddr,
}

/// Which cap is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapReached {
    /// That of the server.
    Total,
    /// That of the address.
    Address,
}

impl StreamCaps {
    /// Lets `total` streams be open, and `per_address` of them from one address.
    pub fn new(total: usize, per_address: usize) -> Self {
        Self {
            total,
            per_address,
            open: Mutex::default(),
        }
    }

    /// The right to a stream to `address`.
    ///
    /// # Errors
    /// If there are too many already.
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Result<StreamPermit, CapReached> {
        let address = counted(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.total >= self.total {
            return Err(CapReached::Total);
        }
        let here = open.by_address.get(&address).copied().unwrap_or_default();
        if here >= self.per_address {
            return Err(CapReached::Address);
        }
        open.by_address.insert(address, here + 1);
        open.total += 1;
        Ok(StreamPermit {
            caps: Arc::clone(self),
            address,
        })
    }
}

impl Drop for StreamPermit {
    // Without it, an address would run out of streams by opening and closing a page.
    fn drop(&mut self) {
        let mut open = self
            .caps
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        open.total -= 1;
        if let Some(here) = open.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

impl From<CapReached> for Problem {
    fn from(reached: CapReached) -> Self {
        let sentence = match reached {
            CapReached::Total => {
                "The server has as many streams open as it can bear: poll meanwhile."
            }
            CapReached::Address => {
                "Your address has as many streams open as it may: poll meanwhile."
            }
        };
        Self::new(StatusCode::SERVICE_UNAVAILABLE, sentence).retry_after(RETRY_AFTER_S)
    }
}

/// What counts as one address: of IPv6 the network that a household is given.
fn counted(address: IpAddr) -> IpAddr {
    const HOUSEHOLD: u128 = !0 << 64;

    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & HOUSEHOLD).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_its_share() {
        let caps = Arc::new(StreamCaps::new(3, 2));
        let first = caps.admit(address("192.0.2.1")).unwrap();
        let _second = caps.admit(address("::ffff:192.0.2.1")).unwrap();
        let third = caps.admit(address("192.0.2.1"));
        assert_eq!(third.unwrap_err(), CapReached::Address);
        let other = caps.admit(address("192.0.2.2")).unwrap();
        let fourth = caps.admit(address("192.0.2.3"));
        assert_eq!(fourth.unwrap_err(), CapReached::Total);
        drop((first, other));
        let _again = caps.admit(address("192.0.2.1")).unwrap();
        assert_eq!(caps.open.lock().unwrap().by_address.len(), 1);
    }

    #[test]
    fn a_household_is_one_address() {
        let caps = Arc::new(StreamCaps::new(9, 1));
        let _first = caps.admit(address("2001:db8::1")).unwrap();
        let neighbour = caps.admit(address("2001:db8::ffff:1"));
        assert_eq!(neighbour.unwrap_err(), CapReached::Address);
        assert!(caps.admit(address("2001:db8:0:1::1")).is_ok());
    }
}
