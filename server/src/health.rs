//! Whether the server lives, and whether it can serve.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header::CACHE_CONTROL},
    routing::get,
};
use newsroom::Newsroom;

use crate::{
    problem::{NO_STORE, Problem},
    state::AppState,
};

/// `/healthz` and `/readyz`.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route(
            "/healthz",
            get(async || ([(CACHE_CONTROL, NO_STORE)], "ok")),
        )
        .route("/readyz", get(ready))
}

/// Whether requests can be served; a sentence names what fails.
async fn ready(
    State(newsroom): State<Arc<Newsroom>>,
) -> Result<([(HeaderName, HeaderValue); 1], &'static str), Problem> {
    match newsroom.check_readiness().await {
        Ok(()) => Ok(([(CACHE_CONTROL, NO_STORE)], "ready")),
        Err(failure) => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Err(Problem::new(status, failure.to_string()))
        }
    }
}
