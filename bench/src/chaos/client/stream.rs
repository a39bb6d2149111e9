//! An open stream of any transport, closed when dropped.

use domain::{Batch, Cursor, Head, Reset};
use serde::Deserialize;
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    task::AbortHandle,
};

use super::{ClientConfig, event_stream, websocket};
use crate::harness::{Error, Result};

/// How many events may be queued. A slower client slows down the server's writing, like a page.
const QUEUE_LENGTH: usize = 16;

/// An event of a stream.
#[derive(Debug)]
pub enum StreamEvent {
    /// A batch.
    Batch(Batch),
    /// A heartbeat with the head of the feed.
    Heartbeat(Head),
    /// The cursor can't be continued.
    Reset(Reset),
    /// The end of the stream.
    Bye {
        /// The entry has ended; otherwise the server is shutting down.
        ended: bool,
    },
    /// The stream broke or was rejected.
    Failed,
}

/// An open stream.
#[derive(Debug)]
pub struct Stream {
    events: Receiver<Result<StreamEvent>>,
    task: AbortHandle,
}

/// The sending half of a stream's event queue.
#[derive(Debug)]
pub struct EventSender(Sender<Result<StreamEvent>>);

impl Stream {
    /// Opens a stream of server-sent events after `cursor`.
    pub fn server_sent_events(config: &ClientConfig, cursor: Cursor) -> Self {
        Self::open(config.clone(), cursor, event_stream::listen)
    }

    /// Opens a WebSocket and subscribes after `cursor`.
    pub fn websocket(config: &ClientConfig, cursor: Cursor) -> Self {
        Self::open(config.clone(), cursor, websocket::listen)
    }

    /// Waits for the next event.
    ///
    /// # Errors
    ///
    /// If it violates the protocol.
    pub async fn next(&mut self) -> Result<StreamEvent> {
        self.events.recv().await.unwrap_or(Ok(StreamEvent::Failed))
    }

    fn open<F>(
        config: ClientConfig,
        cursor: Cursor,
        listen: impl Fn(ClientConfig, Cursor, EventSender) -> F,
    ) -> Self
    where
        F: Future<Output = Option<()>> + Send + 'static,
    {
        let (sender, events) = mpsc::channel(QUEUE_LENGTH);
        // However the task ends, it closes the channel, which counts as a failed stream.
        let task = tokio::spawn(listen(config, cursor, EventSender(sender))).abort_handle();
        Self { events, task }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl EventSender {
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

fn parse(name: &str, data: &str) -> Result<StreamEvent, serde_json::Error> {
    #[derive(Deserialize)]
    struct Bye {
        ended: bool,
    }
    Ok(match name {
        "batch" => StreamEvent::Batch(serde_json::from_str(data)?),
        "heartbeat" => StreamEvent::Heartbeat(serde_json::from_str(data)?),
        "stream-reset" => StreamEvent::Reset(serde_json::from_str(data)?),
        "bye" => {
            let Bye { ended } = serde_json::from_str(data)?;
            StreamEvent::Bye { ended }
        }
        "stream-error" => StreamEvent::Failed,
        // Clients ignore unknown events, but this protocol has none.
        _ => return Err(serde::de::Error::custom("unknown event")),
    })
}
