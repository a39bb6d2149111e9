//! `/api/v1`, for programs: they show a bearer token and no cookie, send and get JSON, and are told what is
//! wrong as problem details (RFC 9457).

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

/// Where all of it stands.
const ROOT: &str = "/api/v1";

/// The routes, and the document that is made of them.
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

/// Whether what stands at `path` is for programs.
pub fn is_at(path: &str) -> bool {
    path.strip_prefix(ROOT)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What a handler works with, and for whom: nobody gets past it without a token.
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

    /// The address of a page, as readers open it.
    fn url(&self, path: std::fmt::Arguments<'_>) -> String {
        format!("{}{path}", self.settings.public_url())
    }
}

/// Why something that has a key was not done.
fn keyed(error: Error) -> Problem {
    match error {
        Error::IdempotencyConflict => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "This Idempotency-Key was already used for another request; send this one under a new key.",
        ),
        error => error.into(),
    }
}
