//! The server functions, which the islands call.

use axum_test::{TestResponse, TestServer};
use domain::Role;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::support::{TestApp, head_of, op_id};

fn update(op_id: &str, source: &str) -> Value {
    json!({"slug": "final", "op_id": op_id, "source": source, "headline": ""})
}

async fn post(browser: &TestServer, update: &Value) -> TestResponse {
    browser.post("/fn/post_update").json(update).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoami_returns_the_logged_in_account() {
    let (_app, anonymous, author) = TestApp::start().await;
    for (browser, expected) in [
        (&anonymous, json!(null)),
        (
            &author,
            json!({"id": 1, "username": "author", "role": "author"}),
        ),
    ] {
        let response = browser.post("/fn/whoami").json(&json!({})).await;
        assert_eq!(
            head_of(&response, &["content-type", "cache-control"]),
            "200 OK\ncontent-type: application/json\ncache-control: private, no-store"
        );
        assert_eq!(response.json::<Value>(), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn update_is_posted_once() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let op_id = op_id();
    let first = post(&author, &update(&op_id, "A **goal**")).await;
    first
        .assert_status_ok()
        .assert_header("cache-control", "private, no-store");
    let posted: Value = first.json();
    let again = post(&author, &update(&op_id, "A **goal**")).await;
    assert_eq!(again.json::<Value>(), posted);
    // The composer page and the island can both be open: they share operation ids.
    let fields = [
        ("op_id", &*op_id),
        ("source", "A **goal**"),
        ("headline", ""),
    ];
    author
        .post("/entries/final/compose")
        .form(&fields)
        .await
        .assert_status_see_other();
    let html = anonymous.get("/entries/final").await.text();
    assert_eq!(html.matches("<article").count(), 1);
    assert!(html.contains(&format!("id=\"update-{}\"", posted["id"])));

    let other = post(&author, &update(&op_id, "Another text")).await;
    assert_snapshot!(format!("{}\n{}", other.status_code(), other.text()), @r#"
    422 Unprocessable Entity
    {"Refused":"This operation id was already used for a different text. Send this text with a new operation id."}
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn post_sent_a_hundred_times_concurrently_is_published_once() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let update = update(&op_id(), "A goal");
    let clicks = futures::future::join_all((0..100).map(|_| post(&author, &update))).await;
    let first: Value = clicks[0].json();
    for click in clicks {
        assert_eq!(click.json::<Value>(), first);
    }
    let html = anonymous.get("/entries/final").await.text();
    assert_eq!(html.matches("<article").count(), 1);
}

/// Pages that were opened before an upgrade send `waited_ms`, in place of `written_at`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn post_of_a_page_of_an_earlier_release_is_accepted() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let op_id = op_id();
    let mut first = None;
    for waited_ms in [json!(0), json!(30_000), json!(u64::MAX), json!(null)] {
        let mut older = update(&op_id, "A goal");
        older["waited_ms"] = waited_ms;
        let response = post(&author, &older).await;
        response.assert_status_ok();
        let posted = response.json::<Value>();
        assert_eq!(first.get_or_insert(posted.clone()), &posted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_at_which_a_post_was_written_is_never_a_reason_to_refuse_it() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let times = [
        json!(null),
        json!(0),
        json!(-1),
        json!(i64::MIN),
        json!(i64::MAX),
    ];
    for written_at in &times {
        let mut update = update(&op_id(), "A goal");
        update["written_at"] = written_at.clone();
        post(&author, &update).await.assert_status_ok();
    }
    let html = anonymous.get("/entries/final").await.text();
    assert_eq!(html.matches("<article").count(), times.len());
    // All of these were published when they arrived.
    assert!(!html.contains("update-late"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reader_is_refused_with_a_reason() {
    let (app, _, _) = TestApp::start().await;
    app.live_entry().await;
    let reader = app.log_in(Role::Reader).await;
    let refused = post(&reader, &update(&op_id(), "A goal")).await;
    assert_snapshot!(format!("{}\n{}", refused.status_code(), refused.text()), @r#"
    403 Forbidden
    {"Refused":"Your account can read, but not post."}
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_fields_are_reported_with_a_message() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let right = update("operation-never", "A goal");
    let mut refusals = Vec::new();
    for (field, value) in [
        ("slug", json!("nowhere")),
        ("slug", json!("Not an address")),
        ("op_id", json!("short")),
        ("op_id", json!("with spaces in it")),
        ("source", json!("")),
        ("source", json!("a".repeat(500_000))),
        ("source", json!("<script>alert(1)</script>")),
        ("source", json!(format!("{}x", "- ".repeat(1_000)))),
        ("headline", json!("h".repeat(10_000))),
    ] {
        let mut wrong = right.clone();
        wrong[field] = value;
        let refused = post(&author, &wrong).await;
        refused.assert_header("content-type", "application/json");
        let code = refused.status_code().as_u16();
        refusals.push(format!("{field}: {code} {}", refused.text()));
    }
    assert_snapshot!(refusals.join("\n"), @r#"
    slug: 404 {"Refused":"There is no such live blog."}
    slug: 422 {"Refused":"The slug can contain only lowercase letters a to z, digits, and single hyphens between them. It contains “N” at character 1."}
    op_id: 422 {"Refused":"The operation id must be 8 to 100 letters, digits, hyphens and underscores."}
    op_id: 422 {"Refused":"The operation id must be 8 to 100 letters, digits, hyphens and underscores."}
    source: 422 {"Refused":"The update is missing."}
    source: 422 {"Refused":"The update has 500000 characters; the maximum is 50000."}
    source: 422 {"Refused":"This text has no visible content. Not shown: a script."}
    source: 422 {"Refused":"This text nests quotes, lists or HTML elements too deeply: the limit is 50 levels. Remove some of the levels, or close HTML tags that are still open. Look at line 1."}
    headline: 422 {"Refused":"The headline has 10000 characters; the maximum is 200."}
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_request_is_refused_without_details() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let right = update("operation-never", "A goal");
    let mut bodies: Vec<Vec<u8>> = [
        "",
        "{",
        "null",
        "[]",
        "1",
        "\"text\"",
        "{}",
        "{\"slug\":",
        "slug=final&source=x",
        "\u{feff}{}",
    ]
    .iter()
    .map(|body| body.as_bytes().to_vec())
    .collect();
    bodies.push(b"{\"slug\":\"\xff\xfe\"}".to_vec());
    bodies.push(b"\x00\x01\x02".to_vec());
    bodies.push(vec![b'['; 100_000]);
    bodies.push(r#"{"slug":"\ud800"}"#.into());
    for strange in [
        json!({}),
        json!([1]),
        json!("1"),
        json!(true),
        json!(1.5),
        json!(1e300),
    ] {
        let mut wrong = right.clone();
        wrong["written_at"] = strange;
        bodies.push(wrong.to_string().into());
    }
    for field in ["slug", "op_id", "source", "headline"] {
        let mut missing = right.clone();
        missing.as_object_mut().unwrap().remove(field);
        bodies.push(missing.to_string().into());
        for strange in [
            json!(null),
            json!({}),
            json!([1]),
            json!(true),
            json!(-1),
            json!(1.5),
        ] {
            let mut wrong = right.clone();
            wrong[field] = strange;
            bodies.push(wrong.to_string().into());
        }
    }
    for body in bodies {
        for kind in ["application/json", "text/plain"] {
            let refused = author
                .post("/fn/post_update")
                .bytes(body.clone().into())
                .content_type(kind)
                .await;
            assert_eq!(
                format!(
                    "{}\n{}",
                    head_of(&refused, &["content-type", "cache-control"]),
                    refused.text()
                ),
                "400 Bad Request\ncontent-type: application/json\ncache-control: private, no-store\n\
                 {\"Refused\":\"The server did not understand the request.\"}",
                "{}",
                String::from_utf8_lossy(&body[..body.len().min(200)])
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn body_over_the_limit_is_refused() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let refused = post(&author, &update(&op_id(), &"a".repeat(5 * 1024 * 1024))).await;
    assert_snapshot!(decoded_parts(&refused), @r#"
    413 Payload Too Large
    content-type: application/json
    cache-control: private, no-store
    serverfnerror: /fn/post_update
    {"Refused":"This is larger than the 640 KiB that can be sent at once. Send less."}
    "#);
}

/// Returns the parts of a response that the client decodes.
fn decoded_parts(response: &TestResponse) -> String {
    let names = ["content-type", "cache-control", "serverfnerror"];
    format!("{}\n{}", head_of(response, &names), response.text())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_session_is_reported_for_any_length_of_text() {
    let (app, anonymous, _) = TestApp::start().await;
    app.live_entry().await;
    for length in [10, 100_000, 5_000_000] {
        let refused = post(&anonymous, &update(&op_id(), &"a".repeat(length))).await;
        assert_eq!(refused.status_code(), 401, "{length}");
        assert_eq!(
            refused.text(),
            "{\"LoggedOut\":\"You are not logged in, or your session has expired. Log in and try again.\"}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_database_is_reported_as_unavailable() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    app.newsroom.close().await;
    let refused = post(&author, &update(&op_id(), "A goal")).await;
    assert_snapshot!(decoded_parts(&refused), @r#"
    503 Service Unavailable
    content-type: application/json
    cache-control: private, no-store
    serverfnerror: /fn/post_update
    {"Unavailable":"The database can't be reached. Nothing was changed. Try again."}
    "#);
}

/// A page that was loaded before an upgrade may call functions that no longer exist, and a proxy
/// may change its requests. The client must be able to decode the response in all cases.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_can_be_decoded_by_the_client() {
    let (_app, _, author) = TestApp::start().await;
    let call = || author.post("/fn/post_update").json(&json!({}));
    let long = format!("/fn/post_update?{}", "x".repeat(9_000));
    let mut all = Vec::new();
    for (what, refused) in [
        (
            "another site's",
            call().add_header("origin", "https://evil.example").await,
        ),
        ("nowhere", author.post("/fn/nowhere").json(&json!({})).await),
        (
            "of a kind",
            author.put("/fn/post_update").json(&json!({})).await,
        ),
        (
            "from a form",
            call().add_header("accept", "text/html").await,
        ),
        ("too long", author.post(&long).json(&json!({})).await),
    ] {
        refused.assert_header("content-type", "application/json");
        refused.assert_header("cache-control", "private, no-store");
        let status = refused.status_code().as_u16();
        all.push(format!("{what}: {status} {}", refused.text()));
    }
    assert_snapshot!(all.join("\n"), @r#"
    another site's: 403 {"Refused":"This request came from another site's page and was rejected. Open Ringside and try again."}
    nowhere: 404 {"Refused":"There is no page at this address. The link may be old or mistyped."}
    of a kind: 405 {"Refused":"This address does not support this method. The Allow header lists the methods it supports."}
    from a form: 400 {"Refused":"The server did not understand the request."}
    too long: 414 {"Refused":"This address is longer than 8 KiB. The link may be broken."}
    "#);
}
