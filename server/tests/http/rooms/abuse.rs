//! Readers who disturb others: floods, names that imitate others, and people who come back. What
//! they do is bounded, the answers explain it, and the staff can write and moderate meanwhile.

use axum::http::StatusCode;
use domain::Role;
use futures::future::join_all;
use serde_json::{Value, json};

use super::{MESSAGES, cookie, refusal, send, start_with_limits};
use crate::http::support::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_writes_and_moderates_while_a_thousand_guests_of_an_address_flood_a_room() {
    let (app, program) = start_with_limits().await;
    let author = app.log_in(Role::Author).await;
    let editor = app.log_in(Role::Editor).await;
    let mut refusals = Vec::new();
    let mut accepted = 0;
    for tens in 0..110 {
        let flood = (0..10).map(|n| {
            // Each is a guest of their own.
            let message = json!({"from": format!("guest {tens} {n}"), "text": "the same text"});
            let program = &program;
            async move { program.post(MESSAGES).json(&message).await }
        });
        for sent in join_all(flood).await {
            if sent.status_code() == StatusCode::CREATED {
                accepted += 1;
            } else {
                refusals.push(sent);
            }
        }
        if tens % 20 == 0 {
            let own = author.post(MESSAGES).json(&json!({"text": "Order!"})).await;
            own.assert_status(StatusCode::CREATED);
            let id = own.json::<Value>()["id"].to_string();
            editor
                .delete(&format!("{MESSAGES}/{id}"))
                .await
                .assert_status(StatusCode::NO_CONTENT);
        }
    }
    // A thousand at once, and fifty in each second that this took.
    assert!(accepted >= 1_000, "{accepted} accepted");
    for refused in &refusals {
        assert!(refusal(refused).starts_with("429: "), "{}", refused.text());
        assert!(refused.maybe_header("retry-after").is_some());
    }
    // Readers of the room see the last messages, however many there are.
    let read: Value = program.get(MESSAGES).await.json();
    assert_eq!(read["messages"].as_array().unwrap().len(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_imitate_others_are_refused() {
    let (app, program) = start_with_limits().await;
    let ann = app.browser();
    send(&ann, "Ann Lee", "Hello")
        .await
        .assert_status(StatusCode::CREATED);
    app.log_in_as("boss", Role::Owner).await;
    let taken = "409: Somebody else uses this name, or one that looks like it, in this room. Choose a different name.";
    let account = "409: This name, or one that looks like it, belongs to an account. Log in, or choose a different name.";
    // From another address, so that the name without a cookie is not this client's.
    let other = app.browser_with(&cookie(&send(&program, "bob", "Hello").await));
    for (name, expected) in [
        // With Cyrillic letters, full-width letters, and without the space.
        ("\u{410}nn L\u{435}\u{435}", taken),
        ("\u{ff21}nn Lee", taken),
        ("annlee", taken),
        ("b\u{43e}ss", account),
        ("B0SS", account),
    ] {
        assert_eq!(
            refusal(&send(&other, name, "Hi").await),
            expected,
            "{name:?}"
        );
    }
    // Zero-width characters, and overrides of the direction.
    for name in [
        "Ann\u{200b} Lee",
        "Ann\u{2060}Lee",
        "\u{202e}eeL nnA",
        "\u{2067}Ann Lee",
    ] {
        let refused = refusal(&send(&other, name, "Hi").await);
        assert!(
            refused.starts_with("422: The name can't contain invisible characters."),
            "{name:?}: {refused}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_a_room_cannot_use_a_display_name() {
    let (app, anonymous, author) = TestApp::start().await;
    app.room("lobby", "The lobby").await;
    let form = [("display_name", "Ann Lee")];
    author
        .post("/account/name")
        .form(&form)
        .await
        .assert_status_see_other();
    let message = serde_json::json!({"from": "ann lee", "text": "Hello"});
    for (browser, status) in [(&anonymous, 409), (&author, 201)] {
        let sent = browser.post("/rooms/lobby/messages").json(&message).await;
        assert_eq!(sent.status_code().as_u16(), status, "{}", sent.text());
    }
}
