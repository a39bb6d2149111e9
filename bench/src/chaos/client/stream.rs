//! An open stream of any transport, closed when dropped.

use domain::{Cursor, StreamEvent};
use tokio::{
    sync::mpsc::{self, Receiver},
    task::AbortHandle,
};

use super::{config::ClientConfig, event::EventSender, event_stream, websocket};
use crate::harness::Result;

/// How many events may be queued. A slower client slows down the server's writing, like a page.
const QUEUE_LENGTH: usize = 16;

/// An open stream.
#[derive(Debug)]
pub struct Stream {
    events: Receiver<Result<StreamEvent>>,
    task: AbortHandle,
}

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
        let task = tokio::spawn(listen(config, cursor, EventSender::new(sender))).abort_handle();
        Self { events, task }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.task.abort();
    }
}
