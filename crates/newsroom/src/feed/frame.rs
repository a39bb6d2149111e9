//! A batch in the bytes of every transport, created once for all connections.

use std::sync::Arc;

use bytes::Bytes;
use domain::{Batch, Change, ChatMessage, Rev, UpdateId};
use tokio::sync::OnceCell;

use super::event::{Event, to_json};

/// A batch and its event; cheap to clone.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The revision that a client must have reached, at least.
    pub from: Rev,
    /// The revision that a client has reached afterwards.
    pub to: Rev,
    /// Whether the database has more changes.
    pub more: bool,
    /// Whether nothing changed.
    pub empty: bool,
    changed: Arc<[UpdateId]>,
    quoted: Arc<[UpdateId]>,
    has_article: bool,
    messages: Arc<[RoomMessage]>,
    event: Event,
    compressed: Arc<Compressed>,
}

/// A message of a room, for clients that receive messages instead of batches.
#[derive(Clone, Debug)]
pub struct RoomMessage {
    /// The revision at which it was sent.
    pub sent_rev: Rev,
    /// The message as JSON.
    pub json: Bytes,
}

impl RoomMessage {
    /// Creates a message that was sent at `sent_rev`.
    pub fn new(sent_rev: Rev, message: &ChatMessage) -> Self {
        let json = to_json(message).into();
        Self { sent_rev, json }
    }
}

/// A content coding in which a frame's JSON is cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Brotli (RFC 7932).
    Brotli,
    /// Gzip (RFC 1952).
    Gzip,
}

/// The JSON in each coding that a client has requested so far.
#[derive(Debug, Default)]
struct Compressed {
    brotli: OnceCell<Bytes>,
    gzip: OnceCell<Bytes>,
}

impl Frame {
    /// Creates the frame of `batch`, whose highlights and summaries quote the updates `quoted`.
    pub fn new(batch: &Batch, quoted: &[UpdateId]) -> Self {
        Self {
            from: batch.from,
            to: batch.to,
            more: batch.more,
            empty: batch.is_empty(),
            changed: batch.changes.iter().map(Change::id).collect(),
            quoted: quoted.into(),
            has_article: batch.entry.as_ref().is_some_and(|it| it.article.is_some()),
            messages: Arc::default(),
            event: Event::batch(batch.cursor(), &to_json(batch)),
            compressed: Arc::default(),
        }
    }

    /// Sets the messages of the batch, in the order of their changes.
    #[must_use]
    pub fn with_messages(self, messages: Vec<RoomMessage>) -> Self {
        Self {
            messages: messages.into(),
            ..self
        }
    }

    /// Returns the messages that the batch contains, in the order of their changes. Deleted ones
    /// are left out.
    pub fn messages(&self) -> &[RoomMessage] {
        &self.messages
    }

    /// Returns whether the frame contains or quotes an update that `newer` changes, or contains an
    /// article that `newer` replaces.
    pub fn is_outdated_by(&self, newer: &Self) -> bool {
        let contains = |id| self.changed.contains(id) || self.quoted.contains(id);
        (self.has_article && newer.has_article) || newer.changed.iter().any(contains)
    }

    /// Returns the batch as an event of a stream.
    pub fn event(&self) -> Event {
        self.event.clone()
    }

    /// Returns the batch as JSON.
    pub fn json(&self) -> Bytes {
        self.event.json()
    }

    /// Returns the batch as JSON in `coding`. The first call runs `compress`; concurrent calls wait
    /// for its result.
    ///
    /// # Errors
    /// Returns the error of `compress`; the next call runs it again.
    pub async fn compressed<E>(
        &self,
        coding: Coding,
        compress: impl AsyncFnOnce(Bytes) -> Result<Bytes, E>,
    ) -> Result<Bytes, E> {
        let cell = match coding {
            Coding::Brotli => &self.compressed.brotli,
            Coding::Gzip => &self.compressed.gzip,
        };
        let bytes = cell.get_or_try_init(|| compress(self.json())).await?;
        Ok(bytes.clone())
    }

    /// Returns the uncompressed size in memory, in bytes.
    pub fn size(&self) -> usize {
        let messages = self.messages.iter().map(|message| message.json.len());
        self.event.size() + messages.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use domain::Epoch;

    use super::*;

    #[tokio::test]
    async fn frame_is_compressed_once_in_each_coding() {
        let batch = Batch {
            epoch: Epoch::parse("k3").unwrap(),
            from: 1,
            to: 2,
            head: 2,
            more: false,
            changes: vec![],
            entry: None,
            entries: vec![],
            room: None,
        };
        let frame = Frame::new(&batch, &[]);
        let compressions = AtomicUsize::new(0);
        let compress = async |json: Bytes| {
            compressions.fetch_add(1, Ordering::Relaxed);
            assert_eq!(json, frame.json());
            Ok::<_, Infallible>(json.slice(..2))
        };
        for coding in [Coding::Brotli, Coding::Gzip, Coding::Brotli] {
            let copy = frame.clone();
            assert_eq!(copy.compressed(coding, compress).await.unwrap(), "{\"");
        }
        assert_eq!(compressions.load(Ordering::Relaxed), 2);
        let failed = async |_| Err::<Bytes, _>("no slot");
        let other = Frame::new(&batch, &[]);
        assert!(other.compressed(Coding::Gzip, failed).await.is_err());
        let again = other.compressed(Coding::Gzip, async |json| Ok::<_, ()>(json));
        assert_eq!(again.await.unwrap(), other.json());
    }
}
