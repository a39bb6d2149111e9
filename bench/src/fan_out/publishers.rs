//! Servers with streams, and the ways to publish on them.

use super::baseline::Baseline;
use crate::harness::{Author, Process, Reader, Result, Ringside};

/// The room of the messages.
const ROOM: &str = "lobby";

/// A server with streams, and a way to publish on them.
pub trait Publisher {
    /// Returns the server's process.
    fn process(&self) -> &Process;
    /// Publishes `text`.
    async fn publish(&mut self, text: String) -> Result<()>;
}

impl Publisher for Baseline {
    fn process(&self) -> &Process {
        Self::process(self)
    }

    async fn publish(&mut self, text: String) -> Result<()> {
        Self::publish(self, &text).await
    }
}

/// Ringside, and somebody who publishes on one of its feeds.
pub struct RingsidePublisher {
    /// The server.
    pub ringside: Ringside,
    /// The path of the feed's stream.
    pub path: String,
    writer: Writer,
}

/// Somebody who publishes.
enum Writer {
    /// An author, in an entry.
    Author(Author),
    /// A reader, in a room.
    Reader(Reader),
}

/// What is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// Posts in an entry.
    Posts,
    /// Messages in a room.
    Messages,
}

impl RingsidePublisher {
    /// Starts a server with an entry and an author, or with a room and a reader.
    pub async fn start(what: Published) -> Result<Self> {
        match what {
            Published::Posts => Self::start_with_entry().await,
            Published::Messages => Self::start_with_room().await,
        }
    }

    async fn start_with_entry() -> Result<Self> {
        let ringside = Ringside::start(&[])?;
        let entry = ringside.entry("final").await?;
        let author = ringside.author("ann").await?;
        Ok(Self {
            ringside,
            path: format!("/feed/{entry}/stream"),
            writer: Writer::Author(author),
        })
    }

    async fn start_with_room() -> Result<Self> {
        let ringside = Ringside::start(&Reader::SETTINGS)?;
        let mut reader = Reader::connect(ringside.address, "ann").await?;
        reader
            .send_text(ROOM, "The first message creates the room.")
            .await?;
        Ok(Self {
            ringside,
            path: format!("/feed/room-{ROOM}/stream"),
            writer: Writer::Reader(reader),
        })
    }
}

impl Publisher for RingsidePublisher {
    fn process(&self) -> &Process {
        self.ringside.process()
    }

    async fn publish(&mut self, text: String) -> Result<()> {
        match &mut self.writer {
            Writer::Author(author) => author.post_text("final", &text).await,
            Writer::Reader(reader) => reader.send_text(ROOM, &text).await,
        }
    }
}
