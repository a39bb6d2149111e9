//! What an author requests from the server.

use domain::Mark;
use serde::{Deserialize, Serialize};

use super::texts::{DraftVersion, Purpose, Text};

/// What to do. Stored in the browser, so its form may only be extended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Request {
    /// Publish an update.
    Post {
        /// Its text.
        #[serde(flatten)]
        text: Text,
        /// The draft on the server that it was, to be deleted with the publication.
        draft: Option<DraftVersion>,
    },
    /// Replace the text of an update.
    Edit {
        /// The update's id.
        update: i64,
        /// The cursor of the version that the author started from.
        base: String,
        /// The new text.
        #[serde(flatten)]
        text: Text,
    },
    /// Replace the article of the entry.
    Article {
        /// The cursor of the version that the author started from.
        base: String,
        /// The new text; an empty one removes the article.
        #[serde(flatten)]
        text: Text,
    },
    /// Delete an update.
    Delete {
        /// The update's id.
        update: i64,
    },
    /// Restore a deleted update.
    Restore {
        /// The update's id.
        update: i64,
    },
    /// Set or remove a mark of an update.
    Mark {
        /// The update's id.
        update: i64,
        /// The mark.
        mark: Mark,
        /// Whether the update is to have it.
        on: bool,
    },
}

impl Request {
    /// Returns the request that publishes a text.
    pub fn publishing(purpose: Purpose, text: Text, draft: Option<DraftVersion>) -> Self {
        match purpose {
            Purpose::Post => Self::Post { text, draft },
            Purpose::Edit { update, base } => Self::Edit { update, base, text },
            Purpose::Article { base } => Self::Article { base, text },
        }
    }

    /// Returns the text and what it becomes, if the request publishes one.
    pub fn published(self) -> Option<(Purpose, Text)> {
        match self {
            Self::Post { text, .. } => Some((Purpose::Post, text)),
            Self::Edit { update, base, text } => Some((Purpose::Edit { update, base }, text)),
            Self::Article { base, text } => Some((Purpose::Article { base }, text)),
            Self::Delete { .. } | Self::Restore { .. } | Self::Mark { .. } => None,
        }
    }

    /// Returns what the request does, as a heading.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Post { .. } => "New update",
            Self::Edit { .. } => "Edit",
            Self::Article { .. } => "Edit of the article",
            Self::Delete { .. } => "Deletion",
            Self::Restore { .. } => "Restoration",
            Self::Mark { mark, on, .. } => match (mark, on) {
                (Mark::Key, true) => "Mark as key",
                (Mark::Key, false) => "Unmark as key",
                (Mark::Pinned, true) => "Pin",
                (Mark::Pinned, false) => "Unpin",
            },
        }
    }

    /// Returns the text of the request, if it has one.
    pub const fn text(&self) -> Option<&Text> {
        match self {
            Self::Post { text, .. } | Self::Edit { text, .. } | Self::Article { text, .. } => {
                Some(text)
            }
            Self::Delete { .. } | Self::Restore { .. } | Self::Mark { .. } => None,
        }
    }
}
