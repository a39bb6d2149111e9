//! The feed for polling clients: `head` and `changes`.

use axum_test::{TestResponse, TestServer};
use domain::{EntryId, EntryState};
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::support::{Event, TestApp, head_of};

const HEADERS: [&str; 3] = ["content-type", "cache-control", "set-cookie"];

/// Returns the epoch and the revision in the head of a feed.
async fn cursor(browser: &TestServer, feed: &str) -> (String, i64) {
    let head: Value = browser.get(&format!("/feed/{feed}/head")).await.json();
    (
        head["epoch"].as_str().unwrap().to_owned(),
        head["head"].as_i64().unwrap(),
    )
}

async fn changes(browser: &TestServer, feed: &str, query: &str) -> TestResponse {
    browser.get(&format!("/feed/{feed}/changes{query}")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_batch_is_compressed() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let compressed = async || {
        let path = format!("/feed/{entry}/changes");
        let request = anonymous.get(&path).add_header("accept-encoding", "br");
        head_of(
            &request.await,
            &["content-encoding", "vary", "cache-control"],
        )
    };
    app.post("final", "Kick-off").await;
    assert_eq!(
        compressed().await,
        "200 OK\ncache-control: public, max-age=0, s-maxage=2"
    );
    for _ in 0..10 {
        app.post("final", "A goal").await;
    }
    assert_eq!(
        compressed().await,
        "200 OK\ncontent-encoding: br\nvary: accept-encoding\ncache-control: public, max-age=0, s-maxage=2"
    );
    assert_eq!(
        updates(&changes(&anonymous, &entry.to_string(), "").await).len(),
        11
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compressed_batch_is_the_same_batch() {
    use std::io::Read;

    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    for _ in 0..20 {
        app.post("final", "A goal").await;
    }
    let path = format!("/feed/{entry}/changes");
    let plain = anonymous.get(&path).await;
    let fetch = async |coding| {
        let request = anonymous.get(&path).add_header("accept-encoding", coding);
        let response = request.await;
        response.assert_header("content-type", "application/json");
        response.assert_header("content-encoding", coding);
        response.as_bytes().clone()
    };
    for _ in 0..2 {
        let mut text = Vec::new();
        let bytes = fetch("br").await;
        assert!(bytes.len() * 2 < plain.as_bytes().len());
        brotli::Decompressor::new(&*bytes, 4096)
            .read_to_end(&mut text)
            .unwrap();
        assert_eq!(text, **plain.as_bytes());
        text.clear();
        let bytes = fetch("gzip").await;
        flate2::read::GzDecoder::new(&*bytes)
            .read_to_end(&mut text)
            .unwrap();
        assert_eq!(text, **plain.as_bytes());
    }
}

/// Returns the ids and revisions of the updates in a response.
fn updates(response: &TestResponse) -> Vec<(i64, i64)> {
    response.assert_status_ok();
    Event::batch(response.json()).updates()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_contains_the_state_of_a_feed() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let update = app.post("final", "Kick-off").await;
    for feed in [entry.to_string(), "all".to_owned()] {
        let response = anonymous.get(&format!("/feed/{feed}/head")).await;
        assert_eq!(
            head_of(&response, &HEADERS),
            "200 OK\ncontent-type: application/json\ncache-control: public, max-age=0, s-maxage=1",
            "{feed}"
        );
        let mut head: Value = response.json();
        let now = head["now"].take().as_i64().unwrap();
        // Between 2020 and 2100, in microseconds.
        assert!(
            (1_577_836_800_000_000..4_102_444_800_000_000).contains(&now),
            "{now}"
        );
        let epoch = head["epoch"].take();
        assert!(!epoch.as_str().unwrap().is_empty());
        let expected = json!({
            "epoch": null, "head": update.rev, "state": "live", "interval_ms": 5000,
            "transport": "auto", "build": "dev", "now": null,
        });
        assert_eq!(head, expected, "{feed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_contains_the_transport_settings() {
    let app = TestApp::with_flags(&["--transport", "poll", "--poll-interval-ms", "1500"]).await;
    let head: Value = app.browser().get("/feed/all/head").await.json();
    assert_eq!(
        (&head["transport"], &head["interval_ms"]),
        (&json!("poll"), &json!(1500))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_those_after_the_cursor() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await.to_string();
    let other = app.entry("other", EntryState::Live).await.to_string();
    let first = app.post("final", "Kick-off").await;
    let second = app.post("final", "A goal").await;
    let third = app.post("other", "Elsewhere").await;
    let [first, second, third] = [first, second, third].map(|update| (update.id.0, update.rev));
    let (epoch, _) = cursor(&anonymous, &entry).await;
    for (feed, query, expected) in [
        (&*entry, String::new(), vec![first, second]),
        (&*entry, format!("?since={epoch}.0"), vec![first, second]),
        (&*entry, format!("?since={epoch}.{}", first.1), vec![second]),
        (&*entry, format!("?since={epoch}.{}", second.1), vec![]),
        (&*entry, format!("?since={epoch}.{}", third.1), vec![]),
        (
            &*entry,
            format!("?x=1&since={epoch}.{}&y", first.1),
            vec![second],
        ),
        (&*other, String::new(), vec![third]),
        ("all", String::new(), vec![first, second, third]),
        (
            "all",
            format!("?since={epoch}.{}", first.1),
            vec![second, third],
        ),
    ] {
        let response = changes(&anonymous, feed, &query).await;
        assert_eq!(updates(&response), expected, "{feed} {query}");
        assert_eq!(
            head_of(&response, &HEADERS),
            "200 OK\ncontent-type: application/json\ncache-control: public, max-age=0, s-maxage=2",
            "{feed} {query}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn change_contains_the_card_of_the_page() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let update = app.post("final", "**Kick-off**").await;
    let batch: Value = changes(&anonymous, &entry.to_string(), "").await.json();
    let card = batch["changes"][0]["html"].as_str().unwrap();
    assert!(card.contains("<strong>Kick-off</strong>"));
    for path in [
        "/entries/final".to_owned(),
        format!("/entries/final/updates/{}", update.id),
        format!("/updates/{entry}/"),
    ] {
        anonymous.get(&path).await.assert_text_contains(card);
    }
    let simple: Value = anonymous
        .get(&format!("/updates/{entry}.json"))
        .await
        .json();
    let content = simple["updates"][0]["content"].as_str().unwrap();
    assert!(card.contains(content), "{content} is not in {card}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deletion_is_a_change() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await.to_string();
    let update = app.post("final", "Taken back").await;
    let (epoch, before) = cursor(&anonymous, &entry).await;
    app.newsroom
        .delete_update(app.editor().await, update.id, None, None)
        .await
        .unwrap();
    let (_, after) = cursor(&anonymous, &entry).await;
    let response = changes(&anonymous, &entry, &format!("?since={epoch}.{before}")).await;
    assert_eq!(
        response.json::<Value>()["changes"],
        json!([{"id": update.id, "rev": after, "deleted": true}])
    );
    assert!(
        !changes(&anonymous, &entry, "")
            .await
            .text()
            .contains("Taken back")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_cursor_is_gone_with_a_reset() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await.to_string();
    app.post("final", "Kick-off").await;
    for feed in [&*entry, "all"] {
        let (epoch, head) = cursor(&anonymous, feed).await;
        for since in [
            format!("{epoch}.{}", head + 1),
            format!("{epoch}.{}", i64::MAX),
            "another.0".to_owned(),
            format!("another.{head}"),
            "x.9223372036854775807".to_owned(),
        ] {
            let response = changes(&anonymous, feed, &format!("?since={since}")).await;
            assert_eq!(
                head_of(&response, &HEADERS),
                "410 Gone\ncontent-type: application/json\ncache-control: private, no-store",
                "{feed} {since}"
            );
            let reset = json!({"reset": true, "epoch": epoch, "head": head});
            assert_eq!(response.json::<Value>(), reset, "{feed} {since}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_cursor_is_refused() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await.to_string();
    let (epoch, _) = cursor(&anonymous, &entry).await;
    for since in [
        "",
        "abc",
        "-1",
        "0",
        "1",
        "9223372036854775807",
        "18446744073709551616",
        ".",
        ".1",
        "k3f9.",
        "k3f9.-1",
        "k3f9.+1",
        "k3f9.01",
        "k3f9.1.1",
        "k3f9.18446744073709551616",
        "K3F9.1",
        "%ff.1",
        "k3f9.1%00",
        "k3f9.%D9%A1",
        "aaaaaaaaaaaaaaaaa.1",
    ] {
        for feed in [&*entry, "all"] {
            let refused = changes(&anonymous, feed, &format!("?since={since}")).await;
            assert_eq!(
                head_of(&refused, &HEADERS),
                "400 Bad Request\ncontent-type: text/plain; charset=utf-8\ncache-control: private, no-store",
                "{since}"
            );
            refused.assert_text(
                "The cursor is malformed; take one from data-cursor, head or a batch.",
            );
        }
    }
    let duplicate = changes(
        &anonymous,
        &entry,
        &format!("?since={epoch}.0&since={epoch}.1"),
    )
    .await;
    assert_snapshot!(format!("{}\n{}", head_of(&duplicate, &HEADERS), duplicate.text()), @r"
    400 Bad Request
    content-type: text/plain; charset=utf-8
    cache-control: private, no-store
    This address is malformed. The link may be incomplete or mistyped.
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_public_entries_have_a_feed() {
    let (app, anonymous, author) = TestApp::start().await;
    let draft = app.entry("draft", EntryState::Draft).await;
    app.post("draft", "Not yet").await;
    for feed in [
        draft,
        EntryId(999),
        EntryId(0),
        EntryId(-1),
        EntryId(i64::MAX),
    ]
    .map(|id| id.to_string())
    .iter()
    .map(String::as_str)
    .chain(["ALL", "abc", "1.0", "18446744073709551616", "%00", "%20"])
    {
        for route in ["head", "changes", "changes?since=k3f9.0", "stream"] {
            let refused = author.get(&format!("/feed/{feed}/{route}")).await;
            assert_eq!(
                head_of(&refused, &HEADERS),
                "404 Not Found\ncontent-type: text/plain; charset=utf-8\ncache-control: private, no-store",
                "{feed} {route}"
            );
            refused.assert_text("There is no such live blog.");
        }
    }
    let all = changes(&anonymous, "all", "").await;
    assert_eq!(updates(&all), []);
    assert!(!all.text().contains("draft"));
}
