//! Sets the security headers of every response.

use std::{fmt::Write as _, sync::Arc};

use app::{Assets, inline_scripts};
use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    response::Response,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use crate::config::Settings;

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
