//! The HTTP API at `/api/v1`. Clients authenticate with a bearer token, not with a cookie. They
//! send and receive JSON; errors are problem details (RFC 9457).

mod caller;
mod details;
mod document;
mod draft_version;
mod drafts;
mod entries;
mod if_match;
mod key;
mod moderation;
mod rooms;
mod updates;

pub use details::details;
pub use key::IdempotencyKey;

use axum::{Json, Router, http::header::CACHE_CONTROL, routing::get};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa_axum::router::OpenApiRouter;

use crate::{problem::NO_STORE, state::AppState};

/// The path of the API.
const ROOT: &str = "/api/v1";

/// Returns the API's routes, and the route of the `OpenAPI` document that describes them.
pub fn routes() -> Router<AppState> {
    let (routes, document) = OpenApiRouter::with_openapi(document::outline())
        .merge(entries::routes())
        .merge(updates::routes())
        .merge(drafts::routes())
        .merge(rooms::routes())
        .merge(moderation::routes())
        .split_for_parts();
    let document = get(move || {
        let document = document.clone();
        async move { Json(document) }
    });
    routes
        .route("/api/v1/openapi.json", document)
        .layer(SetResponseHeaderLayer::if_not_present(
            CACHE_CONTROL,
            NO_STORE,
        ))
}

/// Returns whether `path` belongs to the API.
pub fn is_at(path: &str) -> bool {
    path.strip_prefix(ROOT)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
