//! The server functions of the editor in an entry's page.

use axum::http::StatusCode;
use axum_test::{TestResponse, TestServer};
use domain::{ArticleSource, EditConflict, EditResult, Role, UpdateSource};
use serde_json::{Value, json};

use super::support::{TestApp, op_id};

async fn call(browser: &TestServer, name: &str, arguments: Value) -> TestResponse {
    let response = browser.post(&format!("/fn/{name}")).json(&arguments).await;
    response.assert_header("content-type", "application/json");
    response.assert_header("cache-control", "private, no-store");
    response
}

async fn load(browser: &TestServer, id: i64) -> UpdateSource {
    let loaded = call(browser, "update_source", json!({"id": id})).await;
    loaded.assert_status_ok();
    loaded.json()
}

/// Returns the arguments of an edit.
fn edit(id: i64, op_id: &str, source: &str, base: &str) -> Value {
    json!({"id": id, "op_id": op_id, "source": source, "headline": "", "base": base})
}

/// Starts a server with an update of the author. Returns it with the browsers of the author and an
/// editor, and the update's id.
async fn start() -> (TestApp, TestServer, TestServer, i64) {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let editor = app.log_in(Role::Editor).await;
    let post =
        json!({"slug": "final", "op_id": op_id(), "source": "one", "headline": "", "waited_ms": 0});
    let posted = call(&author, "post_update", post).await.json::<Value>();
    let id = posted["id"].as_i64().unwrap();
    (app, author, editor, id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edit_returns_the_base_of_the_next_one() {
    let (app, author, _, id) = start().await;
    let source = load(&author, id).await;
    assert_eq!(
        (&*source.source, &*source.headline, source.may_pin),
        ("one", "", true)
    );
    let op = op_id();
    let arguments = edit(id, &op, "two <script>x</script>", &source.base.to_string());
    let saved: EditResult = call(&author, "edit_update", arguments.clone()).await.json();
    assert_eq!(saved.removed, ["script"]);
    assert_eq!(saved.base, load(&author, id).await.base);
    // The response was lost. The edit is sent again, and does not conflict with itself.
    let again: EditResult = call(&author, "edit_update", arguments).await.json();
    assert_eq!(again, saved);
    let next = edit(id, &op_id(), "three", &again.base.to_string());
    call(&author, "edit_update", next).await.assert_status_ok();
    app.browser()
        .get("/entries/final")
        .await
        .assert_text_contains("three");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflict_carries_both_texts_and_their_differences() {
    let (_app, author, editor, id) = start().await;
    let base = load(&author, id).await.base.to_string();
    let theirs = edit(id, &op_id(), "It is 2-1, now", &base);
    call(&editor, "edit_update", theirs)
        .await
        .assert_status_ok();
    let mine = edit(id, &op_id(), "It is 2-0, now", &base);
    let refused = call(&author, "edit_update", mine.clone()).await;
    refused.assert_status_conflict();
    let error: Value = refused.json();
    let conflict: EditConflict = serde_json::from_value(error["Conflict"].clone()).unwrap();
    assert_eq!(
        (&*conflict.source, &*conflict.headline),
        ("It is 2-1, now", "")
    );
    assert_eq!(conflict.edited_by.as_deref(), Some("editor"));
    assert_eq!(conflict.base, load(&author, id).await.base);
    assert_eq!(
        error["Conflict"]["source_diff"],
        json!([
            {"kind": "same", "text": "It is 2-"},
            {"kind": "removed", "text": "1"},
            {"kind": "added", "text": "0"},
            {"kind": "same", "text": ", now"},
        ])
    );
    // The author keeps their text: the same operation id, which the conflict did not use.
    let mut kept = mine;
    kept["base"] = json!(conflict.base);
    call(&author, "edit_update", kept).await.assert_status_ok();
    assert_eq!(load(&author, id).await.source, "It is 2-0, now");
    for base in [
        "",
        "nonsense",
        "0.0",
        "another.1",
        "k3f9.99999999999999999999",
    ] {
        let refused = call(&author, "edit_update", edit(id, &op_id(), "x", base)).await;
        refused.assert_status_conflict();
        assert_eq!(
            refused.json::<Value>()["Conflict"]["source"],
            "It is 2-0, now",
            "{base}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn update_is_marked_deleted_and_restored_once() {
    let (app, author, editor, id) = start().await;
    let base = load(&author, id).await.base.to_string();
    for on in [true, false, true] {
        let arguments = json!({"id": id, "op_id": op_id(), "mark": "key", "on": on});
        for _ in 0..2 {
            call(&editor, "mark_update", arguments.clone())
                .await
                .assert_status_ok();
        }
        assert_eq!(load(&author, id).await.key, on);
    }
    let delete = json!({"id": id, "op_id": op_id()});
    for _ in 0..2 {
        call(&author, "delete_update", delete.clone())
            .await
            .assert_status_ok();
    }
    let removed = json!({"Removed": "This update was removed."});
    for (name, arguments) in [
        ("update_source", json!({"id": id})),
        ("edit_update", edit(id, &op_id(), "two", &base)),
        (
            "mark_update",
            json!({"id": id, "op_id": op_id(), "mark": "pinned", "on": true}),
        ),
    ] {
        let refused = call(&author, name, arguments).await;
        refused.assert_status(StatusCode::GONE);
        assert_eq!(refused.json::<Value>(), removed, "{name}");
    }
    let restore = json!({"id": id, "op_id": op_id()});
    call(&author, "restore_update", restore.clone())
        .await
        .assert_status_ok();
    call(&author, "edit_update", edit(id, &op_id(), "two", &base))
        .await
        .assert_status_ok();
    // A late retry of the deletion deletes nothing.
    call(&author, "delete_update", delete)
        .await
        .assert_status_ok();
    app.browser()
        .get("/entries/final")
        .await
        .assert_text_contains("two");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_are_refused_to_those_who_may_not_edit_the_update() {
    let (app, author, _, id) = start().await;
    let base = load(&author, id).await.base.to_string();
    let functions = || {
        [
            ("update_source", json!({"id": id})),
            ("edit_update", edit(id, &op_id(), "two", &base)),
            (
                "mark_update",
                json!({"id": id, "op_id": op_id(), "mark": "key", "on": true}),
            ),
            ("delete_update", json!({"id": id, "op_id": op_id()})),
            ("restore_update", json!({"id": id, "op_id": op_id()})),
        ]
    };
    let another = app.log_in_as("another", Role::Author).await;
    let reader = app.log_in(Role::Reader).await;
    for (name, arguments) in functions() {
        for (browser, status) in [(&another, 403), (&reader, 403), (&app.browser(), 401)] {
            let refused = call(browser, name, arguments.clone()).await;
            assert_eq!(refused.status_code(), status, "{name}");
            assert!(!refused.text().contains("one"), "{name}");
        }
    }
    for (name, arguments) in functions().into_iter().skip(1) {
        let mut invalid = arguments;
        invalid["op_id"] = json!("short");
        let refused = call(&author, name, invalid).await;
        refused.assert_status_unprocessable_entity();
        assert!(refused.json::<Value>()["Refused"].is_string(), "{name}");
    }
    let nowhere = call(&author, "update_source", json!({"id": 999})).await;
    nowhere.assert_status_not_found();
    app.newsroom.close().await;
    for (name, arguments) in functions() {
        let refused = call(&author, name, arguments).await;
        refused.assert_status_service_unavailable();
        assert!(refused.json::<Value>()["Unavailable"].is_string(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operation_id_of_another_account_is_its_own() {
    let (_app, author, editor, id) = start().await;
    let op = op_id();
    let base = load(&author, id).await.base.to_string();
    call(&author, "edit_update", edit(id, &op, "two", &base))
        .await
        .assert_status_ok();
    let base = load(&editor, id).await.base.to_string();
    call(&editor, "edit_update", edit(id, &op, "three", &base))
        .await
        .assert_status_ok();
    // The same id for another text of one's own is refused, and changes nothing.
    let reused = call(&author, "edit_update", edit(id, &op, "four", &base)).await;
    reused.assert_status_unprocessable_entity();
    assert_eq!(load(&author, id).await.source, "three");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn article_is_edited_under_the_rule_for_conflicts() {
    let (app, author, editor, _) = start().await;
    let load = async |browser: &TestServer| -> ArticleSource {
        call(browser, "article_source", json!({"entry": 1}))
            .await
            .json()
    };
    let account = async |browser: &TestServer| {
        let caller: Value = call(browser, "whoami", json!({})).await.json();
        caller["id"].clone()
    };
    let (mine, theirs) = (account(&author).await, account(&editor).await);
    let edit = |op: &str, source: &str, base: &str, account: &Value| json!({"entry": 1, "op_id": op, "source": source, "base": base, "account": account});
    let empty = load(&author).await;
    assert_eq!(empty.source, "");
    let base = empty.base.to_string();
    let op = op_id();
    let first = edit(&op, "One <script>x</script>", &base, &mine);
    for _ in 0..2 {
        // The response was lost. The edit is sent again, and does not conflict with itself.
        let saved = call(&author, "edit_article", first.clone()).await;
        let saved: EditResult = saved.json();
        assert_eq!(saved.removed, ["script"]);
        assert_eq!(saved.base, load(&author).await.base);
    }
    let refused = call(
        &editor,
        "edit_article",
        edit(&op_id(), "Two", &base, &theirs),
    )
    .await;
    refused.assert_status_conflict();
    let conflict: EditConflict =
        serde_json::from_value(refused.json::<Value>()["Conflict"].clone()).unwrap();
    assert_eq!(conflict.source, "One <script>x</script>");
    assert_eq!(conflict.edited_by.as_deref(), Some("author"));
    assert!(!conflict.source_diff.is_empty() && conflict.headline_diff.is_empty());
    let kept = edit(&op_id(), "Two", &conflict.base.to_string(), &theirs);
    call(&editor, "edit_article", kept).await.assert_status_ok();
    assert_eq!(load(&author).await.source, "Two");

    // An empty text removes it. Another account's request is not carried out.
    let base = load(&author).await.base.to_string();
    let other = edit(&op_id(), "", &base, &theirs);
    let refused = call(&author, "edit_article", other).await;
    refused.assert_status_unauthorized();
    let removed = edit(&op_id(), "", &base, &mine);
    call(&author, "edit_article", removed)
        .await
        .assert_status_ok();
    assert_eq!(load(&author).await.source, "");

    let anonymous = app.browser();
    let reader = app.log_in(Role::Reader).await;
    for (browser, status) in [
        (&anonymous, StatusCode::UNAUTHORIZED),
        (&reader, StatusCode::FORBIDDEN),
    ] {
        let refused = call(browser, "article_source", json!({"entry": 1})).await;
        refused.assert_status(status);
    }
    for (entry, source, status) in [
        (99, "x".to_owned(), StatusCode::NOT_FOUND),
        (1, "\u{200b}".to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        (1, "x".repeat(2_000_000), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let mut arguments = edit(&op_id(), &source, &base, &mine);
        arguments["entry"] = json!(entry);
        let refused = call(&author, "edit_article", arguments).await;
        refused.assert_status(status);
    }
}
