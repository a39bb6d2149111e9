//! The feed's messages: batches of changes, heads and resets.
//!
//! docs/protocol.md describes them for clients.

use serde::{Deserialize, Serialize};

use crate::{Cursor, EntryId, EntryState, Epoch, Language, Order, Rev, Timestamp, UpdateId};

/// The changes of a feed after `from`, up to `to`. Every transport carries batches as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The epoch of the revisions.
    pub epoch: Epoch,
    /// The revision that a client must have reached, at least, to apply the batch without a gap.
    pub from: Rev,
    /// The revision that a client has reached after applying the batch.
    pub to: Rev,
    /// The feed's last revision when the batch was created; greater than `to` only if `more`.
    pub head: Rev,
    /// Whether more changes are to be fetched, starting at `to`.
    pub more: bool,
    /// The changed updates, each in its latest state, ordered by revision.
    pub changes: Vec<Change>,
    /// The entry, if its own data changed. Only in an entry's feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Box<EntryChange>>,
    /// The entries in which anything changed. Only in the feed of all entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<EntryChange>,
}

impl Batch {
    /// Returns the cursor of a client that has applied the batch.
    pub fn cursor(&self) -> Cursor {
        Cursor::new(self.epoch.clone(), self.to)
    }

    /// Returns whether nothing changed. An empty batch still advances the cursor.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.entry.is_none() && self.entries.is_empty()
    }
}

/// The change of one update: a tombstone `{id, rev, deleted: true}`, or its card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ChangeJson", into = "ChangeJson")]
pub enum Change {
    /// The update was deleted.
    Deleted(Deleted),
    /// The update was posted or changed.
    Upserted(Upserted),
}

impl Change {
    /// Returns the update's id.
    pub const fn id(&self) -> UpdateId {
        match self {
            Self::Deleted(deleted) => deleted.id,
            Self::Upserted(upserted) => upserted.id,
        }
    }

    /// Returns the revision of the change.
    pub const fn rev(&self) -> Rev {
        match self {
            Self::Deleted(deleted) => deleted.rev,
            Self::Upserted(upserted) => upserted.rev,
        }
    }
}

/// The tombstone of a deleted update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// The update's id.
    pub id: UpdateId,
    /// The revision of the deletion.
    pub rev: Rev,
}

/// An update in its latest state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upserted {
    /// The update's id.
    pub id: UpdateId,
    /// The revision of its last change.
    pub rev: Rev,
    /// The entry that contains it.
    pub entry_id: EntryId,
    /// When it was posted. Updates are sorted by this time, then by id.
    pub posted_at: Timestamp,
    /// Its rendered card: one HTML element.
    pub html: String,
}

/// The JSON form of a [`Change`]. Written by hand because serde's untagged enums would add ten
/// kilobytes of wasm to every page.
#[derive(Clone, Serialize, Deserialize)]
struct ChangeJson {
    id: UpdateId,
    rev: Rev,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry_id: Option<EntryId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    posted_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
}

impl TryFrom<ChangeJson> for Change {
    type Error = &'static str;

    fn try_from(json: ChangeJson) -> Result<Self, Self::Error> {
        let ChangeJson { id, rev, .. } = json;
        match json {
            ChangeJson { deleted: true, .. } => Ok(Self::Deleted(Deleted { id, rev })),
            ChangeJson {
                entry_id: Some(entry_id),
                posted_at: Some(posted_at),
                html: Some(html),
                ..
            } => Ok(Self::Upserted(Upserted {
                id,
                rev,
                entry_id,
                posted_at,
                html,
            })),
            _ => Err("a change is either deleted or has entry_id, posted_at and html"),
        }
    }
}

impl From<Change> for ChangeJson {
    fn from(change: Change) -> Self {
        let (id, rev) = (change.id(), change.rev());
        let upserted = match change {
            Change::Deleted(_) => None,
            Change::Upserted(upserted) => Some(upserted),
        };
        Self {
            id,
            rev,
            deleted: upserted.is_none(),
            entry_id: upserted.as_ref().map(|it| it.entry_id),
            posted_at: upserted.as_ref().map(|it| it.posted_at),
            html: upserted.map(|it| it.html),
        }
    }
}

/// The data of a changed entry, for its open pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryChange {
    /// The entry's id.
    pub id: EntryId,
    /// The revision of the last change to the data below. In the feed of all entries, a change of
    /// any update counts too, since the latest update is part of `summary_html`.
    pub rev: Rev,
    /// Its state.
    pub state: EntryState,
    /// Its title.
    pub title: String,
    /// When it went live, or the period in which it was live, as text to display.
    pub since: String,
    /// The same as HTML, with `<time>` elements. Only in the entry's feed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub since_html: String,
    /// Its slug. Pages opened under an earlier slug stay connected.
    pub slug: String,
    /// Its description; may be empty.
    pub summary: String,
    /// The time zone in which its times are displayed.
    pub time_zone: String,
    /// The language of its texts.
    #[serde(default)]
    pub language: Language,
    /// The order in which its pages list updates at first.
    pub default_order: Order,
    /// The rendered highlights above the list: an excerpt of the pinned update, and the key
    /// updates. Empty if there are none. Only in the entry's feed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub highlights: String,
    /// Its rendered row on the front page. Only in the feed of all entries.
    #[serde(rename = "line", default, skip_serializing_if = "String::is_empty")]
    pub summary_html: String,
}

/// The response to a poll: the feed's position and the server's settings, the same for all clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The current epoch.
    pub epoch: Epoch,
    /// The feed's last revision.
    pub head: Rev,
    /// The entry's state. The feed of all entries is always live.
    pub state: EntryState,
    /// How long to wait before the next poll, in milliseconds.
    pub interval_ms: u32,
    /// The transport that the server prefers.
    pub transport: crate::Transport,
    /// The server's build.
    pub build: String,
    /// The time on the server's clock.
    pub now: Timestamp,
}

/// The response to a cursor that can't be continued: the client must fetch everything again,
/// starting at `epoch.0`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reset {
    /// Always true.
    pub reset: bool,
    /// The current epoch.
    pub epoch: Epoch,
    /// The feed's last revision.
    pub head: Rev,
}

impl Reset {
    /// Creates the response for a feed at revision `head` of `epoch`.
    pub const fn new(epoch: Epoch, head: Rev) -> Self {
        Self {
            reset: true,
            epoch,
            head,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tombstones_and_cards_have_distinct_json_forms() {
        let deleted = Change::Deleted(Deleted {
            id: UpdateId(4),
            rev: 9,
        });
        let json = serde_json::to_string(&deleted).unwrap();
        assert_eq!(json, r#"{"id":4,"rev":9,"deleted":true}"#);
        assert_eq!(serde_json::from_str::<Change>(&json).unwrap(), deleted);

        let upserted = Change::Upserted(Upserted {
            id: UpdateId(4),
            rev: 9,
            entry_id: EntryId(1),
            posted_at: Timestamp(5),
            html: "<article></article>".into(),
        });
        let json = serde_json::to_string(&upserted).unwrap();
        assert_eq!(serde_json::from_str::<Change>(&json).unwrap(), upserted);
    }
}
