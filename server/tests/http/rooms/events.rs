//! `/events/`, in the protocol of django-eventstream.

use axum::http::{StatusCode, Version};
use domain::{EntryState, RoomState};
use serde_json::{Value, json};

use super::{MESSAGES, cookie, refusal, send, start};
use crate::http::support::{Event, Stream, TestApp, head_of, with_timeout};

const LOBBY: &str = "/events/?channel=room-lobby";

/// Waits for the next event that is not a keep-alive.
async fn next(stream: &mut Stream) -> Option<Event> {
    loop {
        match stream.next().await {
            Some(event) if event.name == "keep-alive" => {}
            event => return event,
        }
    }
}

async fn opened(app: &TestApp, path: &str, last_event_id: Option<&str>) -> (Stream, String) {
    let address = app.address().await;
    let mut stream = Stream::open(address, Version::HTTP_11, path, last_event_id).await;
    let open = next(&mut stream).await.unwrap();
    assert_eq!((&*open.name, &open.data), ("stream-open", &Value::Null));
    (stream, open.id.unwrap_or_default())
}

async fn last_event_id(app: &TestApp) -> String {
    let read: Value = app.browser().get(MESSAGES).await.json();
    read["last_event_id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_is_an_event() {
    let (app, program) = start().await;
    send(&program, "ann", "Before").await;
    let (mut stream, opened_at) = opened(&app, LOBBY, None).await;
    assert_eq!(stream.headers["content-type"], "text/event-stream");
    assert_eq!(stream.headers["cache-control"], "no-store, no-transform");
    assert_eq!(opened_at, last_event_id(&app).await);
    for text in ["Goal!", "Two\nlines"] {
        let sent: Value = send(&program, "ann", text).await.json();
        let event = next(&mut stream).await.unwrap();
        assert_eq!((&*event.name, &event.data), ("message", &sent));
        assert_eq!(event.id.unwrap(), last_event_id(&app).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stream_continues_after_the_last_event() {
    let (app, program) = start().await;
    let before = last_event_id(&app).await;
    for number in 0..3 {
        send(&program, "ann", &number.to_string()).await;
    }
    for (path, header) in [
        (LOBBY.to_owned(), Some(before.clone())),
        (format!("{LOBBY}&lastEventId={before}"), None),
        (
            format!("{LOBBY}&lastEventId=room-lobby:99"),
            Some(before.clone()),
        ),
        (format!("{LOBBY}&lastEventId=room-lobby%3A1"), None),
        (format!("{LOBBY}&lastEventId=room-lobby:0"), None),
        (LOBBY.replace("channel=", "channels="), Some(before.clone())),
    ] {
        let (mut stream, _) = opened(&app, &path, header.as_deref()).await;
        for number in 0..3 {
            let event = next(&mut stream).await.unwrap();
            assert_eq!(event.data["text"], number.to_string(), "{path} {header:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channels_share_a_stream() {
    let (app, program) = start().await;
    app.room("kitchen", "The kitchen").await;
    let path = "/events?channel=room-lobby&channel=room-kitchen";
    let (mut stream, opened_at) = opened(&app, path, None).await;
    let (lobby, kitchen) = opened_at.split_once(',').unwrap();
    let message = json!({"from": "ann", "text": "In the kitchen"});
    program
        .post("/rooms/kitchen/messages")
        .json(&message)
        .await
        .assert_status(StatusCode::CREATED);
    let event = next(&mut stream).await.unwrap();
    assert_eq!(event.data["text"], "In the kitchen");
    let id = event.id.unwrap();
    assert!(id.starts_with(&format!("{lobby},room-kitchen:")), "{id}");
    assert_ne!(id, format!("{lobby},{kitchen}"));
    send(&program, "ann", "In the lobby").await;
    assert_eq!(
        next(&mut stream).await.unwrap().data["text"],
        "In the lobby"
    );
    // Nothing is sent twice to a client that continues.
    let (mut stream, _) = opened(&app, path, Some(&id)).await;
    assert_eq!(
        next(&mut stream).await.unwrap().data["text"],
        "In the lobby"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_message_is_not_sent() {
    let (app, program) = start().await;
    let before = last_event_id(&app).await;
    let sent = send(&program, "ann", "a secret").await;
    let id = sent.json::<Value>()["id"].as_i64().unwrap();
    let ann = app.browser_with(&cookie(&sent));
    let (mut live, _) = opened(&app, LOBBY, None).await;
    ann.delete(&format!("{MESSAGES}/{id}"))
        .await
        .assert_status(StatusCode::NO_CONTENT);
    ann.post(&format!("{MESSAGES}/{id}/restore"))
        .await
        .assert_status_ok();
    ann.delete(&format!("{MESSAGES}/{id}"))
        .await
        .assert_status(StatusCode::NO_CONTENT);
    let next_message: Value = send(&program, "bob", "no secret").await.json();
    let (mut late, _) = opened(&app, LOBBY, Some(&before)).await;
    for stream in [&mut live, &mut late] {
        assert_eq!(next(stream).await.unwrap().data, next_message);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restored_message_is_sent_in_its_place_to_clients_that_missed_it() {
    let (app, program) = start().await;
    send(&program, "ann", "before").await;
    let start = last_event_id(&app).await;
    let first = send(&program, "ann", "message 0").await;
    let id = first.json::<Value>()["id"].as_i64().unwrap();
    let ann = app.browser_with(&cookie(&first));
    let (mut live, _) = opened(&app, LOBBY, Some(&start)).await;
    ann.delete(&format!("{MESSAGES}/{id}"))
        .await
        .assert_status(StatusCode::NO_CONTENT);
    // More than one batch.
    for n in 1..=130 {
        send(&program, "ann", &format!("message {n}")).await;
    }
    ann.post(&format!("{MESSAGES}/{id}/restore"))
        .await
        .assert_status_ok();
    send(&program, "ann", "message 131").await;

    // A connection that is cut after each message, and one that is not.
    let mut position = start;
    let (mut whole, _) = opened(&app, LOBBY, Some(&position)).await;
    for n in 0..=131 {
        let text = format!("message {n}");
        assert_eq!(next(&mut whole).await.unwrap().data["text"], text);
        if n < 5 {
            let (mut cut, _) = opened(&app, LOBBY, Some(&position)).await;
            let event = next(&mut cut).await.unwrap();
            assert_eq!(event.data["text"], text);
            position = event.id.unwrap();
        }
    }
    // Who had it before the deletion doesn't receive it again.
    for n in 0..=131 {
        assert_eq!(
            next(&mut live).await.unwrap().data["text"],
            format!("message {n}")
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_cannot_continue_is_reset() {
    let (app, program) = start().await;
    send(&program, "ann", "Before").await;
    let now = last_event_id(&app).await;
    for last in ["room-lobby:999999", "room-lobby:99999999999999999999"] {
        let (mut stream, opened_at) = opened(&app, LOBBY, Some(last)).await;
        // If the stream ends here, the client requests its old position again.
        assert_eq!(opened_at, "");
        let reset = next(&mut stream).await.unwrap();
        assert_eq!(
            (&*reset.name, &reset.data),
            ("stream-reset", &json!({"channels": ["room-lobby"]}))
        );
        assert_eq!(reset.id.as_ref(), Some(&now));
    }
    // The stream goes on.
    let (mut stream, _) = opened(&app, LOBBY, Some("room-lobby:999999")).await;
    next(&mut stream).await.unwrap();
    send(&program, "ann", "After").await;
    assert_eq!(next(&mut stream).await.unwrap().data["text"], "After");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_are_events() {
    let (app, program) = start().await;
    let draft = app.entry_with_chat(EntryState::Draft).await;
    let eleven = (0..11).map(|number| format!("channel=room-{number}&"));
    let eleven = eleven.collect::<Vec<_>>().concat();
    let bad = |text: &str| json!({"condition": "bad-request", "text": text});
    let denied = |channel: &str| {
        json!({
            "condition": "forbidden",
            "text": format!("Permission denied to channels: {channel}"),
            "channels": [channel]
        })
    };
    let garbage = bad("Invalid request: Failed to parse Last-Event-ID or lastEventId.");
    let hidden = format!("room-{draft}");
    for (query, expected) in [
        (
            String::new(),
            bad("Invalid request: No channels specified."),
        ),
        (eleven, bad("Invalid request: Channel limit exceeded.")),
        (
            "channel=room-lobby&lastEventId=x".to_owned(),
            garbage.clone(),
        ),
        (
            "channel=room-lobby&lastEventId=room-lobby:-1".to_owned(),
            garbage.clone(),
        ),
        ("channel=room-kitchen".to_owned(), denied("room-kitchen")),
        (
            "channel=room-entry-999".to_owned(),
            denied("room-entry-999"),
        ),
        ("channel=x".to_owned(), denied("x")),
        ("channel=all&channel=room-lobby".to_owned(), denied("all")),
        (format!("channel={hidden}"), denied(&hidden)),
    ] {
        let response = program.get(&format!("/events/?{query}")).await;
        assert_eq!(
            head_of(&response, &["content-type"]),
            "200 OK\ncontent-type: text/event-stream",
            "{query}"
        );
        let text = response.text();
        let data = text
            .strip_prefix("event: stream-error\nid: error\ndata: ")
            .unwrap();
        let data: Value = serde_json::from_str(data.strip_suffix("\n\n").unwrap()).unwrap();
        assert_eq!(data, expected, "{query}");
    }
    let header = program
        .get(LOBBY)
        .add_header("last-event-id", "garbage")
        .await;
    assert!(
        header.text().starts_with("event: stream-error\n"),
        "{}",
        header.text()
    );
    for request in [
        program.get(LOBBY).add_header("last-event-id", "error"),
        program.get(&format!("{LOBBY}&lastEventId=error")),
    ] {
        let refused = request.await;
        refused.assert_status_bad_request();
        refused.assert_text("Invalid request: Can't resume session after stream-error.");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_room_ends_the_stream() {
    let (app, program) = start().await;
    let before = last_event_id(&app).await;
    send(&program, "ann", "The last").await;
    let (live, _) = opened(&app, LOBBY, None).await;
    app.set_room_state(RoomState::Closed).await;
    let (mut late, _) = opened(&app, LOBBY, Some(&before)).await;
    assert_eq!(next(&mut late).await.unwrap().data["text"], "The last");
    for mut stream in [live, late] {
        let end = next(&mut stream).await.unwrap();
        assert_eq!(
            (&*end.name, end.id.as_deref()),
            ("stream-error", Some("error"))
        );
        assert_eq!(
            end.data,
            json!({"condition": "closed", "text": "This room is closed.", "channels": ["room-lobby"]})
        );
        assert!(stream.next().await.is_none(), "the stream is still open");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_are_limited_as_those_of_the_feed() {
    let app = TestApp::with_flags(&["--max-streams-per-address", "2"]).await;
    app.room("lobby", "The lobby").await;
    let first = opened(&app, LOBBY, None).await;
    let _second = app.stream("/feed/room-lobby/stream").await;
    let request = async || {
        let address = app.address().await;
        Stream::request(address, Version::HTTP_11, LOBBY, None)
            .await
            .status()
    };
    assert_eq!(request().await, StatusCode::SERVICE_UNAVAILABLE);
    drop(first);
    with_timeout(async { while request().await != StatusCode::OK {} }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_ends_the_stream() {
    let (app, program) = start().await;
    let (mut stream, _) = opened(&app, LOBBY, None).await;
    app.newsroom.hub().close();
    assert!(
        next(&mut stream).await.is_none(),
        "the stream is still open"
    );
    assert_eq!(
        refusal(&program.get("/rooms/none/messages").await)[..3],
        *"404"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unused_room_is_streamed_before_its_first_message() {
    let app = TestApp::with_flags(&["--open-rooms"]).await;
    let path = "/events/?channel=room-kitchen";
    let (mut stream, id) = opened(&app, path, None).await;
    assert_eq!(id, "room-kitchen:0");
    let message = json!({"from": "ann", "text": "Hello"});
    app.browser()
        .post("/rooms/kitchen/messages")
        .json(&message)
        .await
        .assert_status(StatusCode::CREATED);
    assert_eq!(next(&mut stream).await.unwrap().data["text"], "Hello");
    let (mut stream, _) = opened(&app, path, Some("room-kitchen:0")).await;
    assert_eq!(next(&mut stream).await.unwrap().data["text"], "Hello");
}
