//! Identity: which cookies are accepted as a session.

use std::time::Duration;

use axum_test::TestServer;
use domain::Timestamp;
use newsroom::{
    Secret,
    storage::{NewSession, Store},
};
use serde_json::{Value, json};

use super::support::{TestApp, head_of, op_id};

/// Asserts that the server treats `browser` as anonymous everywhere.
async fn assert_logged_out(browser: &TestServer, why: &str) {
    for path in [
        "/desk",
        "/desk/entries/final",
        "/entries/final/compose",
        "/desk/updates/1",
    ] {
        let sent = browser.get(path).await;
        assert_eq!(
            head_of(&sent, &["location", "cache-control"]),
            format!(
                "303 See Other\nlocation: /login?next={path}\ncache-control: private, no-store"
            ),
            "{why}"
        );
    }
    let fields = [("op_id", &*op_id()), ("source", "A goal")];
    let sent = browser.post("/entries/final/compose").form(&fields).await;
    assert_eq!(head_of(&sent, &["location"]), "401 Unauthorized", "{why}");

    let whoami = browser.post("/fn/whoami").json(&json!({})).await;
    assert_eq!(whoami.status_code(), 200, "{why}");
    assert_eq!(whoami.json::<Value>(), Value::Null, "{why}");
    let update = json!({"slug": "final", "op_id": op_id(), "source": "A goal", "headline": ""});
    let refused = browser.post("/fn/post_update").json(&update).await;
    assert_eq!(
        format!(
            "{}\n{}",
            head_of(&refused, &["content-type", "cache-control"]),
            refused.text()
        ),
        "401 Unauthorized\ncontent-type: application/json\ncache-control: private, no-store\n\
         {\"LoggedOut\":\"You are not logged in, or your session has expired. Log in and try again.\"}",
        "{why}"
    );
    browser.get("/entries/final").await.assert_status_ok();
    let html = browser.get("/entries/final").await.text();
    assert!(!html.contains("A goal"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_without_a_cookie_is_anonymous() {
    let (app, anonymous, _) = TestApp::start().await;
    app.live_entry().await;
    assert_logged_out(&anonymous, "no cookie").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_session_is_anonymous() {
    let (app, _, _) = TestApp::start().await;
    app.live_entry().await;
    let caller = app.create_account("late", domain::Role::Owner).await;
    let store = Store::open(&app.database_url(), Duration::from_secs(30))
        .await
        .unwrap();
    let now = app.newsroom.clock().now();
    let account = store.account_by_name(&caller.username).await.unwrap();
    let hash = account.unwrap().password_hash;
    let begin = async |expires_at| {
        let token = Secret::new_random();
        let session = NewSession {
            token: &token,
            account: caller.id,
            created_at: now,
            expires_at,
        };
        let added = store.add_session_of_login(session, &hash, None).await;
        assert!(added.unwrap());
        app.browser_with(&format!("ringside_session={}", token.reveal()))
    };
    for (expires_at, why) in [(Timestamp(1), "long over"), (now, "just over")] {
        assert_logged_out(&begin(expires_at).await, why).await;
    }
    let browser = begin(now.plus_micros(60_000_000)).await;
    browser.get("/desk").await.assert_status_ok();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_cookies_are_anonymous() {
    let (app, _, _) = TestApp::start().await;
    app.live_entry().await;
    let session = app
        .newsroom
        .log_in("author", TestApp::PASSWORD)
        .await
        .unwrap();
    let token = session.token.reveal();
    let stored = session
        .token
        .hash()
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    for forged in [
        format!("ringside_session={}", Secret::new_random().reveal()),
        "ringside_session=".to_owned(),
        "ringside_session=author".to_owned(),
        "ringside_session=1".to_owned(),
        format!("ringside_session={}", &token[1..]),
        format!("ringside_session={token}x"),
        // The hash from the database.
        format!("ringside_session={stored}"),
        format!("ringside_session={}", "x".repeat(6_000)),
        "ringside_session=%00%ff' OR 1=1 --".to_owned(),
        "ringside_session".to_owned(),
        ";;;=;ringside_session==;".to_owned(),
        "ringside_hint=1".to_owned(),
        format!("__Host-ringside={token}"),
        format!("session={token}"),
    ] {
        assert_logged_out(&app.browser_with(&forged), &forged).await;
    }
}
