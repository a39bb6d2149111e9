//! Editing published texts, those of updates and articles: what an editor loads and receives, and
//! conflicts between two edits.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Cursor, Timestamp, UpdateId};

/// An update to be edited: its current text and marks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateSource {
    /// The update's id.
    pub id: UpdateId,
    /// The text, as its author wrote it.
    pub source: String,
    /// The headline; empty for none.
    pub headline: String,
    /// Whether it is a key update.
    pub key: bool,
    /// Whether it is the pinned update.
    pub pinned: bool,
    /// The base of an edit of this text.
    pub base: Cursor,
    /// Whether the caller may pin the update: another one that is pinned would be unpinned.
    pub may_pin: bool,
}

/// An article to be edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArticleSource {
    /// The text, as its author wrote it; empty if the live blog has no article.
    pub source: String,
    /// The base of an edit of this text.
    pub base: Cursor,
}

/// The response to an edit that was saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditResult {
    /// The base of the next edit of the text that was saved.
    pub base: Cursor,
    /// What was removed from the text for safety, such as `iframe youtube.com`.
    #[serde(default)]
    pub removed: Vec<String>,
}

/// Why an edit conflicts with the current text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConflictReason {
    /// The text was changed after the base of the edit.
    Changed,
    /// The base belongs to another epoch: the database was restored or repaired since.
    OtherEpoch,
    /// The base is above every revision of the live blog.
    Future,
    /// The base is missing or malformed, so it is not known which text was edited.
    UnknownBase,
}

/// Why an edit was not saved: the current text is not the one that the edit is based on.
/// Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditConflict {
    /// Why it conflicts.
    pub reason: ConflictReason,
    /// The current text.
    pub source: String,
    /// The current headline; empty for none, as for an article.
    pub headline: String,
    /// The base of an edit that replaces the current text.
    pub base: Cursor,
    /// Who wrote the current text, if recorded.
    pub edited_by: Option<String>,
    /// When the current text was written.
    pub edited_at: Timestamp,
    /// How the submitted text differs from the current one. Empty for a deletion.
    #[serde(default)]
    pub source_diff: Vec<DiffPart>,
    /// How the submitted headline differs from the current one. Empty for a deletion.
    #[serde(default)]
    pub headline_diff: Vec<DiffPart>,
}

impl fmt::Display for EditConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = match (self.reason, &self.edited_by) {
            (ConflictReason::Changed, Some(name)) => {
                f.write_str(name)?;
                " changed this text after you opened it."
            }
            (ConflictReason::Changed, None) => "This text was changed after you opened it.",
            (ConflictReason::OtherEpoch, _) => {
                "The server's database was restored or repaired after you opened this text."
            }
            (ConflictReason::Future, _) => {
                "Your edit is based on a revision that this live blog does not have."
            }
            (ConflictReason::UnknownBase, _) => {
                "It is not known which version of this text you edited."
            }
        };
        f.write_str(sentence)?;
        f.write_str(" Your text was not saved. Compare it with the current one, and choose.")
    }
}

/// A part of the difference between two texts. The parts that are the same or removed, in order,
/// are the old text; those that are the same or added are the new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffPart {
    /// In which of the texts it is.
    pub kind: DiffKind,
    /// The part of the text.
    pub text: String,
}

/// In which of two texts a part of their difference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiffKind {
    /// In both.
    Same,
    /// In the old text only.
    Removed,
    /// In the new text only.
    Added,
}
