//! Limits how many connections or streams may be open at once, in total and from one address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Counts what is open, in total and by address.
#[derive(Debug)]
pub struct AddressLimits {
    total: usize,
    per_address: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// The permit for one connection or stream, released when it is dropped.
#[derive(Debug)]
pub struct Permit {
    limits: Arc<AddressLimits>,
    /// The address or network for which it is counted; `None` if it counts for the total only.
    network: Option<IpAddr>,
}

/// The limit that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitReached {
    /// The total limit.
    Total,
    /// The limit of the address.
    Address,
}

impl AddressLimits {
    /// Allows `total` at once, and `per_address` of them from one address.
    pub fn new(total: usize, per_address: usize) -> Self {
        Self {
            total,
            per_address,
            open: Mutex::default(),
        }
    }

    /// Returns a permit for `address`, which counts for its network if it is an IPv6 address.
    ///
    /// # Errors
    /// If a limit is reached.
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Permit, LimitReached> {
        self.admit_network(Some(network_of(address)))
    }

    /// Returns a permit that counts for the total only.
    ///
    /// # Errors
    /// If the total limit is reached.
    pub fn admit_exempt(self: &Arc<Self>) -> Result<Permit, LimitReached> {
        self.admit_network(None)
    }

    /// Returns how many are open.
    pub fn open(&self) -> usize {
        self.state().total
    }

    fn admit_network(self: &Arc<Self>, network: Option<IpAddr>) -> Result<Permit, LimitReached> {
        let mut open = self.state();
        if open.total >= self.total {
            return Err(LimitReached::Total);
        }
        if let Some(network) = network {
            let here = open.by_network.get(&network).copied().unwrap_or_default();
            if here >= self.per_address {
                return Err(LimitReached::Address);
            }
            open.by_network.insert(network, here + 1);
        }
        open.total += 1;
        Ok(Permit {
            limits: Arc::clone(self),
            network,
        })
    }

    fn state(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    // Without it, an address would run out of permits by opening and closing pages.
    fn drop(&mut self) {
        let mut open = self.limits.state();
        open.total -= 1;
        let Some(network) = self.network else {
            return;
        };
        if let Some(here) = open.by_network.get_mut(&network) {
            *here -= 1;
            if *here == 0 {
                open.by_network.remove(&network);
            }
        }
    }
}

/// Returns what counts as one address: an IPv4 address, or a /64 network of IPv6 (RFC 6177), in
/// which one machine may use any address.
pub fn network_of(address: IpAddr) -> IpAddr {
    const IPV6_PREFIX_BITS: u128 = !0 << 64;

    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & IPV6_PREFIX_BITS).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn address_has_its_share() {
        let limits = Arc::new(AddressLimits::new(3, 2));
        let first = limits.admit(address("192.0.2.1")).unwrap();
        let _second = limits.admit(address("::ffff:192.0.2.1")).unwrap();
        let third = limits.admit(address("192.0.2.1"));
        assert_eq!(third.unwrap_err(), LimitReached::Address);
        let other = limits.admit(address("192.0.2.2")).unwrap();
        let fourth = limits.admit(address("192.0.2.3"));
        assert_eq!(fourth.unwrap_err(), LimitReached::Total);
        assert_eq!(limits.open(), 3);
        drop((first, other));
        let _again = limits.admit(address("192.0.2.1")).unwrap();
        assert_eq!(limits.state().by_network.len(), 1);
    }

    #[test]
    fn ipv6_network_is_one_address() {
        let limits = Arc::new(AddressLimits::new(9, 1));
        let _first = limits.admit(address("2001:db8::1")).unwrap();
        let neighbor = limits.admit(address("2001:db8::ffff:1"));
        assert_eq!(neighbor.unwrap_err(), LimitReached::Address);
        assert!(limits.admit(address("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn exempt_permit_counts_for_the_total_only() {
        let limits = Arc::new(AddressLimits::new(3, 1));
        let permits = [(); 3].map(|()| limits.admit_exempt().unwrap());
        assert_eq!(limits.admit_exempt().unwrap_err(), LimitReached::Total);
        drop(permits);
        assert_eq!(limits.open(), 0);
        assert!(limits.admit(address("192.0.2.1")).is_ok());
    }
}
