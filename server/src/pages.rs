//! Renders pages.

use std::{fmt, sync::Arc};

use app::{Assets, PageRequest, Shell, Typed};
use axum::{
    body::Body,
    http::{
        HeaderMap, Request, StatusCode, Uri,
        header::{ACCEPT, CACHE_CONTROL},
    },
    response::{IntoResponse, Response},
};
use domain::Viewer;
use leptos::{nonce::Nonce, prelude::*};
use leptos_axum::{handle_server_fns_with_context, render_app_async_with_context};
use newsroom::Newsroom;

use crate::problem::{NO_STORE, Problem};

/// Renders pages, and runs server functions, with what both need.
#[derive(Clone)]
pub struct Pages {
    newsroom: Arc<Newsroom>,
    assets: Arc<Assets>,
}

impl Pages {
    /// Pages of `newsroom`, naming the files of a build.
    pub fn new(newsroom: Arc<Newsroom>, assets: Assets) -> Self {
        Self {
            newsroom,
            assets: Arc::new(assets),
        }
    }

    /// The files of the build.
    pub fn assets(&self) -> &Assets {
        &self.assets
    }

    /// The page at the request's address.
    pub async fn render(&self, request: Request<Body>) -> Response {
        let assets = Arc::clone(&self.assets);
        let shell = move || view! { <Shell assets=(*assets).clone() /> };
        render_app_async_with_context(self.context(), shell)(request).await
    }

    /// The page at `path` as `viewer` sees it, with the form on it shown again: nothing that was
    /// typed is lost.
    pub async fn render_again(
        &self,
        path: &str,
        viewer: Option<Viewer>,
        status: StatusCode,
        typed: Typed,
    ) -> Response {
        let mut request = Request::new(Body::empty());
        let Ok(uri) = path.parse::<Uri>() else {
            return Problem::new(StatusCode::NOT_FOUND, "There is no such page.").into_response();
        };
        *request.uri_mut() = uri;
        request.extensions_mut().insert(PageRequest {
            viewer,
            typed: Some(typed),
        });
        let mut response = self.render(request).await;
        if response.status().is_success() {
            *response.status_mut() = status;
        }
        response
    }

    /// Says why there is no page at an address, as a page.
    pub async fn render_problem(&self, problem: Problem) -> Response {
        let assets = Arc::clone(&self.assets);
        let status = problem.status();
        let why = Some((status, problem.sentence().to_owned()));
        let shell = move || view! { <Shell assets=(*assets).clone() problem=why.clone() /> };
        let blank = Request::new(Body::empty());
        let mut response = render_app_async_with_context(self.context(), shell)(blank).await;
        *response.status_mut() = status;
        response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
        response
    }

    /// Runs a server function.
    pub async fn call(&self, request: Request<Body>) -> Response {
        handle_server_fns_with_context(self.context(), request)
            .await
            .into_response()
    }

    fn context(&self) -> impl Fn() + Clone + Send + Sync + 'static {
        let newsroom = Arc::clone(&self.newsroom);
        move || {
            provide_context(Arc::clone(&newsroom));
            // Leptos mints one for each request, and every page would differ. The content security
            // policy names scripts by their hash, and ignores it.
            provide_context(Nonce::from_value("r"));
        }
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}

/// Whether whoever asks wants a page, and not a program's answer.
pub fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}
