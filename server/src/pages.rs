//! Renders pages.

use std::{fmt, sync::Arc};

use app::{Assets, Instead, PageRequest, Shell, Typed};
use axum::{
    body::{Body, to_bytes},
    http::{
        HeaderMap, Request, StatusCode, Uri,
        header::{ACCEPT, CACHE_CONTROL, CONTENT_LENGTH},
    },
    response::{IntoResponse, Response},
};
use domain::Viewer;
use leptos::prelude::*;
use leptos_axum::{handle_server_fns_with_context, render_app_async_with_context};
use newsroom::Newsroom;

use crate::problem::{NO_STORE, Problem};

/// What a document ends with.
const END: &[u8] = b"</html>";

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
        self.document(request, None).await
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
        let status = problem.status();
        let why = Instead::Problem(status, problem.sentence().to_owned());
        self.render_instead(status, why).await
    }

    /// Gives a form back that was sent to `path` by somebody who isn't logged in any more.
    pub async fn render_resend(&self, path: &str, fields: Vec<(String, String)>) -> Response {
        let form = Instead::Resend(path.to_owned(), fields);
        self.render_instead(StatusCode::UNAUTHORIZED, form).await
    }

    /// A page that stands at no address, and is kept by nobody.
    async fn render_instead(&self, status: StatusCode, instead: Instead) -> Response {
        let request = Request::new(Body::empty());
        let mut response = self.document(request, Some(instead)).await;
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

    /// The document of the page at the request's address, or of what is shown instead.
    async fn document(&self, request: Request<Body>, instead: Option<Instead>) -> Response {
        let assets = Arc::clone(&self.assets);
        let shell = move || view! { <Shell assets=(*assets).clone() instead=instead.clone() /> };
        let render = render_app_async_with_context(self.context(), shell);
        let (mut parts, body) = render(request).await.into_parts();
        let Ok(mut html) = to_bytes(body, usize::MAX).await else {
            let sentence = "The page could not be rendered. Try again.";
            return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, sentence).into_response();
        };
        // Behind the document Leptos writes scripts for resources, which no page has; with their
        // nonce no two renders of a page would be the same.
        let end = html.windows(END.len()).rposition(|bytes| bytes == END);
        html.truncate(end.map_or(html.len(), |at| at + END.len()));
        parts.headers.remove(CONTENT_LENGTH);
        Response::from_parts(parts, Body::from(html))
    }

    fn context(&self) -> impl Fn() + Clone + Send + Sync + 'static {
        let newsroom = Arc::clone(&self.newsroom);
        move || provide_context(Arc::clone(&newsroom))
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
