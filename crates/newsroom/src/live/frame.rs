//! A batch in the bytes of every transport, made once for every reader.

use std::sync::Arc;

use bytes::Bytes;
use domain::{Batch, Change, Rev, UpdateId};
use tokio::sync::OnceCell;

use super::event::{Event, to_json};

/// A batch, and the event that carries it; cheap to clone.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What a reader must already know.
    pub from: Rev,
    /// What they know afterwards.
    pub to: Rev,
    /// Whether there is more in the database.
    pub more: bool,
    /// Whether nothing changed.
    pub empty: bool,
    changed: Arc<[UpdateId]>,
    quoted: Arc<[UpdateId]>,
    event: Event,
    compressed: Arc<Compressed>,
}

/// A content coding that a frame's JSON is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Brotli (RFC 7932).
    Brotli,
    /// Gzip (RFC 1952).
    Gzip,
}

/// The JSON in each coding that a client has requested.
#[derive(Debug, Default)]
struct Compressed {
    brotli: OnceCell<Bytes>,
    gzip: OnceCell<Bytes>,
}

impl Frame {
    /// The frame of `batch`, in which what is told of entries quotes the updates `quoted`.
    pub fn new(batch: &Batch, quoted: &[UpdateId]) -> Self {
        Self {
            from: batch.from,
            to: batch.to,
            more: batch.more,
            empty: batch.is_empty(),
            changed: batch.changes.iter().map(Change::id).collect(),
            quoted: quoted.into(),
            event: Event::batch(batch.cursor(), &to_json(batch)),
            compressed: Arc::default(),
        }
    }

    /// Whether it says of an update what `newer` says otherwise.
    pub fn is_outdated_by(&self, newer: &Self) -> bool {
        let says = |id| self.changed.contains(id) || self.quoted.contains(id);
        newer.changed.iter().any(says)
    }

    /// The batch as a stream's event.
    pub fn event(&self) -> Event {
        self.event.clone()
    }

    /// The batch as JSON.
    pub fn json(&self) -> Bytes {
        self.event.json()
    }

    /// Returns the batch as JSON in `coding`, which `compress` makes for the first request; the others
    /// wait for it.
    ///
    /// # Errors
    /// That of `compress`; the next request tries again.
    pub async fn compressed<E>(
        &self,
        coding: Coding,
        compress: impl AsyncFnOnce(Bytes) -> Result<Bytes, E>,
    ) -> Result<Bytes, E> {
        let made = match coding {
            Coding::Brotli => &self.compressed.brotli,
            Coding::Gzip => &self.compressed.gzip,
        };
        let bytes = made.get_or_try_init(|| compress(self.json())).await?;
        Ok(bytes.clone())
    }

    /// How much memory it takes, in bytes, uncompressed.
    pub fn size(&self) -> usize {
        self.event.size()
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
    async fn a_frame_is_compressed_once_in_each_coding() {
        let batch = Batch {
            epoch: Epoch::parse("k3").unwrap(),
            from: 1,
            to: 2,
            head: 2,
            more: false,
            changes: vec![],
            entry: None,
            entries: vec![],
        };
        let frame = Frame::new(&batch, &[]);
        let made = AtomicUsize::new(0);
        let compress = async |json: Bytes| {
            made.fetch_add(1, Ordering::Relaxed);
            assert_eq!(json, frame.json());
            Ok::<_, Infallible>(json.slice(..2))
        };
        for coding in [Coding::Brotli, Coding::Gzip, Coding::Brotli] {
            let copy = frame.clone();
            assert_eq!(copy.compressed(coding, compress).await.unwrap(), "{\"");
        }
        assert_eq!(made.load(Ordering::Relaxed), 2);
        let failed = async |_| Err::<Bytes, _>("no slot");
        let other = Frame::new(&batch, &[]);
        assert!(other.compressed(Coding::Gzip, failed).await.is_err());
        let again = other.compressed(Coding::Gzip, async |json| Ok::<_, ()>(json));
        assert_eq!(again.await.unwrap(), other.json());
    }
}
