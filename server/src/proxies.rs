//! Whose request it is: the address that it came from, or what a trusted proxy says of it.
//!
//! Proxies write each address they hear from at the end of `X-Forwarded-For`; what stands left of
//! what a trusted proxy wrote, anybody may have sent. So the list is read from the right, and only
//! for as long as who wrote is trusted. `Forwarded` (RFC 7239) is not read: a proxy that writes the
//! one header passes the other on as a reader forged it.

use std::{
    net::{IpAddr, SocketAddr},
    str,
    str::FromStr,
    sync::{Arc, Once},
};

use axum::{
    extract::{ConnectInfo, FromRef, FromRequestParts, rejection::ExtensionRejection},
    http::{HeaderMap, HeaderName, request::Parts},
};
use ipnet::IpNet;

use crate::config::Settings;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose word is believed: addresses and networks, separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// Why a list of proxies can't be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// It is neither an address nor a network.
    #[error("{0:?} is neither an address, as in 127.0.0.1 or ::1, nor a network, as in 10.0.0.0/8")]
    Unreadable(String),
    /// It is the network of all addresses.
    #[error("{0} is everybody: whoever asks could name any address as their own")]
    Everybody(IpNet),
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
            .map_err(|_| ProxyError::Unreadable(text.to_owned()))?,
    };
    let network = canonical(network);
    if network.prefix_len() == 0 {
        return Err(ProxyError::Everybody(network));
    }
    Ok(network)
}

/// An IPv4 network in IPv6's clothes (`::ffff:10.0.0.0/104`) as what it is.
fn canonical(network: IpNet) -> IpNet {
    /// How many bits of an IPv6 address stand before the IPv4 address that is mapped into it.
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
    /// Who sent a request that came from `peer`: the nearest address that isn't trusted itself.
    /// Where a trusted proxy says nothing, or nothing that can be read, it is that proxy.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        // Several lines are one list.
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

    /// Returns whether `address` is one of them.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Warns once of a proxy that isn't trusted: all that come through it count as one client.
fn warn_if_forwarded(peer: IpAddr, headers: &HeaderMap) {
    static WARNED: Once = Once::new();

    if !WARNED.is_completed() && headers.contains_key(FORWARDED_FOR) {
        WARNED.call_once(|| {
            tracing::warn!(
                %peer,
                "X-Forwarded-For comes from an address that is not among RINGSIDE_TRUSTED_PROXIES, and \
                 is not read: all clients behind a proxy there share one limit of streams and logins"
            );
        });
    }
}

/// An address as proxies write it: bare, with a port, or in brackets.
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

/// The address of whoever sent the request: what limits are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl<S> FromRequestParts<S> for ClientAddress
where
    S: Send + Sync,
    Arc<Settings>: FromRef<S>,
{
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let ConnectInfo(peer) = ConnectInfo::<SocketAddr>::from_request_parts(parts, state).await?;
        let settings = Arc::<Settings>::from_ref(state);
        let client = settings.trusted_proxies.client(peer.ip(), &parts.headers);
        Ok(Self(client))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    /// Whom `trusted` proxies let a request come from, as text.
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
    fn without_a_trusted_proxy_what_is_said_counts_for_nothing() {
        for trusted in ["", " ", "10.0.0.1", "::1", "192.0.2.0/24"] {
            assert_eq!(
                client(trusted, "203.0.113.9", &["192.0.2.1"]),
                "203.0.113.9"
            );
        }
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_nobody_beyond_it() {
        let trusted = "127.0.0.1, 10.0.0.0/8, 2001:db8:1::/48";
        for (line, expected) in [
            ("203.0.113.9", "203.0.113.9"),
            // What the reader sent came first.
            ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
            ("127.0.0.1, 203.0.113.9", "203.0.113.9"),
            // A chain of our own.
            ("1.1.1.1, 203.0.113.9, 10.1.2.3, 10.0.0.7", "203.0.113.9"),
            ("203.0.113.9,2001:db8:1::5", "203.0.113.9"),
            ("2001:db8:2::7, 10.0.0.7", "2001:db8:2::7"),
            // All of it is our own.
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
    fn an_ipv4_address_is_the_same_in_ipv6s_clothes() {
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
    fn beyond_what_cannot_be_read_nothing_is_believed() {
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
    fn a_wrong_list_is_refused() {
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
            assert!(
                matches!(refused, Err(ProxyError::Unreadable(_))),
                "{text:?}"
            );
        }
        for text in ["0.0.0.0/0", "::/0", "10.0.0.1,::ffff:0:0/96"] {
            let refused = text.parse::<TrustedProxies>();
            assert!(matches!(refused, Err(ProxyError::Everybody(_))), "{text:?}");
        }
    }
}
