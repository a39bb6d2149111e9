//! WebSocket.

use domain::EntryState;
use futures::{SinkExt, StreamExt};
use insta::assert_snapshot;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::{cursor, path};
use crate::http::support::{TestApp, with_timeout};

/// A reader's WebSocket connection.
struct Connection(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Connection {
    async fn open(app: &TestApp) -> Self {
        Self::open_from(app, None).await.unwrap()
    }

    /// Opens a connection as a page of `origin` does.
    async fn open_from(app: &TestApp, origin: Option<&str>) -> tungstenite::Result<Self> {
        let url = format!("ws://{}/ws", app.address().await);
        let mut request = url.into_client_request().unwrap();
        if let Some(origin) = origin {
            request
                .headers_mut()
                .insert("origin", origin.parse().unwrap());
        }
        Ok(Self(with_timeout(connect_async(request)).await?.0))
    }

    async fn send(&mut self, message: impl ToString) {
        self.0
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }

    /// Subscribes to a feed, and waits for the confirming heartbeat.
    async fn subscribe(&mut self, feed: &str, since: Option<&str>) {
        match since {
            Some(since) => self.send(json!({"subscribe": feed, "since": since})).await,
            None => self.send(json!({"subscribe": feed})).await,
        }
        let first = self.next().await.unwrap();
        assert_eq!(
            (&first["feed"], &first["event"]),
            (&json!(feed), &json!("heartbeat"))
        );
    }

    /// Waits for the next message. Returns the close frame as an error when the server has closed
    /// the connection.
    async fn next(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            match with_timeout(self.0.next()).await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(reason))) => return Err(reason),
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return Err(None),
            }
        }
    }

    /// Waits for the next message that is not a heartbeat.
    async fn next_event(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            match self.next().await {
                Ok(message) if message["event"] == "heartbeat" => {}
                message => return message,
            }
        }
    }

    async fn close_code(&mut self) -> Option<CloseCode> {
        loop {
            if let Err(reason) = self.next().await {
                return reason.map(|reason| reason.code);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn websocket_sends_the_same_events_as_sse() {
    let app = TestApp::with_flags(&[]).await;
    let entry = app.live_entry().await;
    let before = app.post("final", "Before").await;
    let since = cursor(&app, entry, before.rev);
    let mut stream = app.stream(&format!("{}?since={since}", path(entry))).await;
    let mut socket = Connection::open(&app).await;
    socket.subscribe(&entry.to_string(), Some(&since)).await;
    app.post("final", "After").await;
    app.newsroom.hub().close();
    loop {
        let event = stream.next_event().await.unwrap();
        let mut expected =
            json!({"feed": entry.to_string(), "event": event.name, "data": event.data});
        if let Some(id) = event.id {
            expected["id"] = json!(id);
        }
        assert_eq!(socket.next_event().await.unwrap(), expected);
        if event.name == "bye" {
            break;
        }
    }
    assert_eq!(socket.close_code().await, Some(CloseCode::Away));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_follows_several_feeds() {
    let app = TestApp::with_flags(&[]).await;
    let first = app.entry("first", EntryState::Live).await.to_string();
    let second = app.entry("second", EntryState::Live).await.to_string();
    let mut socket = Connection::open(&app).await;
    for feed in [&first, &second, "all"] {
        socket.subscribe(feed, None).await;
    }
    app.post("first", "One").await;
    let mut feeds = [
        socket.next_event().await.unwrap(),
        socket.next_event().await.unwrap(),
    ]
    .map(|message| message["feed"].as_str().unwrap().to_owned());
    feeds.sort();
    assert_eq!(feeds, [first.clone(), "all".to_owned()]);

    socket.send(json!({"unsubscribe": "all"})).await;
    socket.send(json!({"unsubscribe": first})).await;
    // A feed that is subscribed to again is not sent twice. The other feeds are no longer sent.
    socket.subscribe(&second, None).await;
    app.post("first", "Two").await;
    let posted = app.post("second", "Three").await;
    let message = socket.next_event().await.unwrap();
    assert_eq!(
        (&message["feed"], &message["data"]["to"]),
        (&json!(second), &json!(posted.rev))
    );
    let posted = app.post("second", "Four").await;
    assert_eq!(socket.next_event().await.unwrap()["data"]["to"], posted.rev);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_subscriptions_are_reported_and_others_continue() {
    let app = TestApp::with_flags(&[]).await;
    let entry = app.live_entry().await;
    let posted = app.post("final", "Kick-off").await;
    app.entry("secret", EntryState::Draft).await;
    let (feed, future) = (entry.to_string(), cursor(&app, entry, i64::MAX));
    let mut socket = Connection::open(&app).await;
    socket.subscribe("all", None).await;
    let mut responses = Vec::new();
    for message in [
        json!({"subscribe": "999"}),
        json!({"subscribe": "2"}),
        json!({"subscribe": feed, "since": "garbage"}),
    ] {
        socket.send(&message).await;
        responses.push(format!("{message} -> {}", socket.next().await.unwrap()));
    }
    assert_snapshot!(responses.join("\n"), @r#"
    {"subscribe":"999"} -> {"data":{"error":"There is no such live blog."},"event":"stream-error","feed":"999"}
    {"subscribe":"2"} -> {"data":{"error":"There is no such live blog."},"event":"stream-error","feed":"2"}
    {"since":"garbage","subscribe":"1"} -> {"data":{"error":"The cursor is malformed; take one from data-cursor, head or a batch."},"event":"stream-error","feed":"1"}
    "#);
    for since in [future, "another.1".to_owned()] {
        socket
            .send(json!({"subscribe": feed, "since": since}))
            .await;
        let reset = socket.next().await.unwrap();
        assert_eq!(reset["event"], "stream-reset");
        assert_eq!(reset["data"]["head"], posted.rev);
    }
    app.post("final", "Goal").await;
    assert_eq!(socket.next_event().await.unwrap()["feed"], "all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_messages_change_nothing_until_there_are_too_many() {
    let app = TestApp::with_flags(&[]).await;
    app.live_entry().await;
    let mut socket = Connection::open(&app).await;
    socket.subscribe("all", None).await;
    let nonsense = [
        "",
        "{}",
        "[]",
        "hello",
        r#"{"subscribe": 1}"#,
        r#"{"subscribe": "final"}"#,
        r#"{"subscribe": "all", "unsubscribe": "all"}"#,
        r#"{"subscribe": "all", "token": "x"}"#,
        r#"{"post": "Goal!"}"#,
    ];
    for message in nonsense {
        socket.send(message).await;
        let response = socket.next().await.unwrap();
        assert_eq!(
            (&response["event"], response.get("feed")),
            (&json!("stream-error"), None),
            "{message}"
        );
    }
    socket.0.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_snapshot!(socket.next().await.unwrap(), @r#"{"data":{"error":"Messages are {\"subscribe\": FEED, \"since\": CURSOR}, {\"unsubscribe\": FEED}, {\"like\": UPDATE} or {\"unlike\": UPDATE}. A feed is the id of an entry, \"all\", or \"room-\" and the name of a room."},"event":"stream-error"}"#);
    app.post("final", "Goal").await;
    assert_eq!(socket.next_event().await.unwrap()["event"], "batch");

    for _ in 0..100 {
        // The server may have closed the connection already.
        let _ = socket.0.send(Message::text("nonsense")).await;
    }
    assert_eq!(socket.close_code().await, Some(CloseCode::Policy));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_that_is_too_long_closes_the_connection() {
    let app = TestApp::with_flags(&[]).await;
    for length in [1025, 70_000, 5_000_000] {
        let mut socket = Connection::open(&app).await;
        // The server does not wait for the end of the message.
        let _ = socket.0.send(Message::text("x".repeat(length))).await;
        let code = socket.close_code().await;
        if length < 100_000 {
            assert_eq!(code, Some(CloseCode::Size), "{length}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_follows_at_most_a_hundred_feeds() {
    let app = TestApp::with_flags(&[]).await;
    let mut feeds = Vec::new();
    for n in 0..102 {
        feeds.push(
            app.entry(&format!("entry-{n}"), EntryState::Live)
                .await
                .to_string(),
        );
    }
    let mut socket = Connection::open(&app).await;
    for feed in &feeds[..100] {
        socket.subscribe(feed, None).await;
    }
    socket.send(json!({"subscribe": feeds[100]})).await;
    let refused = socket.next().await.unwrap();
    assert_eq!(
        (&refused["feed"], &refused["event"]),
        (&json!(feeds[100]), &json!("stream-error"))
    );
    // Subscribing to the same feed again is allowed, and unsubscribing makes room for another one.
    for _ in 0..150 {
        socket.subscribe(&feeds[0], None).await;
    }
    socket.send(json!({"unsubscribe": feeds[0]})).await;
    socket.subscribe(&feeds[101], None).await;
    app.post("entry-101", "Here").await;
    assert_eq!(
        socket.next_event().await.unwrap()["feed"],
        json!(feeds[101])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn occasional_pings_get_a_pong_and_keep_the_connection() {
    let app = TestApp::with_flags(&[]).await;
    app.live_entry().await;
    let mut socket = Connection::open(&app).await;
    socket.subscribe("all", None).await;
    for n in 0..15_u8 {
        let ping = Message::Ping(vec![n].into());
        socket.0.send(ping).await.unwrap();
        loop {
            match with_timeout(socket.0.next()).await.unwrap().unwrap() {
                Message::Pong(payload) => {
                    assert_eq!(payload[..], [n]);
                    break;
                }
                // A heartbeat can arrive meanwhile.
                Message::Text(text) => assert!(text.contains("heartbeat"), "{text}"),
                other => assert!(other.is_ping(), "{other}"),
            }
        }
    }
    app.post("final", "Still here").await;
    assert_eq!(socket.next_event().await.unwrap()["event"], "batch");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_sends_more_than_its_budget_is_closed() {
    let app = TestApp::with_flags(&[]).await;
    app.live_entry().await;
    for (message, count) in [
        (Message::Ping(vec![1].into()), 900),
        (Message::Pong(vec![1].into()), 900),
        (Message::text(r#"{"unsubscribe": "all"}"#), 900),
    ] {
        let mut socket = Connection::open(&app).await;
        for _ in 0..count {
            // The server may have closed the connection already.
            let _ = socket.0.send(message.clone()).await;
        }
        assert_eq!(socket.close_code().await, Some(CloseCode::Policy));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_longer_than_a_frame_arrives_completely() {
    let app = TestApp::with_flags(&[]).await;
    app.live_entry().await;
    let mut socket = Connection::open(&app).await;
    socket.subscribe("all", None).await;
    let text = "word ".repeat(9_000);
    app.post("final", &text).await;
    let batch = socket.next_event().await.unwrap();
    let html = batch["data"]["changes"][0]["html"].as_str().unwrap();
    assert!(html.contains(text.trim_end()), "{} bytes", html.len());
    // The message is also longer than the server's write buffer.
    assert!(html.len() > 32 * 1024);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_of_one_address_follow_a_limited_number_of_feeds() {
    // The limit is two for each stream, and a hundred.
    let app = TestApp::with_flags(&["--max-streams-per-address", "2"]).await;
    let mut feeds = Vec::new();
    for n in 0..103 {
        let entry = app.entry(&format!("entry-{n}"), EntryState::Live).await;
        feeds.push(entry.to_string());
    }
    let mut first = Connection::open(&app).await;
    for feed in &feeds[..100] {
        first.subscribe(feed, None).await;
    }
    let mut second = Connection::open(&app).await;
    for feed in &feeds[..4] {
        second.subscribe(feed, None).await;
    }
    second.send(json!({"subscribe": feeds[4]})).await;
    let refused = second.next().await.unwrap();
    assert_eq!(
        (&refused["feed"], &refused["event"]),
        (&json!(feeds[4]), &json!("stream-error"))
    );
    // A feed can be subscribed to again, and unsubscribing makes room for another one.
    second.subscribe(&feeds[0], None).await;
    second.send(json!({"unsubscribe": feeds[1]})).await;
    second.subscribe(&feeds[4], None).await;
    drop(first);
    let again = async {
        loop {
            second.send(json!({"subscribe": feeds[102]})).await;
            let response = second.next().await.unwrap();
            if response["feed"] == json!(feeds[102]) && response["event"] == "heartbeat" {
                break;
            }
        }
    };
    with_timeout(Box::pin(again)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_other_sites_are_refused() {
    let app = TestApp::with_flags(&["--public-url", "https://live.example.org"]).await;
    let own = format!("http://{}", app.address().await);
    for origin in [Some(own.as_str()), Some("https://live.example.org"), None] {
        assert!(
            Connection::open_from(&app, origin).await.is_ok(),
            "{origin:?}"
        );
    }
    for origin in [
        "https://evil.example",
        "null",
        "http://live.example.org",
        "https://live.example.org.evil.example",
    ] {
        let refused = Connection::open_from(&app, Some(origin)).await;
        match refused.err().unwrap() {
            tungstenite::Error::Http(response) => assert_eq!(response.status(), 403, "{origin}"),
            error => panic!("{error}"),
        }
    }
    // A request without an upgrade is refused with an explanation.
    let response = app.browser().get("/ws").await;
    response.assert_status_bad_request();
    response.assert_text(
        "This address is for WebSocket connections. Open one with new WebSocket(...).",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_counts_as_a_stream() {
    let app = TestApp::with_flags(&["--max-streams", "1"]).await;
    let first = Connection::open(&app).await;
    let refused = Connection::open_from(&app, None).await;
    match refused.err().unwrap() {
        tungstenite::Error::Http(response) => {
            assert_eq!(response.status(), 503);
            assert_eq!(response.headers()["retry-after"], "30");
        }
        error => panic!("{error}"),
    }
    drop(first);
    let again = async { while Connection::open_from(&app, None).await.is_err() {} };
    with_timeout(Box::pin(again)).await;
}
