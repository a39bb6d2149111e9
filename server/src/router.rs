//! Which route stands where, and behind what.

use std::{net::SocketAddr, sync::Arc};

use app::App;
use axum::{
    Router,
    extract::{ConnectInfo, DefaultBodyLimit, Request, State},
    http::{
        HeaderValue, Request as HttpRequest, StatusCode,
        header::{ALLOW, CACHE_CONTROL},
    },
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, get, on},
};
use leptos_axum::{AxumRouteListing, generate_route_list};
use tower::ServiceBuilder;
use tower_http::{
    compression::CompressionLayer,
    csrf::CsrfLayer,
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    trace::TraceLayer,
};
use tracing::{Span, field::display};

use crate::{
    api, feed, files, forms, health,
    identity::{identify, require_login, skip_login},
    length::limit_length,
    moved::follow_moves,
    page_cache::serve_finished,
    pages::{Pages, wants_page},
    problem::{NO_STORE, Problem},
    proxies::TrustedProxies,
    security::{SecurityHeaders, add_headers, refuse_cross_site},
    state::AppState,
    updates,
};

/// Everything the server answers.
pub fn router(state: AppState) -> Router {
    let mut public = Router::new();
    let mut author = forms::author_routes();
    let mut door = forms::door_routes();
    for page in generate_route_list(App) {
        match Audience::of(&page) {
            Audience::Everyone => public = public.route(page.path(), page_route()),
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
        .layer(from_fn_with_state(state.clone(), follow_moves))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(state.clone(), serve_finished));
    let personal = author
        .layer(from_fn_with_state(state.pages.clone(), require_login))
        .merge(door)
        .merge(server_functions())
        .layer(from_fn_with_state(state.clone(), identify));

    let security = SecurityHeaders::new(state.pages.assets(), &state.settings);
    let mut csrf = CsrfLayer::new();
    // Behind a proxy that renames the host, the public address is still this server's own.
    if let Ok(trusting) = csrf.clone().add_trusted_origin(state.settings.public_url()) {
        csrf = trusting;
    }
    let site = state.settings.site();
    let settings = Arc::clone(&state.settings);
    public
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
                .layer(SetRequestIdLayer::x_request_id(RandomId))
                .layer(
                    TraceLayer::new_for_http().make_span_with(move |request: &Request| {
                        request_span(&settings.trusted_proxies, request)
                    }),
                )
                .layer(PropagateRequestIdLayer::x_request_id())
                .layer(from_fn_with_state(security, add_headers))
                .layer(from_fn_with_state(state.pages.clone(), dress_problems))
                .layer(csrf.with_rejection_response(refuse_cross_site))
                .layer(from_fn(limit_length))
                // The one limit of a request's length is the layer's above.
                .layer(DefaultBodyLimit::disable()),
        )
        .with_state(state)
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

/// What the log says of the request that a line is about. Without the query: it may hold a secret.
fn request_span(proxies: &TrustedProxies, request: &Request) -> Span {
    let id = request_id(request);
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let client = peer.map(|peer| display(proxies.client(peer.ip(), request.headers())));
    tracing::info_span!("request", method = %request.method(), path = request.uri().path(), id, client)
}

/// What the log calls a request.
fn request_id(request: &Request) -> &str {
    let id = request.headers().get("x-request-id");
    id.and_then(|id| id.to_str().ok()).unwrap_or_default()
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
            path if path.starts_with("/desk") || path.ends_with("/compose") => Self::Author,
            _ => Self::Everyone,
        }
    }
}

fn page_route() -> MethodRouter<AppState> {
    get(async |State(pages): State<Pages>, request: Request| pages.render(request).await)
}

/// The islands' server functions, each at its own address.
fn server_functions() -> Router<AppState> {
    let call = async |State(pages): State<Pages>, request: Request| pages.call(request).await;
    server_fn::axum::server_fn_paths().fold(Router::new(), |router, (path, method)| {
        match MethodFilter::try_from(method) {
            Ok(method) => router.route(path, on(method, call)),
            // All are called by POST.
            Err(_) => router,
        }
    })
}

/// Says what is wrong in problem details where programs ask, as a page to whoever wants pages, and that
/// nobody may keep it.
async fn dress_problems(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    let of_program = api::is_at(request.uri().path()).then(|| request_id(&request).to_owned());
    let wants_page = wants_page(request.headers());
    let response = next.run(request).await;
    let status = response.status();
    // What a layer or the router said, it is made to say in our words.
    let problem = match status {
        StatusCode::PAYLOAD_TOO_LARGE => Some(Problem::new(
            status,
            match of_program {
                Some(_) => "This is larger than the 4 MiB that can be sent at once.",
                None => {
                    "This is larger than the 4 MiB that can be sent at once. Go back, and send less."
                }
            },
        )),
        StatusCode::METHOD_NOT_ALLOWED => Some(Problem::new(
            status,
            match of_program {
                Some(_) => {
                    "This address takes no request of this kind; Allow names those it takes."
                }
                None => "This address takes no request of this kind. Go back, and try another way.",
            },
        )),
        _ => response.extensions().get::<Problem>().cloned(),
    };
    let allowed = response.headers().get(ALLOW).cloned();
    let mut response = match (problem, of_program) {
        (Some(problem), Some(request_id)) => api::details(&problem, request_id),
        (Some(problem), None) if wants_page => pages.render_problem(problem).await,
        (Some(problem), None) => problem.into_response(),
        (None, _) => response,
    };
    let headers = response.headers_mut();
    if let Some(allowed) = allowed {
        headers.insert(ALLOW, allowed);
    }
    if status.is_client_error() || status.is_server_error() {
        headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
    }
    response
}
