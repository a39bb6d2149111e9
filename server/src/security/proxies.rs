//! Determines the client's address: the peer of the connection, or the address that a trusted proxy
//! forwarded.
//!
//! A proxy appends the address from which it received the request to `X-Forwarded-For`. Everything
//! to the left of what trusted proxies appended may be forged. So the list is read from the right,
//! as long as the addresses are those of trusted proxies. `Forwarded` (RFC 7239) is ignored,
//! because a proxy that writes `X-Forwarded-For` passes on a forged `Forwarded`.

use std::{
    net::{IpAddr, SocketAddr},
    str,
    str::FromStr,
    sync::Once,
};

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose `X-Forwarded-For` is trusted: addresses and networks, separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// Why a list of proxies is invalid.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// An item is neither an address nor a network.
    #[error(
        "{0:?} is neither an address such as 127.0.0.1 or ::1, nor a network such as 10.0.0.0/8"
    )]
    Invalid(String),
    /// An item is the network of all addresses.
    #[error("{0} includes every address, so any client could forge its address")]
    AllAddresses(IpNet),
}

impl FromStr for TrustedProxies {
    type Err = ProxyError;

    fn from_str(text: &str) -> Result<Self, ProxyError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let networks = text.split(',').map(|piece| network(piece.trim()));
        Ok(Self(networks.collect::<Result<_, _>>()?))
    }
}

fn network(text: &str) -> Result<IpNet, ProxyError> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text
            .parse()
            .map_err(|_| ProxyError::Invalid(text.to_owned()))?,
    };
    let network = canonical(network);
    if network.prefix_len() == 0 {
        return Err(ProxyError::AllAddresses(network));
    }
    Ok(network)
}

/// Converts an IPv4-mapped IPv6 network (`::ffff:10.0.0.0/104`) to the IPv4 network.
fn canonical(network: IpNet) -> IpNet {
    /// The length of the prefix of IPv4-mapped IPv6 addresses, in bits.
    const MAPPED: u8 = 96;

    let address = network.addr().to_canonical();
    match network.prefix_len().checked_sub(MAPPED) {
        Some(bits) if address.is_ipv4() && network.addr().is_ipv6() => {
            IpNet::new(address, bits).unwrap_or(network)
        }
        _ => network,
    }
}

impl TrustedProxies {
    /// Returns the client's address for a request from `peer`: the nearest address that isn't a
    /// trusted proxy's. If a trusted proxy sent no address, or one that can't be parsed, that is
    /// the proxy.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        // Several header lines form one list.
        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        let mut hops = lines
            .flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|hop| !hop.is_empty());
        let mut client = peer.to_canonical();
        if !self.trusts(client) {
            warn_if_forwarded(client, headers);
            return client;
        }
        while self.trusts(client) {
            let Some(hop) = hops.next().and_then(address) else {
                break;
            };
            client = hop;
        }
        client
    }

    /// Returns whether `address` is a trusted proxy's.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Warns once about a proxy that isn't trusted, because all of its clients count as one.
fn warn_if_forwarded(peer: IpAddr, headers: &HeaderMap) {
    static WARNED: Once = Once::new();

    if !WARNED.is_completed() && headers.contains_key(FORWARDED_FOR) {
        WARNED.call_once(|| {
            tracing::warn!(
                %peer,
                "X-Forwarded-For from an address that is not in RINGSIDE_TRUSTED_PROXIES is ignored: all \
                 clients behind that proxy share one limit of streams and logins"
            );
        });
    }
}

