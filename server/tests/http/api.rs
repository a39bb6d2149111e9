//! The API under `/api/v1`.

mod caller;
mod conditional;
mod details;
mod document;
mod drafts;
mod entries;
mod updates;

use axum::http::StatusCode;
use axum_test::{TestResponse, TestServer};
use domain::Role;
use serde_json::{Value, json};

use super::support::TestApp;

/// The path to which tests post updates.
const UPDATES: &str = "/api/v1/entries/final/updates";

/// Starts a server with the entry `final`, and returns it with an author's client.
async fn start() -> (TestApp, TestServer) {
    let app = TestApp::with_flags(&[]).await;
    app.create_account("ticker", Role::Author).await;
    app.live_entry().await;
    let client = app.api_client("ticker").await;
    (app, client)
}

/// Posts `body` with the idempotency key `key`.
async fn post(client: &TestServer, path: &str, key: &str, body: &Value) -> TestResponse {
    let request = client.post(path).add_header("idempotency-key", key);
    request.json(body).await
}

/// Posts `source` to the entry `final`, and returns the created update.
async fn post_update(client: &TestServer, source: &str) -> Value {
    let posted = client.post(UPDATES).json(&json!({"source": source})).await;
    posted.assert_status(StatusCode::CREATED);
    posted.json()
}

/// Returns the status and the detail of an error response.
fn refusal(response: &TestResponse) -> String {
    response.assert_header("content-type", "application/problem+json");
    response.assert_header("cache-control", "private, no-store");
    let details: Value = response.json();
    let id = response.header("x-request-id");
    assert_eq!(details["request_id"], id.to_str().unwrap());
    assert_eq!(details["status"], response.status_code().as_u16());
    format!(
        "{}: {}",
        details["status"],
        details["detail"].as_str().unwrap()
    )
}
