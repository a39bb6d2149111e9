//! The feed's messages, each declared once: batches of changes, heads, resets and goodbyes.

use serde::{Deserialize, Serialize};

use super::wire::{Decode, Value, message};
use crate::{
    Cursor, EntryId, EntryState, Epoch, Language, Order, Rev, RoomState, Timestamp, Transport,
    UpdateId,
};

message!(
    /// The changes of a feed after `from`, up to `to`. Every transport carries batches as JSON.
    Batch {
        /// The epoch of the revisions.
        epoch: Epoch,
        /// The revision that a client must have reached, at least, to apply the batch without a
        /// gap.
        from: Rev,
        /// The revision that a client has reached after applying the batch.
        to: Rev,
        /// The feed's last revision when the batch was created; greater than `to` only if `more`.
        head: Rev,
        /// Whether more changes are to be fetched, starting at `to`.
        more: bool,
        /// The changed updates, each in its latest state, ordered by revision.
        changes: Vec<Change>,
        /// The entry, if its own data changed. Only in an entry's feed.
        entry: Option<Box<EntryChange>> [default, skip_serializing_if = "Option::is_none"],
        /// The entries in which anything changed. Only in the feed of all entries.
        entries: Vec<EntryChange> [default, skip_serializing_if = "Vec::is_empty"],
        /// The room, if its own data changed. Only in a room's feed.
        room: Option<RoomChange> [default, skip_serializing_if = "Option::is_none"],
    }
);

impl Batch {
    /// Returns the cursor of a client that has applied the batch.
    pub fn cursor(&self) -> Cursor {
        Cursor::new(self.epoch, self.to)
    }

    /// Returns whether nothing changed. An empty batch still advances the cursor.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
            && self.entry.is_none()
            && self.entries.is_empty()
            && self.room.is_none()
    }
}

/// The change of one update: a tombstone `{id, rev, deleted: true}`, or its card. In the feed of a
/// room, the change of one message, whose id is that of the update here, and whose entry is 0 if
/// the room belongs to none.
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

message!(
    /// The JSON form of a [`Change`]. Written by hand because serde's untagged enums would add ten
    /// kilobytes of wasm to every page.
    ChangeJson {
        /// The update's id.
        id: UpdateId,
        /// The revision of the change.
        rev: Rev,
        /// Whether the update was deleted. Then the fields below are missing.
        deleted: bool [default, skip_serializing_if = "std::ops::Not::not"],
        /// The entry that contains it.
        entry_id: Option<EntryId> [default, skip_serializing_if = "Option::is_none"],
        /// When it was posted.
        posted_at: Option<Timestamp> [default, skip_serializing_if = "Option::is_none"],
        /// Its rendered card.
        html: Option<String> [default, skip_serializing_if = "Option::is_none"],
    }
);

impl Decode for Change {
    fn decode(value: &impl Value) -> Option<Self> {
        ChangeJson::decode(value)?.change()
    }
}

impl ChangeJson {
    /// Returns the change; `None` if a field is missing.
    fn change(self) -> Option<Change> {
        let Self { id, rev, .. } = self;
        if self.deleted {
            return Some(Change::Deleted(Deleted { id, rev }));
        }
        Some(Change::Upserted(Upserted {
            id,
            rev,
            entry_id: self.entry_id?,
            posted_at: self.posted_at?,
            html: self.html?,
        }))
    }
}

impl TryFrom<ChangeJson> for Change {
    type Error = &'static str;

    fn try_from(json: ChangeJson) -> Result<Self, Self::Error> {
        json.change()
            .ok_or("a change is either deleted or has entry_id, posted_at and html")
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

message!(
    /// The data of a changed entry, for its open pages.
    EntryChange {
        /// The entry's id.
        id: EntryId,
        /// The revision of the last change to the data below. In the feed of all entries, a change
        /// of any update counts too, since the latest update is part of `summary_html`.
        rev: Rev,
        /// Its state.
        state: EntryState,
        /// Its title.
        title: String,
        /// When it went live, or the period in which it was live, as text to display.
        since: String,
        /// The same as HTML, with `<time>` elements. Only in the entry's feed.
        since_html: String [default, skip_serializing_if = "String::is_empty"],
        /// Its slug. Pages opened under an earlier slug stay connected.
        slug: String,
        /// Its description; may be empty.
        summary: String,
        /// The time zone in which its times are displayed.
        time_zone: String,
        /// The language of its texts.
        language: Language [default],
        /// The order in which its pages list updates at first.
        default_order: Order,
        /// The rendered highlights above the list: an excerpt of the pinned update, and the key
        /// updates. Empty if there are none. Only in the entry's feed.
        highlights: String [default, skip_serializing_if = "String::is_empty"],
        /// The rendered article above the list, if it changed: one HTML element; empty if there is
        /// none. Only in the entry's feed.
        article: Option<String> [default, skip_serializing_if = "Option::is_none"],
        /// Its rendered row on the front page. Only in the feed of all entries.
        summary_html as "line": String [default, skip_serializing_if = "String::is_empty"],
    }
);

message!(
    /// The data of a changed room, for its open pages.
    RoomChange {
        /// The revision of the last change to the data below.
        rev: Rev,
        /// Its state.
        state: RoomState,
        /// Its title.
        title: String,
    }
);

message!(
    /// The response to a poll: the feed's position and the server's settings, the same for all
    /// clients.
    Head {
        /// The current epoch.
        epoch: Epoch,
        /// The feed's last revision.
        head: Rev,
        /// The entry's state. The feed of all entries is always live.
        state: EntryState,
        /// How long to wait before the next poll, in milliseconds.
        interval_ms: u32,
        /// The transport that the server prefers.
        transport: Transport,
        /// The server's build.
        build: String,
        /// The time on the server's clock.
        now: Timestamp,
    }
);

message!(
    /// The response to a cursor that can't be continued: the client must fetch everything again,
    /// starting at `epoch.0`.
    Reset {
        /// Always true.
        reset: bool,
        /// The current epoch.
        epoch: Epoch,
        /// The feed's last revision.
        head: Rev,
    }
);

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

message!(
    /// The payload of the event that closes a stream.
    Bye {
        /// Whether the entry has ended; otherwise the server is shutting down, or can't read the
        /// feed, and the client reconnects.
        ended: bool,
    }
);

#[cfg(test)]
mod tests;
