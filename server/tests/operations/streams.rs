//! Streams through nginx: each event arrives at once.

use std::io::{BufRead, Read};

use tokio_tungstenite::tungstenite::Message;

use super::{
    client::ResponseReader,
    site::{Site, publish},
};

/// Reads an event, up to the next blank line.
fn event(stream: &mut ResponseReader) -> String {
    let mut event = String::new();
    while !event.ends_with("\n\n") {
        assert!(stream.read_line(&mut event).unwrap() > 0, "{event:?}");
    }
    event
}

#[test]
fn events_arrive_while_the_stream_is_open() {
    let site = Site::start();
    let author = site.owner();
    let client = site.client().with("accept-encoding", "gzip, deflate, br");
    let (head, mut stream) = client.open("/feed/1/stream");
    assert_eq!(head.cache_result(), "200 ");
    assert_eq!(head.header("content-type"), "text/event-stream");
    assert_eq!(head.header("content-encoding"), "");
    // If nginx buffered these events, they would arrive only when the stream ends.
    let first = event(&mut stream);
    assert!(first.starts_with("event: heartbeat\n"), "{first}");
    for text in ["The first goal", "The second goal"] {
        publish(&author, text);
        let batch = event(&mut stream);
        assert!(batch.contains("\nevent: batch\n"), "{batch}");
        assert!(batch.contains(text), "{batch}");
    }

    site.server.terminate();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "event: bye\ndata: {\"ended\":false}\n\n");
}

#[test]
fn every_client_has_its_own_stream() {
    let site = Site::start();
    let open = || site.client().open("/feed/all/stream").1;
    let mut streams: Vec<_> = (0..20).map(|_| open()).collect();
    publish(&site.owner(), "A goal");
    for stream in &mut streams {
        assert!(event(stream).starts_with("event: heartbeat\n"));
        assert!(event(stream).contains("A goal"));
    }
}

#[test]
fn websocket_passes_through_nginx() {
    let site = Site::start();
    let mut socket = site.client().websocket();
    let subscribe = Message::text(r#"{"subscribe": "1"}"#);
    socket.send(subscribe).unwrap();
    let mut next = || socket.read().unwrap().into_text().unwrap();
    assert!(next().contains(r#""event":"heartbeat""#));
    publish(&site.owner(), "A goal");
    assert!(next().contains("A goal"));
}
