//! The key that signs the cookies of readers without an account.

use std::{fmt, net::IpAddr};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::OpId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{
    Error, Result,
    model::room::{GuestId, Origin},
};

/// The length of a guest's id in a cookie: 128 random bits.
const ID_LENGTH: usize = 22;

/// The key that signs the cookies of guests.
#[derive(Clone)]
pub struct GuestKey(Hmac<Sha256>);

impl fmt::Debug for GuestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuestKey(..)")
    }
}

impl GuestKey {
    /// Creates the key from its bytes.
    ///
    /// # Errors
    /// Returns [`Error::Corrupt`] if they can't be a key.
    pub fn new(secret: &[u8]) -> Result<Self> {
        let hmac = Hmac::new_from_slice(secret);
        Ok(Self(hmac.map_err(|_| Error::Corrupt {
            table: "signing_keys",
            id: 0,
            column: "secret".to_owned(),
        })?))
    }

    /// Returns the code of a text that is used for `purpose`.
    fn mac(&self, purpose: &str, text: &str) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(purpose.as_bytes());
        mac.update(b" ");
        mac.update(text.as_bytes());
        mac
    }

    /// Returns the value of a guest's cookie.
    pub fn cookie(&self, guest: &GuestId) -> String {
        let mac = self.mac("guest", guest.as_str()).finalize().into_bytes();
        format!("{}.{}", guest.as_str(), BASE64_URL_SAFE_NO_PAD.encode(mac))
    }

    /// Returns the guest of a cookie; `None` if its signature is invalid.
    pub fn guest(&self, cookie: &str) -> Option<GuestId> {
        let (id, mac) = cookie.split_once('.')?;
        let mac = BASE64_URL_SAFE_NO_PAD.decode(mac).ok()?;
        if id.len() != ID_LENGTH || self.mac("guest", id).verify_slice(&mac).is_err() {
            return None;
        }
        Some(GuestId(id.to_owned()))
    }

    /// Returns the guest of an operation id that a client without a cookie chose: the same guest if
    /// the client repeats the request from the same address. Another client may choose the same id,
    /// so the id alone identifies nobody.
    pub fn guest_of_operation(&self, op_id: &OpId, origin: &Origin) -> GuestId {
        let operation = format!("{} {op_id}", origin.address);
        let mac = self.mac("operation", &operation).finalize();
        let mut id = BASE64_URL_SAFE_NO_PAD.encode(mac.into_bytes());
        id.truncate(ID_LENGTH);
        GuestId(id)
    }

    /// Returns keyed hashes of an address and of its network. The address of IPv6 is the /64
    /// network, which one client has for itself. The network is /24 of IPv4, and /48 of IPv6.
    pub fn origin(&self, address: IpAddr) -> Origin {
        let (address, network) = match address.to_canonical() {
            IpAddr::V4(address) => (address.to_string(), format!("{:x}", address.to_bits() >> 8)),
            IpAddr::V6(address) => (
                format!("{:x}", address.to_bits() >> 64),
                format!("{:x}", address.to_bits() >> 80),
            ),
        };
        let hash = |purpose, text: &str| {
            let mac = self.mac(purpose, text).finalize();
            BASE64_URL_SAFE_NO_PAD.encode(mac.into_bytes())
        };
        Origin {
            address: hash("origin", &address),
            network: hash("network", &network),
        }
    }
}

impl GuestId {
    /// Returns a new id.
    pub fn random() -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookie_is_valid_only_with_its_key() {
        let (key, other) = (GuestKey::new(&[1; 32]), GuestKey::new(&[2; 32]));
        let (key, other) = (key.unwrap(), other.unwrap());
        let guest = GuestId::random();
        let cookie = key.cookie(&guest);
        assert_eq!(key.guest(&cookie), Some(guest.clone()));
        assert_eq!(other.guest(&cookie), None);
        let forged = format!(
            "{}.{}",
            GuestId::random().as_str(),
            cookie.split_once('.').unwrap().1
        );
        for forged in [
            &*forged,
            guest.as_str(),
            "",
            ".",
            &cookie[..cookie.len() - 1],
        ] {
            assert_eq!(key.guest(forged), None, "{forged}");
        }
    }

    #[test]
    fn origin_is_that_of_the_network() {
        let key = GuestKey::new(&[1; 32]).unwrap();
        let origin = |address: &str| key.origin(address.parse().unwrap()).address;
        assert_eq!(origin("2001:db8::1"), origin("2001:db8::2"));
        assert_eq!(origin("192.0.2.1"), origin("::ffff:192.0.2.1"));
        assert_ne!(origin("192.0.2.1"), origin("192.0.2.2"));
        assert_ne!(origin("2001:db8::1"), origin("2001:db8:0:1::1"));

        let network = |address: &str| key.origin(address.parse().unwrap()).network;
        assert_eq!(network("192.0.2.1"), network("192.0.2.255"));
        assert_ne!(network("192.0.2.1"), network("192.0.3.1"));
        assert_eq!(network("2001:db8:0:1::1"), network("2001:db8:0:ffff::1"));
        assert_ne!(network("2001:db8:0:1::1"), network("2001:db8:1:1::1"));
    }
}
