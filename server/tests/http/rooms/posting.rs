//! Sending and reading messages.

use axum::http::StatusCode;
use domain::Role;
use serde_json::{Value, json};

use super::{MESSAGES, cookie, refusal, send, start};
use crate::http::support::{TestApp, field_value, head_of, textarea_named, unescape};

/// The header with which a browser navigates.
const ACCEPT: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn program_sends_and_reads_messages() {
    let (_app, program) = start().await;
    let sent = send(&program, "ann", "Goal!").await;
    sent.assert_status(StatusCode::CREATED);
    let message: Value = sent.json();
    assert_eq!(
        message,
        json!({"id": message["id"], "from": "ann", "date": message["date"], "text": "Goal!"})
    );
    assert!(
        message["date"].as_str().unwrap().ends_with('Z'),
        "{message}"
    );
    let form = [("from", "bob"), ("text", "What\r\na shot")];
    let second = program.post("/rooms/lobby/messages/").form(&form).await;
    second.assert_status(StatusCode::CREATED);
    let second: Value = second.json();
    assert_eq!(second["text"], "What\na shot");

    let read = program.get(MESSAGES).await;
    assert_eq!(
        head_of(&read, &["content-type", "cache-control"]),
        "200 OK\ncontent-type: application/json\ncache-control: private, no-store"
    );
    let read: Value = read.json();
    assert_eq!(read["messages"], json!([message, second]));
    let last = read["last_event_id"].as_str().unwrap();
    assert!(last.starts_with("room-lobby:"), "{last}");
    let id = second["id"].as_i64().unwrap();
    for (query, expected) in [
        (format!("before={id}"), json!([message])),
        ("limit=1".to_owned(), json!([second])),
        (format!("before={id}&limit=100"), json!([message])),
        ("before=0".to_owned(), json!([])),
    ] {
        let read: Value = program.get(&format!("{MESSAGES}?{query}")).await.json();
        assert_eq!(read["messages"], expected, "{query}");
        assert_eq!(read["last_event_id"], last);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browser_is_redirected_to_the_page() {
    let (_app, browser) = start().await;
    let form = [("from", "Ann & Bob"), ("text", "Hello"), ("op_id", "")];
    let sent = browser
        .post(MESSAGES)
        .add_header(ACCEPT.0, ACCEPT.1)
        .form(&form)
        .await;
    sent.assert_status_see_other();
    let location = sent.header("location");
    let location = location.to_str().unwrap();
    assert!(
        location.starts_with("/rooms/lobby?user=Ann+%26+Bob#message-"),
        "{location}"
    );
    let attributes = sent.header("set-cookie");
    let attributes = attributes.to_str().unwrap().split_once("; ").unwrap().1;
    assert_eq!(
        attributes,
        "HttpOnly; SameSite=Lax; Path=/; Max-Age=7776000"
    );
    let page = browser
        .get(location.split_once('#').unwrap().0)
        .await
        .text();
    assert_eq!(field_value(&page, "from"), "Ann & Bob");
    assert!(page.contains("Ann &amp; Bob</bdi>"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_message_is_sent_once() {
    let (_app, program) = start().await;
    let message = json!({"from": "ann", "text": "Goal!", "op_id": "operation-1"});
    let first = program.post(MESSAGES).json(&message).await;
    let second = program.post(MESSAGES).json(&message).await;
    assert_eq!(second.status_code(), StatusCode::CREATED);
    assert_eq!(second.json::<Value>(), first.json::<Value>());
    let keyed = json!({"from": "ann", "text": "Goal!"});
    let request = program
        .post(MESSAGES)
        .add_header("idempotency-key", "operation-1");
    assert_eq!(
        request.json(&keyed).await.json::<Value>(),
        first.json::<Value>()
    );
    let other = json!({"from": "ann", "text": "Another", "op_id": "operation-1"});
    assert_eq!(
        refusal(&program.post(MESSAGES).json(&other).await),
        "422: This operation id was already used for a different text. Send this text with a new operation id."
    );
    let read: Value = program.get(MESSAGES).await.json();
    assert_eq!(read["messages"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn account_writes_under_its_username() {
    let (app, program) = start().await;
    let reader = app.log_in_as("Carol", Role::Reader).await;
    let sent = reader
        .post(MESSAGES)
        .json(&json!({"text": "It's me"}))
        .await;
    assert_eq!(sent.json::<Value>()["from"], "Carol");
    assert!(sent.maybe_header("set-cookie").is_none());
    assert_eq!(
        refusal(&send(&program, "carol", "Me too").await),
        "409: This name, or one that looks like it, belongs to an account. Log in, or choose a different name."
    );
    let page = reader.get("/rooms/lobby?user=Carol").await.text();
    assert_eq!(field_value(&page, "from"), "Carol");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn name_belongs_to_the_browser_that_uses_it() {
    let (app, program) = start().await;
    let first = send(&program, "ann", "Hello").await;
    let ann = app.browser_with(&cookie(&first));
    send(&ann, "ann", "Hello again")
        .await
        .assert_status(StatusCode::CREATED);
    // The cookie was presented, so the address proves nothing.
    let taken = "Somebody else uses this name, or one that looks like it, in this room. Choose a different name.";
    assert_eq!(
        refusal(&send(&program, "Ann", "x").await),
        format!("409: {taken}")
    );
    let form = [
        ("from", "\u{430}nn"),
        ("text", "Every <word> & more"),
        ("op_id", "operation-2"),
    ];
    let page = app
        .browser()
        .post(MESSAGES)
        .add_header(ACCEPT.0, ACCEPT.1)
        .form(&form)
        .await;
    page.assert_status(StatusCode::CONFLICT);
    let html = page.text();
    assert!(unescape(&html).contains(taken), "{html}");
    assert_eq!(textarea_named(&html, "text"), "Every <word> & more");
    assert_eq!(field_value(&html, "from"), "\u{430}nn");
    assert_eq!(field_value(&html, "op_id"), "operation-2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_cookie_is_ignored() {
    let (app, program) = start().await;
    let cookie = cookie(&send(&program, "ann", "Hello").await);
    let mut forged = cookie.clone();
    forged.pop();
    for forged in [&*forged, "ringside_guest=", "ringside_guest=a.b"] {
        let sent = send(&app.browser_with(forged), "bob", "Hello").await;
        sent.assert_status(StatusCode::CREATED);
        assert!(super::cookie(&sent).starts_with("ringside_guest="));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_rooms_are_created_by_their_first_message() {
    let app = TestApp::with_flags(&["--open-rooms"]).await;
    let program = app.browser();
    let page = program.get("/rooms/kitchen").await;
    page.assert_status_ok();
    assert!(
        page.text()
            .contains("data-last-event-id=\"room-kitchen:0\""),
        "{}",
        page.text()
    );
    let message = json!({"from": "ann", "text": "Hello"});
    program
        .post("/rooms/kitchen/messages")
        .json(&message)
        .await
        .assert_status(StatusCode::CREATED);
    assert!(program.get("/rooms/kitchen").await.text().contains("Hello"));
    program
        .get("/rooms/entry-999")
        .await
        .assert_status_not_found();
}
