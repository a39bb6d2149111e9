//! Drafts of updates, which their authors save on the server to continue them later.

use serde::{Deserialize, Serialize};

use crate::{
    Headline, Invalid, Source, Timestamp,
    text::{Lines, id_type, limited, parsed_text},
};

id_type!(
    /// The id of a draft.
    DraftId
);

/// The text of a draft: Markdown with HTML, not sanitized. It may be empty, or without anything
/// visible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DraftSource(String);

impl DraftSource {
    /// Parses `text` after cleaning it ([`hygiene`](crate::hygiene)).
    ///
    /// # Errors
    /// Returns a message for the person who entered it, if it is too long for an update.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        limited("source", "The update", text, Source::MAX, Lines::Many).map(Self)
    }
}

parsed_text!(DraftSource);

/// The headline of a draft: one line. It may be empty, or without anything visible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DraftHeadline(String);

impl DraftHeadline {
    /// Parses `text` after cleaning it ([`hygiene`](crate::hygiene)).
    ///
    /// # Errors
    /// Returns a message for the person who entered it, if it is too long for a headline.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        limited("headline", "The headline", text, Headline::MAX, Lines::One).map(Self)
    }
}

parsed_text!(DraftHeadline);

/// A draft of an update. Its author alone can see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateDraft {
    /// Its id.
    pub id: DraftId,
    /// The text.
    pub source: String,
    /// The headline; empty for none.
    pub headline: String,
    /// 1 when it was saved for the first time; each change adds 1.
    pub version: i64,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// A draft in a list, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftSummary {
    /// Its id.
    pub id: DraftId,
    /// The headline; empty for none.
    pub headline: String,
    /// The beginning of the text, on one line; empty if nothing of it is visible.
    pub excerpt: String,
    /// 1 when it was saved for the first time; each change adds 1.
    pub version: i64,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// A draft that was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedDraft {
    /// Its id.
    pub id: DraftId,
    /// Its version, on which the next change is based.
    pub version: i64,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// The response to a request to save a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DraftSaveResult {
    /// The draft was saved.
    Saved(SavedDraft),
    /// Nothing was saved: the draft was changed since the version that the request is based on.
    /// This is the current draft.
    Conflict(UpdateDraft),
    /// Nothing was saved: there is no such draft. It may have been posted or discarded on another
    /// device.
    Gone,
}

/// The response to a request to discard a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DraftDiscardResult {
    /// The draft doesn't exist, or no longer.
    Discarded,
    /// Nothing was discarded: the draft was changed since the version that the request is based
    /// on. This is the current draft.
    Conflict(UpdateDraft),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_draft_may_be_incomplete() {
        for (submitted, kept) in [
            ("", ""),
            (" \n ", ""),
            ("\u{200b}", "\u{200b}"),
            ("<script>\r\nalert(1)", "<script>\nalert(1)"),
            ("\u{feff}    code\u{0}", "    code"),
        ] {
            assert_eq!(DraftSource::parse(submitted).unwrap().as_str(), kept);
        }
        let headline = DraftHeadline::parse(" 1–0\nat last ").unwrap();
        assert_eq!(headline.as_str(), "1–0 at last");
    }

    #[test]
    fn text_of_a_draft_has_the_limits_of_an_update() {
        assert!(DraftSource::parse(&"ü".repeat(Source::MAX)).is_ok());
        let refused = DraftSource::parse(&"ü".repeat(Source::MAX + 1)).unwrap_err();
        assert_eq!(
            (refused.field, &*refused.message),
            (
                "source",
                "The update has 50001 characters; the maximum is 50000."
            )
        );
        let refused = DraftHeadline::parse(&"a".repeat(Headline::MAX + 1)).unwrap_err();
        assert_eq!(refused.field, "headline");
    }
}
