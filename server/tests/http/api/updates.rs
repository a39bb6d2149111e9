//! The API's updates.

use axum::http::StatusCode;
use domain::{Change, EntryState, Mark, Role};
use futures::future::join_all;
use serde_json::{Value, json};

use super::{UPDATES, post, post_update, refusal, start};
use crate::http::support::{TestApp, head_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posted_update_is_sent_to_readers() {
    let (app, client) = start().await;
    let body = json!({"source": "A **goal** <script>alert(1)</script>", "headline": "1 : 0"});
    let response = post(&client, UPDATES, "goal-1", &body).await;
    assert_eq!(
        head_of(&response, &["cache-control", "content-type", "set-cookie"]),
        "201 Created\ncache-control: private, no-store\ncontent-type: application/json"
    );
    let change: Value = response.json();
    let batch = app.browser().get("/feed/1/changes").await;
    let [Change::Upserted(shown)] = &batch.json::<domain::Batch>().changes[..] else {
        panic!("expected one update: {}", batch.text());
    };
    assert!(shown.html.contains("<strong>goal</strong>") && shown.html.contains("1 : 0"));
    assert_eq!(
        change,
        json!({
            "id": shown.id, "rev": shown.rev, "html": shown.html,
            "posted_at": newsroom::zone::rfc3339(shown.posted_at),
            "published_at": newsroom::zone::rfc3339(shown.posted_at), "removed": ["script"],
            "url": format!("http://127.0.0.1:3000/entries/final/updates/{}", shown.id),
        })
    );
    assert_eq!(response.header("location"), change["url"].as_str().unwrap());
    let page = app.browser().get("/entries/final").await.text();
    assert!(page.contains(&shown.html));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retried_post_is_published_once() {
    let (app, client) = start().await;
    app.entry("other", EntryState::Live).await;
    let body = json!({"source": "A goal"});
    let responses = join_all((0..10).map(|_| post(&client, UPDATES, "goal:1", &body))).await;
    let first: Value = responses[0].json();
    for again in responses {
        again.assert_status(StatusCode::CREATED);
        assert_eq!(again.json::<Value>(), first);
    }
    for (path, body) in [
        (UPDATES, json!({"source": "Another goal"})),
        (UPDATES, json!({"source": "A goal", "headline": "1 : 0"})),
        ("/api/v1/entries/other/updates", body.clone()),
        ("/api/v1/entries", json!({"title": "A goal"})),
    ] {
        let refused = post(&client, path, "goal:1", &body).await;
        assert_eq!(
            refusal(&refused),
            "422: This Idempotency-Key was already used for another request. Send this request with a new key."
        );
    }
    // Keys are separate for each account. Without a key, each request is new.
    app.create_account("another", Role::Author).await;
    let another = app.api_client("another").await;
    let theirs: Value = post(&another, UPDATES, "goal:1", &body).await.json();
    assert_ne!(theirs["id"], first["id"]);
    assert_ne!(
        post_update(&client, "A goal").await,
        post_update(&client, "A goal").await
    );
    let page = app.browser().get("/entries/final").await.text();
    assert_eq!(page.matches("<article").count(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idempotency_key_and_the_composers_operation_id_are_the_same() {
    let (app, client) = start().await;
    let id = post(
        &client,
        UPDATES,
        "8e03978e-40d5",
        &json!({"source": "A goal"}),
    )
    .await;
    let id = id.json::<Value>()["id"].clone();
    let session = app.newsroom.log_in("ticker", TestApp::PASSWORD).await;
    let cookie = format!("ringside_session={}", session.unwrap().token.reveal());
    let fields = [
        ("op_id", "8e03978e-40d5"),
        ("source", "A goal"),
        ("headline", ""),
    ];
    let composed = app
        .browser_with(&cookie)
        .post("/entries/final/compose")
        .form(&fields)
        .await;
    composed.assert_header("location", format!("/entries/final/compose?posted={id}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn patch_changes_only_the_given_fields_of_an_update() {
    let (app, client) = start().await;
    let change = post_update(&client, "A gaol").await;
    let path = format!("{UPDATES}/{}", change["id"]);
    let edit = async |edit: Value| {
        let edited = client.patch(&path).json(&edit).await;
        edited.assert_status_ok();
        edited.json::<Value>()
    };
    let html = |change: &Value| change["html"].as_str().unwrap().to_owned();
    let corrected = edit(json!({"source": "A goal"})).await;
    assert!(corrected["rev"].as_i64() > change["rev"].as_i64());
    assert_eq!(corrected["posted_at"], change["posted_at"]);
    assert_eq!(
        edit(json!({"source": "A goal"})).await,
        corrected,
        "repeating the edit changed something"
    );
    assert_eq!(edit(json!({})).await, corrected, "nothing");
    let titled = html(&edit(json!({"headline": "1 : 0"})).await);
    assert!(
        titled.contains("A goal") && titled.contains("1 : 0"),
        "{titled}"
    );
    let edited = html(&edit(json!({"source": "What a goal"})).await);
    assert!(
        edited.contains("What a goal") && edited.contains("1 : 0"),
        "{edited}"
    );
    let bare = edit(json!({"headline": null})).await;
    assert!(!html(&bare).contains("1 : 0"));
    let page = app.browser().get("/entries/final").await.text();
    assert!(page.contains(&html(&bare)), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marks_are_set_with_or_without_the_text() {
    let (app, client) = start().await;
    let mark = json!({"source": "A goal", "key": true, "pinned": true});
    let first: Value = post(&client, UPDATES, "goal-1", &mark).await.json();
    let links = async |change: &Value| {
        let page = app.browser().get("/entries/final").await.text();
        let link = format!("href=\"#update-{}\"", change["id"]);
        page.matches(&link).count()
    };
    assert_eq!(
        links(&first).await,
        2,
        "the update is not a key moment, or not pinned"
    );
    let second = json!({"source": "Another goal", "pinned": true});
    let second: Value = post(&client, UPDATES, "goal-2", &second).await.json();
    assert_eq!((links(&first).await, links(&second).await), (1, 1));

    // A retry returns the update, and does not pin it again.
    let again: Value = post(&client, UPDATES, "goal-1", &mark).await.json();
    assert_eq!(again["id"], first["id"]);
    assert_eq!((links(&first).await, links(&second).await), (1, 1));
    let unmarked = json!({"source": "A goal"});
    let refused = post(&client, UPDATES, "goal-1", &unmarked).await;
    assert!(refusal(&refused).starts_with("422: This Idempotency-Key"));

    let path = format!("{UPDATES}/{}", first["id"]);
    let edit = json!({"key": false, "pinned": true});
    let edited: Value = client.patch(&path).json(&edit).await.json();
    assert!(edited["html"].as_str().unwrap().contains("A goal"));
    assert_eq!((links(&first).await, links(&second).await), (1, 0));
    let same: Value = client.patch(&path).json(&edit).await.json();
    assert_eq!(same, edited);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_patches_keep_each_other() {
    let (_app, client) = start().await;
    for _ in 0..5 {
        let path = format!("{UPDATES}/{}", post_update(&client, "A gaol").await["id"]);
        let edits = [json!({"headline": "1 : 0"}), json!({"source": "A goal"})];
        join_all(edits.iter().map(|edit| async {
            client.patch(&path).json(edit).await.assert_status_ok();
        }))
        .await;
        let now: Value = client.patch(&path).json(&json!({})).await.json();
        let html = now["html"].as_str().unwrap();
        assert!(html.contains("1 : 0") && html.contains("A goal"), "{html}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_edit_changes_nothing() {
    let (_app, client) = start().await;
    let path = format!("{UPDATES}/{}", post_update(&client, "A goal").await["id"]);
    let before: Value = client.patch(&path).json(&json!({})).await.json();
    for edit in [
        json!({"source": "<script>alert(1)</script>", "key": true}),
        json!({"source": "", "headline": "1 : 0", "pinned": true}),
    ] {
        let refused = client.patch(&path).json(&edit).await;
        assert!(refusal(&refused).starts_with("422: "));
    }
    let after: Value = client.patch(&path).json(&json!({})).await.json();
    assert_eq!(after, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn author_cannot_replace_the_pin_of_another() {
    let (app, client) = start().await;
    let theirs = app.post("final", "The result").await.id;
    let editor = app.editor().await;
    let pinned = app
        .newsroom
        .mark_update(editor, theirs, Mark::Pinned, true, None);
    pinned.await.unwrap();
    let path = format!("{UPDATES}/{}", post_update(&client, "A goal").await["id"]);
    let pinned = json!({"source": "Another goal", "pinned": true});
    for refused in [
        client.patch(&path).json(&pinned).await,
        client.post(UPDATES).json(&pinned).await,
    ] {
        assert_eq!(
            refusal(&refused),
            "403: Another author's update is pinned. An editor can replace it, or its author can unpin it first."
        );
    }
    let page = app.browser().get("/entries/final").await.text();
    let link = format!("href=\"#update-{theirs}\"");
    assert_eq!(page.matches(&link).count(), 1, "{page}");
    assert!(!page.contains("Another goal"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_update_is_in_no_response() {
    let (app, client) = start().await;
    let body = json!({"source": "A secret"});
    let change: Value = post(&client, UPDATES, "the-secret", &body).await.json();
    let path = format!("{UPDATES}/{}", change["id"]);
    let deleted = client.delete(&path).await;
    deleted.assert_status_ok();
    let tombstone: Value = deleted.json();
    let rev = &tombstone["rev"];
    assert_eq!(
        tombstone,
        json!({"id": change["id"], "rev": rev, "deleted": true})
    );
    let again = client.delete(&path).await;
    again.assert_status_ok();
    assert_eq!(again.json::<Value>(), tombstone);
    let retried = post(&client, UPDATES, "the-secret", &body).await;
    retried.assert_status(StatusCode::CREATED);
    assert_eq!(retried.json::<Value>(), tombstone);
    for edit in [json!({"source": "Edited"}), json!({})] {
        let refused = client.patch(&path).json(&edit).await;
        assert_eq!(refusal(&refused), "410: This update was removed.");
    }
    let page = app.browser().get("/entries/final").await.text();
    assert!(!page.contains("A secret"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn update_is_found_under_its_own_entry_only() {
    let (app, client) = start().await;
    app.entry("other", EntryState::Live).await;
    let id = post_update(&client, "A goal").await["id"].clone();
    for (path, what) in [
        (format!("other/updates/{id}"), "update"),
        (format!("nowhere/updates/{id}"), "live blog"),
        (format!("Final/updates/{id}"), "live blog"),
        ("final/updates/999".to_owned(), "update"),
        ("final/updates/one".to_owned(), "update"),
        ("final/updates/99999999999999999999".to_owned(), "update"),
    ] {
        let path = format!("/api/v1/entries/{path}");
        let sentence = format!("404: There is no such {what}.");
        let edited = client.patch(&path).json(&json!({"source": "Gone"})).await;
        assert_eq!(refusal(&edited), sentence, "{path}");
        let deleted = client.delete(&path).await;
        assert_eq!(refusal(&deleted), sentence, "{path}");
    }
    let page = app.browser().get("/entries/final").await;
    page.assert_text_contains("A goal");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn updates_of_a_draft_are_not_public() {
    let (app, client) = start().await;
    app.entry("secret", EntryState::Draft).await;
    let posted = client
        .post("/api/v1/entries/secret/updates")
        .json(&json!({"source": "Embargoed"}))
        .await;
    posted.assert_status(StatusCode::CREATED);
    posted.assert_text_contains("Embargoed");
    let id = posted.json::<Value>()["id"].clone();
    for path in [
        "/entries/secret",
        "/feed/2/changes",
        &format!("/entries/secret/updates/{id}"),
    ] {
        app.browser().get(path).await.assert_status_not_found();
    }
    let all = app.browser().get("/feed/all/changes").await.text();
    assert!(!all.contains("Embargoed"), "{all}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_or_unknown_entry_accepts_no_posts() {
    let (app, client) = start().await;
    app.entry("over", EntryState::Ended).await;
    for (slug, sentence) in [
        (
            "over",
            "403: This live blog has ended. Reopen it on its desk page to post to it.",
        ),
        ("nowhere", "404: There is no such live blog."),
    ] {
        let path = format!("/api/v1/entries/{slug}/updates");
        let refused = client.post(&path).json(&json!({"source": "Late"})).await;
        assert_eq!(refusal(&refused), sentence);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_concurrent_posts_of_one_client_succeed() {
    let (app, client) = start().await;
    let texts: Vec<_> = (0..50).map(|number| format!("Goal {number}")).collect();
    join_all(texts.iter().map(|text| post_update(&client, text))).await;
    let page = app.browser().get("/entries/final").await.text();
    assert_eq!(page.matches("<article").count(), 50);
}
