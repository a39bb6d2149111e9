//! Renders pages, and runs server functions.

use std::{fmt, sync::Arc};

use app::{
    Assets, BodyOverride, DocumentList, PageRequest, RefusedForm, Shell, Site, SubmittedForm,
};
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
    cache::document::Document,
    problem::{NO_STORE, Problem},
    rendering::{Rendering, Slots},
    security::bodies::Sender,
};

/// The query parameters that pages read.
const QUERY_NAMES: [&str; 16] = [
    "order", "before", "next", "token", "posted", "edited", "deleted", "done", "draft", "user",
    "left", "held", "reported", "room", "name", "after",
];

/// The end of a document.
const END: &[u8] = b"</html>";

/// Renders pages and runs server functions; cheap to clone.
#[derive(Clone)]
pub struct Pages {
    newsroom: Arc<Newsroom>,
    assets: Arc<Assets>,
    site: Site,
    rendering: Rendering,
}

impl Pages {
    /// Renders pages of `newsroom` on `site`, with links to the files of a build, in slots of
    /// `rendering`.
    pub fn new(newsroom: Arc<Newsroom>, assets: Assets, site: Site, rendering: Rendering) -> Self {
        Self {
            newsroom,
            assets: Arc::new(assets),
            site,
            rendering,
        }
    }

    /// Returns the files of the build.
    pub fn assets(&self) -> &Assets {
        &self.assets
    }

    /// Renders the public page at the request's URL. The caller of this function holds a slot.
    pub async fn render_public(self, request: Request<Body>) -> Response {
        self.document(request, None).await
    }

    /// Renders the personal page at the request's URL, once a slot is free.
    pub async fn render(&self, request: Request<Body>) -> Response {
        self.render_in_slot(request, None).await
    }

    /// Renders the page at `path` for `caller`, with the submitted form and its error message. The
    /// form's fields keep their values. If the page can't be shown, returns an error page.
    pub async fn render_with_errors(
        &self,
        path: &str,
        caller: Option<Caller>,
        status: StatusCode,
        form: SubmittedForm,
    ) -> Response {
        self.form_page(path, caller, status, form)
            .await
            .unwrap_or_else(|error_page| error_page)
    }

    /// Renders the same page.
    ///
    /// # Errors
    /// An error page, without the form's fields, if the page can't be shown.
    pub async fn form_page(
        &self,
        path: &str,
        caller: Option<Caller>,
        status: StatusCode,
        form: SubmittedForm,
    ) -> Result<Response, Response> {
        let page_request = PageRequest {
            caller,
            submitted: Some(Arc::new(form)),
            ..PageRequest::default()
        };
        self.page(path, page_request, status).await
    }

    /// Renders the page at `path`, with the caller and the submitted form of `page_request`.
    pub async fn render_for(
        &self,
        path: &str,
        page_request: PageRequest,
        status: StatusCode,
    ) -> Response {
        self.page(path, page_request, status)
            .await
            .unwrap_or_else(|error_page| error_page)
    }

    async fn page(
        &self,
        path: &str,
        page_request: PageRequest,
        status: StatusCode,
    ) -> Result<Response, Response> {
        let mut request = Request::new(Body::empty());
        let Ok(uri) = path.parse::<Uri>() else {
            let problem = Problem::new(StatusCode::NOT_FOUND, "There is no such page.");
            return Err(problem.into_response());
        };
        *request.uri_mut() = uri;
        request.extensions_mut().insert(page_request);
        let mut response = self.render(request).await;
        if !response.status().is_success() {
            return Err(response);
        }
        *response.status_mut() = status;
        Ok(response)
    }

    /// Renders a problem as a page.
    pub async fn render_problem(&self, problem: Problem) -> Response {
        let status = problem.status();
        let body = BodyOverride::Problem(status, problem.sentence().to_owned());
        self.render_override(status, body).await
    }

