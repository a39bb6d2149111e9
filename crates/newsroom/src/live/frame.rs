//! A batch in the bytes of every road, made once for every reader.

use std::sync::Arc;

use bytes::Bytes;
use domain::{Batch, Change, Rev, UpdateId};

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

    /// How much memory it takes, in bytes.
    pub fn size(&self) -> usize {
        self.event.size()
    }
}
