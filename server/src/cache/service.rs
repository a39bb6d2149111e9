//! Serves cached pages before the router sees a request.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::{Body, HttpBody},
    http::{Method, Request},
    response::Response,
    routing::future::RouteFuture,
};
use futures::future::{Either, Ready, ready};
use tower::Service;
use tracing::Level;

use super::pages::CachedPages;
use crate::security::headers::SecurityHeaders;

/// The longest path and query of a cached page, in bytes: longer than any canonical URL. Longer
/// ones are left to the router.
const MAX_URL_LENGTH: usize = 512;

/// Serves cached public pages, and passes every other request to the router.
///
/// A cached page needs none of the router's layers, which are copied for every request. If requests
/// are logged, all of them pass through the layers.
#[derive(Clone, Debug)]
pub struct PageCacheService(Arc<Shared>);

/// Behind one `Arc`, so that cloning the service for a request changes only one counter.
#[derive(Debug)]
struct Shared {
    pages: CachedPages,
    security: SecurityHeaders,
    router: Router,
}

impl PageCacheService {
    /// Puts `pages` in front of `router`. Cached pages are sent with the headers of `security`.
    pub fn new(pages: CachedPages, security: SecurityHeaders, router: Router) -> Self {
        Self(Arc::new(Shared {
            pages,
            security,
            router,
        }))
    }

    /// Returns the response to `request` if it is a GET of a cached page.
    pub fn cached<B: HttpBody>(&self, request: &Request<B>) -> Option<Response> {
        let url = request.uri().path_and_query()?.as_str();
        if *request.method() != Method::GET
            || url.len() > MAX_URL_LENGTH
            || !request.body().is_end_stream()
            || tracing::enabled!(target: "tower_http::trace::on_request", Level::DEBUG)
        {
            return None;
        }
        let mut page = self.0.pages.get_now(request.uri(), request.headers())?;
        self.0.security.add_to(page.headers_mut());
        Some(page)
    }

    /// Passes `request` to the router.
    pub fn route(&self, request: Request<Body>) -> RouteFuture<Infallible> {
        self.0.router.clone().call(request)
    }
}

impl Service<Request<Body>> for PageCacheService {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, RouteFuture<Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // A router is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.cached(&request) {
            Some(page) => Either::Left(ready(Ok(page))),
            None => Either::Right(self.route(request)),
        }
    }
}
