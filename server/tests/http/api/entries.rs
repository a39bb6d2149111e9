//! The API's entries.

use axum::http::StatusCode;
use axum_test::{TestResponse, TestServer};
use domain::EntryState;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{post, refusal, start};
use crate::http::support::head_of;

const ENTRIES: &str = "/api/v1/entries";

async fn change(client: &TestServer, slug: &str, change: &Value) -> TestResponse {
    client
        .patch(&format!("{ENTRIES}/{slug}"))
        .json(change)
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entry_is_created_once() {
    let (app, client) = start().await;
    let mut body = json!({
        "title": "Election night", "summary": "The count.", "time_zone": "Europe/Paris",
        "state": "live", "default_order": "latest",
    });
    let first = post(&client, ENTRIES, "4711", &body).await;
    let head = head_of(&first, &["cache-control", "content-type"]);
    assert_eq!(
        head,
        "201 Created\ncache-control: private, no-store\ncontent-type: application/json"
    );
    let entry: Value = first.json();
    let page = app.browser().get("/entries/election-night").await;
    page.assert_text_contains("The count.");
    assert_eq!(first.header("location"), entry["url"].as_str().unwrap());
    let starts_at = entry["starts_at"].as_str().unwrap();
    assert_eq!(
        (starts_at.len(), &starts_at[10..11], &starts_at[23..]),
        (24, "T", "Z"),
        "{starts_at}"
    );
    assert_eq!(
        entry,
        json!({
            "id": 2, "slug": "election-night", "title": "Election night", "summary": "The count.", "body": "", "state": "live",
            "time_zone": "Europe/Paris", "language": "en", "default_order": "latest", "starts_at": entry["starts_at"],
            "chat": "off", "url": "http://127.0.0.1:3000/entries/election-night",
        })
    );
    let again = post(&client, ENTRIES, "4711", &body).await;
    again.assert_status(StatusCode::CREATED);
    assert_eq!(again.json::<Value>(), entry);

    let mut other = body.clone();
    other["title"] = json!("Another night");
    for _ in 0..2 {
        let refused = post(&client, ENTRIES, "4711", &other).await;
        assert_eq!(
            refusal(&refused),
            "422: This Idempotency-Key was already used for another request. Send this request with a new key."
        );
    }
    body["slug"] = json!("election-night");
    let taken = post(&client, ENTRIES, "4712", &body).await;
    assert_snapshot!(refusal(&taken), @"422: Another live blog already has this slug. Choose a different one.");
    assert_eq!(taken.json::<Value>()["field"], "slug");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entry_needs_only_a_title() {
    let (app, client) = start().await;
    let created = client
        .post(ENTRIES)
        .json(&json!({"title": "The re-match"}))
        .await;
    let entry: Value = created.json();
    assert_eq!(
        (
            &entry["slug"],
            &entry["state"],
            &entry["time_zone"],
            &entry["default_order"]
        ),
        (
            &json!("the-re-match"),
            &json!("draft"),
            &json!("UTC"),
            &json!("oldest")
        )
    );
    let page = app.browser().get("/entries/the-re-match").await;
    page.assert_status_not_found();
    let read = client.get("/api/v1/entries/the-re-match").await;
    assert_eq!(read.json::<Value>(), entry);
    let all: Value = client.get(ENTRIES).await.json();
    let slugs = all["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["slug"]);
    assert_eq!(slugs.collect::<Vec<_>>(), ["the-re-match", "final"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn article_is_created_changed_and_removed() {
    let (app, client) = start().await;
    let body =
        json!({"title": "Cup", "body": "# Why\n\nA *cup*.<script>x</script>", "state": "live"});
    let first = post(&client, ENTRIES, "cup-1", &body).await;
    first.assert_status(StatusCode::CREATED);
    let entry: Value = first.json();
    assert_eq!(
        (&entry["body"], &entry["removed"]),
        (&body["body"], &json!(["script"]))
    );
    let again = post(&client, ENTRIES, "cup-1", &body).await;
    assert_eq!(again.json::<Value>(), entry);
    let page = async || app.browser().get("/entries/cup").await.text();
    let html = page().await;
    assert!(html.contains("<h2 dir=\"auto\">Why</h2>"), "{html}");
    assert!(!html.contains("<script>x"), "{html}");

    let read = async || client.get("/api/v1/entries/cup").await.json::<Value>();
    let mut expected = entry.clone();
    expected.as_object_mut().unwrap().remove("removed");
    assert_eq!(read().await, expected);
    // A list would be long.
    let all: Value = client.get(ENTRIES).await.json();
    assert!(all["entries"][0].get("body").is_none(), "{all}");

    // A patch without it, or with null, keeps it.
    for kept in [json!({"title": "The cup"}), json!({"body": null})] {
        let changed: Value = change(&client, "cup", &kept).await.json();
        assert_eq!(changed["body"], body["body"]);
        assert!(changed.get("removed").is_none(), "{changed}");
    }
    let changed: Value = change(&client, "cup", &json!({"body": "Over."}))
        .await
        .json();
    assert_eq!(
        (&changed["body"], &changed["removed"]),
        (&json!("Over."), &json!([]))
    );
    assert!(page().await.contains("Over."));
    let changed: Value = change(&client, "cup", &json!({"body": ""})).await.json();
    assert_eq!(changed["body"], "");
    assert!(!page().await.contains("entry-article"));

    for (wrong, refused_for) in [
        (
            json!({"body": "a".repeat(100_001)}),
            "422: The article has 100001 characters; the maximum is 100000.",
        ),
        (
            json!({"body": "<script>x</script>"}),
            "422: This text has no visible content. Not shown: a script.",
        ),
        (
            json!({"body": 7}),
            "422: The body is invalid: body: invalid type: integer `7`, expected a string at line 1 column 9.",
        ),
    ] {
        assert_eq!(refusal(&change(&client, "cup", &wrong).await), refused_for);
        let mut new = wrong;
        new["title"] = json!("Another");
        let created = client.post(ENTRIES).json(&new).await;
        created.assert_status_unprocessable_entity();
    }
    let long = json!({"body": "b ".repeat(50_000)});
    change(&client, "cup", &long).await.assert_status_ok();
    // As long as a client may escape it.
    let escaped = format!(r#"{{"body":"{}"}}"#, r"\u0061".repeat(100_000));
    let changed = client.patch("/api/v1/entries/cup").text(escaped);
    let changed = changed.content_type("application/json").await;
    changed.assert_status_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entry_is_started_ended_and_reopened() {
    let (app, client) = start().await;
    app.entry("rematch", EntryState::Upcoming).await;
    for state in ["live", "live", "ended", "ended", "live"] {
        let changed = change(&client, "rematch", &json!({"state": state})).await;
        changed.assert_status_ok();
        let entry: Value = changed.json();
        assert_eq!(entry["state"], state);
        assert_eq!(entry.get("ended_at").is_some(), state == "ended");
        let page = app.browser().get("/entries/rematch").await.text();
        assert_eq!(page.contains("From "), state == "ended", "{page}");
    }
    for state in ["draft", "upcoming"] {
        let refused = change(&client, "rematch", &json!({"state": state})).await;
        assert_eq!(
            refusal(&refused),
            "422: A live blog can be started or ended, but cannot go back to draft or upcoming."
        );
    }
    app.entry("draft", EntryState::Draft).await;
    let same = change(&client, "draft", &json!({"state": "draft"})).await;
    same.assert_status_ok();
    let refused = change(&client, "draft", &json!({"state": "ended"})).await;
    assert_snapshot!(refusal(&refused), @"403: This live blog has not started, so it can't be ended.");
    for slug in ["nowhere", "Not-An-Address", "%ff"] {
        let path = format!("{ENTRIES}/{slug}");
        let refused = [
            client.get(&path).await,
            change(&client, slug, &json!({})).await,
        ];
        assert!(
            refused
                .iter()
                .all(|response| response.status_code().is_client_error()),
            "{slug}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn patch_changes_only_the_given_fields_of_an_entry() {
    let (app, client) = start().await;
    let renamed = change(
        &client,
        "final",
        &json!({"title": "The final", "slug": "the-final"}),
    )
    .await;
    renamed.assert_status_ok();
    let entry: Value = renamed.json();
    assert_eq!(
        (&entry["slug"], &entry["title"], &entry["time_zone"]),
        (
            &json!("the-final"),
            &json!("The final"),
            &json!("Europe/Paris")
        )
    );
    // A client can still use the former slug, also for retries.
    let body = json!({"source": "A goal"});
    let posts = [
        post(&client, super::UPDATES, "goal-1", &body).await,
        post(&client, super::UPDATES, "goal-1", &body).await,
    ];
    let [first, again] = posts.map(|posted| posted.json::<Value>());
    assert_eq!(first, again);
    assert!(
        first["url"]
            .as_str()
            .unwrap()
            .contains("/entries/the-final/")
    );
    let path = format!("{}/{}", super::UPDATES, first["id"]);
    client
        .patch(&path)
        .json(&json!({"source": "What a goal"}))
        .await
        .assert_status_ok();
    let changed = change(&client, "final", &json!({"summary": "Tonight.", "default_order": "latest", "time_zone": "Asia/Tokyo", "state": "ended"})).await;
    assert_eq!(
        (
            &changed.json::<Value>()["title"],
            &changed.json::<Value>()["state"]
        ),
        (&json!("The final"), &json!("ended"))
    );
    let page = app.browser().get("/entries/the-final").await.text();
    for shown in ["The final", "Tonight.", "What a goal", "JST"] {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }
    app.entry("other", EntryState::Live).await;
    for (wrong, sentence) in [
        (
            json!({"slug": "other"}),
            "Another live blog already has this slug. Choose a different one.",
        ),
        (json!({"slug": ""}), "The slug is missing."),
        (json!({"title": " "}), "The title is missing."),
        (
            json!({"time_zone": "Mars/Olympus", "title": "Mars"}),
            "There is no such time zone. Enter one such as Europe/Paris or UTC.",
        ),
    ] {
        let refused = change(&client, "the-final", &wrong).await;
        assert_eq!(refusal(&refused), format!("422: {sentence}"));
    }
    let kept: Value = client.get("/api/v1/entries/the-final").await.json();
    assert_eq!(kept["title"], "The final");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_patch_changes_nothing() {
    let (app, client) = start().await;
    app.entry("draft", EntryState::Draft).await;
    let path = format!("{ENTRIES}/draft");
    let before: Value = client.get(&path).await.json();
    for (wrong, sentence) in [
        (
            json!({"title": "X", "state": "ended"}),
            "403: This live blog has not started, so it can't be ended.",
        ),
        (
            json!({"title": "X", "slug": "final", "state": "live"}),
            "422: Another live blog already has this slug. Choose a different one.",
        ),
    ] {
        let refused = change(&client, "draft", &wrong).await;
        assert_eq!(refusal(&refused), sentence);
    }
    assert_eq!(client.get(&path).await.json::<Value>(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entry_has_a_language() {
    let (_app, client) = start().await;
    let body = json!({"title": "Final", "slug": "arabic", "state": "live", "language": "ar-eg"});
    let created = post(&client, ENTRIES, "4711", &body).await;
    created.assert_status(StatusCode::CREATED);
    assert_eq!(created.json::<Value>()["language"], "ar-EG");
    for (tag, language) in [
        (json!("HE"), "he"),
        (Value::Null, "he"),
        (json!(""), "en"),
        (json!("zh-hant"), "zh-Hant"),
    ] {
        let changed = change(&client, "arabic", &json!({"language": tag})).await;
        changed.assert_status_ok();
        assert_eq!(changed.json::<Value>()["language"], language, "{tag}");
        let read = client.get(&format!("{ENTRIES}/arabic")).await;
        assert_eq!(read.json::<Value>()["language"], language, "{tag}");
    }
    let all: Value = client.get(ENTRIES).await.json();
    assert_eq!(all["entries"][0]["language"], "zh-Hant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn list_of_entries_is_read_in_parts() {
    let (app, client) = start().await;
    for slug in ["one", "two", "three"] {
        app.entry(slug, EntryState::Live).await;
    }
    let whole = client.get(ENTRIES).await;
    assert!(!whole.headers().contains_key("link"));
    let slugs = |response: &TestResponse| -> Vec<String> {
        let list: Value = response.json();
        let entries = list["entries"].as_array().unwrap().iter();
        entries.map(|entry| entry["slug"].to_string()).collect()
    };
    let count = slugs(&whole).len();

    let first = client.get(&format!("{ENTRIES}?limit=1")).await;
    let before = first.json::<Value>()["entries"][0]["id"].clone();
    assert_eq!(
        first.header("link"),
        format!(r#"<http://127.0.0.1:3000{ENTRIES}?before={before}&limit=1>; rel="next""#)
    );
    let rest = client.get(&format!("{ENTRIES}?before={before}")).await;
    assert!(!rest.headers().contains_key("link"));
    assert_eq!(slugs(&rest).len(), count - 1);
    assert_eq!([slugs(&first), slugs(&rest)].concat(), slugs(&whole));

    for limit in [0, 1_001] {
        let refused = client.get(&format!("{ENTRIES}?limit={limit}")).await;
        assert_eq!(refusal(&refused), "422: The limit must be from 1 to 1000.");
    }
}
