//! Finished public pages, sent before the router sees a request.

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
use newsroom::Newsroom;
use tower::Service;
use tracing::Level;

use crate::{page_cache::PageCache, security::SecurityHeaders};

/// The longest path and query that is answered here, in bytes: longer than any public page's
/// address, and too short to be worth a refusal.
const MAX_ADDRESS: usize = 512;

/// Sends finished public pages, and passes every other request on to the router.
///
/// A finished page needs none of the router's layers, each of which is copied for every request.
/// Requests that are to be logged pass through all of them.
#[derive(Clone, Debug)]
pub struct FinishedPages(Arc<Behind>);

/// What all copies of [`FinishedPages`] share: one counter is moved for each request.
#[derive(Debug)]
struct Behind {
    cache: PageCache,
    newsroom: Arc<Newsroom>,
    security: SecurityHeaders,
    router: Router,
}

impl FinishedPages {
    /// Returns `router` behind the pages of `cache`, which get the headers of every response.
    pub fn new(
        cache: PageCache,
        newsroom: Arc<Newsroom>,
        security: SecurityHeaders,
        router: Router,
    ) -> Self {
        Self(Arc::new(Behind {
            cache,
            newsroom,
            security,
            router,
        }))
    }

    /// Returns the response to `request` if it is the GET of a finished page.
    pub fn page<B: HttpBody>(&self, request: &Request<B>) -> Option<Response> {
        let address = request.uri().path_and_query()?.as_str();
        if *request.method() != Method::GET
            || address.len() > MAX_ADDRESS
            || !request.body().is_end_stream()
            || tracing::enabled!(target: "tower_http::trace::on_request", Level::DEBUG)
        {
            return None;
        }
        let hub = self.0.newsroom.hub();
        let mut page = self
            .0
            .cache
            .finished(hub, request.uri(), request.headers())?;
        self.0.security.add_to(page.headers_mut());
        Some(page)
    }

    /// Passes `request` on to the router.
    pub fn pass_on(&self, request: Request<Body>) -> RouteFuture<Infallible> {
        self.0.router.clone().call(request)
    }
}

impl Service<Request<Body>> for FinishedPages {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, RouteFuture<Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // A router is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.page(&request) {
            Some(page) => Either::Left(ready(Ok(page))),
            None => Either::Right(self.pass_on(request)),
        }
    }
}
