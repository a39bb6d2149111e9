//! A rendered page, ready to be sent.

use std::iter;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header::CACHE_CONTROL},
    response::Response,
};
use axum_extra::headers::{ETag, Header, HeaderMapExt, IfNoneMatch};

use crate::problem::NO_STORE;

/// A rendered and compressed page.
#[derive(Debug)]
pub struct CachedPage {
    /// The status of the response.
    pub status: StatusCode,
    /// The headers of the response, without `Cache-Control`.
    pub headers: HeaderMap,
    /// The compressed body.
    pub body: Bytes,
}

impl CachedPage {
    /// Returns the response with the page, or 304 if its tag is in `if_none_match`. For a HEAD
    /// request, the router removes the body.
    pub fn respond(&self, if_none_match: Option<&HeaderValue>, caching: HeaderValue) -> Response {
        let is_match =
            self.status == StatusCode::OK && if_none_match.is_some_and(|tags| self.matches(tags));
        let status = if is_match {
            StatusCode::NOT_MODIFIED
        } else {
            self.status
        };
        let body = if is_match {
            Body::empty()
        } else {
            Body::from(self.body.clone())
        };
        let caching = match self.status {
            StatusCode::OK => caching,
            _ => NO_STORE,
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = self.headers.clone();
        response.headers_mut().insert(CACHE_CONTROL, caching);
        response
    }

    /// Returns whether `If-None-Match` lists the page's tag (RFC 9110, section 13.1.2).
    fn matches(&self, tags: &HeaderValue) -> bool {
        let tags = IfNoneMatch::decode(&mut iter::once(tags)).ok();
        let own = self.headers.typed_get::<ETag>();
        tags.zip(own)
            .is_some_and(|(tags, own)| !tags.precondition_passes(&own))
    }
}