    /// Renders a page with the fields of a form that was refused.
    pub async fn render_refused_form(&self, form: RefusedForm) -> Response {
        let status = form.status;
        let body = BodyOverride::RefusedForm(form);
        let slots = self.rendering.refused_forms();
        let response = self.in_slot(slots, Request::default(), Some(body)).await;
        Self::with_status(status, response)
    }

    /// Renders a page that has no URL and is never cached.
    async fn render_override(&self, status: StatusCode, body: BodyOverride) -> Response {
        let response = self.render_in_slot(Request::default(), Some(body)).await;
        Self::with_status(status, response)
    }

    /// Sets the status of a page that has no URL.
    fn with_status(status: StatusCode, mut response: Response) -> Response {
        if response.extensions().get::<Problem>().is_some() {
            return response;
        }
        *response.status_mut() = status;
        response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
        response
    }

    /// Renders the document once a slot is free.
    async fn render_in_slot(
        &self,
        request: Request<Body>,
        body_override: Option<BodyOverride>,
    ) -> Response {
        let slots = match Sender::of(&request) {
            Sender::Caller(_) => self.rendering.personal(),
            Sender::Anonymous | Sender::Guest(_) | Sender::Refused => self.rendering.public(),
        };
        self.in_slot(slots, request, body_override).await
    }

    async fn in_slot(
        &self,
        slots: &Slots,
        request: Request<Body>,
        body_override: Option<BodyOverride>,
    ) -> Response {
        let pages = self.clone();
        let document = slots.run(async move { pages.document(request, body_override).await });
        document.await.unwrap_or_else(IntoResponse::into_response)
    }

    /// Runs a server function.
    pub async fn call(&self, request: Request<Body>) -> Response {
        handle_server_fns_with_context(self.context(&request), request)
            .await
            .into_response()
    }

    /// Renders the document: the page at the request's URL, or the content that replaces it.
    async fn document(
        &self,
        mut request: Request<Body>,
        body_override: Option<BodyOverride>,
    ) -> Response {
        keep_known_parameters(request.uri_mut());
        let assets = Arc::clone(&self.assets);
        let shell = move || {
            view! { <Shell assets=(*assets).clone() body_override=body_override.clone() /> }
        };
        let list = DocumentList::default();
        let (context, list_in_context) = (self.context(&request), list.clone());
        let with_list = move || {
            context();
            provide_context(list_in_context.clone());
        };
        let render = render_app_async_with_context(with_list, shell);
        let (mut parts, body) = render(request).await.into_parts();
        let Ok(mut html) = to_bytes(body, usize::MAX).await else {
            let sentence = "The page could not be rendered. Try again.";
            return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, sentence).into_response();
        };
        // Removes the scripts that Leptos appends for resources. No page has resources, and the
        // scripts' nonce would make every rendering different.
        let end = html.windows(END.len()).rposition(|bytes| bytes == END);
        html.truncate(end.map_or(html.len(), |at| at + END.len()));
        parts.headers.remove(CONTENT_LENGTH);
        let (document, body) = Document::new(html, &list).into_response().into_parts();
        parts.extensions.extend(document.extensions);
        Response::from_parts(parts, body)
    }

    /// Returns the function that provides the context of a page or a server function.
    fn context(
        &self,
        request: &Request<Body>,
    ) -> impl Fn() + Clone + Send + Sync + 'static + use<> {
        let (newsroom, site) = (Arc::clone(&self.newsroom), self.site.clone());
        let page_request = request.extensions().get::<PageRequest>().cloned();
        let page_request = page_request.unwrap_or_default();
        move || {
            provide_context(page_request.clone());
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

/// Removes all query parameters but the first value of each that a page reads. The router's time
/// grows with the square of the number of parameters.
fn keep_known_parameters(uri: &mut Uri) {
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
    // Parsing a path with percent-encoded text can't fail.
    if let Ok(target) = target.parse() {
        *uri = target;
    }
}

/// Returns whether the client accepts HTML, as browsers do for navigations.
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
    fn page_gets_only_the_parameters_that_it_reads() {
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
            keep_known_parameters(&mut uri);
            assert_eq!(uri.to_string(), kept);
        }
    }
}
