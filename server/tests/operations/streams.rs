//! Streams through nginx: each event at once.

use std::io::{BufRead, Read};

use tokio_tungstenite::tungstenite::Message;

use super::{
    reader::Opened,
    site::{Site, publish},
};

/// Reads up to the next blank line.
fn event(stream: &mut Opened) -> String {
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
    let reader = site.reader().with("accept-encoding", "gzip, deflate, br");
    let (head, mut stream) = reader.open("/feed/1/stream");
    assert_eq!(head.cached(), "200 ");
    assert_eq!(head.header("content-type"), "text/event-stream");
    assert_eq!(head.header("content-encoding"), "");
    // Held back, these would come when the stream is over, and it isn't.
    let greeting = event(&mut stream);
    assert!(greeting.starts_with("event: heartbeat\n"), "{greeting}");
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
fn every_reader_has_a_stream_of_their_own() {
    let site = Site::start();
    let open = || site.reader().open("/feed/all/stream").1;
    let mut streams: Vec<_> = (0..20).map(|_| open()).collect();
    publish(&site.owner(), "A goal");
    for stream in &mut streams {
        assert!(event(stream).starts_with("event: heartbeat\n"));
        assert!(event(stream).contains("A goal"));
    }
}

#[test]
fn a_websocket_passes_through() {
    let site = Site::start();
    let mut socket = site.reader().websocket();
    let subscribe = Message::text(r#"{"subscribe": "1"}"#);
    socket.send(subscribe).unwrap();
    let mut next = || socket.read().unwrap().into_text().unwrap();
    assert!(next().contains(r#""event":"heartbeat""#));
    publish(&site.owner(), "A goal");
    assert!(next().contains("A goal"));
}
