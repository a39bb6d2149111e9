//! Health checks: whether the process is running, and whether it can serve requests.

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

/// Returns the routes `/healthz` and `/readyz`.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route(
            "/healthz",
            get(async || ([(CACHE_CONTROL, NO_STORE)], "ok")),
        )
        .route("/readyz", get(ready))
}

/// Responds with 200 if requests can be served, else with 503 and the reason.
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
