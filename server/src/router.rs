//! Which route stands where, and behind what.

use std::{net::SocketAddr, sync::Arc};

use app::App;
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, DefaultBodyLimit, Request, State},
    http::{HeaderValue, Request as HttpRequest, StatusCode},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, get, on},
};
use leptos_axum::{AxumRouteListing, generate_route_list};
use newsroom::Error;
use tower::ServiceBuilder;
use tower_http::{
    csrf::CsrfLayer,
    request_id::{MakeRequestId, RequestId, SetRequestIdLayer},
    trace::TraceLayer,
};
use tracing::{Span, field::display};

use crate::{
    api,
    bodies::{Bodies, ReceivedBody, Sender},
    error_responses::{render_errors, request_id},
    feed, files,
    finished_pages::FinishedPages,
    forms, health,
    identity::{identify, require_login, skip_login},
    page_cache::serve_finished,
    pages::Pages,
    problem::Problem,
    proxies::TrustedProxies,
    security::{SecurityHeaders, add_headers, refuse_cross_site},
    slug_redirects::redirect_old_slugs,
    state::AppState,
    updates,
};

/// The longest id of a request that is kept, in characters: a UUID has 36, a SHA-256 in hex 64.
const LONGEST_ID: usize = 64;

/// Returns [`service`] as a router, for callers that need one.
pub fn router(state: AppState) -> Router {
    Router::new().fallback_service(service(state))
}

/// Everything the server answers.
pub fn service(state: AppState) -> FinishedPages {
    let mut public = Router::new();
    let mut author = forms::author_routes();
    let mut door = forms::door_routes();
    for page in generate_route_list(App) {
        match Audience::of(&page) {
            Audience::Everyone => public = public.route(page.path(), public_page_route()),
            Audience::Author => author = author.route(page.path(), page_route()),
            Audience::Door => {
                door = door.route(page.path(), page_route().layer(from_fn(skip_login)));
            }
            Audience::NewOwner => {
                let guard = from_fn_with_state(state.clone(), forms::guard_set_up);
                door = door.route(page.path(), page_route().layer(guard));
            }
        }
    }
    let public = public
        .merge(updates::routes())
        .layer(from_fn_with_state(state.clone(), redirect_old_slugs))
        .layer(from_fn_with_state(state.clone(), serve_finished));
    let personal = author
        .layer(from_fn_with_state(state.clone(), require_login))
        .merge(door)
        .merge(server_functions())
        .layer(from_fn_with_state(state.clone(), identify));

    let security = SecurityHeaders::new(state.pages.assets(), &state.settings);
    let mut csrf = CsrfLayer::new();
    // Behind a proxy that renames the host, the public address is still this server's own.
    let public_url = state.settings.public_url();
    if let Ok(trusting) = csrf.clone().add_trusted_origin(public_url.as_str()) {
        csrf = trusting;
    }
    let site = state.settings.site();
    let settings = Arc::clone(&state.settings);
    let (page_cache, newsroom) = (state.page_cache.clone(), Arc::clone(&state.newsroom));
    let headers = security.clone();
    let routes = public
        .merge(personal)
        .merge(api::routes())
        .merge(feed::routes())
        .merge(health::routes())
        .nest("/pkg", files::built(&site.join("pkg")))
        .merge(files::other(&site))
        // From the outside in, and all at once: each layer that a router is given by itself is one
        // more box to be made for every request.
        .layer(
            ServiceBuilder::new()
                .map_request(forget_odd_id)
                .layer(SetRequestIdLayer::x_request_id(RandomId))
                .layer(
                    TraceLayer::new_for_http().make_span_with(move |request: &Request| {
                        request_span(&settings.trusted_proxies, request)
                    }),
                )
                .layer(from_fn_with_state(security, add_headers))
                .layer(from_fn_with_state(state.pages.clone(), render_errors))
                .layer(csrf.with_rejection_response(refuse_cross_site))
                // Each handler reads a body within its own limit.
                .layer(DefaultBodyLimit::disable()),
        )
        .with_state(state);
    FinishedPages::new(page_cache, newsroom, headers, routes)
}

/// Names requests in the log. Not by UUIDs, which ask the system for randomness each time.
#[derive(Clone, Copy)]
struct RandomId;

impl MakeRequestId for RandomId {
    fn make_request_id<B>(&mut self, _: &HttpRequest<B>) -> Option<RequestId> {
        let id = format!("{:016x}", rand::random::<u64>());
        HeaderValue::try_from(id).ok().map(RequestId::new)
    }
}

/// Takes an id from a request that isn't short and plain, so that it gets another: ids come back in
/// responses, and stand in the log.
fn forget_odd_id(mut request: Request) -> Request {
    let odd = |id: &HeaderValue| {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        !(1..=LONGEST_ID).contains(&id.len()) || !id.as_bytes().iter().all(plain)
    };
    if request.headers().get("x-request-id").is_some_and(odd) {
        request.headers_mut().remove("x-request-id");
    }
    request
}

/// What the log says of the request that a line is about. Without the query: it may hold a secret.
fn request_span(proxies: &TrustedProxies, request: &Request) -> Span {
    let id = request_id(request.headers());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let client = peer.map(|peer| display(proxies.client(peer.ip(), request.headers())));
    tracing::info_span!("request", method = %request.method(), path = request.uri().path(), id, client)
}

/// Whom a page is for.
enum Audience {
    /// The same for everyone, cached, and without cookies.
    Everyone,
    /// For those who are logged in.
    Author,
    /// For those who aren't yet.
    Door,
    /// For whoever holds the token that the server printed.
    NewOwner,
}

impl Audience {
    fn of(page: &AxumRouteListing) -> Self {
        match page.path() {
            "/login" => Self::Door,
            "/setup" => Self::NewOwner,
            "/account" => Self::Author,
            path if path.starts_with("/desk") || path.ends_with("/compose") => Self::Author,
            _ => Self::Everyone,
        }
    }
}

/// A public page, behind [`serve_finished`], which holds the slot for rendering.
fn public_page_route() -> MethodRouter<AppState> {
    get(async |State(pages): State<Pages>, request: Request| pages.render_public(request).await)
}

fn page_route() -> MethodRouter<AppState> {
    get(async |State(pages): State<Pages>, request: Request| pages.render(request).await)
}

/// The islands' server functions, each at its own address.
fn server_functions() -> Router<AppState> {
    let call =
        async |State(pages): State<Pages>, State(bodies): State<Bodies>, request: Request| {
            call_function(&pages, &bodies, request).await
        };
    server_fn::axum::server_fn_paths().fold(Router::new(), |router, (path, method)| {
        match MethodFilter::try_from(method) {
            Ok(method) => router.route(path, on(method, call)),
            // All are called by POST.
            Err(_) => router,
        }
    })
}

/// Runs a server function on the whole of its arguments.
async fn call_function(pages: &Pages, bodies: &Bodies, request: Request) -> Response {
    let sender = Sender::of(&request);
    let (parts, body) = request.into_parts();
    match bodies.receive(body, sender).await {
        Ok(ReceivedBody { bytes, held: _held }) => {
            let request = Request::from_parts(parts, Body::from(bytes));
            pages.call(request).await
        }
        // An author whose session has expired is told that, and not that a text is too long.
        Err(problem)
            if problem.status() == StatusCode::PAYLOAD_TOO_LARGE && sender == Sender::Anonymous =>
        {
            Problem::from(Error::Unauthenticated).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}
