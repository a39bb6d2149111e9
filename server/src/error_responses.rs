//! Renders every error response in the format of its route, whichever layer rejected the request:
//! problem details (RFC 9457) for the API, an encoded `AppError` for server functions, a page with
//! the submitted texts for forms, and a page or one sentence of text for everything else.

use std::panic::AssertUnwindSafe;

use app::AppError;
use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode, Uri,
        header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, RETRY_AFTER},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use leptos::prelude::FromServerFnError;
use server_fn::error::SERVER_FN_ERROR_HEADER;

use crate::{
    extract::{fields::Fields, programs::is_for_programs},
    pages::{Pages, wants_page},
    problem::{NO_STORE, Problem, panicked},
    refused_form::SentForm,
    routes::api,
    security::bodies::{Bodies, UnreadBody},
};

/// The longest path and query of a request, in bytes. The longest link in a page has some hundred
/// bytes; common proxies have about the same limit.
const TARGET_LIMIT: usize = 8 * 1024;

/// The path prefix of the server functions.
const FUNCTIONS: &str = "/fn/";

/// The format of a route's error responses.
enum ErrorFormat {
    /// Problem details, with the request's id.
    Details(String),
    /// An error of the server function at this path.
    Function(String),
    /// A page.
    Page,
    /// One sentence of text.
    Text,
}

impl ErrorFormat {
    fn of(request: &Request) -> Self {
        let path = request.uri().path();
        if api::is_at(path) {
            Self::Details(request_id(request.headers()).to_owned())
        } else if path.starts_with(FUNCTIONS) {
            Self::Function(path.to_owned())
        } else if wants_page(request.headers()) {
            Self::Page
        } else if is_for_programs(path) {
            Self::Details(request_id(request.headers()).to_owned())
        } else {
            Self::Text
        }
    }

    /// Returns the only media type that the route's clients can decode; `None` if there is none.
    const fn required_type(&self) -> Option<&'static str> {
        match self {
            Self::Details(_) => Some("application/problem+json"),
            Self::Function(_) => Some("application/json"),
            Self::Page | Self::Text => None,
        }
    }

    /// Returns whether `response` already has a media type that the route's clients can decode.
    fn matches(&self, response: &Response) -> bool {
        let sent = response.headers().get(CONTENT_TYPE);
        self.required_type()
            .is_none_or(|required| sent.is_some_and(|sent| sent == required))
    }
}

/// Returns the id of a request, as it appears in the log.
pub fn request_id(headers: &HeaderMap) -> &str {
    let id = headers.get("x-request-id");
    id.and_then(|id| id.to_str().ok()).unwrap_or_default()
}

/// Renders the inner service's error responses in the format of the route. Responds with 500 if the
/// service panics, and with 414 if the URL is too long. Error responses are never cached.
pub async fn render_errors(
    State(pages): State<Pages>,
    State(bodies): State<Bodies>,
    mut request: Request,
    next: Next,
) -> Response {
    let format = ErrorFormat::of(&request);
    let form = SentForm::keep(&mut request);
    let unread = UnreadBody::share(&mut request);
    let response = if target_length(request.uri()) > TARGET_LIMIT {
        let sentence = "This address is longer than 8 KiB. The link may be broken.";
        Problem::new(StatusCode::URI_TOO_LONG, sentence).into_response()
    } else {
        // A panic leaves shared state usable: poisoned locks are recovered, and caches retry.
        let handled = AssertUnwindSafe(next.run(request)).catch_unwind();
        handled.await.unwrap_or_else(|_| panicked().into_response())
    };
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let fields = match &form {
        Some(form) if is_error => {
            form.refused_fields(response.extensions(), unread.as_ref(), &bodies)
                .await
        }
        _ => None,
    };
    if let Some(unread) = unread {
        unread.discard().await;
    }
    if !is_error {
        return response;
    }
    render_error(&pages, format, form.zip(fields), response).await
}

/// Returns an error response in the route's format: for a form that was refused, with its fields, a
/// page that returns them.
async fn render_error(
    pages: &Pages,
    format: ErrorFormat,
    form: Option<(SentForm, Fields)>,
    response: Response,
) -> Response {
    let problem = problem_of(&format, &response);
    let kept =
        [ALLOW, ETAG, RETRY_AFTER].map(|name| (response.headers().get(&name).cloned(), name));
    let returned = form.zip(problem.as_ref());
    let returned = returned.and_then(|((form, fields), problem)| {
        form.returned(&fields, problem, response.extensions())
    });
    let mut response = match (problem, format) {
        (Some(_), _) if let Some(form) = returned => pages.render_refused_form(form).await,
        (Some(problem), ErrorFormat::Details(request_id)) => api::details(&problem, request_id),
        (Some(problem), ErrorFormat::Function(path)) => function_error(&problem, &path),
        (Some(problem), ErrorFormat::Page) if problem.can_be_page() => {
            pages.render_problem(problem).await
        }
        (Some(problem), _) => problem.into_response(),
        (None, _) => response,
    };
    let headers = response.headers_mut();
    for (value, name) in kept {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    }
    headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
    response
}

/// Returns the problem behind an error response that has to be rendered again. `None` if the
/// response already has the route's format.
fn problem_of(format: &ErrorFormat, response: &Response) -> Option<Problem> {
    let status = response.status();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        let sentence = match format {
            ErrorFormat::Details(_) | ErrorFormat::Function(_) => {
                "This address does not support this method. The Allow header lists the methods it supports."
            }
            ErrorFormat::Page | ErrorFormat::Text => {
                "This address does not support this kind of request. Go back and try another way."
            }
        };
        return Some(Problem::new(status, sentence));
    }
    let problem = response.extensions().get::<Problem>().cloned();
    problem.or_else(|| {
        let sentence = if status.is_server_error() {
            "The server failed. Try again."
        } else {
            "The server did not understand the request."
        };
        // The router and libraries respond with their own texts.
        (!format.matches(response)).then(|| Problem::new(status, sentence))
    })
}

