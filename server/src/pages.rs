//! Renders pages.

use std::{fmt, sync::Arc};

use app::{Assets, DocumentList, PageOverride, PageRequest, Shell, Site, SubmittedForm};
use axum::{
    body::{Body, to_bytes},
    http::{
        HeaderMap, Request, StatusCode, Uri,
        header::{ACCEPT, CACHE_CONTROL, CONTENT_LENGTH},
    },
    response::{IntoResponse, Response},
};
use domain::Caller;
use leptos::prelude::*;
use leptos_axum::{handle_server_fns_with_context, render_app_async_with_context};
use newsroom::Newsroom;

use crate::{
    bodies::Sender,
    document::Document,
    problem::{NO_STORE, Problem},
    rendering::Rendering,
};

/// The names that pages read in their addresses' queries.
const QUERY_NAMES: [&str; 7] = [
    "order", "next", "token", "posted", "edited", "deleted", "done",
];

/// What a document ends with.
const END: &[u8] = b"</html>";

/// Renders pages, and runs server functions, with what both need.
#[derive(Clone)]
pub struct Pages {
    newsroom: Arc<Newsroom>,
    assets: Arc<Assets>,
    site: Site,
    rendering: Rendering,
}

impl Pages {
    /// Pages of `newsroom` on `site`, naming the files of a build, rendered in these slots.
    pub fn new(newsroom: Arc<Newsroom>, assets: Assets, site: Site, rendering: Rendering) -> Self {
        Self {
            newsroom,
            assets: Arc::new(assets),
            site,
            rendering,
        }
    }

    /// The files of the build.
    pub fn assets(&self) -> &Assets {
        &self.assets
    }

    /// The public page at the request's address, for a caller that holds a slot.
    pub async fn render_public(self, request: Request<Body>) -> Response {
        self.document(request, None).await
    }

    /// The personal page at the request's address, once a slot is free.
    pub async fn render(&self, request: Request<Body>) -> Response {
        self.render_in_slot(request, None).await
    }

    /// The page at `path` as `caller` sees it, with the form on it shown again: nothing that was
    /// typed is lost.
    pub async fn render_with_errors(
        &self,
        path: &str,
        caller: Option<Caller>,
        status: StatusCode,
        form: SubmittedForm,
    ) -> Response {
        let page_request = PageRequest {
            caller,
            session: None,
            submitted: Some(Arc::new(form)),
        };
        self.render_for(path, page_request, status).await
    }

    /// The page at `path`, rendered for the caller and with the submitted form in `page_request`.
    pub async fn render_for(
        &self,
        path: &str,
        page_request: PageRequest,
        status: StatusCode,
    ) -> Response {
        let mut request = Request::new(Body::empty());
        let Ok(uri) = path.parse::<Uri>() else {
            return Problem::new(StatusCode::NOT_FOUND, "There is no such page.").into_response();
        };
        *request.uri_mut() = uri;
        request.extensions_mut().insert(page_request);
        let mut response = self.render(request).await;
        if response.status().is_success() {
            *response.status_mut() = status;
        }
        response
    }

    /// Says why there is no page at an address, as a page.
    pub async fn render_problem(&self, problem: Problem) -> Response {
        let status = problem.status();
        let why = PageOverride::Error(status, problem.sentence().to_owned());
        self.render_override(status, why).await
    }

    /// Gives a form back that was sent to `path` by somebody who isn't logged in any more.
    pub async fn render_resend(&self, path: &str, fields: Vec<(String, String)>) -> Response {
        let form = PageOverride::Resubmit(path.to_owned(), fields);
        self.render_override(StatusCode::UNAUTHORIZED, form).await
    }

    /// A page that stands at no address, and is kept by nobody.
    async fn render_override(&self, status: StatusCode, page: PageOverride) -> Response {
        let request = Request::new(Body::empty());
        let mut response = self.render_in_slot(request, Some(page)).await;
        if response.extensions().get::<Problem>().is_some() {
            return response;
        }
        *response.status_mut() = status;
        response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
        response
    }

    /// The document of the page, once a slot is free.
    async fn render_in_slot(
        &self,
        request: Request<Body>,
        page_override: Option<PageOverride>,
    ) -> Response {
        let slots = match Sender::of(&request) {
            Sender::Caller => self.rendering.personal(),
            Sender::Anonymous => self.rendering.public(),
        };
        let pages = self.clone();
        let document = slots.run(async move { pages.document(request, page_override).await });
        document.await.unwrap_or_else(IntoResponse::into_response)
    }

    /// Runs a server function.
    pub async fn call(&self, request: Request<Body>) -> Response {
        handle_server_fns_with_context(self.context(), request)
            .await
            .into_response()
    }

    /// The document of the page at the request's address, or of what is shown instead.
    async fn document(
        &self,
        mut request: Request<Body>,
        page_override: Option<PageOverride>,
    ) -> Response {
        keep_known_names(request.uri_mut());
        let assets = Arc::clone(&self.assets);
        let shell = move || view! { <Shell assets=(*assets).clone() page_override=page_override.clone() /> };
        let list = DocumentList::default();
        let (context, in_context) = (self.context(), list.clone());
        let with_list = move || {
            context();
            provide_context(in_context.clone());
        };
        let render = render_app_async_with_context(with_list, shell);
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
        let (document, body) = Document::new(html, &list).into_response().into_parts();
        parts.extensions.extend(document.extensions);
        Response::from_parts(parts, body)
    }

    fn context(&self) -> impl Fn() + Clone + Send + Sync + 'static {
        let (newsroom, site) = (Arc::clone(&self.newsroom), self.site.clone());
        move || {
            provide_context(Arc::clone(&newsroom));
            provide_context(site.clone());
        }
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}

/// Leaves of an address's query the first value of each name that a page reads: the router walks
/// through all names for each name.
fn keep_known_names(uri: &mut Uri) {
    let Some(query) = uri.query() else {
        return;
    };
    let mut known = form_urlencoded::Serializer::new(String::new());
    for name in QUERY_NAMES {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        if let Some((_, value)) = pairs.find(|(key, _)| key == name) {
            known.append_pair(name, &value);
        }
    }
    let path = uri.path();
    let target = match &*known.finish() {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    };
    // Made of the path and of percent-encoded text, it can be read again.
    if let Ok(target) = target.parse() {
        *uri = target;
    }
}

/// Whether whoever asks wants a page, and not a program's answer.
pub fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_given_the_names_it_reads_and_no_others() {
        for (target, kept) in [
            ("/login", "/login"),
            ("/login?", "/login"),
            (
                "/login?a&b=1&%6eext=/desk%26&next=2",
                "/login?next=%2Fdesk%26",
            ),
            ("/x?posted=7&order=latest", "/x?order=latest&posted=7"),
            ("/x?token=%ff", "/x?token=%EF%BF%BD"),
        ] {
            let mut uri = target.parse().unwrap();
            keep_known_names(&mut uri);
            assert_eq!(uri.to_string(), kept);
        }
    }
}
