//! What programs get under `/api/v1`.

mod caller;
mod details;
mod document;
mod entries;
mod updates;

use axum::http::StatusCode;
use axum_test::{TestResponse, TestServer};
use domain::Role;
use serde_json::{Value, json};

use super::support::TestApp;

/// Where the updates of the tests go.
const UPDATES: &str = "/api/v1/entries/final/updates";

/// A server with the entry `final`, and an author's client.
async fn start() -> (TestApp, TestServer) {
    let app = TestApp::with(&[]).await;
    app.person("ticker", Role::Author).await;
    app.live_entry().await;
    let client = app.api_client("ticker").await;
    (app, client)
}

/// Posts `body` under `key`.
async fn post(client: &TestServer, path: &str, key: &str, body: &Value) -> TestResponse {
    let request = client.post(path).add_header("idempotency-key", key);
    request.json(body).await
}

/// Posts `source` to the entry `final`, and answers the change.
async fn posted(client: &TestServer, source: &str) -> Value {
    let posted = client.post(UPDATES).json(&json!({"source": source})).await;
    posted.assert_status(StatusCode::CREATED);
    posted.json()
}

/// The status and the sentence of a refusal.
fn refusal(answer: &TestResponse) -> String {
    answer.assert_header("content-type", "application/problem+json");
    answer.assert_header("cache-control", "private, no-store");
    let details: Value = answer.json();
    let id = answer.header("x-request-id");
    assert_eq!(details["request_id"], id.to_str().unwrap());
    assert_eq!(details["status"], answer.status_code().as_u16());
    format!(
        "{}: {}",
        details["status"],
        details["detail"].as_str().unwrap()
    )
}
