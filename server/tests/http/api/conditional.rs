//! Conditional requests: `ETag` and `If-Match`.

use axum::http::StatusCode;
use axum_test::{TestRequest, TestResponse};
use domain::{Mark, Role, UpdateId};
use serde_json::{Value, json};

use super::{UPDATES, post, post_update, refusal, start};
use crate::http::support::TestApp;

const CHANGED: &str = "412: The text is not the one that If-Match names, so nothing was changed. Get the current text, whose revision is in ETag, and decide.";

fn etag(response: &TestResponse) -> String {
    response.header("etag").to_str().unwrap().to_owned()
}

async fn if_match(request: TestRequest, tag: &str) -> TestResponse {
    request.add_header("if-match", tag).await
}

/// Edits an update as somebody else.
async fn edit_elsewhere(app: &TestApp, id: UpdateId, text: &str) {
    let draft = domain::Draft::parse(text, "").unwrap();
    let edited = app
        .newsroom
        .edit_update(app.editor().await, id, &draft, None, None);
    edited.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn responses_name_the_revision_of_the_text() {
    let (app, client) = start().await;
    let posted = post(&client, UPDATES, "goal-1", &json!({"source": "A gaol"})).await;
    let change: Value = posted.json();
    let epoch = app
        .browser()
        .get("/feed/1/head")
        .await
        .json::<domain::Head>()
        .epoch;
    let tag = |rev: &Value| format!("\"{epoch}.{rev}\"");
    assert_eq!(etag(&posted), tag(&change["rev"]));
    let path = format!("{UPDATES}/{}", change["id"]);
    let read = client.get(&path).await;
    read.assert_status_ok();
    assert_eq!(etag(&read), etag(&posted));
    assert_eq!(
        read.json::<Value>(),
        json!({
            "id": change["id"], "rev": change["rev"], "source": "A gaol", "headline": null,
            "key": false, "pinned": false, "url": change["url"], "posted_at": change["posted_at"],
        })
    );
    let edited = client.patch(&path).json(&json!({"source": "A goal"})).await;
    assert_eq!(etag(&edited), tag(&edited.json::<Value>()["rev"]));
    client.delete(&path).await.assert_status_ok();
    let restored = client.post(&format!("{path}/restore")).await;
    restored.assert_status_ok();
    assert_eq!(etag(&restored), tag(&restored.json::<Value>()["rev"]));
    // Restoring it again changes nothing.
    let again = client.post(&format!("{path}/restore")).await;
    assert_eq!(again.json::<Value>(), restored.json::<Value>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edit_of_a_text_that_was_changed_is_412() {
    let (app, client) = start().await;
    let posted = post(&client, UPDATES, "goal-1", &json!({"source": "2-0, now"})).await;
    let change: Value = posted.json();
    let id = UpdateId(change["id"].as_i64().unwrap());
    let path = format!("{UPDATES}/{id}");
    let old = etag(&posted);
    edit_elsewhere(&app, id, "2-1, now").await;
    let current = etag(&client.get(&path).await);

    for tag in [
        &*old,
        &change["rev"].to_string(),
        &format!("{old}, W/{current}"),
        "\"abc\"",
        "\"1.1\"",
    ] {
        let tag = if tag.contains('"') {
            tag.to_owned()
        } else {
            format!("\"{tag}\"")
        };
        let refused = if_match(
            client.patch(&path).json(&json!({"source": "2-0 now"})),
            &tag,
        )
        .await;
        assert_eq!(refusal(&refused), CHANGED, "{tag}");
        assert_eq!(etag(&refused), current, "{tag}");
        let refused = if_match(client.delete(&path), &tag).await;
        assert_eq!(refusal(&refused), CHANGED, "{tag}");
        assert_eq!(etag(&refused), current, "{tag}");
    }
    app.browser()
        .get("/entries/final")
        .await
        .assert_text_contains("2-1, now");
    // Marks alone are no change of the text.
    let marked = if_match(client.patch(&path).json(&json!({"key": true})), &old).await;
    marked.assert_status_ok();
    // With the tag of that response, the text that the client has never seen can't be replaced.
    let next = etag(&marked);
    let refused = if_match(client.patch(&path).json(&json!({"source": "x"})), &next).await;
    refused.assert_status(StatusCode::PRECONDITION_FAILED);

    // Any of several tags may match, and marks that changed since don't count.
    let several = format!("\"abc\", {old}, {current}");
    let edited = if_match(
        client.patch(&path).json(&json!({"source": "2-1 now"})),
        &several,
    )
    .await;
    edited.assert_status_ok();
    let rev = edited.json::<Value>()["rev"].clone();
    let deleted = if_match(client.delete(&path), &format!("\"{rev}\"")).await;
    deleted.assert_status_ok();
    // It is deleted already.
    if_match(client.delete(&path), &old)
        .await
        .assert_status_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_without_a_condition_is_never_refused_for_one() {
    let (app, client) = start().await;
    let change = post_update(&client, "one").await;
    let id = UpdateId(change["id"].as_i64().unwrap());
    let path = format!("{UPDATES}/{id}");
    edit_elsewhere(&app, id, "two").await;
    client
        .patch(&path)
        .json(&json!({"source": "three"}))
        .await
        .assert_status_ok();
    edit_elsewhere(&app, id, "four").await;
    if_match(client.patch(&path).json(&json!({"source": "five"})), "*")
        .await
        .assert_status_ok();
    if_match(client.delete(&path), "*").await.assert_status_ok();
    if_match(client.patch(&path).json(&json!({"source": "six"})), "*")
        .await
        .assert_status(StatusCode::GONE);
    if_match(
        client.patch(&format!("{UPDATES}/999")).json(&json!({})),
        "*",
    )
    .await
    .assert_status_not_found();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_condition_is_refused() {
    let (_app, client) = start().await;
    let change = post_update(&client, "one").await;
    let path = format!("{UPDATES}/{}", change["id"]);
    for tag in ["", "7", "\"7", "*, \"7\"", "\"7\" \"8\""] {
        let refused = if_match(client.patch(&path).json(&json!({"source": "two"})), tag).await;
        assert_eq!(
            refusal(&refused),
            "400: If-Match must be * or a list of entity tags in double quotes, such as \"k3f9.1207\" or \"1207\".",
            "{tag}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retried_edit_does_not_conflict_with_itself() {
    let (app, client) = start().await;
    let posted = post(&client, UPDATES, "goal-1", &json!({"source": "one"})).await;
    let id = UpdateId(posted.json::<Value>()["id"].as_i64().unwrap());
    let path = format!("{UPDATES}/{id}");
    let send = || {
        let request = client
            .patch(&path)
            .json(&json!({"source": "two", "headline": null}));
        if_match(request.add_header("idempotency-key", "edit-1"), "*")
    };
    let tag = etag(&posted);
    let request = || {
        client
            .patch(&path)
            .json(&json!({"source": "two", "headline": null}))
    };
    let keyed = || request().add_header("idempotency-key", "edit-2");
    let first = if_match(keyed(), &tag).await;
    first.assert_status_ok();
    let again = if_match(keyed(), &tag).await;
    again.assert_status_ok();
    assert_eq!(etag(&again), etag(&first));
    send().await.assert_status_ok();
    // Somebody else changed the text: the retry succeeds, but its tag is not that of the new text.
    edit_elsewhere(&app, id, "three").await;
    let late = if_match(keyed(), &tag).await;
    late.assert_status_ok();
    let refused = if_match(
        client.patch(&path).json(&json!({"source": "four"})),
        &etag(&late),
    )
    .await;
    refused.assert_status(StatusCode::PRECONDITION_FAILED);
    let post = post(&client, UPDATES, "goal-1", &json!({"source": "one"})).await;
    post.assert_status(StatusCode::CREATED);
    let refused = if_match(
        client.patch(&path).json(&json!({"source": "four"})),
        &etag(&post),
    )
    .await;
    refused.assert_status(StatusCode::PRECONDITION_FAILED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_editors_of_an_update_read_its_source_and_restore_it() {
    let (app, client) = start().await;
    let change = post_update(&client, "one").await;
    let path = format!("{UPDATES}/{}", change["id"]);
    let restore = format!("{path}/restore");
    app.create_account("another", Role::Author).await;
    app.create_account("guest", Role::Reader).await;
    for name in ["another", "guest"] {
        let other = app.api_client(name).await;
        other.get(&path).await.assert_status_forbidden();
        other.post(&restore).await.assert_status_forbidden();
    }
    app.browser().get(&path).await.assert_status_unauthorized();
    client
        .get("/api/v1/entries/final/updates/999")
        .await
        .assert_status_not_found();
    let id = UpdateId(change["id"].as_i64().unwrap());
    // An editor's deletion is not undone by the author.
    app.newsroom
        .delete_update(app.editor().await, id, None, None)
        .await
        .unwrap();
    client.get(&path).await.assert_status(StatusCode::GONE);
    client.post(&restore).await.assert_status_forbidden();
    app.newsroom
        .restore_update(app.editor().await, id, None)
        .await
        .unwrap();
    let marked = app
        .newsroom
        .mark_update(app.editor().await, id, Mark::Key, true, None);
    marked.await.unwrap();
    assert_eq!(client.get(&path).await.json::<Value>()["key"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn article_that_was_changed_is_412() {
    const ENTRY: &str = "/api/v1/entries/final";
    let (app, client) = start().await;
    let written = client.patch(ENTRY).json(&json!({"body": "2-0, now"})).await;
    let first = etag(&written);
    let read = client.get(ENTRY).await;
    assert_eq!(
        (etag(&read), &read.json::<Value>()["body"]),
        (first.clone(), &json!("2-0, now"))
    );

    // Updates and other details change the entry's revision, but not its article.
    post(&client, UPDATES, "goal-1", &json!({"source": "Goal"})).await;
    let title = client.patch(ENTRY).json(&json!({"title": "The final"}));
    if_match(title, &first).await.assert_status_ok();
    let change = |body: &str| client.patch(ENTRY).json(&json!({"body": body}));
    let second = if_match(change("2-1, now"), &first).await;
    second.assert_status_ok();
    let refused = if_match(change("2-0 now"), &first).await;
    assert_eq!(refusal(&refused), CHANGED);
    assert_eq!(refused.status_code(), StatusCode::PRECONDITION_FAILED);
    assert_eq!(etag(&refused), etag(&second));
    // The same text, and a patch of other details, leave it as it is.
    if_match(change("2-1, now"), &first)
        .await
        .assert_status_ok();
    let title = client.patch(ENTRY).json(&json!({"title": "Final"}));
    if_match(title, &first).await.assert_status_ok();
    let read = client.get(ENTRY).await.json::<Value>();
    assert_eq!(
        (&read["body"], &read["title"]),
        (&json!("2-1, now"), &json!("Final"))
    );
    if_match(change("2-1 now"), &etag(&refused))
        .await
        .assert_status_ok();
    change("Without a condition").await.assert_status_ok();
    drop(app);
}
