//! What the feed carries.

use serde::{Deserialize, Serialize};

use crate::{Cursor, EntryId, EntryState, Epoch, Language, Order, Rev, Timestamp, UpdateId};

/// All that changed in a feed after `from`, up to `to`. Every transport carries these, in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The life of the database the revisions belong to.
    pub epoch: Epoch,
    /// What the reader must already know for the batch to leave no gap.
    pub from: Rev,
    /// What the reader knows afterwards.
    pub to: Rev,
    /// The feed's last revision when the batch was made; above `to` only if `more`.
    pub head: Rev,
    /// Whether there is more to fetch, from `to` on.
    pub more: bool,
    /// The updates that changed, each in its latest state, in order of revision.
    pub changes: Vec<Change>,
    /// The entry, if it changed itself; in an entry's own feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Box<EntryChange>>,
    /// The entries that anything changed in; in the feed of all entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<EntryChange>,
}

impl Batch {
    /// The place in the feed that the batch leads to.
    pub fn cursor(&self) -> Cursor {
        Cursor::new(self.epoch.clone(), self.to)
    }

    /// Whether nothing changed; the batch still moves the cursor.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.entry.is_none() && self.entries.is_empty()
    }
}

/// One update that changed: `{id, rev, deleted: true}`, or its card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Flat", into = "Flat")]
pub enum Change {
    /// It is gone.
    Deleted(Deleted),
    /// It is there, new or changed.
    Upserted(Upserted),
}

impl Change {
    /// Which update.
    pub const fn id(&self) -> UpdateId {
        match self {
            Self::Deleted(gone) => gone.id,
            Self::Upserted(shown) => shown.id,
        }
    }

    /// The revision of the change.
    pub const fn rev(&self) -> Rev {
        match self {
            Self::Deleted(gone) => gone.rev,
            Self::Upserted(shown) => shown.rev,
        }
    }
}

/// An update that is gone: its tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// Which update.
    pub id: UpdateId,
    /// The revision of the deletion.
    pub rev: Rev,
}

/// An update in its latest state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upserted {
    /// Which update.
    pub id: UpdateId,
    /// The revision of its last change.
    pub rev: Rev,
    /// The entry it belongs to.
    pub entry_id: EntryId,
    /// When it was posted: what it is sorted by, before its id.
    pub posted_at: Timestamp,
    /// Its finished card, one element.
    pub html: String,
}

/// A change as JSON has it. Flat by hand: serde's untagged enums would cost every reader ten
/// kilobytes of wasm.
#[derive(Clone, Serialize, Deserialize)]
struct Flat {
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

impl TryFrom<Flat> for Change {
    type Error = &'static str;

    fn try_from(flat: Flat) -> Result<Self, Self::Error> {
        let Flat { id, rev, .. } = flat;
        match flat {
            Flat { deleted: true, .. } => Ok(Self::Deleted(Deleted { id, rev })),
            Flat {
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

impl From<Change> for Flat {
    fn from(change: Change) -> Self {
        let (id, rev) = (change.id(), change.rev());
        let shown = match change {
            Change::Deleted(_) => None,
            Change::Upserted(shown) => Some(shown),
        };
        Self {
            id,
            rev,
            deleted: shown.is_none(),
            entry_id: shown.as_ref().map(|shown| shown.entry_id),
            posted_at: shown.as_ref().map(|shown| shown.posted_at),
            html: shown.map(|shown| shown.html),
        }
    }
}

/// An entry that changed itself: what its open pages have to show anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryChange {
    /// Which entry.
    pub id: EntryId,
    /// The revision of the last change to what is told here: in the feed of all entries that is any change in
    /// it, for it may have another latest line.
    pub rev: Rev,
    /// Where it is in its life.
    pub state: EntryState,
    /// Its title.
    pub title: String,
    /// Since when it is live, or from when to when it was, ready to be shown.
    pub since: String,
    /// The same as HTML, with its moments as `<time>` elements. In the entry's own feed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub since_html: String,
    /// Its name in addresses; the pages of an old one stay live.
    pub slug: String,
    /// What it is about; may be empty.
    pub summary: String,
    /// The zone its times are shown in.
    pub time_zone: String,
    /// The language of its texts.
    #[serde(default)]
    pub language: Language,
    /// The order its pages begin in.
    pub default_order: Order,
    /// What stands above the list: the pinned update's teaser and the key moments, finished; empty if there
    /// are none. In the entry's own feed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub highlights: String,
    /// Its line on the front page, finished. In the feed of all entries.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub line: String,
}

/// The answer to "has anything happened?": the same for the whole audience.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The life of the database.
    pub epoch: Epoch,
    /// The feed's last revision.
    pub head: Rev,
    /// Where the entry is in its life; the feed of all entries is always live.
    pub state: EntryState,
    /// How long to wait before asking again, in milliseconds.
    pub interval_ms: u32,
    /// The transport the server would have pages take.
    pub transport: crate::Transport,
    /// The build that answers.
    pub build: String,
    /// The server's clock.
    pub now: Timestamp,
}

/// What answers a cursor that can't be continued from: fetch everything from `epoch.0`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reset {
    /// Always true.
    pub reset: bool,
    /// The life of the database now.
    pub epoch: Epoch,
    /// The feed's last revision now.
    pub head: Rev,
}

impl Reset {
    /// "Start again, at `epoch`."
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
    fn a_tombstone_and_a_card_are_told_apart() {
        let gone = Change::Deleted(Deleted {
            id: UpdateId(4),
            rev: 9,
        });
        let json = serde_json::to_string(&gone).unwrap();
        assert_eq!(json, r#"{"id":4,"rev":9,"deleted":true}"#);
        assert_eq!(serde_json::from_str::<Change>(&json).unwrap(), gone);

        let shown = Change::Upserted(Upserted {
            id: UpdateId(4),
            rev: 9,
            entry_id: EntryId(1),
            posted_at: Timestamp(5),
            html: "<article></article>".into(),
        });
        let json = serde_json::to_string(&shown).unwrap();
        assert_eq!(serde_json::from_str::<Change>(&json).unwrap(), shown);
    }
}
