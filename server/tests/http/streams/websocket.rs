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
use crate::http::support::{TestApp, soon};

/// A reader's connection.
struct Connection(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Connection {
    async fn open(app: &TestApp) -> Self {
        Self::open_from(app, None).await.unwrap()
    }

    /// As a page of `origin` opens it.
    async fn open_from(app: &TestApp, origin: Option<&str>) -> tungstenite::Result<Self> {
        let url = format!("ws://{}/ws", app.served().await);
        let mut request = url.into_client_request().unwrap();
        if let Some(origin) = origin {
            request
                .headers_mut()
                .insert("origin", origin.parse().unwrap());
        }
        Ok(Self(soon(connect_async(request)).await?.0))
    }

    async fn say(&mut self, message: impl ToString) {
        self.0
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }

    /// Subscribes, and hears that it did.
    async fn subscribe(&mut self, feed: &str, since: Option<&str>) {
        match since {
            Some(since) => self.say(json!({"subscribe": feed, "since": since})).await,
            None => self.say(json!({"subscribe": feed})).await,
        }
        let greeting = self.next().await.unwrap();
        assert_eq!(
            (&greeting["feed"], &greeting["event"]),
            (&json!(feed), &json!("heartbeat"))
        );
    }

    /// The next message; the reason, once the server closed the connection.
    async fn next(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            match soon(self.0.next()).await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(reason))) => return Err(reason),
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return Err(None),
            }
        }
    }

    /// The next message that isn't a heartbeat.
    async fn news(&mut self) -> Result<Value, Option<CloseFrame>> {
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
async fn it_carries_what_streams_carry() {
    let app = TestApp::with(&[]).await;
    let entry = app.live_entry().await;
    let before = app.post("final", "Before").await;
    let since = cursor(&app, entry, before.rev);
    let mut stream = app.stream(&format!("{}?since={since}", path(entry))).await;
    let mut socket = Connection::open(&app).await;
    socket.subscribe(&entry.to_string(), Some(&since)).await;
    app.post("final", "After").await;
    app.newsroom.hub().close();
    loop {
        let event = stream.news().await.unwrap();
        let mut expected =
            json!({"feed": entry.to_string(), "event": event.name, "data": event.data});
        if let Some(id) = event.id {
            expected["id"] = json!(id);
        }
        assert_eq!(socket.news().await.unwrap(), expected);
        if event.name == "bye" {
            break;
        }
    }
    assert_eq!(socket.close_code().await, Some(CloseCode::Away));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_follows_many_feeds() {
    let app = TestApp::with(&[]).await;
    let first = app.entry("first", EntryState::Live).await.to_string();
    let second = app.entry("second", EntryState::Live).await.to_string();
    let mut socket = Connection::open(&app).await;
    for feed in [&first, &second, "all"] {
        socket.subscribe(feed, None).await;
    }
    app.post("first", "One").await;
    let mut told = [socket.news().await.unwrap(), socket.news().await.unwrap()]
        .map(|message| message["feed"].as_str().unwrap().to_owned());
    told.sort();
    assert_eq!(told, [first.clone(), "all".to_owned()]);

    socket.say(json!({"unsubscribe": "all"})).await;
    socket.say(json!({"unsubscribe": first})).await;
    // Subscribed to again, a feed is not told twice; and by now the others are forgotten.
    socket.subscribe(&second, None).await;
    app.post("first", "Two").await;
    let posted = app.post("second", "Three").await;
    let message = socket.news().await.unwrap();
    assert_eq!(
        (&message["feed"], &message["data"]["to"]),
        (&json!(second), &json!(posted.rev))
    );
    let posted = app.post("second", "Four").await;
    assert_eq!(socket.news().await.unwrap()["data"]["to"], posted.rev);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_followed_is_said_and_the_rest_goes_on() {
    let app = TestApp::with(&[]).await;
    let entry = app.live_entry().await;
    let posted = app.post("final", "Kick-off").await;
    app.entry("secret", EntryState::Draft).await;
    let (feed, future) = (entry.to_string(), cursor(&app, entry, i64::MAX));
    let mut socket = Connection::open(&app).await;
    socket.subscribe("all", None).await;
    let mut answers = Vec::new();
    for message in [
        json!({"subscribe": "999"}),
        json!({"subscribe": "2"}),
        json!({"subscribe": feed, "since": "garbage"}),
    ] {
        socket.say(&message).await;
        answers.push(format!("{message} -> {}", socket.next().await.unwrap()));
    }
    assert_snapshot!(answers.join("\n"), @r#"
    {"subscribe":"999"} -> {"data":{"error":"There is no such live blog."},"event":"stream-error","feed":"999"}
    {"subscribe":"2"} -> {"data":{"error":"There is no such live blog."},"event":"stream-error","feed":"2"}
    {"since":"garbage","subscribe":"1"} -> {"data":{"error":"The cursor is malformed; take one from data-cursor, head or a batch."},"event":"stream-error","feed":"1"}
    "#);
    for since in [future, "another.1".to_owned()] {
        socket.say(json!({"subscribe": feed, "since": since})).await;
        let reset = socket.next().await.unwrap();
        assert_eq!(reset["event"], "stream-reset");
        assert_eq!(reset["data"]["head"], posted.rev);
    }
    app.post("final", "Goal").await;
    assert_eq!(socket.news().await.unwrap()["feed"], "all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_make_no_sense_change_nothing_until_there_are_too_many() {
    let app = TestApp::with(&[]).await;
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
        socket.say(message).await;
        let answer = socket.next().await.unwrap();
        assert_eq!(
            (&answer["event"], answer.get("feed")),
            (&json!("stream-error"), None),
            "{message}"
        );
    }
    socket.0.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_snapshot!(socket.next().await.unwrap(), @r#"{"data":{"error":"Messages are {\"subscribe\": FEED, \"since\": CURSOR} or {\"unsubscribe\": FEED}. A feed is the id of an entry, or \"all\"."},"event":"stream-error"}"#);
    app.post("final", "Goal").await;
    assert_eq!(socket.news().await.unwrap()["event"], "batch");

    for _ in 0..100 {
        // The server may have had enough already.
        let _ = socket.0.send(Message::text("nonsense")).await;
    }
    assert_eq!(socket.close_code().await, Some(CloseCode::Policy));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_too_long_closes_the_connection() {
    let app = TestApp::with(&[]).await;
    for length in [1025, 70_000, 5_000_000] {
        let mut socket = Connection::open(&app).await;
        // The server doesn't wait for the end of it.
        let _ = socket.0.send(Message::text("x".repeat(length))).await;
        let code = socket.close_code().await;
        if length < 100_000 {
            assert_eq!(code, Some(CloseCode::Size), "{length}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_follows_at_most_a_hundred_feeds() {
    let app = TestApp::with(&[]).await;
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
    socket.say(json!({"subscribe": feeds[100]})).await;
    let refused = socket.next().await.unwrap();
    assert_eq!(
        (&refused["feed"], &refused["event"]),
        (&json!(feeds[100]), &json!("stream-error"))
    );
    // The same one again is no other one; and one less makes room.
    for _ in 0..150 {
        socket.subscribe(&feeds[0], None).await;
    }
    socket.say(json!({"unsubscribe": feeds[0]})).await;
    socket.subscribe(&feeds[101], None).await;
    app.post("entry-101", "Here").await;
    assert_eq!(socket.news().await.unwrap()["feed"], json!(feeds[101]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_pings_now_and_then_is_answered_and_stays() {
    let app = TestApp::with(&[]).await;
    app.live_entry().await;
    let mut socket = Connection::open(&app).await;
    socket.subscribe("all", None).await;
    for n in 0..15_u8 {
        let ping = Message::Ping(vec![n].into());
        socket.0.send(ping).await.unwrap();
        loop {
            match soon(socket.0.next()).await.unwrap().unwrap() {
                Message::Pong(payload) => {
                    assert_eq!(payload[..], [n]);
                    break;
                }
                // It may beat meanwhile.
                Message::Text(text) => assert!(text.contains("heartbeat"), "{text}"),
                other => assert!(other.is_ping(), "{other}"),
            }
        }
    }
    app.post("final", "Still here").await;
    assert_eq!(socket.news().await.unwrap()["event"], "batch");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_sends_more_than_its_budget_is_closed() {
    let app = TestApp::with(&[]).await;
    app.live_entry().await;
    for (message, count) in [
        (Message::Ping(vec![1].into()), 30),
        (Message::Pong(vec![1].into()), 30),
        (Message::text(r#"{"unsubscribe": "all"}"#), 310),
    ] {
        let mut socket = Connection::open(&app).await;
        for _ in 0..count {
            // The server may have had enough already.
            let _ = socket.0.send(message.clone()).await;
        }
        assert_eq!(socket.close_code().await, Some(CloseCode::Policy));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_longer_than_a_frame_arrives_whole() {
    let app = TestApp::with(&[]).await;
    app.live_entry().await;
    let mut socket = Connection::open(&app).await;
    socket.subscribe("all", None).await;
    let text = "word ".repeat(9_000);
    app.post("final", &text).await;
    let batch = socket.news().await.unwrap();
    let html = batch["data"]["changes"][0]["html"].as_str().unwrap();
    assert!(html.contains(text.trim_end()), "{} bytes", html.len());
    // It was longer than the server's buffer for what is written, too.
    assert!(html.len() > 32 * 1024);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_of_one_address_follow_a_bounded_number_of_feeds() {
    // Two for each stream, and a hundred.
    let app = TestApp::with(&["--max-streams-per-address", "2"]).await;
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
    second.say(json!({"subscribe": feeds[4]})).await;
    let refused = second.next().await.unwrap();
    assert_eq!(
        (&refused["feed"], &refused["event"]),
        (&json!(feeds[4]), &json!("stream-error"))
    );
    // What is followed already may be followed anew, and what is left makes room.
    second.subscribe(&feeds[0], None).await;
    second.say(json!({"unsubscribe": feeds[1]})).await;
    second.subscribe(&feeds[4], None).await;
    drop(first);
    let again = async {
        loop {
            second.say(json!({"subscribe": feeds[102]})).await;
            let answer = second.next().await.unwrap();
            if answer["feed"] == json!(feeds[102]) && answer["event"] == "heartbeat" {
                break;
            }
        }
    };
    soon(Box::pin(again)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_other_sites_are_refused() {
    let app = TestApp::with(&["--public-url", "https://live.example.org"]).await;
    let own = format!("http://{}", app.served().await);
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
            tungstenite::Error::Http(answer) => assert_eq!(answer.status(), 403, "{origin}"),
            error => panic!("{error}"),
        }
    }
    // Who doesn't upgrade is told how.
    let answer = app.browser().get("/ws").await;
    answer.assert_status_bad_request();
    answer.assert_text(
        "This address is for WebSocket connections. Open one with new WebSocket(...).",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_counts_as_a_stream() {
    let app = TestApp::with(&["--max-streams", "1"]).await;
    let first = Connection::open(&app).await;
    let refused = Connection::open_from(&app, None).await;
    match refused.err().unwrap() {
        tungstenite::Error::Http(answer) => {
            assert_eq!(answer.status(), 503);
            assert_eq!(answer.headers()["retry-after"], "30");
        }
        error => panic!("{error}"),
    }
    drop(first);
    let again = async { while Connection::open_from(&app, None).await.is_err() {} };
    soon(Box::pin(again)).await;
}