/// Returns the length of the path and the query, in bytes.
fn target_length(uri: &Uri) -> usize {
    uri.path_and_query()
        .map_or(0, |target| target.as_str().len())
}

/// Returns `problem` as an `AppError`, in the encoding of the server function at `path`.
fn function_error(problem: &Problem, path: &str) -> Response {
    let status = problem.status();
    let error = AppError::of_status(status, problem.sentence().to_owned());
    let headers = [
        (CACHE_CONTROL, NO_STORE),
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
    ];
    let mut response = (status, headers, error.ser()).into_response();
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(SERVER_FN_ERROR_HEADER, path);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::{
        Router,
        body::{Body, to_bytes},
        middleware::from_fn_with_state,
        routing::{get, post},
    };
    use clap::Parser;
    use tower::ServiceExt;

    use super::*;
    use crate::{AppState, Settings, router};

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        settings: Settings,
    }

    async fn state(folder: &tempfile::TempDir) -> AppState {
        let data = folder.path().to_str().unwrap();
        let settings = Flags::parse_from(["test", "--data", data]).settings;
        let state = AppState::open(settings).await.unwrap();
        // Building the router also initializes Leptos's executor.
        let _: Router = router(state.clone());
        state
    }

    /// Sends a GET to `router`. Returns the head and the text of the response.
    async fn get_from(router: &Router, path: &str, accept: &str) -> (Response<()>, String) {
        let request = Request::get(path).header("accept", accept);
        let request = request.body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        (Response::from_parts(head, ()), text)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn errors_have_a_retry_after_header_in_every_format() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(&folder).await;
        let busy =
            || get(async || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Busy.").retry_after(7));
        let slow = || get(async || Problem::new(StatusCode::REQUEST_TIMEOUT, "Slow."));
        // A response in the style of a library.
        let foreign = || get(async || (StatusCode::BAD_REQUEST, "some library's detail"));
        let mut handlers = Router::new();
        for (name, route) in [("busy", busy()), ("slow", slow()), ("foreign", foreign())] {
            for root in ["/api/v1", "/fn", ""] {
                handlers = handlers.route(&format!("{root}/{name}"), route.clone());
            }
        }
        let router: Router = handlers.layer(from_fn_with_state(state, render_errors));
        for (path, status, text) in [
            ("/api/v1/busy", 503, "\"detail\":\"Busy.\""),
            ("/fn/busy", 503, "{\"Unavailable\":\"Busy.\"}"),
            ("/busy", 503, "Busy."),
            ("/api/v1/slow", 408, "\"detail\":\"Slow.\""),
            ("/fn/slow", 408, "{\"Unavailable\":\"Slow.\"}"),
            ("/slow", 408, "Slow."),
            ("/api/v1/foreign", 400, "did not understand"),
            (
                "/fn/foreign",
                400,
                "{\"Refused\":\"The server did not understand the request.\"}",
            ),
        ] {
            let (head, body) = get_from(&router, path, "*/*").await;
            assert_eq!(head.status(), status, "{path}");
            assert!(body.contains(text), "{path}: {body}");
            assert!(!body.contains("library"), "{path}: {body}");
            let retry = head.headers().get(RETRY_AFTER);
            assert_eq!(
                retry.is_some_and(|after| after == "7"),
                status == 503,
                "{path}"
            );
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn panic_is_a_500_in_the_format_of_its_route() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(&folder).await;
        let broken = || get(async || -> Response { panic!("from the test") });
        let router = Router::new()
            .route("/api/v1/broken", broken())
            .route("/fn/broken", broken())
            .route("/broken", broken())
            .layer(from_fn_with_state(state, render_errors));
        for (path, accept, media_type, text) in [
            (
                "/api/v1/broken",
                "*/*",
                "application/problem+json",
                "\"status\":500",
            ),
            (
                "/fn/broken",
                "*/*",
                "application/json",
                "{\"Unavailable\":\"The server failed",
            ),
            (
                "/broken",
                "text/html",
                "text/html; charset=utf-8",
                "<h1>Temporarily unavailable",
            ),
            (
                "/broken",
                "*/*",
                "text/plain; charset=utf-8",
                "The server failed",
            ),
        ] {
            let (head, body) = get_from(&router, path, accept).await;
            assert_eq!(head.status(), 500, "{path}");
            assert_eq!(head.headers()[CONTENT_TYPE], media_type, "{path}");
            assert_eq!(head.headers()[CACHE_CONTROL], NO_STORE, "{path}");
            assert!(body.contains(text), "{path}: {body}");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn panic_of_a_forms_handler_loses_no_text() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(&folder).await;
        let broken = post(async |_: Fields| -> Response { panic!("from the test") });
        let router: Router = Router::new()
            .route("/entries/{slug}/compose", broken)
            .layer(from_fn_with_state(state.clone(), render_errors))
            .with_state(state);
        let request = Request::post("/entries/final/compose")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from("op_id=12345678&source=Every+word"))
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let html = str::from_utf8(&body).unwrap();
        assert!(
            html.contains("Every word") && html.contains("12345678"),
            "{html}"
        );
    }
}
