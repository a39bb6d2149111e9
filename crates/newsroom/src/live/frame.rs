//! The bytes of a batch, made once for every reader and every road.

use std::sync::Arc;

use bytes::Bytes;
use domain::{Batch, Change, Head, Rev, UpdateId};

/// A batch as an event of `text/event-stream` (WHATWG HTML, section 9.2), and inside it as JSON.
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
    updates: Arc<[UpdateId]>,
    event: Bytes,
    json_at: usize,
}

impl Frame {
    /// The frame of `batch`.
    pub fn new(batch: &Batch) -> Self {
        let json = to_json(batch);
        let head = format!("id: {}\nevent: batch\ndata: ", batch.cursor());
        Self {
            from: batch.from,
            to: batch.to,
            more: batch.more,
            empty: batch.is_empty(),
            updates: batch.changes.iter().map(Change::id).collect(),
            json_at: head.len(),
            event: Bytes::from(format!("{head}{json}\n\n")),
        }
    }

    /// Whether both tell of the same update.
    pub fn shares_update_with(&self, other: &Self) -> bool {
        self.updates.iter().any(|id| other.updates.contains(id))
    }

    /// The batch as a stream's event.
    pub fn event(&self) -> Bytes {
        self.event.clone()
    }

    /// The batch as JSON.
    pub fn json(&self) -> Bytes {
        self.event.slice(self.json_at..self.event.len() - 2)
    }
}

/// The event that says that a stream is alive, and where the feed stands.
pub fn heartbeat(head: &Head) -> Bytes {
    Bytes::from(format!("event: heartbeat\ndata: {}\n\n", to_json(head)))
}

/// JSON on one line, as an event's data must be. These types hold nothing that JSON can't write.
fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
