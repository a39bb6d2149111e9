//! The API's drafts of updates.

use axum::http::StatusCode;
use axum_test::{TestResponse, TestServer};
use domain::{EntryState, Role};
use futures::future::join_all;
use serde_json::{Value, json};

use super::{UPDATES, post, refusal, start};
use crate::http::support::head_of;

const DRAFTS: &str = "/api/v1/entries/final/drafts";

fn at(id: &Value) -> String {
    format!("{DRAFTS}/{id}")
}

/// Saves a new draft, and returns its id.
async fn save(client: &TestServer, source: &str) -> Value {
    let saved = client.post(DRAFTS).json(&json!({"source": source})).await;
    saved.assert_status(StatusCode::CREATED);
    saved.json::<Value>()["id"].clone()
}

async fn change(client: &TestServer, id: &Value, base: &str, body: &Value) -> TestResponse {
    let request = client.patch(&at(id)).add_header("if-match", base);
    request.json(body).await
}

async fn sources(client: &TestServer) -> Vec<String> {
    let list: Value = client.get(DRAFTS).await.json();
    let drafts = list["drafts"].as_array().unwrap().iter();
    let excerpt = |draft: &Value| draft["excerpt"].as_str().unwrap().to_owned();
    drafts.map(excerpt).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn draft_is_saved_read_changed_and_discarded() {
    let (_app, client) = start().await;
    let body = json!({"source": "A **go", "headline": "1 : 0"});
    let saved = post(&client, DRAFTS, "draft-1", &body).await;
    let id = saved.json::<Value>()["id"].clone();
    assert_eq!(
        head_of(
            &saved,
            &["cache-control", "content-type", "etag", "location"]
        ),
        format!(
            "201 Created\ncache-control: private, no-store\ncontent-type: application/json\n\
             etag: \"1\"\nlocation: http://127.0.0.1:3000{}",
            at(&id)
        )
    );
    let read = client.get(&at(&id)).await;
    assert_eq!(
        head_of(&read, &["cache-control", "etag"]),
        "200 OK\ncache-control: private, no-store\netag: \"1\""
    );
    let draft: Value = read.json();
    let changed_at = draft["changed_at"].as_str().unwrap();
    assert!(changed_at.ends_with('Z'), "{draft}");
    assert_eq!(
        draft,
        json!({
            "id": id, "source": "A **go", "headline": "1 : 0", "version": 1,
            "changed_at": changed_at,
        })
    );
    assert_eq!(
        saved.json::<Value>(),
        json!({"id": id, "version": 1, "changed_at": changed_at})
    );
    let list: Value = client.get(DRAFTS).await.json();
    assert_eq!(
        list,
        json!({"drafts": [{
            "id": id, "excerpt": "A **go", "headline": "1 : 0", "version": 1,
            "changed_at": changed_at,
        }]})
    );

    // Omitted fields keep their values.
    let changed = change(&client, &id, "\"1\"", &json!({"source": "A goal"})).await;
    changed.assert_status_ok();
    assert_eq!(changed.header("etag"), "\"2\"");
    let draft: Value = client.get(&at(&id)).await.json();
    assert_eq!(
        (&draft["source"], &draft["headline"]),
        (&json!("A goal"), &json!("1 : 0"))
    );
    let changed = client.patch(&at(&id)).json(&json!({"headline": ""})).await;
    assert_eq!(changed.json::<Value>()["version"], 3);

    let discarded = client.delete(&at(&id)).await;
    assert_eq!(head_of(&discarded, &["content-type"]), "204 No Content");
    assert_eq!(sources(&client).await, [""; 0]);
    let again = client.delete(&at(&id)).await;
    assert_eq!(
        refusal(&again),
        "404: There is no such draft. It may have been posted or discarded on another device."
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retried_requests_save_once() {
    let (_app, client) = start().await;
    let body = json!({"source": "A goal"});
    let responses = join_all((0..10).map(|_| post(&client, DRAFTS, "goal:1", &body))).await;
    let first: Value = responses[0].json();
    for again in responses {
        again.assert_status(StatusCode::CREATED);
        assert_eq!(again.json::<Value>(), first);
    }
    assert_eq!(sources(&client).await, ["A goal"]);
    for (path, body) in [
        (DRAFTS, json!({"source": "Another goal"})),
        (UPDATES, body.clone()),
    ] {
        let refused = post(&client, path, "goal:1", &body).await;
        assert_eq!(
            refusal(&refused),
            "422: This Idempotency-Key was already used for another request. Send this request with a new key."
        );
    }
    let patch = |source: &'static str| {
        let request = client.patch(&at(&first["id"]));
        let request = request.add_header("idempotency-key", "change:1");
        async move { request.json(&json!({"source": source})).await }
    };
    let changed: Value = patch("two").await.json();
    change(&client, &first["id"], "*", &json!({"source": "three"})).await;
    assert_eq!(patch("two").await.json::<Value>(), changed);
    assert_eq!(sources(&client).await, ["three"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn change_and_discard_of_another_version_are_refused() {
    let (_app, client) = start().await;
    let id = save(&client, "one").await;
    let two = json!({"source": "two"});
    change(&client, &id, "\"1\"", &two).await.assert_status_ok();
    let sentence = "412: The draft was changed: its version is 2. Nothing was saved or discarded. Get the draft, and send the request with this version in If-Match.";
    for base in ["\"1\"", "\"3\"", "W/\"2\"", "\"other\"", "\"abcdefgh.2\""] {
        let refused = change(&client, &id, base, &json!({"source": "three"})).await;
        assert_eq!(refusal(&refused), sentence, "{base}");
        let refused = client.delete(&at(&id)).add_header("if-match", base).await;
        assert_eq!(refusal(&refused), sentence, "{base}");
        // The text is the current one.
        change(&client, &id, base, &two).await.assert_status_ok();
    }
    for malformed in ["2", "", "\"2", "\"1\", \"2\""] {
        let refused = change(&client, &id, malformed, &json!({"source": "three"})).await;
        assert_eq!(
            refusal(&refused),
            "400: The If-Match header must be one ETag of a draft, such as \"3\", or *.",
            "{malformed}"
        );
    }
    assert_eq!(sources(&client).await, ["two"]);
    let discarded = client
        .delete(&at(&id))
        .add_header("if-match", "\"2\"")
        .await;
    discarded.assert_status(StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posted_update_deletes_its_draft() {
    let (app, client) = start().await;
    app.create_account("another", Role::Owner).await;
    let another = app.api_client("another").await;
    let (id, kept) = (save(&client, "A go").await, save(&client, "kept").await);
    for (source, draft) in [("<script></script>", &id), ("", &id)] {
        let refused = client
            .post(UPDATES)
            .json(&json!({"source": source, "draft": draft}));
        refused.await.assert_status_unprocessable_entity();
    }
    // Another account's post is published, and deletes nothing.
    let body = json!({"source": "another's", "draft": id});
    another
        .post(UPDATES)
        .json(&body)
        .await
        .assert_status(StatusCode::CREATED);
    assert_eq!(sources(&client).await, ["kept", "A go"]);

    let body = json!({"source": "A goal", "draft": id});
    let posted = post(&client, UPDATES, "goal:1", &body).await;
    posted.assert_status(StatusCode::CREATED);
    assert_eq!(sources(&client).await, ["kept"]);
    // The draft is no part of the request.
    for draft in [json!(kept), json!(null), json!(-1), json!(i64::MAX)] {
        let again = json!({"source": "A goal", "draft": draft});
        let again = post(&client, UPDATES, "goal:1", &again).await;
        assert_eq!(again.json::<Value>()["id"], posted.json::<Value>()["id"]);
    }
    assert_eq!(sources(&client).await, ["kept"]);
    let page = app.browser().get("/entries/final").await.text();
    assert_eq!(page.matches("<article").count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_accounts_and_other_entries_have_no_such_draft() {
    let (app, client) = start().await;
    app.create_account("another", Role::Owner).await;
    app.create_account("reader", Role::Reader).await;
    app.entry("hidden", EntryState::Draft).await;
    let (another, reader) = (
        app.api_client("another").await,
        app.api_client("reader").await,
    );
    let id = save(&client, "secret").await;
    let elsewhere = format!("/api/v1/entries/hidden/drafts/{id}");
    for (caller, path) in [(&another, &at(&id)), (&client, &elsewhere)] {
        for response in [
            caller.get(path).await,
            caller.patch(path).json(&json!({"source": "x"})).await,
            caller
                .patch(path)
                .add_header("if-match", "\"1\"")
                .json(&json!({"source": "x"}))
                .await,
            caller.delete(path).await,
            caller.delete(path).add_header("if-match", "\"9\"").await,
        ] {
            let refused = refusal(&response);
            assert!(
                refused.starts_with("404: There is no such draft."),
                "{refused}"
            );
        }
    }
    assert_eq!(sources(&another).await, [""; 0]);
    let refused = reader.post(DRAFTS).json(&json!({"source": "x"})).await;
    assert_eq!(
        refusal(&refused),
        "403: Your account can read, but not post."
    );
    assert_eq!(sources(&reader).await, [""; 0]);
    // A reader does not learn which entries are drafts.
    for path in ["hidden", "nowhere"].map(|slug| format!("/api/v1/entries/{slug}/drafts")) {
        assert_eq!(
            refusal(&reader.get(&path).await),
            "404: There is no such live blog."
        );
        let path = format!("{path}/{id}");
        assert_eq!(
            refusal(&reader.get(&path).await),
            "404: There is no such live blog."
        );
        assert_eq!(
            refusal(&reader.delete(&path).await),
            "404: There is no such live blog."
        );
    }
    assert_eq!(sources(&client).await, ["secret"]);
    for malformed in ["0", "-1", "x", "9223372036854775808", "1.5", "%00", "%ff"] {
        let refused = client.get(&format!("{DRAFTS}/{malformed}")).await;
        assert!(
            (400..=404).contains(&refused.status_code().as_u16()),
            "{malformed}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_have_the_limits_of_an_update_and_may_be_incomplete() {
    let (_app, client) = start().await;
    for body in [
        json!({"source": "\u{200b}\u{0}"}),
        json!({"headline": "only"}),
        json!({"source": null, "headline": "only"}),
        json!({"source": "<script>", "headline": ""}),
        json!({"source": "x".repeat(50_000)}),
    ] {
        let saved = client.post(DRAFTS).json(&body).await;
        saved.assert_status(StatusCode::CREATED);
    }
    let mut refusals = Vec::new();
    for body in [
        "{}".to_owned(),
        r#"{"source": " ", "headline": "\n"}"#.to_owned(),
        json!({"source": "x".repeat(50_001)}).to_string(),
        json!({"headline": "x".repeat(201)}).to_string(),
        r#"{"source": 1}"#.to_owned(),
        r#"{"source": "x", "title": "x"}"#.to_owned(),
        r#"{"source": "\ud800"}"#.to_owned(),
        r#"{"source": "x", "headline": "\udc00"}"#.to_owned(),
    ] {
        let request = client.post(DRAFTS).bytes(body.into());
        let refused = request.content_type("application/json").await;
        refusals.push(refusal(&refused));
    }
    insta::assert_snapshot!(refusals.join("\n"), @"
    422: There is nothing to save. Enter a text or a headline.
    422: There is nothing to save. Enter a text or a headline.
    422: The update has 50001 characters; the maximum is 50000.
    422: The headline has 201 characters; the maximum is 200.
    422: The body is invalid: source: invalid type: integer `1`, expected a string at line 1 column 12.
    422: The body is invalid: title: unknown field `title`, expected `source` or `headline` at line 1 column 23.
    400: The body is not JSON: source: unexpected end of hex escape at line 1 column 19.
    400: The body is not JSON: headline: lone leading surrogate in hex escape at line 1 column 35.
    ");
    let before = sources(&client).await.len();
    assert_eq!(before, 5);
}
