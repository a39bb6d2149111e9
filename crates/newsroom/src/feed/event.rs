//! An event of a stream, in the bytes of every transport.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use domain::{Bye, Counts, Cursor, EventName, FeedId, Head, Reset};
use serde::Serialize;

/// An event. Created once for all connections of a feed; cheap to clone.
#[derive(Clone, Debug)]
pub struct Event(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    name: EventName,
    id: Option<Cursor>,
    /// The event as a chunk of an HTTP/1.1 body, which tasks that write to sockets send as it is.
    chunk: Bytes,
    /// The byte ranges of the event and of its data in the chunk.
    event: (usize, usize),
    data: (usize, usize),
    message: OnceLock<Bytes>,
}

impl Event {
    /// Creates the event of a batch given as JSON; `id` is the cursor after it.
    pub(super) fn batch(id: Cursor, json: &str) -> Self {
        Self::new(EventName::Batch, Some(id), json)
    }

    /// Creates a heartbeat: the stream is open, and `head` is the feed's state.
    pub fn heartbeat(head: &Head) -> Self {
        Self::new(EventName::Heartbeat, None, &to_json(head))
    }

    /// Creates an event with counts that changed.
    pub fn counts(counts: &Counts) -> Self {
        Self::new(EventName::Counts, None, &to_json(counts))
    }

    /// Creates a reset: the client must fetch everything again.
    pub fn reset(reset: &Reset) -> Self {
        Self::new(EventName::Reset, None, &to_json(reset))
    }

    /// Creates an error with a message for people. The stream is closed after it.
    pub fn error(sentence: &str) -> Self {
        Self::new(
            EventName::Error,
            None,
            &to_json(&serde_json::json!({ "error": sentence })),
        )
    }

    /// Creates a goodbye, after which the stream is closed: the entry has `ended`, or the server is
    /// shutting down and the client should reconnect.
    pub fn bye(ended: bool) -> Self {
        Self::new(EventName::Bye, None, &to_json(&Bye { ended }))
    }

    fn new(name: EventName, id: Option<Cursor>, json: &str) -> Self {
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

    /// Returns the event as `text/event-stream` (WHATWG HTML, section 9.2).
    pub fn text(&self) -> Bytes {
        let (start, end) = self.0.event;
        self.0.chunk.slice(start..end)
    }

    /// Returns the event as a chunk of an HTTP/1.1 body (RFC 9112, section 7.1).
    pub fn chunk(&self) -> Bytes {
        self.0.chunk.clone()
    }

    /// Returns the event's data as JSON.
    pub fn json(&self) -> Bytes {
        let (start, end) = self.0.data;
        self.0.chunk.slice(start..end)
    }

    /// Returns the event as a message of a WebSocket that carries several feeds: JSON in UTF-8.
    /// `feed` must be the same in every call.
    pub fn message(&self, feed: FeedId) -> Bytes {
        let create = || message(feed, self.0.name, self.0.id.as_ref(), &self.json());
        self.0.message.get_or_init(create).clone()
    }

    /// Returns whether the event is a heartbeat.
    pub fn is_heartbeat(&self) -> bool {
        self.0.name == EventName::Heartbeat
    }

    /// Returns the size in memory, in bytes.
    pub fn size(&self) -> usize {
        self.0.chunk.len()
    }
}

/// Returns `{"feed", "event", "id"?, "data"}`, with `json` as the data.
fn message(feed: FeedId, name: EventName, id: Option<&Cursor>, json: &[u8]) -> Bytes {
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
/// Panics if `value` can't be serialized, which only a map with keys other than strings, or a
/// failing `Serialize` implementation, can cause. This would be a bug and doesn't depend on data.
/// Sending an empty frame instead would move clients' cursors past a change that they never
/// received.
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
    fn value_that_cannot_be_serialized_panics() {
        to_json(&HashMap::from([((1, 2), "a key that is not a string")]));
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
