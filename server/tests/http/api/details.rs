//! Error responses as problem details (RFC 9457).

use axum::http::Method;
use axum_test::TestServer;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{UPDATES, post, post_update, refusal, start};
use crate::http::support::head_of;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn error_is_reported_as_problem_details() {
    let (_app, client) = start().await;
    // A browser gets problem details, too, not a page.
    let refused = client
        .post(UPDATES)
        .add_header("accept", "text/html")
        .add_header("x-request-id", "my-own")
        .json(&json!({"source": "<script>alert(1)</script>"}))
        .await;
    assert_snapshot!(format!("{}\n{:#}", head_of(&refused, &["content-type", "cache-control", "x-request-id"]), refused.json::<Value>()), @r#"
    422 Unprocessable Entity
    content-type: application/problem+json
    cache-control: private, no-store
    x-request-id: my-own
    {
      "detail": "This text has no visible content. Not shown: a script.",
      "field": "source",
      "request_id": "my-own",
      "status": 422,
      "title": "Unprocessable Entity",
      "type": "about:blank"
    }
    "#);
}

/// Sends these requests. Returns each body with the error response below it.
async fn refusals(client: &TestServer, requests: &[(Method, &str, &str)]) -> String {
    let mut refusals = Vec::new();
    for (method, path, body) in requests {
        let request = client.method(method.clone(), path).text(body);
        let refused = request.content_type("application/json").await;
        refusals.push(format!("{body}\n    {}", refusal(&refused)));
    }
    refusals.join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_update_is_reported_with_its_position() {
    let (app, client) = start().await;
    let update = format!("{UPDATES}/{}", post_update(&client, "Kick-off").await["id"]);
    let requests = [
        (Method::POST, UPDATES, ""),
        (Method::POST, UPDATES, r#"{"source":"#),
        (Method::POST, UPDATES, "{\n  \"source\": A goal\n}"),
        (Method::POST, UPDATES, "null"),
        (Method::POST, UPDATES, "[]"),
        (Method::POST, UPDATES, "{}"),
        (Method::POST, UPDATES, r#"{"source":1}"#),
        (
            Method::POST,
            UPDATES,
            r#"{"source":"A goal","sorce":"A goal"}"#,
        ),
        (
            Method::POST,
            UPDATES,
            r#"{"source":"A goal","source":"A goal"}"#,
        ),
        (
            Method::POST,
            UPDATES,
            r#"{"source":"A goal","headline":"\u3164"}"#,
        ),
        (Method::POST, UPDATES, r#"{"source":""}"#),
        (Method::PATCH, &update, r#"{"source":null,"author":"me"}"#),
        (Method::PATCH, &update, r#"{"source":" "}"#),
    ];
    assert_snapshot!(refusals(&client, &requests).await, @r#"

        400: The body is not JSON: EOF while parsing a value at line 1 column 0.
    {"source":
        400: The body is not JSON: source: EOF while parsing a value at line 1 column 10.
    {
      "source": A goal
    }
        400: The body is not JSON: source: expected value at line 2 column 13.
    null
        422: The body is invalid: invalid type: null, expected struct UpdateToPost at line 1 column 4.
    []
        422: The body is invalid: invalid length 0, expected struct UpdateToPost with 5 elements at line 1 column 2.
    {}
        422: The body is invalid: missing field `source` at line 1 column 2.
    {"source":1}
        422: The body is invalid: source: invalid type: integer `1`, expected a string at line 1 column 11.
    {"source":"A goal","sorce":"A goal"}
        422: The body is invalid: sorce: unknown field `sorce`, expected one of `source`, `headline`, `key`, `pinned`, `draft` at line 1 column 26.
    {"source":"A goal","source":"A goal"}
        422: The body is invalid: duplicate field `source` at line 1 column 27.
    {"source":"A goal","headline":"\u3164"}
        422: The headline contains only invisible characters, such as U+3164 at character 1.
    {"source":""}
        422: The update is missing.
    {"source":null,"author":"me"}
        422: The body is invalid: author: unknown field `author`, expected one of `source`, `headline`, `key`, `pinned` at line 1 column 23.
    {"source":" "}
        422: The update is missing.
    "#);
    let page = app.browser().get("/entries/final").await.text();
    assert_eq!(page.matches("<article").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_entry_is_reported_with_its_position() {
    let (app, client) = start().await;
    let requests = [
        (Method::POST, "/api/v1/entries", r#"{"slug":"mine"}"#),
        (Method::POST, "/api/v1/entries", r#"{"title":"A","id":7}"#),
        (
            Method::POST,
            "/api/v1/entries",
            r#"{"title":"A","slug":"Not an address"}"#,
        ),
        (
            Method::POST,
            "/api/v1/entries",
            r#"{"title":"A","state":"sideways"}"#,
        ),
        (
            Method::POST,
            "/api/v1/entries",
            r#"{"title":"A","time_zone":"Mars/Olympus"}"#,
        ),
        (
            Method::POST,
            "/api/v1/entries",
            r#"{"title":"A","language":"english"}"#,
        ),
        (
            Method::PATCH,
            "/api/v1/entries/final",
            r#"{"language":"-"}"#,
        ),
        (
            Method::PATCH,
            "/api/v1/entries/final",
            r#"{"state":"gone"}"#,
        ),
        (Method::PATCH, "/api/v1/entries/final", r#"{"head":7}"#),
    ];
    assert_snapshot!(refusals(&client, &requests).await, @r#"
    {"slug":"mine"}
        422: The body is invalid: missing field `title` at line 1 column 15.
    {"title":"A","id":7}
        422: The body is invalid: id: unknown field `id`, expected one of `title`, `slug`, `summary`, `body`, `time_zone`, `language`, `state`, `default_order`, `chat` at line 1 column 17.
    {"title":"A","slug":"Not an address"}
        422: The slug can contain only lowercase letters a to z, digits, and single hyphens between them. It contains “N” at character 1.
    {"title":"A","state":"sideways"}
        422: The body is invalid: state: unknown variant `sideways`, expected one of `draft`, `upcoming`, `live`, `ended` at line 1 column 31.
    {"title":"A","time_zone":"Mars/Olympus"}
        422: There is no such time zone. Enter one such as Europe/Paris or UTC.
    {"title":"A","language":"english"}
        422: There is no such language tag. Enter one such as en, ar or pt-BR.
    {"language":"-"}
        422: There is no such language tag. Enter one such as en, ar or pt-BR.
    {"state":"gone"}
        422: The body is invalid: state: unknown variant `gone`, expected one of `draft`, `upcoming`, `live`, `ended` at line 1 column 15.
    {"head":7}
        422: The body is invalid: head: unknown field `head`, expected one of `title`, `slug`, `summary`, `body`, `time_zone`, `language`, `default_order`, `state`, `chat` at line 1 column 7.
    "#);
    let entries = app.newsroom.front_page().await.unwrap();
    assert_eq!(entries.entries.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_idempotency_key_is_reported() {
    let (_app, client) = start().await;
    for key in ["", "\"\"", "k\u{e9}y", "a\tkey", &"k".repeat(256)] {
        let refused = post(&client, UPDATES, key, &json!({"source": "A goal"})).await;
        assert_eq!(
            refusal(&refused),
            "400: The Idempotency-Key must be 1 to 255 printable ASCII characters."
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_before_the_handler_are_problem_details_too() {
    let (_app, client) = start().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let request = client.post(UPDATES).text(r#"{"source":"A goal"}"#);
        let refused = request.content_type(kind).await;
        assert_eq!(
            refusal(&refused),
            "415: The body must be sent as application/json."
        );
    }
    let large = json!({"source": "a".repeat(5 * 1024 * 1024)});
    let refused = client.post(UPDATES).json(&large).await;
    assert_snapshot!(refusal(&refused), @"413: This is larger than the 640 KiB that can be sent at once. Send less.");
    let refused = client.put(UPDATES).json(&json!({})).await;
    assert_snapshot!(refusal(&refused), @"405: This address does not support this method. The Allow header lists the methods it supports.");
    refused.assert_header("allow", "POST");
    for path in [
        "/api/v1",
        "/api/v1/nowhere",
        "/api/v1/entries/final/updates/1/x",
    ] {
        let request = client.post(path).add_header("accept", "text/html");
        let refused = request.json(&json!({})).await;
        assert_eq!(
            refusal(&refused),
            "404: There is no page at this address. The link may be old or mistyped.",
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_database_is_reported_without_details() {
    let (app, client) = start().await;
    app.newsroom.close().await;
    let refused = client
        .post(UPDATES)
        .json(&json!({"source": "A goal"}))
        .await;
    assert_snapshot!(refusal(&refused), @"503: The database can't be reached. Nothing was changed. Try again.");
}
