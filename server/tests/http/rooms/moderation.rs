//! Moderation: at the desk without JavaScript, through the API, and reports by readers.

use axum::http::StatusCode;
use axum_test::{TestResponse, TestServer};
use domain::{Role, RoomState};
use newsroom::ModerationAction;
use serde_json::{Value, json};

use super::{MESSAGES, cookie, refusal, send, start, start_with_limits};
use crate::http::support::{field_value, op_id, textarea_named, unescape};

const ACCEPT: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

async fn act(browser: &TestServer, path: &str, form: &[(&str, &str)]) -> TestResponse {
    browser
        .post(&format!("/desk/moderation{path}"))
        .form(form)
        .await
}

/// Returns the texts of the room, as everyone reads them.
async fn texts(program: &TestServer) -> Vec<String> {
    let read: Value = program.get(MESSAGES).await.json();
    let messages = read["messages"].as_array().unwrap();
    let texts = messages
        .iter()
        .map(|it| it["text"].as_str().unwrap().to_owned());
    texts.collect()
}

/// Returns the first path in a page that begins with `prefix`.
fn path_in(html: &str, prefix: &str) -> String {
    let (_, rest) = html
        .split_once(prefix)
        .unwrap_or_else(|| panic!("no {prefix} in {html}"));
    let end = rest.find('"').unwrap();
    rest[..end].to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filtered_message_is_held_and_approved() {
    let (app, program) = start_with_limits().await;
    let editor = app.log_in(Role::Editor).await;
    let words = [("words", "bad\r\n\r\n two words ")];
    act(&editor, "/words", &words)
        .await
        .assert_status_see_other()
        .assert_header("location", "/desk/moderation/rules?done=words");
    let html = editor.get("/desk/moderation/rules").await.text();
    assert_eq!(textarea_named(&html, "words"), "bad\ntwo words");

    let message = json!({"from": "ann", "text": "a b\u{430}d secret", "op_id": op_id()});
    for _ in 0..2 {
        let held = program.post(MESSAGES).json(&message).await;
        held.assert_status(StatusCode::ACCEPTED);
        assert_eq!(held.json::<Value>(), json!({"state": "held"}));
        assert!(held.maybe_header("ratelimit").is_some());
    }
    send(&program, "bob", "from Scunthorpe, badly")
        .await
        .assert_status(StatusCode::CREATED);
    assert_eq!(texts(&program).await, ["from Scunthorpe, badly"]);
    let page = program.get("/rooms/lobby").await.text();
    assert!(!page.contains("secret"), "{page}");

    let queue = editor.get("/desk/moderation").await.text();
    assert!(
        queue.contains("secret") && queue.contains("Held messages (1)"),
        "{queue}"
    );
    let path = path_in(&queue, "/desk/moderation/held/");
    let op_id = field_value(&queue, "op_id");
    let approve = [("op_id", &*op_id), ("action", "approve")];
    for _ in 0..2 {
        act(&editor, &format!("/held/{path}"), &approve)
            .await
            .assert_status_see_other()
            .assert_header("location", "/desk/moderation?done=approve");
    }
    assert_eq!(texts(&program).await.len(), 2);
    let again = program.post(MESSAGES).json(&message).await;
    again.assert_status(StatusCode::CREATED);
    let late = [("action", "reject")];
    act(&editor, &format!("/held/{path}"), &late)
        .await
        .assert_status(StatusCode::FORBIDDEN);
    let log = editor.get("/desk/moderation/log").await.text();
    assert!(log.contains("Approved a message of"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_shows_that_a_message_waits() {
    let (app, browser) = start_with_limits().await;
    let editor = app.log_in(Role::Editor).await;
    let rules = [("slow_mode", "0"), ("hold", "all")];
    act(&editor, "/rooms/lobby", &rules)
        .await
        .assert_status_see_other();
    let form = [("from", "ann"), ("text", "Hello")];
    let held = browser
        .post(MESSAGES)
        .add_header(ACCEPT.0, ACCEPT.1)
        .form(&form)
        .await;
    held.assert_status_see_other()
        .assert_header("location", "/rooms/lobby?user=ann&left=4&held=1#new");
    assert!(!cookie(&held).is_empty());
    let page = browser
        .get("/rooms/lobby?user=ann&left=4&held=1")
        .await
        .text();
    assert!(
        page.contains("Your message waits for a moderator. You can send 4 more messages now."),
        "{page}"
    );
    assert!(!page.contains("Hello"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reported_message_is_deleted_and_its_author_banned() {
    let (app, program) = start().await;
    let editor = app.log_in(Role::Editor).await;
    let first = send(&program, "ann", "spam").await;
    let id = first.json::<Value>()["id"].to_string();
    let report = format!("{MESSAGES}/{id}/report");
    for _ in 0..2 {
        program
            .post(&report)
            .json(&json!({"reason": "It is <spam>"}))
            .await
            .assert_status(StatusCode::NO_CONTENT);
    }
    let page = program.get(&format!("/messages/{id}/report")).await;
    page.assert_status_ok();
    assert!(page.text().contains(&format!("action=\"{report}\"")));
    for unknown in ["/messages/999/report", "/messages/x/report"] {
        program.get(unknown).await.assert_status_not_found();
    }
    let form = [("reason", "")];
    let reported = program
        .post(&report)
        .add_header(ACCEPT.0, ACCEPT.1)
        .form(&form)
        .await;
    let location = format!("/rooms/lobby?reported={id}");
    reported
        .assert_status_see_other()
        .assert_header("location", &*location);
    assert!(program.get(&location).await.text().contains("Thank you."));

    let queue = editor.get("/desk/moderation?room=lobby").await.text();
    assert!(queue.contains("It is &lt;spam&gt;"), "{queue}");
    assert!(
        !editor
            .get("/desk/moderation?room=other")
            .await
            .text()
            .contains("&lt;spam&gt;")
    );
    let path = format!("/messages/{id}");
    editor
        .get(&format!("/desk/moderation{path}"))
        .await
        .assert_status_ok();
    // An invalid form is shown again with its values.
    let bad = [
        ("action", "ban"),
        ("minutes", "0"),
        ("reach", "address"),
        ("reason", "my reason"),
    ];
    let refused = act(&editor, &path, &bad).await;
    refused.assert_status_unprocessable_entity();
    assert_eq!(field_value(&refused.text(), "reason"), "my reason");
    let ban = [
        ("action", "ban"),
        ("minutes", "60"),
        ("reach", "address"),
        ("reason", "Spam"),
        ("room", "lobby"),
    ];
    act(&editor, &path, &ban)
        .await
        .assert_status_see_other()
        .assert_header("location", "/desk/moderation?done=ban&room=lobby");
    act(&editor, &path, &[("action", "delete")])
        .await
        .assert_status_see_other();
    assert_eq!(texts(&program).await, Vec::<String>::new());

    // With a fresh cookie, from the same address.
    let refused = refusal(&send(&program, "zoe", "spam").await);
    assert!(
        refused.starts_with("403: You are banned from all rooms until "),
        "{refused}"
    );
    assert!(refused.ends_with(" Reason: Spam"), "{refused}");
    let form = [("from", "zoe"), ("text", "my text")];
    let page = program
        .post(MESSAGES)
        .add_header(ACCEPT.0, ACCEPT.1)
        .form(&form)
        .await;
    page.assert_status(StatusCode::FORBIDDEN);
    assert_eq!(textarea_named(&page.text(), "text"), "my text");

    let queue = editor.get("/desk/moderation").await.text();
    let sanction = path_in(&queue, "/desk/moderation/sanctions/");
    act(&editor, &format!("/sanctions/{sanction}"), &[])
        .await
        .assert_status_see_other();
    send(&program, "zoe", "Hello")
        .await
        .assert_status(StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_messages_of_a_person_are_removed_and_restored() {
    let (app, program) = start().await;
    let editor = app.log_in(Role::Editor).await;
    for text in ["1", "2"] {
        send(&program, "ann", text).await;
    }
    let last = send(&program, "ann", "3").await;
    send(&program, "bob", "Hello").await;
    let path = format!("/messages/{}", last.json::<Value>()["id"]);
    let remove = [("action", "remove_everywhere"), ("reason", "Spam")];
    act(&editor, &path, &remove).await.assert_status_see_other();
    assert_eq!(texts(&program).await, ["Hello"]);
    let queue = editor.get("/desk/moderation").await.text();
    assert!(
        unescape(&queue).contains("removed all messages of ann in all rooms"),
        "{queue}"
    );
    let removal = path_in(&queue, "/desk/moderation/removals/");
    act(&editor, &format!("/removals/{removal}"), &[])
        .await
        .assert_status_see_other();
    assert_eq!(texts(&program).await, ["1", "2", "3", "Hello"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_moderators_use_the_pages_and_forms() {
    let (app, program) = start().await;
    let sent = send(&program, "ann", "Hello").await;
    let id = sent.json::<Value>()["id"].to_string();
    let author = app.log_in(Role::Author).await;
    assert!(
        !author
            .get("/desk")
            .await
            .text()
            .contains("/desk/moderation")
    );
    let message = format!("/messages/{id}");
    for page in ["", "/rules", "/log", &message] {
        let page = format!("/desk/moderation{page}");
        author.get(&page).await.assert_status(StatusCode::FORBIDDEN);
        let login = app.browser().get(&page).await;
        login.assert_status_see_other();
    }
    for (path, form) in [
        (&*message, vec![("action", "delete")]),
        ("/words", vec![("words", "x")]),
        ("/state", vec![("state", "closed")]),
        ("/rooms/lobby", vec![("slow_mode", "1"), ("hold", "none")]),
        ("/sanctions/1/end", vec![]),
        ("/removals/1/undo", vec![]),
        ("/held/1", vec![("action", "approve")]),
    ] {
        let refused = act(&author, path, &form).await;
        refused.assert_status(StatusCode::FORBIDDEN);
    }
    let editor = app.log_in(Role::Editor).await;
    assert!(
        editor
            .get("/desk")
            .await
            .text()
            .contains("/desk/moderation")
    );
    for path in [
        "/messages/999",
        "/messages/x",
        "/held/1",
        "/sanctions/1/end",
        "/removals/x/undo",
    ] {
        let refused = act(
            &editor,
            path,
            &[("action", "ban"), ("minutes", "1"), ("reach", "person")],
        )
        .await;
        refused.assert_status_not_found();
    }
    assert_eq!(texts(&program).await, ["Hello"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switch_closes_the_streams_of_all_rooms() {
    let (app, program) = start().await;
    let editor = app.log_in(Role::Editor).await;
    let mut stream = app.stream("/events/?channel=room-lobby").await;
    act(&editor, "/state", &[("state", "closed")])
        .await
        .assert_status_see_other();
    let end = loop {
        match stream.next().await {
            Some(event) if event.name == "stream-error" => break event.data,
            Some(_) => {}
            None => panic!("the stream has ended without an error"),
        }
    };
    assert_eq!(end["condition"], "closed");
    assert_eq!(refusal(&send(&program, "ann", "x").await)[..3], *"403");
    let page = program.get("/rooms/lobby").await.text();
    assert!(page.contains("This room is closed."), "{page}");
    act(&editor, "/state", &[("state", "open")])
        .await
        .assert_status_see_other();
    send(&program, "ann", "x")
        .await
        .assert_status(StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_moderate() {
    let (app, program) = start().await;
    app.create_account("mod", Role::Editor).await;
    app.create_account("writer", Role::Author).await;
    let (client, writer) = (app.api_client("mod").await, app.api_client("writer").await);
    let rules = client
        .patch("/api/v1/moderation/rules")
        .json(&json!({"words": ["bad"], "state": "open"}))
        .await;
    assert_eq!(
        rules.json::<Value>(),
        json!({"state": "open", "words": ["bad"]})
    );
    send(&program, "bob", "before").await;
    send(&program, "ann", "bad")
        .await
        .assert_status(StatusCode::ACCEPTED);
    let queue: Value = client
        .get("/api/v1/moderation/queue?room=lobby")
        .await
        .json();
    assert_eq!(queue["waiting"], 1);
    let held = &queue["held"][0];
    assert_eq!(
        (
            &held["room"],
            &held["from"],
            &held["text"],
            &held["held"],
            &held["before"][0]["text"]
        ),
        (
            &json!("lobby"),
            &json!("ann"),
            &json!("bad"),
            &json!("words"),
            &json!("before")
        )
    );
    let path = format!("/api/v1/moderation/held/{}", held["id"]);
    let key = op_id();
    let approve = || client.post(&path).add_header("idempotency-key", &key);
    let first: Value = approve().json(&json!({"action": "approve"})).await.json();
    let again: Value = approve().json(&json!({"action": "approve"})).await.json();
    assert_eq!(first, again);
    assert_eq!(texts(&program).await, ["before", "bad"]);

    let read: Value = program.get(MESSAGES).await.json();
    let path = format!("/api/v1/moderation/messages/{}", read["messages"][1]["id"]);
    let muted = client
        .post(&path)
        .json(&json!({"action": "mute", "reason": "Spam"}))
        .await;
    muted.assert_status_ok();
    let refused = refusal(&send(&program, "ann", "again").await);
    assert!(
        refused.starts_with("403: You are muted in this room until "),
        "{refused}"
    );
    let sanctions: Value = client.get("/api/v1/moderation/sanctions").await.json();
    let sanction = &sanctions["sanctions"][0];
    assert_eq!(
        (&sanction["kind"], &sanction["room"], &sanction["reach"]),
        (&json!("mute"), &json!("lobby"), &json!("address"))
    );
    let end = format!("/api/v1/moderation/sanctions/{}", sanction["id"]);
    client
        .delete(&end)
        .await
        .assert_status(StatusCode::NO_CONTENT);
    assert_eq!(refusal(&client.delete(&end).await)[..3], *"404");

    let removed = client
        .post(&path)
        .json(&json!({"action": "remove_in_room"}))
        .await;
    let removal = removed.json::<Value>()["id"].to_string();
    assert_eq!(texts(&program).await, ["before"]);
    let undo = format!("/api/v1/moderation/removals/{removal}/undo");
    client.post(&undo).await.assert_status_ok();
    assert_eq!(texts(&program).await, ["before", "bad"]);
    let log: Value = client.get("/api/v1/moderation/log").await.json();
    assert_eq!(log["entries"][0]["action"], "undo_remove_all");

    for (request, status) in [
        (writer.get("/api/v1/moderation/queue"), "403"),
        (writer.get("/api/v1/moderation/rules"), "403"),
        (writer.get("/api/v1/moderation/log"), "403"),
        (writer.post(&path).json(&json!({"action": "delete"})), "403"),
        (
            client.post(&path).json(&json!({"action": "approve"})),
            "422",
        ),
        (
            client
                .post(&path)
                .json(&json!({"action": "ban", "minutes": 0})),
            "422",
        ),
        (program.get("/api/v1/moderation/queue"), "401"),
    ] {
        assert_eq!(refusal(&request.await)[..3], *status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_is_not_sanctioned_by_its_rank() {
    let (app, _program) = start().await;
    let editor = app.log_in(Role::Editor).await;
    let owner = app.log_in(Role::Owner).await;
    let sent = owner.post(MESSAGES).json(&json!({"text": "Hello"})).await;
    let path = format!("/messages/{}", sent.json::<Value>()["id"]);
    let ban = [("action", "ban"), ("minutes", "1"), ("reach", "person")];
    let refused = act(&editor, &path, &ban).await;
    refused.assert_status(StatusCode::FORBIDDEN);
    assert!(
        refused
            .text()
            .contains("This account has your rank or a higher one.")
    );
    let sent = owner
        .post(MESSAGES)
        .json(&json!({"text": "Still here"}))
        .await;
    sent.assert_status(StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switch_of_one_server_applies_to_the_others() {
    let (app, program) = start().await;
    let (router, _stop) = app.second_server().await;
    let other = TestServer::builder()
        .http_transport()
        .build(router.into_make_service_with_connect_info::<std::net::SocketAddr>());
    let editor = app.editor().await;
    let close = ModerationAction::SetAllRooms(RoomState::ReadOnly);
    app.newsroom.moderate(editor, None, close).await.unwrap();
    for server in [&program, &other] {
        assert_eq!(refusal(&send(server, "ann", "x").await)[..3], *"403");
    }
}
