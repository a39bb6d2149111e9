//! Rejects requests from other sites' pages.

use axum::{
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{HOST, ORIGIN},
    },
    response::{IntoResponse, Response},
};
use tower_http::csrf::ProtectionError;

use crate::{config::Settings, problem::Problem};

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
