//! The events of a stream, and the queue in which they wait for the client.

use domain::{EventName, StreamEvent};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::Sender;

use crate::harness::{Error, Result};

/// The sending half of a stream's event queue.
#[derive(Debug)]
pub struct EventSender(Sender<Result<StreamEvent>>);

impl EventSender {
    /// Creates a sender that appends to `queue`.
    pub const fn new(queue: Sender<Result<StreamEvent>>) -> Self {
        Self(queue)
    }

    /// Forwards the event called `name`. Returns `None` once the stream is dropped.
    pub async fn send(&self, name: &str, data: &str) -> Option<()> {
        let event = parse(name, data).map_err(|error| {
            Error::Violated(format!(
                "the stream sent the event {name:?} with the data {data:?}: {error}"
            ))
        });
        self.0.send(event).await.ok()
    }
}

/// Parses an event. A page ignores what it can't parse; here it is an error.
fn parse(name: &str, data: &str) -> Result<StreamEvent, serde_json::Error> {
    fn decode<T: DeserializeOwned>(data: &str) -> Result<Option<T>, serde_json::Error> {
        serde_json::from_str(data).map(Some)
    }

    let name: EventName = name.parse().map_err(serde::de::Error::custom)?;
    Ok(match name {
        EventName::Batch => StreamEvent::Batch(decode(data)?),
        EventName::Heartbeat => StreamEvent::Heartbeat(decode(data)?),
        EventName::Counts => StreamEvent::Heartbeat(None),
        EventName::Reset => StreamEvent::Reset(decode(data)?),
        EventName::Bye => StreamEvent::Bye(decode(data)?),
        EventName::Error => StreamEvent::Failed,
    })
}
