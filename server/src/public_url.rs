//! The URL under which readers reach the server.

use std::{fmt, net::SocketAddr, str::FromStr};

use axum::http::Uri;
use domain::hygiene;

/// The public URL in the form that browsers send in `Origin`: scheme and host in lower case, and
/// the port only if it isn't the scheme's default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

/// The text is not a public URL.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must be like https://live.example.org, a scheme and a host")]
pub struct InvalidPublicUrl;

impl PublicUrl {
    /// Returns the URL, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the `http` URL of `address`.
    pub fn http(address: SocketAddr) -> Self {
        match address.port() {
            80 if address.is_ipv6() => Self(format!("http://[{}]", address.ip())),
            80 => Self(format!("http://{}", address.ip())),
            _ => Self(format!("http://{address}")),
        }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PublicUrl {
    type Err = InvalidPublicUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPublicUrl> {
        let text = hygiene::clean_line(text);
        let text = text.trim_end_matches('/');
        let uri: Uri = text.parse().map_err(|_| InvalidPublicUrl)?;
        let (scheme, default_port) = match uri.scheme_str() {
            Some("http") => ("http", 80),
            Some("https") => ("https", 443),
            _ => return Err(InvalidPublicUrl),
        };
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or(InvalidPublicUrl)?;
        let given = match uri.port_u16() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        // Rejects a user, a path and a query.
        let (_, authority) = text.split_once("://").ok_or(InvalidPublicUrl)?;
        if authority != given {
            return Err(InvalidPublicUrl);
        }
        let host = host.to_ascii_lowercase();
        Ok(Self(
            match uri.port_u16().filter(|port| *port != default_port) {
                Some(port) => format!("{scheme}://{host}:{port}"),
                None => format!("{scheme}://{host}"),
            },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_url_is_normalized() {
        for (text, expected) in [
            ("https://live.example.org", "https://live.example.org"),
            ("HTTPS://Live.Example.Org/", "https://live.example.org"),
            ("https://live.example.org:443", "https://live.example.org"),
            ("https://live.example.org:80", "https://live.example.org:80"),
            ("http://live.example.org:80", "http://live.example.org"),
            ("http://192.0.2.1:3000", "http://192.0.2.1:3000"),
            ("http://[2001:DB8::1]:3000", "http://[2001:db8::1]:3000"),
            ("https://live.example.org:0443", ""),
            ("https://ann@live.example.org", ""),
            ("https://live.example.org/blog", ""),
            ("live.example.org", ""),
            ("ftp://live.example.org", ""),
            ("https://", ""),
        ] {
            let url = text.parse::<PublicUrl>();
            let url = url.map_or(String::new(), |url| url.to_string());
            assert_eq!(url, expected, "{text}");
        }
    }

    #[test]
    fn http_url_of_an_address_omits_the_default_port() {
        for (address, url) in [
            ("127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("127.0.0.1:80", "http://127.0.0.1"),
            ("[::1]:80", "http://[::1]"),
            ("[::1]:3000", "http://[::1]:3000"),
        ] {
            assert_eq!(PublicUrl::http(address.parse().unwrap()).as_str(), url);
        }
    }
}
