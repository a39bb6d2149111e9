//! API tokens: authentication and permissions.

use axum::http::{HeaderName, Method, StatusCode};
use axum_test::TestServer;
use domain::{Role, TokenId};
use insta::assert_snapshot;
use newsroom::Secret;
use serde_json::json;

use super::{UPDATES, post_update, refusal, start};
use crate::http::support::{TestApp, head_of};

/// Asserts that all requests of `client` are refused with the same response.
async fn assert_refused(client: &TestServer, why: &str) {
    for (method, path) in [
        (Method::GET, "/api/v1/entries"),
        (Method::POST, "/api/v1/entries"),
        (Method::GET, "/api/v1/entries/final"),
        (Method::GET, "/api/v1/entries/secret"),
        (Method::PATCH, "/api/v1/entries/final"),
        (Method::POST, UPDATES),
        (Method::PATCH, "/api/v1/entries/final/updates/1"),
        (Method::DELETE, "/api/v1/entries/final/updates/1"),
        (Method::DELETE, "/api/v1/entries/nowhere/updates/one"),
    ] {
        let request = client.method(method.clone(), path);
        let response = request
            .json(&json!({"source": "A goal", "title": "Mine"}))
            .await;
        assert_eq!(
            format!(
                "{}\n{}",
                head_of(&response, &["www-authenticate"]),
                refusal(&response)
            ),
            "401 Unauthorized\nwww-authenticate: Bearer realm=\"ringside\"\n\
             401: This request needs a valid token, sent as \"Authorization: Bearer rs_...\". \
             The server's operator creates one with \"ringside token create\".",
            "{method} {path} with {why}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_without_a_valid_token_are_refused() {
    let (app, client) = start().await;
    app.entry("secret", domain::EntryState::Draft).await;
    post_update(&client, "Kick-off").await;
    assert_refused(&app.browser(), "nothing").await;
    let session = app
        .newsroom
        .log_in("ticker", TestApp::PASSWORD)
        .await
        .unwrap();
    let session = session.token.reveal();
    let cookie = app.browser_with(&format!("ringside_session={session}"));
    assert_refused(&cookie, "a session").await;
    let forged = Secret::new_token();
    for shown in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer rs_",
        "Bearer ticker",
        "Basic dGlja2VyOnRpY2tlcg==",
        &format!("Bearer {}", forged.reveal()),
        &format!("Bearer {session}"),
        &format!("Bearer {}", "x".repeat(6_000)),
        "Bearer ' OR 1=1 --",
    ] {
        assert_refused(&app.api_client_with(shown), shown).await;
    }
    let html = app.browser().get("/entries/final").await.text();
    assert_eq!(html.matches("<article").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoked_token_is_refused_at_once() {
    let (app, client) = start().await;
    let other = app.api_client("ticker").await;
    let kept = post_update(&client, "Kick-off").await;
    app.newsroom.revoke_token(TokenId(1)).await.unwrap();
    assert_refused(&client, "a revoked token").await;
    // The account's other tokens and its updates are not affected.
    post_update(&other, "A goal").await;
    let html = app.browser().get("/entries/final").await.text();
    assert!(html.contains(&format!("id=\"update-{}\"", kept["id"])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authorization_scheme_is_case_insensitive() {
    let (app, _) = start().await;
    let token = app.token("ticker").await;
    for scheme in ["Bearer", "bearer", "BEARER", "Bearer  "] {
        let client = app.api_client_with(&format!("{scheme} {token}"));
        client.get("/api/v1/entries").await.assert_status_ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn token_has_the_permissions_of_its_account() {
    let (app, author) = start().await;
    let id = post_update(&author, "Mine").await["id"].clone();
    let path = format!("{UPDATES}/{id}");
    app.create_account("another", Role::Author).await;
    app.create_account("editor", Role::Editor).await;
    app.create_account("reader", Role::Reader).await;
    let another = app.api_client("another").await;
    for refused in [
        another
            .patch(&path)
            .json(&json!({"source": "Theirs"}))
            .await,
        another.patch(&path).json(&json!({})).await,
        another.delete(&path).await,
    ] {
        assert_eq!(
            refusal(&refused),
            "403: This update belongs to another author. Only its author or an editor can change it."
        );
    }
    let editor = app.api_client("editor").await;
    let edited = editor
        .patch(&path)
        .json(&json!({"source": "Corrected"}))
        .await;
    edited.assert_status_ok();
    editor.delete(&path).await.assert_status_ok();

    let reader = app.api_client("reader").await;
    app.entry("secret", domain::EntryState::Draft).await;
    for path in [
        "/api/v1/entries",
        "/api/v1/entries/secret",
        "/api/v1/entries/nowhere",
    ] {
        let refused = reader.get(path).await;
        assert_eq!(
            refusal(&refused),
            "403: Your account can read, but not post."
        );
    }
    for path in ["final", "secret", "nowhere"] {
        let path = format!("/api/v1/entries/{path}/updates");
        let refused = reader.post(&path).json(&json!({"source": "A goal"})).await;
        assert_eq!(
            refusal(&refused),
            "403: Your account can read, but not post."
        );
    }
    let refused = reader
        .post("/api/v1/entries")
        .json(&json!({"title": "Mine"}))
        .await;
    assert_snapshot!(refusal(&refused), @"403: Your account can read, but not manage live blogs.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_other_sites_are_refused() {
    let (_app, client) = start().await;
    let read = client
        .get("/api/v1/entries")
        .add_header("origin", "https://evil.example")
        .await;
    let preflight = client
        .method(Method::OPTIONS, UPDATES)
        .add_header("origin", "https://evil.example")
        .add_header("access-control-request-method", "POST")
        .add_header("access-control-request-headers", "authorization")
        .await;
    preflight.assert_status(StatusCode::METHOD_NOT_ALLOWED);
    let sent = client
        .post(UPDATES)
        .add_header("origin", "https://evil.example")
        .json(&json!({"source": "A goal"}))
        .await;
    assert_snapshot!(refusal(&sent), @"403: This request came from another site's page and was rejected. Open Ringside and try again.");
    for response in [read, preflight, sent] {
        let names: Vec<_> = response.headers().keys().map(HeaderName::as_str).collect();
        assert!(
            !names.iter().any(|name| name.starts_with("access-control")),
            "{names:?}"
        );
    }
}
