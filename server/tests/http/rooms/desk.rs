//! Creating rooms, opening and closing them: at the desk, and through the API.

use axum::http::StatusCode;
use domain::{ChatSetting, Role, Slug};
use serde_json::{Value, json};

use super::refusal;
use crate::http::support::{TestApp, field_value, op_id, unescape};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn owner_creates_and_closes_a_room_at_the_desk() {
    let app = TestApp::with_flags(&[]).await;
    let owner = app.log_in(Role::Owner).await;
    let html = owner.get("/desk/rooms").await.text();
    let op_id = field_value(&html, "op_id");
    let form = [
        ("op_id", &*op_id),
        ("title", "The lobby"),
        ("name", "lobby"),
    ];
    for _ in 0..2 {
        let created = owner.post("/desk/rooms").form(&form).await;
        created
            .assert_status_see_other()
            .assert_header("location", "/desk/rooms");
    }
    owner.get("/rooms/lobby").await.assert_status_ok();
    let html = owner.get("/desk/rooms").await.text();
    assert!(
        html.contains("The lobby") && html.contains("Close room"),
        "{html}"
    );

    let again = owner
        .post("/desk/rooms")
        .form(&[("title", "Again"), ("name", "lobby")])
        .await;
    again.assert_status_unprocessable_entity();
    let html = again.text();
    assert!(
        html.contains("Another room already has this name."),
        "{html}"
    );
    assert_eq!(field_value(&html, "title"), "Again");
    for name in ["entry-1", "Lobby", ""] {
        let refused = owner
            .post("/desk/rooms")
            .form(&[("title", "x"), ("name", name)])
            .await;
        refused.assert_status_unprocessable_entity();
        assert_eq!(field_value(&refused.text(), "name"), name);
    }

    let closed = owner
        .post("/desk/rooms/lobby/state")
        .form(&[("state", "closed")])
        .await;
    closed.assert_status_see_other();
    assert!(
        owner
            .get("/rooms/lobby")
            .await
            .text()
            .contains("This room is closed.")
    );
    let unknown = owner
        .post("/desk/rooms/kitchen/state")
        .form(&[("state", "open")])
        .await;
    unknown.assert_status_not_found();
    let bad = owner
        .post("/desk/rooms/lobby/state")
        .form(&[("state", "x")])
        .await;
    bad.assert_status_unprocessable_entity();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_owners_see_the_rooms_of_the_desk() {
    let app = TestApp::with_flags(&[]).await;
    let editor = app.log_in(Role::Editor).await;
    editor
        .get("/desk/rooms")
        .await
        .assert_status(StatusCode::FORBIDDEN);
    let form = [("title", "The lobby"), ("name", "lobby")];
    let refused = editor.post("/desk/rooms").form(&form).await;
    refused.assert_status(StatusCode::FORBIDDEN);
    assert!(!editor.get("/desk").await.text().contains("/desk/rooms"));
    let anonymous = app.browser();
    let login = anonymous.get("/desk/rooms").await;
    login
        .assert_status_see_other()
        .assert_header("location", "/login?next=/desk/rooms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chat_of_an_entry_is_a_field_of_its_form() {
    let app = TestApp::with_flags(&[]).await;
    let author = app.log_in(Role::Author).await;
    let form = [
        ("title", "The final"),
        ("slug", "final"),
        ("state", "live"),
        ("chat", "open"),
    ];
    author
        .post("/desk/entries")
        .form(&form)
        .await
        .assert_status_see_other();
    let slug = Slug::parse("final").unwrap();
    let entry = app
        .newsroom
        .entry_by_slug(app.editor().await, &slug)
        .await
        .unwrap();
    let room = format!("/rooms/entry-{}", entry.id);
    author.get(&room).await.assert_status_ok();
    let html = author.get("/desk/entries/final/edit").await.text();
    assert!(html.contains("<option value=\"open\" selected"), "{html}");

    let edit = |chat: Option<&'static str>| {
        let fields = [
            ("title", "The final"),
            ("slug", "final"),
            ("default_order", "oldest"),
        ];
        let fields: Vec<_> = fields
            .into_iter()
            .chain(chat.map(|chat| ("chat", chat)))
            .collect();
        let request = author.post("/desk/entries/final/edit");
        async move { request.form(&fields).await }
    };
    edit(None).await.assert_status_see_other();
    author.get(&room).await.assert_status_ok();
    edit(Some("off")).await.assert_status_see_other();
    author.get(&room).await.assert_status_not_found();
    let refused = edit(Some("x")).await;
    refused.assert_status_unprocessable_entity();
    let sentence = "The chat must be one of: off open read_only closed";
    assert!(
        unescape(&refused.text()).contains(sentence),
        "{}",
        refused.text()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn program_manages_rooms() {
    let app = TestApp::with_flags(&[]).await;
    app.create_account("boss", Role::Owner).await;
    app.create_account("helper", Role::Editor).await;
    let (boss, helper) = (app.api_client("boss").await, app.api_client("helper").await);
    let key = op_id();
    let new = json!({"name": "lobby", "title": "The lobby"});
    let create = || {
        boss.post("/api/v1/rooms")
            .add_header("idempotency-key", &key)
    };
    let created = create().json(&new).await;
    created.assert_status(StatusCode::CREATED);
    let room: Value = created.json();
    assert_eq!(created.header("location"), room["url"].as_str().unwrap());
    assert_eq!(
        (&room["name"], &room["title"], &room["state"], &room["feed"]),
        (
            &json!("lobby"),
            &json!("The lobby"),
            &json!("open"),
            &json!("room-lobby")
        )
    );
    assert_eq!(create().json(&new).await.json::<Value>(), room);
    let other = json!({"name": "other", "title": "Other"});
    assert_eq!(refusal(&create().json(&other).await)[..3], *"422");
    for (client, body, expected) in [
        (&boss, json!({"name": "lobby", "title": "x"}), "422"),
        (&boss, json!({"name": "entry-1", "title": "x"}), "422"),
        (&boss, json!({"name": "a b", "title": "x"}), "422"),
        (&boss, json!({"name": "other"}), "422"),
        (&helper, other.clone(), "403"),
    ] {
        let refused = client.post("/api/v1/rooms").json(&body).await;
        assert_eq!(refusal(&refused)[..3], *expected, "{body}");
    }
    let closed = boss
        .patch("/api/v1/rooms/lobby")
        .json(&json!({"state": "closed"}))
        .await;
    assert_eq!(closed.json::<Value>()["state"], "closed");
    let read = boss.get("/api/v1/rooms/lobby").await;
    assert_eq!(read.json::<Value>()["state"], "closed");
    assert_eq!(
        refusal(&helper.get("/api/v1/rooms/lobby").await)[..3],
        *"403"
    );
    assert_eq!(
        refusal(&boss.get("/api/v1/rooms/none").await),
        "404: There is no such room."
    );
    let bad = boss
        .patch("/api/v1/rooms/lobby")
        .json(&json!({"state": "off"}))
        .await;
    assert_eq!(refusal(&bad)[..3], *"422");
    assert_eq!(
        refusal(&app.browser().post("/api/v1/rooms").json(&new).await)[..3],
        *"401"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn program_changes_the_chat_of_an_entry() {
    let app = TestApp::with_flags(&[]).await;
    app.create_account("ticker", Role::Author).await;
    let client = app.api_client("ticker").await;
    let new = json!({"title": "The final", "slug": "final", "state": "live", "chat": "open"});
    let entry: Value = client.post("/api/v1/entries").json(&new).await.json();
    assert_eq!(entry["chat"], "open");
    let room = format!("/rooms/entry-{}", entry["id"]);
    client.get(&room).await.assert_status_ok();
    let patched = client
        .patch("/api/v1/entries/final")
        .json(&json!({"chat": "closed"}))
        .await;
    assert_eq!(patched.json::<Value>()["chat"], "closed");
    let read: Value = client.get("/api/v1/entries/final").await.json();
    assert_eq!(read["chat"], ChatSetting::Closed.as_str());
    let path = format!("/api/v1{room}");
    let opened = client.patch(&path).json(&json!({"state": "open"})).await;
    assert_eq!(opened.json::<Value>()["state"], "open");
}