/// Parses an address as proxies write it: plain, with a port, or in brackets.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(hop).ok()?;
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare
        .parse()
        .or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip()));
    Some(address.ok()?.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    /// Returns the client's address for a request with these header lines.
    fn client(trusted: &str, peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(
                FORWARDED_FOR,
                HeaderValue::from_bytes(line.as_bytes()).unwrap(),
            );
        }
        let trusted: TrustedProxies = trusted.parse().unwrap();
        trusted.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn header_is_ignored_without_a_trusted_proxy() {
        for trusted in ["", " ", "10.0.0.1", "::1", "192.0.2.0/24"] {
            assert_eq!(
                client(trusted, "203.0.113.9", &["192.0.2.1"]),
                "203.0.113.9"
            );
        }
    }

    #[test]
    fn only_addresses_that_trusted_proxies_appended_count() {
        let trusted = "127.0.0.1, 10.0.0.0/8, 2001:db8:1::/48";
        for (line, expected) in [
            ("203.0.113.9", "203.0.113.9"),
            // The client sent the first address.
            ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
            ("127.0.0.1, 203.0.113.9", "203.0.113.9"),
            // A chain of trusted proxies.
            ("1.1.1.1, 203.0.113.9, 10.1.2.3, 10.0.0.7", "203.0.113.9"),
            ("203.0.113.9,2001:db8:1::5", "203.0.113.9"),
            ("2001:db8:2::7, 10.0.0.7", "2001:db8:2::7"),
            // Trusted proxies only.
            ("10.0.0.9, 10.0.0.7", "10.0.0.9"),
            ("", "127.0.0.1"),
            (" , ,", "127.0.0.1"),
            (" 203.0.113.9 , , ", "203.0.113.9"),
        ] {
            assert_eq!(client(trusted, "127.0.0.1", &[line]), expected, "{line:?}");
        }
        assert_eq!(client(trusted, "127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn several_lines_are_one_list() {
        let lines = ["1.1.1.1, 2.2.2.2", "203.0.113.9", "10.0.0.7"];
        assert_eq!(client("10.0.0.0/8", "10.0.0.8", &lines), "203.0.113.9");
        assert_eq!(client("10.0.0.0/8", "203.0.113.7", &lines), "203.0.113.7");
    }

    #[test]
    fn addresses_come_in_several_forms() {
        for (line, expected) in [
            ("203.0.113.9:4711", "203.0.113.9"),
            ("2001:db8::9", "2001:db8::9"),
            ("2001:DB8:0:0::9", "2001:db8::9"),
            ("[2001:db8::9]", "2001:db8::9"),
            ("[2001:db8::9]:4711", "2001:db8::9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("[::ffff:cb00:7109]:80", "203.0.113.9"),
        ] {
            assert_eq!(client("::1", "::1", &[line]), expected, "{line:?}");
        }
    }

    #[test]
    fn ipv4_mapped_address_is_the_ipv4_address() {
        for trusted in [
            "10.0.0.0/8",
            "::ffff:10.0.0.0/104",
            "10.0.0.7",
            "::ffff:10.0.0.7",
        ] {
            for peer in ["10.0.0.7", "::ffff:10.0.0.7"] {
                assert_eq!(client(trusted, peer, &["203.0.113.9"]), "203.0.113.9");
            }
        }
        assert_eq!(client("", "::ffff:10.0.0.7", &[]), "10.0.0.7");
    }

    #[test]
    fn addresses_beyond_a_malformed_one_are_ignored() {
        for garbage in [
            "unknown",
            "_hidden",
            "localhost",
            "203.0.113.999",
            "203.0.113.9:99999",
            "203.0.113.9/32",
            "for=203.0.113.9",
            "\"203.0.113.9\"",
            "[203.0.113.9",
            "fe80::1%eth0",
            "203.0.113.9;10.0.0.7",
            "\u{fc}\u{1f600}",
        ] {
            let line = format!("203.0.113.9, {garbage}, 10.0.0.7");
            assert_eq!(
                client("10.0.0.0/8", "10.0.0.8", &[&line]),
                "10.0.0.7",
                "{line:?}"
            );
        }
    }

    #[test]
    fn long_chains_end() {
        let own = vec!["10.0.0.7"; 10_000].join(",");
        assert_eq!(client("10.0.0.0/8", "10.0.0.8", &[&own]), "10.0.0.7");
        let far = format!("203.0.113.9,{own}");
        assert_eq!(client("10.0.0.0/8", "10.0.0.8", &[&far]), "203.0.113.9");
        assert_eq!(client("", "10.0.0.8", &[&far]), "10.0.0.8");
    }

    #[test]
    fn invalid_list_is_rejected() {
        for text in [
            "localhost",
            "10.0.0.1,",
            ",",
            "10.0.0.0/33",
            "10.0.0.1 ::1",
            "1.2.3",
            "::1/200",
        ] {
            let refused = text.parse::<TrustedProxies>();
            assert!(matches!(refused, Err(ProxyError::Invalid(_))), "{text:?}");
        }
        for text in ["0.0.0.0/0", "::/0", "10.0.0.1,::ffff:0:0/96"] {
            let refused = text.parse::<TrustedProxies>();
            assert!(
                matches!(refused, Err(ProxyError::AllAddresses(_))),
                "{text:?}"
            );
        }
    }
}
