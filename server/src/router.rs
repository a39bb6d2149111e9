//! Puts the routes and their layers together.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{ConnectInfo, DefaultBodyLimit, Request},
    http::{HeaderValue, Request as HttpRequest},
    middleware::{from_fn, from_fn_with_state},
};
use tower::ServiceBuilder;
use tower_http::{
    csrf::CsrfLayer,
    request_id::{MakeRequestId, RequestId, SetRequestIdLayer},
    trace::TraceLayer,
};
use tracing::{Span, field::display};

use crate::{
    cache::{
        pages::{CachedPages, serve_cached},
        service::PageCacheService,
    },
    error_responses::{render_errors, request_id},
    routes::{
        api, cached::CachedRoutes, feed, files, forms, functions, health, likes, pages, rooms,
        slug_redirects::redirect_old_slugs, updates,
    },
    security::{
        csrf::refuse_cross_site,
        guards::require_login,
        headers::{SecurityHeaders, add_headers},
        identity::identify,
        proxies::TrustedProxies,
    },
    state::AppState,
};

/// The longest request id that is accepted from a client, in characters: a UUID has 36, a SHA-256
/// in hex has 64.
const MAX_ID_LENGTH: usize = 64;

/// Returns `service` as a router, for callers that need one.
pub fn router(state: AppState) -> Router {
    Router::new().fallback_service(service(state))
}

/// Returns the service that handles all requests.
pub fn service(state: AppState) -> PageCacheService {
    let pages = pages::routes(&state);
    let CachedRoutes {
        router: public,
        keys,
    } = updates::add_to(pages.public);
    let cached = CachedPages {
        cache: state.page_cache.clone(),
        keys: Arc::new(keys),
        newsroom: Arc::clone(&state.newsroom),
        rendering: state.rendering.clone(),
    };
    let public = public
        .layer(from_fn_with_state(state.clone(), redirect_old_slugs))
        .layer(from_fn_with_state(cached.clone(), serve_cached));
    let personal = pages
        .member
        .merge(forms::member_routes())
        .layer(from_fn(require_login))
        .merge(pages.anyone)
        .merge(pages.guest)
        .merge(forms::guest_routes())
        .merge(functions::routes())
        .merge(rooms::routes())
        .merge(likes::routes())
        .layer(from_fn_with_state(state.clone(), identify));

    let security = SecurityHeaders::new(state.pages.assets(), &state.settings);
    let mut csrf = CsrfLayer::new();
    // Behind a proxy that changes the host, requests from the public URL are still same-site.
    let public_url = state.settings.public_url();
    if let Ok(with_origin) = csrf.clone().add_trusted_origin(public_url.as_str()) {
        csrf = with_origin;
    }
    let files = files::routes(&state.site);
    let settings = Arc::clone(&state.settings);
    let headers = security.clone();
    let routes = public
        .merge(personal)
        .merge(api::routes())
        .merge(feed::routes())
        .merge(health::routes())
        .merge(files)
        // From the outside in. One call for all layers, because each call of `Router::layer`
        // allocates a box for every request.
        .layer(
            ServiceBuilder::new()
                .map_request(remove_invalid_id)
                .layer(SetRequestIdLayer::x_request_id(RandomId))
                .layer(
                    TraceLayer::new_for_http().make_span_with(move |request: &Request| {
                        request_span(&settings.trusted_proxies, request)
                    }),
                )
                .layer(from_fn_with_state(security, add_headers))
                .layer(from_fn_with_state(state.clone(), render_errors))
                .layer(csrf.with_rejection_response(refuse_cross_site))
                // Each handler applies its own body limit.
                .layer(DefaultBodyLimit::disable()),
        )
        .with_state(state);
    PageCacheService::new(cached, headers, routes)
}

/// Creates request ids. Not UUIDs, whose random bits need a system call each.
#[derive(Clone, Copy)]
struct RandomId;

impl MakeRequestId for RandomId {
    fn make_request_id<B>(&mut self, _: &HttpRequest<B>) -> Option<RequestId> {
        let id = format!("{:016x}", rand::random::<u64>());
        HeaderValue::try_from(id).ok().map(RequestId::new)
    }
}

/// Removes a client's request id that is too long or has special characters, so that the request
/// gets a new one. Ids are sent in responses and written to the log.
fn remove_invalid_id(mut request: Request) -> Request {
    let is_invalid = |id: &HeaderValue| {
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        !(1..=MAX_ID_LENGTH).contains(&id.len()) || !id.as_bytes().iter().all(is_plain)
    };
    if request
        .headers()
        .get("x-request-id")
        .is_some_and(is_invalid)
    {
        request.headers_mut().remove("x-request-id");
    }
    request
}

/// Returns the path without the secret of a link that works once.
fn logged_path(path: &str) -> &str {
    let mut secret = ["/invite/", "/reset/"].into_iter();
    secret.find(|start| path.starts_with(start)).unwrap_or(path)
}

/// Returns the log's span of a request. Without the query and the parts of the path that may
/// contain a secret.
fn request_span(proxies: &TrustedProxies, request: &Request) -> Span {
    let id = request_id(request.headers());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let client = peer.map(|peer| display(proxies.client(peer.ip(), request.headers())));
    tracing::info_span!("request", method = %request.method(), path = logged_path(request.uri().path()), id, client)
}
