//! An update: what its parts may be.

use serde::{Deserialize, Serialize};

use crate::{
    Invalid, Rev,
    text::{id_type, parsed_text, text_type, word_enum},
};

id_type!(
    /// The number of an update.
    UpdateId
);

text_type!(
    /// What an author wrote: Markdown, with HTML that the engine will make safe.
    Source, "source", "The update", 1..=50_000, one_line: false
);

text_type!(
    /// A line above an update.
    Headline, "headline", "The headline", 1..=200, one_line: true
);

word_enum!(
    /// What an editor may say of an update, beside what it says itself.
    Mark as "mark" {
        /// It is one of the moments that the entry is about: listed at the top.
        Key = "key",
        /// It is what everybody should see: shown at the top. One update of an entry is, at most.
        Pinned = "pinned",
    }
);

impl Headline {
    /// Takes in what was typed; an empty headline is none.
    ///
    /// # Errors
    /// With a sentence for the person who typed it.
    pub fn parse_if_any(text: &str) -> Result<Option<Self>, Invalid> {
        match text.trim() {
            "" => Ok(None),
            text => Self::parse(text).map(Some),
        }
    }
}

/// An update as its author means it to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The text.
    pub source: Source,
    /// The line above it, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<Headline>,
}

impl Draft {
    /// Takes in what was typed; an empty headline is none.
    ///
    /// # Errors
    /// With a sentence for the person who typed it.
    pub fn parse(source: &str, headline: &str) -> Result<Self, Invalid> {
        Ok(Self {
            headline: Headline::parse_if_any(headline)?,
            source: Source::parse(source)?,
        })
    }
}

/// The client's own name for one act of posting, so that a double click or a retry publishes once:
/// 8 to 100 of `A-Z`, `a-z`, `0-9`, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OpId(String);

impl OpId {
    /// Takes an operation's name in.
    ///
    /// # Errors
    /// If it is too short to be unique, too long, or holds other characters.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if plain && (8..=100).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "op_id",
                "The operation id must be 8 to 100 letters, digits, hyphens and underscores.",
            ))
        }
    }
}

parsed_text!(OpId);

/// What the author's page is told once an update is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedUpdate {
    /// The update's number.
    pub id: UpdateId,
    /// The revision it was published at.
    pub rev: Rev,
}
