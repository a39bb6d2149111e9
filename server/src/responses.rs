//! Responds to every request in the encoding of its route, whichever layer refuses it: problem details
//! for programs (RFC 9457), an encoded `AppError` for server functions, a page or a sentence for people.

use std::panic::AssertUnwindSafe;

use app::AppError;
use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode, Uri,
        header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use leptos::prelude::FromServerFnError;
use server_fn::error::SERVER_FN_ERROR_HEADER;

use crate::{
    api,
    bodies::Unread,
    pages::{Pages, wants_page},
    problem::{NO_STORE, Problem},
};

/// The longest path and query, in bytes. The longest that a page links to has some hundred; proxies
/// take about as much as this.
const TARGET_LIMIT: usize = 8 * 1024;

/// Where the server functions are.
const FUNCTIONS: &str = "/fn/";

/// How a refusal is told to the client of a route.
enum Encoding {
    /// As problem details, with the request's id.
    Details(String),
    /// As the error of the server function at this path.
    Function(String),
    /// As a page.
    Page,
    /// As one sentence.
    Text,
}

impl Encoding {
    fn of(request: &Request) -> Self {
        let path = request.uri().path();
        if api::is_at(path) {
            Self::Details(request_id(request.headers()).to_owned())
        } else if path.starts_with(FUNCTIONS) {
            Self::Function(path.to_owned())
        } else if wants_page(request.headers()) {
            Self::Page
        } else {
            Self::Text
        }
    }

    /// The media type of what a client of the route is able to decode; `None` if any will do.
    const fn required_type(&self) -> Option<&'static str> {
        match self {
            Self::Details(_) => Some("application/problem+json"),
            Self::Function(_) => Some("application/json"),
            Self::Page | Self::Text => None,
        }
    }

    /// Whether `response` is in this encoding already.
    fn is_of(&self, response: &Response) -> bool {
        let sent = response.headers().get(CONTENT_TYPE);
        self.required_type()
            .is_none_or(|required| sent.is_some_and(|sent| sent == required))
    }
}

/// What the log calls a request.
pub fn request_id(headers: &HeaderMap) -> &str {
    let id = headers.get("x-request-id");
    id.and_then(|id| id.to_str().ok()).unwrap_or_default()
}

/// Runs what it leads to, and responds in the encoding of the route. A panic becomes a 500; an address
/// that is too long a 414. Caches may keep no refusal.
pub async fn respond(State(pages): State<Pages>, mut request: Request, next: Next) -> Response {
    let encoding = Encoding::of(&request);
    let unread = Unread::lend(&mut request);
    let response = if target_length(request.uri()) > TARGET_LIMIT {
        let sentence = "This address is longer than 8 KiB. The link may be broken.";
        Problem::new(StatusCode::URI_TOO_LONG, sentence).into_response()
    } else {
        // What a request shares with others is left whole by a panic: locks recover, caches try again.
        let handled = AssertUnwindSafe(next.run(request)).catch_unwind();
        handled.await.unwrap_or_else(|_| panicked().into_response())
    };
    if let Some(unread) = unread {
        unread.discard().await;
    }
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    refuse(&pages, encoding, response).await
}

/// A refusal in the route's encoding.
async fn refuse(pages: &Pages, encoding: Encoding, response: Response) -> Response {
    let problem = problem_of(&encoding, &response);
    let kept = [ALLOW, RETRY_AFTER].map(|name| (response.headers().get(&name).cloned(), name));
    let mut response = match (problem, encoding) {
        (Some(problem), Encoding::Details(request_id)) => api::details(&problem, request_id),
        (Some(problem), Encoding::Function(path)) => function_error(&problem, &path),
        (Some(problem), Encoding::Page) if problem.can_be_page() => {
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

/// Why a request was refused, if that is to be encoded anew: by a handler or a layer of ours, or by the
/// router or a library, which say it in words of their own.
fn problem_of(encoding: &Encoding, response: &Response) -> Option<Problem> {
    let status = response.status();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        let sentence = match encoding {
            Encoding::Details(_) | Encoding::Function(_) => {
                "This address takes no request of this kind; Allow names those it takes."
            }
            Encoding::Page | Encoding::Text => {
                "This address takes no request of this kind. Go back, and try another way."
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
        (!encoding.is_of(response)).then(|| Problem::new(status, sentence))
    })
}

/// How long the path and the query of an address are, in bytes.
fn target_length(uri: &Uri) -> usize {
    uri.path_and_query()
        .map_or(0, |target| target.as_str().len())
}

/// The response to a request whose handler panicked. The panic itself was logged when it happened.
pub fn panicked() -> Problem {
    let sentence =
        "The server failed, and may have done what was asked or not. Look before you try again.";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, sentence)
}

/// The refusal as the client's stub of the server function at `path` decodes it.
fn function_error(problem: &Problem, path: &str) -> Response {
    let (status, sentence) = (problem.status(), problem.sentence().to_owned());
    let error = match status {
        StatusCode::UNAUTHORIZED => AppError::Unauthenticated(sentence),
        // The same again may go through.
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            AppError::Unavailable(sentence)
        }
        status if status.is_server_error() => AppError::Unavailable(sentence),
        _ => AppError::Refused(sentence),
    };
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
        routing::get,
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
        // Listing the pages' routes starts what Leptos renders with.
        let _: Router = router(state.clone());
        state
    }

    /// What `router` responds to a GET: the response's head, and its text.
    async fn get_from(router: &Router, path: &str, accept: &str) -> (Response<()>, String) {
        let request = Request::get(path).header("accept", accept);
        let request = request.body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        (Response::from_parts(head, ()), text)
    }

    /// Whatever a layer refuses, a client learns whether and when to try again.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_encoding_tells_whether_to_try_again() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(&folder).await;
        let busy =
            || get(async || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Busy.").retry_after(7));
        let slow = || get(async || Problem::new(StatusCode::REQUEST_TIMEOUT, "Slow."));
        // As a library would respond, in its own words.
        let foreign = || get(async || (StatusCode::BAD_REQUEST, "some library's detail"));
        let mut handlers = Router::new();
        for (name, route) in [("busy", busy()), ("slow", slow()), ("foreign", foreign())] {
            for root in ["/api/v1", "/fn", ""] {
                handlers = handlers.route(&format!("{root}/{name}"), route.clone());
            }
        }
        let router: Router = handlers.layer(from_fn_with_state(state.pages, respond));
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

    /// A panic is a programming error of one handler: whoever asked gets a response, in the encoding of
    /// the route, and the connection lives on.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_panic_is_a_500_in_the_encoding_of_its_route() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(&folder).await;
        let broken = || get(async || -> Response { panic!("a test's own") });
        let router = Router::new()
            .route("/api/v1/broken", broken())
            .route("/fn/broken", broken())
            .route("/broken", broken())
            .layer(from_fn_with_state(state.pages, respond));
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
                "<h1>Not available",
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
}
