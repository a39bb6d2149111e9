//! What the islands call.

use axum_test::{TestResponse, TestServer};
use domain::Role;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::support::{TestApp, head_of, op_id};

fn update(op_id: &str, source: &str) -> Value {
    json!({"slug": "final", "op_id": op_id, "source": source, "headline": "", "waited_ms": 0})
}

async fn post(browser: &TestServer, update: &Value) -> TestResponse {
    browser.post("/fn/post_update").json(update).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoami_tells_who_is_logged_in() {
    let (_app, anonymous, author) = TestApp::start().await;
    for (browser, expected) in [
        (&anonymous, json!(null)),
        (
            &author,
            json!({"id": 1, "username": "author", "role": "author"}),
        ),
    ] {
        let answer = browser.post("/fn/whoami").json(&json!({})).await;
        assert_eq!(
            head_of(&answer, &["content-type", "cache-control"]),
            "200 OK\ncontent-type: application/json\ncache-control: private, no-store"
        );
        assert_eq!(answer.json::<Value>(), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_is_posted_once() {
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
    // The composer's page and the island may both be open: it is the same operation there.
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
    {"Refused":"This operation id was already used for another text; send the text under a new one."}
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_clicks_at_once_publish_once() {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_is_told_so() {
    let (app, _, _) = TestApp::start().await;
    app.live_entry().await;
    let reader = app.log_in(Role::Reader).await;
    let refused = post(&reader, &update(&op_id(), "A goal")).await;
    assert_snapshot!(format!("{}\n{}", refused.status_code(), refused.text()), @r#"
    403 Forbidden
    {"Refused":"Your account may read, but not post."}
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_taken_is_told_in_a_sentence() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let right = update("operation-never", "A goal");
    let mut told = Vec::new();
    for (field, value) in [
        ("slug", json!("nowhere")),
        ("slug", json!("Not an address")),
        ("op_id", json!("short")),
        ("op_id", json!("with spaces in it")),
        ("source", json!("")),
        ("source", json!("a".repeat(2 * 1024 * 1024))),
        ("source", json!("<script>alert(1)</script>")),
        ("source", json!(format!("{}x", "- ".repeat(1_000)))),
        ("headline", json!("h".repeat(10_000))),
    ] {
        let mut wrong = right.clone();
        wrong[field] = value;
        let refused = post(&author, &wrong).await;
        refused.assert_header("content-type", "application/json");
        let code = refused.status_code().as_u16();
        told.push(format!("{field}: {code} {}", refused.text()));
    }
    assert_snapshot!(told.join("\n"), @r#"
    slug: 404 {"Refused":"There is no such entry."}
    slug: 422 {"Refused":"The address can hold lowercase letters a to z, digits, and single hyphens between them."}
    op_id: 422 {"Refused":"The operation id must be 8 to 100 letters, digits, hyphens and underscores."}
    op_id: 422 {"Refused":"The operation id must be 8 to 100 letters, digits, hyphens and underscores."}
    source: 422 {"Refused":"The update is missing."}
    source: 422 {"Refused":"The update has 2097152 characters; it can have 50000 at most."}
    source: 422 {"Refused":"Nothing of this text can be shown: scripts and embedded pages are taken out."}
    source: 422 {"Refused":"This text nests quotes, lists or HTML elements too deeply: 50 levels are the most. Remove some of the levels, or close HTML tags that are still open."}
    headline: 422 {"Refused":"The headline has 10000 characters; it can have 200 at most."}
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_understood_is_told_without_detail() {
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
    for field in ["slug", "op_id", "source", "headline", "waited_ms"] {
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
async fn what_is_far_too_large_is_refused() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let refused = post(&author, &update(&op_id(), &"a".repeat(5 * 1024 * 1024))).await;
    refused.assert_status_payload_too_large();
    refused.assert_text(
        "This is larger than the 4 MiB that can be sent at once. Go back, and send less.",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_gone_loses_nothing_and_tells_nothing() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    app.newsroom.close().await;
    let refused = post(&author, &update(&op_id(), "A goal")).await;
    assert_snapshot!(format!("{}\n{}", refused.status_code(), refused.text()), @r"
    503 Service Unavailable
    The database can't be reached at the moment; nothing was changed. Try again.
    ");
}
