//! Drafts of updates: the server functions of the composer, and that nothing public shows a draft.

use std::fmt::Write;

use axum_test::{TestResponse, TestServer};
use domain::Role;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::support::{TestApp, head_of, op_id};

async fn call(browser: &TestServer, name: &str, body: &Value) -> TestResponse {
    browser.post(&format!("/fn/{name}")).json(body).await
}

/// Calls a function that succeeds, and returns its result.
async fn result(browser: &TestServer, name: &str, body: &Value) -> Value {
    let response = call(browser, name, body).await;
    assert_eq!(
        head_of(&response, &["content-type", "cache-control"]),
        "200 OK\ncontent-type: application/json\ncache-control: private, no-store",
        "{}",
        response.text()
    );
    response.json()
}

fn draft(op_id: &str, source: &str) -> Value {
    json!({"slug": "final", "op_id": op_id, "source": source, "headline": ""})
}

/// Returns a change of a draft, based on `version`.
fn change(id: &Value, version: i64, source: &str) -> Value {
    let mut change = draft(&op_id(), source);
    change["id"] = id.clone();
    change["version"] = version.into();
    change
}

/// Returns the first words of the author's drafts.
async fn listed(browser: &TestServer) -> Vec<String> {
    let drafts = result(browser, "my_drafts", &json!({"slug": "final"})).await;
    let drafts = drafts.as_array().unwrap().iter();
    let excerpt = |draft: &Value| draft["excerpt"].as_str().unwrap().to_owned();
    drafts.map(excerpt).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_continue_one_draft() {
    let (app, _, phone) = TestApp::start().await;
    app.live_entry().await;
    let session = app
        .newsroom
        .log_in("author", TestApp::PASSWORD)
        .await
        .unwrap();
    let laptop = app.browser_with(&format!("ringside_session={}", session.token.reveal()));

    let first = draft(&op_id(), "A go");
    let saved = result(&phone, "save_draft", &first).await;
    assert_eq!(result(&phone, "save_draft", &first).await, saved);
    let id = &saved["Saved"]["id"];
    let changed_at = &saved["Saved"]["changed_at"];
    assert_eq!(
        saved,
        json!({"Saved": {"id": id, "version": 1, "changed_at": changed_at}})
    );
    assert_eq!(listed(&laptop).await, ["A go"]);
    let opened = result(&laptop, "my_draft", &json!({"slug": "final", "id": id})).await;
    assert_eq!(
        opened,
        json!({"id": id, "source": "A go", "headline": "", "version": 1, "changed_at": changed_at})
    );

    let on_laptop = change(id, 1, "A goal on the laptop");
    let saved = result(&laptop, "save_draft", &on_laptop).await;
    assert_eq!(saved["Saved"]["version"], 2);
    let conflict = result(&phone, "save_draft", &change(id, 1, "A goal on the phone")).await;
    let current = &conflict["Conflict"];
    assert_eq!(
        (&current["source"], &current["version"]),
        (&json!("A goal on the laptop"), &json!(2))
    );
    // Without a version, the author has not seen the text.
    let mut without = change(id, 1, "A goal on the phone");
    without.as_object_mut().unwrap().remove("version");
    assert_eq!(result(&phone, "save_draft", &without).await, conflict);
    let discard = json!({"id": id, "version": 1});
    assert_eq!(result(&phone, "discard_draft", &discard).await, conflict);
    let merged = result(&phone, "save_draft", &change(id, 2, "A goal on both")).await;
    assert_eq!(merged["Saved"]["version"], 3);

    for body in [
        json!({"id": id, "version": 3}),
        json!({"id": id}),
        json!({"id": id, "version": 1}),
    ] {
        assert_eq!(result(&laptop, "discard_draft", &body).await, "Discarded");
    }
    let gone = result(&phone, "save_draft", &change(id, 3, "continued")).await;
    assert_eq!(gone, "Gone");
    let opened = result(&phone, "my_draft", &json!({"slug": "final", "id": id})).await;
    assert_eq!(opened, json!(null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn post_deletes_its_draft() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let saved = result(&author, "save_draft", &draft(&op_id(), "A go")).await;
    let op_id = op_id();
    let mut post = json!({"slug": "final", "op_id": op_id, "source": "A goal", "headline": "", "waited_ms": 0});
    post["draft"] = saved["Saved"]["id"].clone();
    let posted = result(&author, "post_update", &post).await;
    assert_eq!(listed(&author).await, [""; 0]);
    // Pages of earlier releases don't send the field.
    post.as_object_mut().unwrap().remove("draft");
    assert_eq!(result(&author, "post_update", &post).await, posted);
    let html = anonymous.get("/entries/final").await.text();
    assert_eq!(html.matches("<article").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_have_a_reason() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let (reader, owner) = (
        app.log_in(Role::Reader).await,
        app.log_in(Role::Owner).await,
    );
    let saved = result(&author, "save_draft", &draft(&op_id(), "secret")).await;
    let id = &saved["Saved"]["id"];
    // Another account's draft is answered as one that doesn't exist.
    assert_eq!(
        result(&owner, "save_draft", &change(id, 1, "x")).await,
        "Gone"
    );
    let discarded = result(&owner, "discard_draft", &json!({"id": id})).await;
    assert_eq!(discarded, "Discarded");
    let opened = result(&owner, "my_draft", &json!({"slug": "final", "id": id})).await;
    assert_eq!(opened, json!(null));
    assert_eq!(listed(&owner).await, [""; 0]);
    assert_eq!(listed(&author).await, ["secret"]);

    let mut nowhere = draft(&op_id(), "x");
    nowhere["slug"] = "nowhere".into();
    let mut refusals = String::new();
    for (browser, body) in [
        (&anonymous, draft(&op_id(), "x")),
        (&reader, draft(&op_id(), "x")),
        (&author, nowhere),
        (&author, draft("short", "x")),
        (&author, draft(&op_id(), " ")),
        (&author, draft(&op_id(), &"x".repeat(50_001))),
    ] {
        let refused = call(browser, "save_draft", &body).await;
        refused.assert_header("content-type", "application/json");
        let status = refused.status_code().as_u16();
        writeln!(refusals, "{status} {}", refused.text()).unwrap();
    }
    for name in ["my_drafts", "my_draft", "discard_draft"] {
        let refused = call(&anonymous, name, &json!({"slug": "final", "id": id})).await;
        let status = refused.status_code().as_u16();
        writeln!(refusals, "{name}: {status}").unwrap();
    }
    for body in [r#"{"source": "\ud800"}"#, "{}", "", "[]", r#"{"id": "x"}"#] {
        for name in ["my_drafts", "my_draft", "save_draft", "discard_draft"] {
            let request = author.post(&format!("/fn/{name}")).bytes(body.into());
            let refused = request.content_type("application/json").await;
            refused.assert_status_bad_request();
            refused.assert_text("{\"Refused\":\"The server did not understand the request.\"}");
        }
    }
    assert_snapshot!(refusals, @r#"
    401 {"LoggedOut":"You are not logged in, or your session has expired. Log in and try again."}
    403 {"Refused":"Your account can read, but not post."}
    404 {"Refused":"There is no such live blog."}
    422 {"Refused":"The operation id must be 8 to 100 letters, digits, hyphens and underscores."}
    422 {"Refused":"There is nothing to save. Enter a text or a headline."}
    422 {"Refused":"The update has 50001 characters; the maximum is 50000."}
    my_drafts: 401
    my_draft: 401
    discard_draft: 401
    "#);
}

/// Returns the responses to all public requests, with all headers that don't depend on the time.
async fn everything_public(
    app: &TestApp,
    browsers: &[&TestServer],
    entry: i64,
    update: i64,
) -> String {
    let mut all = String::new();
    for path in [
        "/".to_owned(),
        "/?before=1".to_owned(),
        "/live".to_owned(),
        "/entries/final".to_owned(),
        "/entries/final?order=latest".to_owned(),
        "/entries/final?draft=1".to_owned(),
        "/entries/final/drafts".to_owned(),
        format!("/entries/final/updates/{update}"),
        format!("/updates/{entry}/"),
        format!("/updates/{entry}.json"),
        format!("/updates/{entry}.json?since={update}"),
        format!("/feed/{entry}/head"),
        format!("/feed/{entry}/changes"),
        "/feed/all/head".to_owned(),
        "/feed/all/changes".to_owned(),
        "/api/v1/entries/final/drafts".to_owned(),
        "/api/v1/entries/final/drafts/1".to_owned(),
        "/healthz".to_owned(),
    ] {
        for (browser, encoding) in browsers
            .iter()
            .flat_map(|it| [(it, "identity"), (it, "br")])
        {
            let request = browser.get(&path).add_header("accept-encoding", encoding);
            let response = request.await;
            write!(all, "{path} {}", response.status_code()).unwrap();
            let mut headers: Vec<_> = response
                .headers()
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id" | "age"))
                .map(|(name, value)| format!("{name}: {value:?}"))
                .collect();
            headers.sort();
            let mut body = response.as_bytes().to_vec();
            if let Ok(mut json) = serde_json::from_slice::<Value>(&body) {
                // The server's clock, in heads, and the id of the request, in problem details.
                json.as_object_mut()
                    .map(|json| (json.remove("now"), json.remove("request_id")));
                body = json.to_string().into_bytes();
            }
            writeln!(all, "{headers:?} {}", body.escape_ascii()).unwrap();
        }
    }
    let heads = [entry.to_string(), "all".to_owned()].map(|feed| feed.parse().unwrap());
    writeln!(all, "{:?}", heads.map(|feed| app.newsroom.hub().head(feed))).unwrap();
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_public_shows_a_draft() {
    let (app, anonymous, author) = TestApp::start().await;
    let entry = app.live_entry().await.0;
    let update = app.post("final", "public").await;
    let browsers = [&anonymous, &author];
    let mut streams = Vec::new();
    for feed in [entry.to_string(), "all".to_owned()] {
        let mut stream = app.stream(&format!("/feed/{feed}/stream")).await;
        // The heartbeat at the beginning.
        stream.next().await.unwrap();
        streams.push(stream);
    }
    let before = everything_public(&app, &browsers, entry, update.id.0).await;
    assert!(
        before.contains("public") && before.len() > 100_000,
        "{}",
        before.len()
    );
    let etag = anonymous.get("/entries/final").await.header("etag");

    let saved = result(&author, "save_draft", &draft(&op_id(), "secret")).await;
    let id = &saved["Saved"]["id"];
    assert!(everything_public(&app, &browsers, entry, update.id.0).await == before);
    result(&author, "save_draft", &change(id, 1, "secret, too")).await;
    assert!(everything_public(&app, &browsers, entry, update.id.0).await == before);
    let cached = anonymous
        .get("/entries/final")
        .add_header("if-none-match", &etag)
        .await;
    assert_eq!(cached.status_code(), 304);
    result(&author, "discard_draft", &json!({"id": id})).await;
    assert!(everything_public(&app, &browsers, entry, update.id.0).await == before);

    // The next event of each stream is the next post, at the next revision.
    let next = app.post("final", "also public").await;
    assert_eq!(next.rev, update.rev + 1);
    for stream in &mut streams {
        let event = stream.next_event().await.unwrap();
        assert_eq!(
            (&*event.name, &event.data["from"]),
            ("batch", &json!(update.rev))
        );
        assert!(!event.data.to_string().contains("secret"));
    }
}
