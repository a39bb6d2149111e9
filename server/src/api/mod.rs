//! The HTTP API at `/api/v1`. Clients authenticate with a bearer token, not with a cookie. They
//! send and receive JSON; errors are problem details (RFC 9457).

mod body;
mod caller;
mod details;
mod document;
mod entries;
mod key;
mod updates;

pub use details::details;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{FromRequestParts, State},
    http::{StatusCode, header::CACHE_CONTROL},
    routing::get,
};
use domain::Caller;
use newsroom::{Error, Newsroom};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    config::Settings,
    problem::{NO_STORE, Problem},
    state::AppState,
};
use caller::BearerCaller;

/// The path of the API.
const ROOT: &str = "/api/v1";

/// Returns the API's routes, and the route of the `OpenAPI` document that describes them.
pub fn routes() -> Router<AppState> {
    let (routes, document) = OpenApiRouter::with_openapi(document::outline())
        .merge(entries::routes())
        .merge(updates::routes())
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

/// The state of a handler, and its caller. Rejects requests without a valid token.
#[derive(FromRequestParts)]
#[from_request(state(AppState))]
struct Api {
    caller: BearerCaller,
    #[from_request(via(State))]
    newsroom: Arc<Newsroom>,
    #[from_request(via(State))]
    settings: Arc<Settings>,
}

impl Api {
    const fn caller(&self) -> &Caller {
        &self.caller.0
    }

    /// Returns the URL of a page, as readers open it.
    fn url(&self, path: std::fmt::Arguments<'_>) -> String {
        format!("{}{path}", self.settings.public_url())
    }
}

/// Converts the error of an operation that has an `Idempotency-Key`.
fn keyed_problem(error: Error) -> Problem {
    match error {
        Error::IdempotencyConflict => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "This Idempotency-Key was already used for another request. Send this request with a new key.",
        ),
        error => error.into(),
    }
}
