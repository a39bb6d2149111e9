//! What was never published, or is deleted, is told to nobody: in no page, feed, answer or error, and
//! out of no cache of the server's.

use axum_test::TestServer;
use domain::{Draft, EntryState, PostedUpdate, Slug, UpdateId};
use newsroom::EntryPatch;

use super::support::TestApp;

/// What nobody may read. It stands in an entry's title, in the headline and the text of updates.
const SECRET: &str = "the-merger-is-off";

/// Every public address that could tell of the entry `slug`, its update and its feed.
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

/// Asks for all of `addresses`, as a program and as a browser; nothing that is said, in headers or
/// body, tells the secret.
async fn assert_silent(browser: &TestServer, addresses: &[String]) {
    for address in addresses {
        for wanted in ["*/*", "text/html"] {
            let answer = browser.get(address).add_header("accept", wanted).await;
            let said = format!("{:?} {}", answer.headers(), answer.text());
            assert!(!said.contains(SECRET), "{address}: {said}");
        }
    }
}

async fn posted_with_a_secret(app: &TestApp, slug: &str) -> PostedUpdate {
    let update = app.post(slug, SECRET).await;
    let draft = Draft::parse(SECRET, SECRET).unwrap();
    let editor = app.editor().await;
    app.newsroom
        .edit_update(editor, update.id, &draft, None)
        .await
        .unwrap();
    update
}

/// Gives the entry `from` the address `to`, and answers its old page's.
async fn moved(app: &TestApp, from: &str, to: &str) -> String {
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
async fn a_draft_is_told_to_nobody() {
    let (app, anonymous, author) = TestApp::start().await;
    let live = app.live_entry().await;
    app.post("final", "Kick-off").await;
    let head = app.browser().get("/feed/all/head").await;
    let head: serde_json::Value = head.json();
    let since = format!("{}.{}", head["epoch"].as_str().unwrap(), head["head"]);
    let mut stream = app.stream("/feed/all/stream").await;

    let draft = app.entry(SECRET, EntryState::Draft).await;
    let update = posted_with_a_secret(&app, SECRET).await;
    moved(&app, SECRET, "hush").await;
    let before = moved(&app, "hush", "hushed").await;
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
    assert_silent(&anonymous, &addresses).await;
    // Nor to those who could see it on their desk: these answers are everybody's.
    assert_silent(&author, &addresses).await;
    // An error may say the address back, and nothing of what is there.
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
    let event = stream.news().await.unwrap();
    assert_eq!(event.updates(), [(after.id.0, after.rev)]);
    assert!(!event.data.to_string().contains(SECRET));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_text_is_told_to_nobody() {
    let (app, anonymous, author) = TestApp::start().await;
    let entry = app.live_entry().await;
    app.post("final", "Kick-off").await;
    let head: serde_json::Value = anonymous.get("/feed/all/head").await.json();
    let before = format!("{}.{}", head["epoch"].as_str().unwrap(), head["head"]);
    let update = posted_with_a_secret(&app, "final").await;
    let path = format!("/feed/{entry}/stream?since={before}");

    let old = moved(&app, "final", "the-final").await;
    let mut addresses = addresses("the-final", entry, update.id);
    addresses.extend([format!("{old}/updates/{}", update.id), old]);
    for feed in [entry.to_string(), "all".to_owned()] {
        addresses.push(format!("/feed/{feed}/changes?since={before}"));
    }
    // Whatever the server keeps of finished pages and cards, it keeps now.
    let mut told = 0;
    let mut tags = Vec::new();
    for address in &addresses {
        let answer = anonymous.get(address).await;
        told += usize::from(answer.text().contains(SECRET));
        if let Some(tag) = answer.maybe_header("etag") {
            tags.push((address.clone(), tag));
        }
    }
    assert!(told >= 8, "only {told} of {} had told it", addresses.len());
    assert!(
        app.stream(&path)
            .await
            .news()
            .await
            .unwrap()
            .data
            .to_string()
            .contains(SECRET)
    );

    let editor = app.editor().await;
    app.newsroom
        .delete_update(editor, update.id, None)
        .await
        .unwrap();
    assert_silent(&anonymous, &addresses).await;
    assert_silent(&author, &addresses).await;
    let event = app.stream(&path).await.news().await.unwrap();
    assert!(!event.data.to_string().contains(SECRET), "{event:?}");
    // A cache in front of the server is not told that what it has is still good.
    for (address, tag) in tags {
        let answer = anonymous
            .get(&address)
            .add_header("if-none-match", tag)
            .await;
        assert_ne!(answer.status_code().as_u16(), 304, "{address}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_text_said_before_it_was_edited_is_told_to_nobody() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let head: serde_json::Value = anonymous.get("/feed/all/head").await.json();
    let before = format!("{}.{}", head["epoch"].as_str().unwrap(), head["head"]);
    let update = posted_with_a_secret(&app, "final").await;
    let old = moved(&app, "final", "the-final").await;
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
        .edit_update(editor, update.id, &draft, None)
        .await
        .unwrap();
    assert_silent(&anonymous, &addresses).await;
}
