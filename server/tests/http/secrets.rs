//! Text that was never published or is deleted appears nowhere: in no page, feed, error or cached
//! response.

use axum_test::TestServer;
use domain::{Draft, EntryState, PostedUpdate, Slug, UpdateId};
use newsroom::EntryPatch;

use super::support::TestApp;

/// The text that must not be revealed. It is an entry's title, and the headline and text of
/// updates.
const SECRET: &str = "the-merger-is-off";

/// Returns all public URLs that could reveal the entry `slug`, its update and its feed.
fn addresses(slug: &str, entry: impl std::fmt::Display, update: UpdateId) -> Vec<String> {
    let mut addresses = vec![
        "/".to_owned(),
        "/live".to_owned(),
        format!("/entries/{slug}"),
        format!("/entries/{slug}?order=latest"),
        format!("/entries/{slug}?order=oldest"),
        format!("/entries/{slug}/updates/{update}"),
        format!("/updates/{entry}/"),
        format!("/updates/{entry}.json"),
        format!("/updates/{entry}.json?since=0"),
    ];
    for feed in [entry.to_string(), "all".to_owned()] {
        for what in [
            "head",
            "changes",
            "changes?since=abc",
            "changes?since=another.1",
            "stream?since=abc",
        ] {
            addresses.push(format!("/feed/{feed}/{what}"));
        }
    }
    addresses
}

/// Requests all `addresses`, as a program and as a browser, and asserts that no header and no body
/// contains the secret.
async fn assert_not_revealed(browser: &TestServer, addresses: &[String]) {
    for address in addresses {
        for wanted in ["*/*", "text/html"] {
            let response = browser.get(address).add_header("accept", wanted).await;
            let response_text = format!("{:?} {}", response.headers(), response.text());
            assert!(
                !response_text.contains(SECRET),
                "{address}: {response_text}"
            );
        }
    }
}

async fn post_secret(app: &TestApp, slug: &str) -> PostedUpdate {
    let update = app.post(slug, SECRET).await;
    let draft = Draft::parse(SECRET, SECRET).unwrap();
    let editor = app.editor().await;
    app.newsroom
        .edit_update(editor, update.id, &draft, None, None)
        .await
        .unwrap();
    update
}

/// Changes the slug of an entry from `from` to `to`, and returns the path of its former page.
async fn rename(app: &TestApp, from: &str, to: &str) -> String {
    let patch = EntryPatch {
        slug: Some(Slug::parse(to).unwrap()),
        ..EntryPatch::default()
    };
    let (editor, from) = (app.editor().await, Slug::parse(from).unwrap());
    app.newsroom
        .patch_entry(editor, &from, &patch, None)
        .await
        .unwrap();
    format!("/entries/{from}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn draft_is_revealed_nowhere() {
    let (app, anonymous, author) = TestApp::start().await;
    let live = app.live_entry().await;
    app.post("final", "Kick-off").await;
    let head = app.browser().get("/feed/all/head").await;
    let head: serde_json::Value = head.json();
    let since = format!("{}.{}", head["epoch"].as_str().unwrap(), head["head"]);
    let mut stream = app.stream("/feed/all/stream").await;

    let draft = app.entry(SECRET, EntryState::Draft).await;
    let update = post_secret(&app, SECRET).await;
    rename(&app, SECRET, "hush").await;
    let before = rename(&app, "hush", "hushed").await;
    let addresses: Vec<_> = addresses("final", draft, update.id)
        .into_iter()
        .chain([
            before,
            "/entries/hushed".to_owned(),
            format!("/entries/final/updates/{}", update.id),
            format!("/feed/{live}/changes?since={since}"),
            format!("/feed/all/changes?since={since}"),
        ])
        .collect();
    assert_not_revealed(&anonymous, &addresses).await;
    // These responses are public, so they are the same for an author who can see the draft at the
    // desk.
    assert_not_revealed(&author, &addresses).await;
    // An error can repeat the requested slug, but is the same as for an unknown entry.
    let missing = anonymous
        .get(&format!("/entries/{SECRET}"))
        .add_header("accept", "text/html")
        .await;
    missing.assert_status_not_found();
    let nowhere = anonymous
        .get("/entries/nowhere")
        .add_header("accept", "text/html")
        .await;
    assert_eq!(missing.text().replace(SECRET, "nowhere"), nowhere.text());

    let after = app.post("final", "A goal").await;
    let event = stream.next_event().await.unwrap();
    assert_eq!(event.updates(), [(after.id.0, after.rev)]);
    assert!(!event.data.to_string().contains(SECRET));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_text_is_revealed_nowhere() {
    let (app, anonymous, author) = TestApp::start().await;
    let entry = app.live_entry().await;
    app.post("final", "Kick-off").await;
    let head: serde_json::Value = anonymous.get("/feed/all/head").await.json();
    let before = format!("{}.{}", head["epoch"].as_str().unwrap(), head["head"]);
    let update = post_secret(&app, "final").await;
    let path = format!("/feed/{entry}/stream?since={before}");

    let old = rename(&app, "final", "the-final").await;
    let mut addresses = addresses("the-final", entry, update.id);
    addresses.extend([format!("{old}/updates/{}", update.id), old]);
    for feed in [entry.to_string(), "all".to_owned()] {
        addresses.push(format!("/feed/{feed}/changes?since={before}"));
    }
    // These requests fill the caches of pages and cards.
    let mut revealed = 0;
    let mut tags = Vec::new();
    for address in &addresses {
        let response = anonymous.get(address).await;
        revealed += usize::from(response.text().contains(SECRET));
        if let Some(tag) = response.maybe_header("etag") {
            tags.push((address.clone(), tag));
        }
    }
    assert!(
        revealed >= 8,
        "only {revealed} of {} showed the text before",
        addresses.len()
    );
    assert!(
        app.stream(&path)
            .await
            .next_event()
            .await
            .unwrap()
            .data
            .to_string()
            .contains(SECRET)
    );

    let editor = app.editor().await;
    app.newsroom
        .delete_update(editor, update.id, None, None)
        .await
        .unwrap();
    assert_not_revealed(&anonymous, &addresses).await;
    assert_not_revealed(&author, &addresses).await;
    let event = app.stream(&path).await.next_event().await.unwrap();
    assert!(!event.data.to_string().contains(SECRET), "{event:?}");
    // A cache in front of the server must not revalidate its old copy.
    for (address, tag) in tags {
        let response = anonymous
            .get(&address)
            .add_header("if-none-match", tag)
            .await;
        assert_ne!(response.status_code().as_u16(), 304, "{address}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn previous_text_of_an_edited_update_is_revealed_nowhere() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let head: serde_json::Value = anonymous.get("/feed/all/head").await.json();
    let before = format!("{}.{}", head["epoch"].as_str().unwrap(), head["head"]);
    let update = post_secret(&app, "final").await;
    let old = rename(&app, "final", "the-final").await;
    let mut addresses = addresses("the-final", entry, update.id);
    addresses.extend([format!("{old}/updates/{}", update.id), old]);
    addresses.push(format!("/feed/{entry}/changes?since={before}"));
    addresses.push(format!("/feed/all/changes?since={before}"));
    for address in &addresses {
        anonymous.get(address).await;
    }
    let draft = Draft::parse("The merger goes ahead", "").unwrap();
    let editor = app.editor().await;
    app.newsroom
        .edit_update(editor, update.id, &draft, None, None)
        .await
        .unwrap();
    assert_not_revealed(&anonymous, &addresses).await;
}
