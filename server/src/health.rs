//! Whether the server lives, and whether it can serve.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderName, HeaderValue, header::CACHE_CONTROL},
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

/// Ready is who can read the database, and isn't shutting down.
async fn ready(
    State(newsroom): State<Arc<Newsroom>>,
) -> Result<([(HeaderName, HeaderValue); 1], &'static str), Problem> {
    if newsroom.hub().is_closing() {
        let status = axum::http::StatusCode::SERVICE_UNAVAILABLE;
        return Err(Problem::new(status, "The server is shutting down."));
    }
    newsroom.check().await?;
    Ok(([(CACHE_CONTROL, NO_STORE)], "ready"))
}
