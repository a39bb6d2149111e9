//! Server-sent events.

use axum::http::{StatusCode, Version};
use domain::{EntryState, Slug};
use insta::assert_snapshot;
use serde_json::json;

use super::{cursor, path};
use crate::http::support::{Stream, TestApp, head_of};

async fn end(app: &TestApp, slug: &str) {
    let slug = Slug::parse(slug).unwrap();
    app.newsroom
        .end_entry(app.editor().await, &slug, None)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stream_starts_with_a_heartbeat() {
    let (app, _, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let update = app.post("final", "Kick-off").await;
    let mut stream = app.stream(&path(entry)).await;
    let names = [
        "content-type",
        "cache-control",
        "x-accel-buffering",
        "content-encoding",
    ];
    let headers: Vec<_> = names
        .iter()
        .filter_map(|name| {
            Some(format!(
                "{name}: {}",
                stream.headers.get(*name)?.to_str().unwrap()
            ))
        })
        .collect();
    assert_snapshot!(headers.join("\n"), @r"
    content-type: text/event-stream
    cache-control: no-store, no-transform
    x-accel-buffering: no
    ");
    let first = stream.next().await.unwrap();
    assert_eq!((&*first.name, first.id), ("heartbeat", None));
    assert_eq!(first.data["head"], update.rev);
    assert_eq!(first.data["state"], "live");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posted_update_arrives_once() {
    let (app, _, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let before = app.post("final", "Before").await;
    let mut from_now = app.stream(&path(entry)).await;
    let mut of_all = app.stream("/feed/all/stream").await;
    let since = cursor(&app, entry, before.rev - 1);
    let mut from_cursor = app.stream(&format!("{}?since={since}", path(entry))).await;
    let first = app.post("final", "First").await;
    let second = app.post("final", "Second").await;

    for (stream, expected) in [
        (&mut from_now, vec![first, second]),
        (&mut of_all, vec![first, second]),
        (&mut from_cursor, vec![before, first, second]),
    ] {
        let expected: Vec<_> = expected
            .iter()
            .map(|update| (update.id.0, update.rev))
            .collect();
        let mut received = Vec::new();
        while received.len() < expected.len() {
            let event = stream.next_event().await.unwrap();
            assert_eq!(event.name, "batch");
            received.extend(event.updates());
            let (_, last) = received.last().unwrap();
            assert_eq!(event.id, Some(cursor(&app, entry, *last)));
            assert_eq!(event.data["to"], *last);
        }
        assert_eq!(received, expected);
    }
}

/// HTTP/1.0 has no chunked encoding: hyper ends the body by closing the connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_1_0_stream_has_the_same_events() {
    let (app, _, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let before = app.post("final", "Before").await;
    let mut streams = Vec::new();
    for version in [Version::HTTP_11, Version::HTTP_10] {
        let since = cursor(&app, entry, before.rev - 1);
        let path = format!("{}?since={since}", path(entry));
        streams.push(Stream::open(app.address().await, version, &path, None).await);
    }
    app.post("final", "Live").await;
    end(&app, "final").await;
    let mut events: [Vec<String>; 2] = Default::default();
    for (events, stream) in events.iter_mut().zip(&mut streams) {
        assert_eq!(stream.next().await.unwrap().name, "heartbeat");
        while let Some(event) = stream.next_event().await {
            events.push(format!("{event:?}"));
        }
        assert_eq!(events.len(), 4, "{events:?}");
    }
    assert_eq!(events[0], events[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_and_deletions_arrive_too() {
    let (app, _, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let update = app.post("final", "A gaol").await;
    let mut stream = app.stream(&path(entry)).await;
    let draft = domain::Draft::parse("A goal", "").unwrap();
    app.newsroom
        .edit_update(app.editor().await, update.id, &draft, None, None)
        .await
        .unwrap();
    let edited = stream.next_event().await.unwrap();
    assert!(
        edited.data["changes"][0]["html"]
            .as_str()
            .unwrap()
            .contains("A goal")
    );
    app.newsroom
        .delete_update(app.editor().await, update.id, None, None)
        .await
        .unwrap();
    let deleted = stream.next_event().await.unwrap();
    assert_eq!(deleted.data["changes"][0]["deleted"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stream_resumes_from_the_cursor() {
    let (app, _, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let first = app.post("final", "First").await;
    let second = app.post("final", "Second").await;
    let third = app.post("final", "Third").await;
    let at = |rev| cursor(&app, entry, rev);
    for (query, header, expected) in [
        (
            format!("?since={}", at(first.rev)),
            None,
            vec![second, third],
        ),
        (String::new(), Some(at(second.rev)), vec![third]),
        // The header is newer: a browser updates it, but keeps the URL.
        (
            format!("?since={}", at(0)),
            Some(at(second.rev)),
            vec![third],
        ),
    ] {
        let path = format!("{}{query}", path(entry));
        let mut stream = match &header {
            Some(id) => app.resume_stream(&path, id).await,
            None => app.stream(&path).await,
        };
        let expected: Vec<_> = expected
            .iter()
            .map(|update| (update.id.0, update.rev))
            .collect();
        let event = stream.next_event().await.unwrap();
        assert_eq!(event.updates(), expected, "{path} {header:?}");
        assert_eq!(event.id, Some(at(third.rev)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_cursor_is_refused() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let good = cursor(&app, entry, 0);
    for since in ["", "abc", "-1", "k3f9.", "9223372036854775808", "k3f9.1.1"] {
        let by_query = anonymous
            .get(&format!("{}?since={since}", path(entry)))
            .await;
        let by_header = anonymous
            .get(&format!("{}?since={good}", path(entry)))
            .add_header("last-event-id", since)
            .await;
        for refused in [by_query, by_header] {
            assert_eq!(
                head_of(&refused, &["cache-control"]),
                "400 Bad Request\ncache-control: private, no-store",
                "{since}"
            );
            refused.assert_text(
                "The cursor is malformed; take one from data-cursor, head or a batch.",
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_cursor_is_reported_on_the_stream() {
    let (app, _, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let update = app.post("final", "Kick-off").await;
    let good = cursor(&app, entry, update.rev);
    let epoch = good.split_once('.').unwrap().0.to_owned();
    let reset = json!({"reset": true, "epoch": epoch, "head": update.rev});
    for since in [
        cursor(&app, entry, update.rev + 1),
        cursor(&app, entry, i64::MAX),
        "another.0".to_owned(),
        "another.1".to_owned(),
    ] {
        for path in [path(entry), "/feed/all/stream".to_owned()] {
            let by_query = app.stream(&format!("{path}?since={since}")).await;
            let by_header = app
                .resume_stream(&format!("{path}?since={good}"), &since)
                .await;
            for mut stream in [by_query, by_header] {
                let event = stream.next().await.unwrap();
                assert_eq!((&*event.name, &event.data), ("stream-reset", &reset));
                assert!(stream.next().await.is_none(), "the stream is still open");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stream_of_an_ended_entry_closes_and_cannot_be_opened_again() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let mut stream = app.stream(&path(entry)).await;
    let mut of_all = app.stream("/feed/all/stream").await;
    end(&app, "final").await;
    let last = stream.next_event().await.unwrap();
    assert_eq!(last.data["entry"]["state"], "ended");
    let bye = stream.next_event().await.unwrap();
    assert_eq!((&*bye.name, bye.data), ("bye", json!({"ended": true})));
    assert!(stream.next().await.is_none(), "the stream is still open");

    let none = anonymous.get(&path(entry)).await;
    assert_eq!(
        head_of(&none, &["cache-control"]),
        "204 No Content\ncache-control: private, no-store"
    );
    assert!(none.as_bytes().is_empty());

    // The stream of all entries stays open.
    let ended = of_all.next_event().await.unwrap();
    assert_eq!(ended.data["entries"][0]["state"], "ended");
    app.entry("next", EntryState::Live).await;
    assert_eq!(
        of_all.next_event().await.unwrap().data["entries"][0]["title"],
        "next"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_sends_bye_and_closes_the_stream() {
    let (app, anonymous, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let mut streams: Vec<Stream> = Vec::new();
    for _ in 0..10 {
        streams.push(app.stream(&path(entry)).await);
    }
    app.newsroom.hub().close();
    // A new stream is closed at once.
    streams.push(app.stream("/feed/all/stream").await);
    for mut stream in streams {
        let bye = stream.next_event().await.unwrap();
        assert_eq!((&*bye.name, bye.data), ("bye", json!({"ended": false})));
        assert!(stream.next().await.is_none(), "the stream is still open");
    }
    anonymous
        .get("/readyz")
        .await
        .assert_status(StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_database_is_reported_on_the_stream() {
    let (app, _, _) = TestApp::start().await;
    let entry = app.live_entry().await;
    let update = app.post("final", "Kick-off").await;
    let since = cursor(&app, entry, update.rev - 1);
    app.newsroom.close().await;
    let mut stream = app.stream(&format!("{}?since={since}", path(entry))).await;
    let event = stream.next_event().await.unwrap();
    assert_eq!(event.name, "stream-error");
    assert_snapshot!(event.data, @r#"{"error":"The database can't be reached. Nothing was changed. Try again."}"#);
    assert!(stream.next().await.is_none(), "the stream is still open");
}
