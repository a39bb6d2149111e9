//! One thing that a stream says, in the bytes of every transport.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use domain::{Cursor, Head, Reset};
use serde::Serialize;

use super::FeedId;

const HEARTBEAT: &str = "heartbeat";

/// An event, made once for every reader of a feed; cheap to clone.
#[derive(Clone, Debug)]
pub struct Event(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    name: &'static str,
    id: Option<Cursor>,
    /// The event as a chunk of an HTTP/1.1 body: whoever writes to sockets writes this, at once.
    chunk: Bytes,
    /// Where in the chunk the event stands, and where its data.
    event: (usize, usize),
    data: (usize, usize),
    message: OnceLock<Bytes>,
}

impl Event {
    /// The batch that leads to `id`, as JSON.
    pub(super) fn batch(id: Cursor, json: &str) -> Self {
        Self::new("batch", Some(id), json)
    }

    /// A stream is alive, and this is where the feed stands.
    pub fn heartbeat(head: &Head) -> Self {
        Self::new(HEARTBEAT, None, &to_json(head))
    }

    /// The feed starts again: what was known of it is worth nothing.
    pub fn reset(reset: &Reset) -> Self {
        Self::new("stream-reset", None, &to_json(reset))
    }

    /// What went wrong, for people: nothing more will come.
    pub fn error(sentence: &str) -> Self {
        Self::new(
            "stream-error",
            None,
            &to_json(&serde_json::json!({ "error": sentence })),
        )
    }

    /// Nothing more will come: the entry has `ended`, or this server is going, and another will be there.
    pub fn bye(ended: bool) -> Self {
        Self::new(
            "bye",
            None,
            &to_json(&serde_json::json!({ "ended": ended })),
        )
    }

    fn new(name: &'static str, id: Option<Cursor>, json: &str) -> Self {
        let lines = match &id {
            Some(id) => format!("id: {id}\nevent: {name}\ndata: "),
            None => format!("event: {name}\ndata: "),
        };
        let length = lines.len() + json.len() + "\n\n".len();
        let size = format!("{length:x}\r\n");
        let (event, data) = (size.len(), size.len() + lines.len());
        Self(Arc::new(Parts {
            name,
            id,
            chunk: Bytes::from(format!("{size}{lines}{json}\n\n\r\n")),
            event: (event, event + length),
            data: (data, data + json.len()),
            message: OnceLock::new(),
        }))
    }

    /// As `text/event-stream` has it (WHATWG HTML, section 9.2).
    pub fn text(&self) -> Bytes {
        let (start, end) = self.0.event;
        self.0.chunk.slice(start..end)
    }

    /// The same as a chunk of an HTTP/1.1 body (RFC 9112, section 7.1).
    pub fn chunk(&self) -> Bytes {
        self.0.chunk.clone()
    }

    /// What it tells, as JSON.
    pub fn json(&self) -> Bytes {
        let (start, end) = self.0.data;
        self.0.chunk.slice(start..end)
    }

    /// As a message of a WebSocket that carries several feeds: JSON, and UTF-8. An event is always of
    /// one feed.
    pub fn message(&self, feed: FeedId) -> Bytes {
        let make = || message(feed, self.0.name, self.0.id.as_ref(), &self.json());
        self.0.message.get_or_init(make).clone()
    }

    /// Whether it only says that the stream is alive.
    pub fn is_heartbeat(&self) -> bool {
        self.0.name == HEARTBEAT
    }

    /// How much memory it takes, in bytes.
    pub fn size(&self) -> usize {
        self.0.chunk.len()
    }
}

/// `{"feed", "event", "id"?, "data"}`, around data that is JSON already.
fn message(feed: FeedId, name: &str, id: Option<&Cursor>, json: &[u8]) -> Bytes {
    let id = id.map_or(String::new(), |id| format!("\"id\":\"{id}\","));
    let mut message =
        format!("{{\"feed\":\"{feed}\",\"event\":\"{name}\",{id}\"data\":").into_bytes();
    message.extend_from_slice(json);
    message.push(b'}');
    message.into()
}

/// Serializes an event's data as JSON on one line.
///
/// # Panics
/// If `value` can't be written as JSON, which takes a map whose keys are no strings or a `Serialize`
/// of our own that fails: a mistake in this program, and never a matter of the data. An empty frame on
/// the wire instead would move every reader's cursor past a change that they never got.
pub(super) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("an event is made of structs, strings and numbers")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use domain::{EntryId, Epoch};

    use super::*;

    #[test]
    #[should_panic(expected = "an event is made of structs, strings and numbers")]
    fn value_that_is_no_json_never_becomes_an_empty_event() {
        to_json(&HashMap::from([((1, 2), "a key that is no string")]));
    }

    #[test]
    fn every_transport_carries_the_same_data() {
        let id = Cursor::new(Epoch::parse("k3").unwrap(), 7);
        let event = Event::batch(id, r#"{"to":7}"#);
        let text = "id: k3.7\nevent: batch\ndata: {\"to\":7}\n\n";
        assert_eq!(event.text(), text);
        assert_eq!(event.chunk(), format!("{:x}\r\n{text}\r\n", text.len()));
        assert_eq!(event.json(), r#"{"to":7}"#);
        let message = r#"{"feed":"12","event":"batch","id":"k3.7","data":{"to":7}}"#;
        assert_eq!(event.message(FeedId::Entry(EntryId(12))), message);
        let bye = r#"{"feed":"all","event":"bye","data":{"ended":false}}"#;
        assert_eq!(Event::bye(false).message(FeedId::All), bye);
    }
}
