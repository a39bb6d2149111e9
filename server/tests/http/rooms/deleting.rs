//! Deleting and restoring messages.

use axum::http::StatusCode;
use domain::Role;
use serde_json::{Value, json};

use super::{MESSAGES, cookie, refusal, send, start};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guest_deletes_and_restores_a_message() {
    let (app, program) = start().await;
    let sent = send(&program, "ann", "a secret").await;
    let ann = app.browser_with(&cookie(&sent));
    let message: Value = sent.json();
    let path = format!("{MESSAGES}/{}", message["id"]);
    assert_eq!(
        refusal(&program.delete(&path).await),
        "403: Only the person who wrote a message, and editors, can delete it."
    );
    for _ in 0..2 {
        ann.delete(&path)
            .await
            .assert_status(StatusCode::NO_CONTENT);
    }
    assert_eq!(
        program.get(MESSAGES).await.json::<Value>()["messages"],
        json!([])
    );
    assert!(
        !program
            .get("/rooms/lobby")
            .await
            .text()
            .contains("a secret")
    );
    let restored = ann.post(&format!("{path}/restore")).await;
    assert_eq!(restored.json::<Value>(), message);
    assert!(
        program
            .get("/rooms/lobby")
            .await
            .text()
            .contains("a secret")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn editor_deletes_the_message_of_another_person() {
    let (app, program) = start().await;
    let sent = send(&program, "ann", "a secret").await;
    let ann = app.browser_with(&cookie(&sent));
    let path = format!("{MESSAGES}/{}", sent.json::<Value>()["id"]);
    let author = app.log_in(Role::Author).await;
    author
        .delete(&path)
        .await
        .assert_status(StatusCode::FORBIDDEN);
    let editor = app.log_in(Role::Editor).await;
    editor
        .delete(&path)
        .await
        .assert_status(StatusCode::NO_CONTENT);
    assert_eq!(
        refusal(&ann.post(&format!("{path}/restore")).await),
        "403: Only the person who deleted a message, and editors, can restore it."
    );
    for (path, sentence) in [
        (
            "/rooms/lobby/messages/999",
            "404: There is no such message.",
        ),
        ("/rooms/lobby/messages/x", "404: There is no such message."),
        ("/rooms/kitchen/messages/1", "404: There is no such room."),
    ] {
        assert_eq!(refusal(&editor.delete(path).await), sentence);
        assert_eq!(
            refusal(&editor.post(&format!("{path}/restore")).await),
            sentence
        );
    }
}
