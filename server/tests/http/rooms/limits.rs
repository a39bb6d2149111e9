//! Limits of messages, as clients receive them.

use axum::http::StatusCode;
use domain::Role;
use serde_json::json;

use super::{MESSAGES, refusal, send, start_with_limits};
use crate::http::support::{field_value, head_of, op_id, textarea_named, unescape};

const ACCEPT: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn response_shows_what_is_left() {
    let (_app, program) = start_with_limits().await;
    let sent = send(&program, "ann", "Goal!").await;
    assert_eq!(
        head_of(&sent, &["ratelimit-policy", "ratelimit"]),
        "201 Created\nratelimit-policy: \"person\";q=5;w=5, \"address\";q=1000;w=20\nratelimit: \"person\";r=4;t=1, \"address\";r=999;t=1"
    );
    // A repeated message takes nothing.
    let message = json!({"from": "ann", "text": "Again!", "op_id": op_id()});
    for _ in 0..3 {
        let sent = program.post(MESSAGES).json(&message).await;
        sent.assert_status(StatusCode::CREATED);
        let left = sent.header("ratelimit");
        assert!(
            left.to_str().unwrap().starts_with("\"person\";r=3;"),
            "{left:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flood_is_refused_with_the_time_to_wait() {
    let (app, program) = start_with_limits().await;
    let mut refused = None;
    for _ in 0..30 {
        let sent = send(&program, "ann", "again").await;
        if sent.status_code() != StatusCode::CREATED {
            refused = Some(sent);
            break;
        }
    }
    let refused = refused.expect("there is no limit");
    refused.assert_header("retry-after", "1");
    assert_eq!(
        refusal(&refused),
        "429: You are sending messages too fast. Your message was not sent. Send it again in 1 second."
    );
    // Others can send: at the same address, and the staff.
    send(&program, "bob", "Hello")
        .await
        .assert_status(StatusCode::CREATED);
    let author = app.log_in(Role::Author).await;
    for _ in 0..10 {
        let sent = author.post(MESSAGES).json(&json!({"text": "Order!"})).await;
        sent.assert_status(StatusCode::CREATED);
        assert!(sent.maybe_header("ratelimit").is_none());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_shows_what_is_left_and_keeps_a_refused_text() {
    let (_app, browser) = start_with_limits().await;
    let post = async |text: &str| {
        let form = [("from", "ann"), ("text", text)];
        let request = browser.post(MESSAGES).add_header(ACCEPT.0, ACCEPT.1);
        request.form(&form).await
    };
    let sent = post("Hello").await;
    sent.assert_status_see_other();
    let location = sent.header("location");
    let location = location.to_str().unwrap();
    assert!(
        location.starts_with("/rooms/lobby?user=ann&left=4#message-"),
        "{location}"
    );
    let page = browser
        .get(location.split_once('#').unwrap().0)
        .await
        .text();
    assert!(page.contains("You can send 4 more messages now."), "{page}");
    let mut refused = sent;
    for _ in 0..30 {
        refused = post("my text").await;
        if refused.status_code() != StatusCode::SEE_OTHER {
            break;
        }
    }
    refused.assert_status(StatusCode::TOO_MANY_REQUESTS);
    refused.assert_header("retry-after", "1");
    let html = refused.text();
    assert_eq!(textarea_named(&html, "text"), "my text");
    assert_eq!(field_value(&html, "from"), "ann");
    assert!(
        unescape(&html).contains("You are sending messages too fast."),
        "{html}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_mode_is_set_at_the_desk_and_by_programs() {
    let (app, program) = start_with_limits().await;
    let editor = app.log_in(Role::Editor).await;
    let rules = [("slow_mode", "600"), ("hold", "none")];
    editor
        .post("/desk/moderation/rooms/lobby")
        .form(&rules)
        .await
        .assert_status_see_other()
        .assert_header("location", "/desk/moderation/rules?done=rules");
    let saved = editor.get("/desk/moderation/rules?done=rules").await.text();
    assert!(saved.contains("Saved. The rules apply from now on."));
    let room = program.get("/rooms/lobby?user=ann").await.text();
    assert!(room.contains("Slow mode: one message every 600 seconds."));
    send(&program, "ann", "first").await;
    let refused = send(&program, "ann", "second").await;
    refused.assert_status(StatusCode::TOO_MANY_REQUESTS);
    let wait: u16 = refused
        .header("retry-after")
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((590..=600).contains(&wait), "{wait}");
    for bad in [("slow_mode", "3601"), ("hold", "x")] {
        let form = [bad, ("slow_mode", "1")];
        let form = if bad.0 == "hold" {
            form
        } else {
            [bad, ("hold", "none")]
        };
        let refused = editor
            .post("/desk/moderation/rooms/lobby")
            .form(&form)
            .await;
        refused.assert_status_unprocessable_entity();
    }
    let client = app.api_client("editor").await;
    let patch =
        async |body: serde_json::Value| client.patch("/api/v1/rooms/lobby").json(&body).await;
    let patched = patch(json!({"slow_mode": 0, "hold": "new_guests"})).await;
    let room: serde_json::Value = patched.json();
    assert_eq!(
        (&room["slow_mode"], &room["hold"]),
        (&json!(0), &json!("new_guests"))
    );
    for body in [
        json!({"slow_mode": 3601}),
        json!({"hold": "x"}),
        json!({"slow_mode": -1}),
    ] {
        assert_eq!(refusal(&patch(body).await)[..3], *"422");
    }
    send(&program, "ann", "third")
        .await
        .assert_status(StatusCode::CREATED);
}
