//! An open stream, whatever carries it; dropped, it is closed.

use domain::{Batch, Cursor, Head, Reset};
use serde::Deserialize;
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    task::AbortHandle,
};

use super::{Place, event_stream, websocket};
use crate::harness::{Error, Result};

/// How many events wait for their reader at most; a reader that is slower slows the server's writing
/// down, as a page does.
const WAITING: usize = 16;

/// What a stream says.
#[derive(Debug)]
pub enum Said {
    /// A batch.
    Batch(Batch),
    /// That it is alive, and where the feed stands.
    Heartbeat(Head),
    /// That the feed starts again.
    Reset(Reset),
    /// Goodbye.
    Bye {
        /// The entry is over; else the server is going.
        ended: bool,
    },
    /// Nothing more: it broke, or was refused.
    Failed,
}

/// An open stream.
#[derive(Debug)]
pub struct Stream {
    said: Receiver<Result<Said>>,
    task: AbortHandle,
}

/// What listens for a stream's events, and passes them on.
#[derive(Debug)]
pub struct Events(Sender<Result<Said>>);

impl Stream {
    /// Opens a stream of server-sent events after `cursor`.
    pub fn by_events(place: &Place, cursor: Cursor) -> Self {
        Self::open(place.clone(), cursor, event_stream::listen)
    }

    /// Opens a WebSocket, and subscribes after `cursor`.
    pub fn by_websocket(place: &Place, cursor: Cursor) -> Self {
        Self::open(place.clone(), cursor, websocket::listen)
    }

    /// What it says next.
    ///
    /// # Errors
    /// If that isn't in the protocol.
    pub async fn next(&mut self) -> Result<Said> {
        self.said.recv().await.unwrap_or(Ok(Said::Failed))
    }

    fn open<F>(place: Place, cursor: Cursor, listen: impl Fn(Place, Cursor, Events) -> F) -> Self
    where
        F: Future<Output = Option<()>> + Send + 'static,
    {
        let (sender, said) = mpsc::channel(WAITING);
        // However it ends, the channel is closed by it: that says all.
        let task = tokio::spawn(listen(place, cursor, Events(sender))).abort_handle();
        Self { said, task }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Events {
    /// Passes on the event called `name`; `None` once nobody listens.
    pub async fn pass_on(&self, name: &str, data: &str) -> Option<()> {
        let said = read(name, data).map_err(|error| {
            Error::Violated(format!("a stream said {name:?} with {data:?}: {error}"))
        });
        self.0.send(said).await.ok()
    }
}

fn read(name: &str, data: &str) -> Result<Said, serde_json::Error> {
    #[derive(Deserialize)]
    struct Goodbye {
        ended: bool,
    }
    Ok(match name {
        "batch" => Said::Batch(serde_json::from_str(data)?),
        "heartbeat" => Said::Heartbeat(serde_json::from_str(data)?),
        "stream-reset" => Said::Reset(serde_json::from_str(data)?),
        "bye" => {
            let Goodbye { ended } = serde_json::from_str(data)?;
            Said::Bye { ended }
        }
        "stream-error" => Said::Failed,
        // A reader ignores what it doesn't know; nothing of it is in this protocol.
        _ => return Err(serde::de::Error::custom("there is no such event")),
    })
}
