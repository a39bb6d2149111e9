//! Sets the security headers of every response, and rejects requests from other sites' pages.

use std::{fmt::Write as _, sync::Arc};

use app::{Assets, inline_scripts};
use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY,
            STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use tower_http::csrf::ProtectionError;

use crate::{config::Settings, problem::Problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The security headers, built once at the start; cheap to clone.
#[derive(Clone, Debug)]
pub struct SecurityHeaders(Arc<[(HeaderName, HeaderValue)]>);

impl SecurityHeaders {
    /// Returns the headers for a build. The content security policy contains the hashes of its
    /// inline scripts, not nonces, so that pages are the same for everyone.
    pub fn new(assets: &Assets, settings: &Settings) -> Self {
        let mut headers = vec![
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            // `no-referrer` would make browsers send `Origin: null` with a form.
            (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
            (
                HeaderName::from_static("cross-origin-opener-policy"),
                HeaderValue::from_static("same-origin"),
            ),
            (
                HeaderName::from_static("permissions-policy"),
                HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
            ),
        ];
        // A policy of keywords and base64 is always a valid header value.
        if let Ok(policy) = HeaderValue::try_from(content_security_policy(assets)) {
            headers.push((CONTENT_SECURITY_POLICY, policy));
        }
        if settings.is_https() {
            headers.push((
                STRICT_TRANSPORT_SECURITY,
                HeaderValue::from_static("max-age=31536000"),
            ));
        }
        Self(headers.into())
    }

    /// Adds the headers to a response.
    pub fn add_to(&self, headers: &mut HeaderMap) {
        for (name, value) in self.0.iter() {
            headers.insert(name.clone(), value.clone());
        }
    }
}

/// Adds the security headers to every response. Also adds the request's id, unless caches may store
/// the response, because other clients would get the same id.
pub async fn add_headers(
    State(headers): State<SecurityHeaders>,
    request: Request,
    next: Next,
) -> Response {
    let id = request.headers().get(&REQUEST_ID).cloned();
    let mut response = next.run(request).await;
    let caching = response.headers().get(CACHE_CONTROL);
    let is_public = caching.is_some_and(|caching| caching.as_bytes().starts_with(b"public"));
    if let Some(id) = id.filter(|_| !is_public) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    headers.add_to(response.headers_mut());
    response
}

/// Returns the response to a request that another site's page sent.
pub fn refuse_cross_site(_: ProtectionError) -> Response {
    cross_site().into_response()
}

/// Returns the problem of a request that another site's page sent.
pub fn cross_site() -> Problem {
    let sentence =
        "This request came from another site's page and was rejected. Open Ringside and try again.";
    Problem::new(StatusCode::FORBIDDEN, sentence)
}

/// Returns whether another site's page sent the request, by its `Origin`. Only for WebSocket
/// handshakes, in which browsers always send that header; they are GETs, which the CSRF layer does
/// not check.
pub fn is_cross_site(headers: &HeaderMap, settings: &Settings) -> bool {
    let Some(origin) = headers.get(ORIGIN).map(HeaderValue::as_bytes) else {
        // Not a browser.
        return false;
    };
    let host = headers.get(HOST).map(HeaderValue::as_bytes);
    let authority = origin
        .strip_prefix(b"https://")
        .or_else(|| origin.strip_prefix(b"http://"));
    let own = authority.is_some() && authority == host;
    // Behind a proxy that changes the host, requests from the public URL are still same-site.
    !own && origin != settings.public_url().as_str().as_bytes()
}

fn content_security_policy(assets: &Assets) -> String {
    let mut hashes = String::new();
    for script in inline_scripts(assets) {
        let hash = BASE64_STANDARD.encode(Sha256::digest(script));
        // Writing to a String can't fail.
        let _ = write!(hashes, " 'sha256-{hash}'");
    }
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; \
         img-src 'self' https: data:; media-src 'self' https:; font-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    )
}

/// Returns `next` if it is a path on this site to which a browser may be redirected. `//host` and
/// `/\host` lead to other sites.
pub fn local_path(next: &str) -> Option<&str> {
    let path = next.strip_prefix('/')?;
    let is_plain = next
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (is_plain && !path.starts_with('/')).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_of_another_site_is_rejected() {
        for next in ["/desk", "/entries/final/compose?x=1"] {
            assert_eq!(local_path(next), Some(next));
        }
        for next in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nb",
        ] {
            assert_eq!(local_path(next), None, "{next:?}");
        }
    }
}
