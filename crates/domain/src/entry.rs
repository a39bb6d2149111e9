//! A live blog: what its parts may be.

use serde::{Deserialize, Serialize};

use crate::{
    Invalid,
    text::{id_type, measured, parsed_text, text_type, word_enum},
};

id_type!(
    /// The number of an entry.
    EntryId
);

text_type!(
    /// An entry's title, on one line.
    Title, "title", "The title", 1..=200, one_line: true
);

text_type!(
    /// What an entry is about, in a few sentences; may be empty.
    Summary, "summary", "The summary", 0..=2000, one_line: false
);

word_enum!(
    /// Where an entry is in its life.
    EntryState as "state" {
        /// Seen by its authors alone.
        Draft = "draft",
        /// Announced; updates may already be posted.
        Upcoming = "upcoming",
        /// Under way.
        Live = "live",
        /// Over; it stays readable and may be reopened.
        Ended = "ended",
    }
);

impl EntryState {
    /// Whether anybody may read the entry.
    pub const fn is_public(self) -> bool {
        !matches!(self, Self::Draft)
    }
}

word_enum!(
    /// In what order a page shows updates.
    Order as "order" {
        /// As a story: arrivals come in below.
        Oldest = "oldest",
        /// As news: arrivals come in on top.
        Latest = "latest",
    }
);

impl Order {
    /// The other order.
    #[must_use]
    pub const fn flipped(self) -> Self {
        match self {
            Self::Oldest => Self::Latest,
            Self::Latest => Self::Oldest,
        }
    }
}

/// The name of an entry in its address: 1 to 80 of `a-z`, `0-9` and single inner hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

impl Slug {
    /// The longest it may be, in characters.
    pub const MAX: usize = 80;

    /// Takes a slug in.
    ///
    /// # Errors
    /// With a sentence for the person who typed it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = measured("slug", "The address", text, 1, Self::MAX)?;
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if plain && !text.starts_with('-') && !text.ends_with('-') && !text.contains("--") {
            Ok(Self(text))
        } else {
            Err(Invalid::new(
                "slug",
                "The address can hold lowercase letters a to z, digits, and single hyphens between them.",
            ))
        }
    }

    /// A slug made from a title, for an author who gave none: `None` if nothing of it fits an
    /// address.
    pub fn suggest(title: &str) -> Option<Self> {
        let mut text = String::new();
        for c in title.to_lowercase().chars() {
            if c.is_ascii_alphanumeric() {
                text.push(c);
            } else if !text.is_empty() && !text.ends_with('-') {
                text.push('-');
            }
        }
        text.truncate(Self::MAX);
        Self::parse(text.trim_end_matches('-')).ok()
    }
}

parsed_text!(Slug);

/// The name of a time zone as the IANA database writes it, as in `Europe/Paris`. That such a zone
/// exists is the engine's to know: it alone carries the database.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ZoneName(String);

impl ZoneName {
    /// Vouches that `name` was found in the time zone database.
    pub fn known(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The zone's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ZoneName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_title_is_measured_in_characters() {
        assert!(Title::parse(&"é".repeat(200)).is_ok());
        let refused = Title::parse(&"é".repeat(10_000)).unwrap_err();
        assert_eq!(
            refused.message,
            "The title has 10000 characters; it can have 200 at most."
        );
        assert_eq!(
            Title::parse("  ").unwrap_err().message,
            "The title is missing."
        );
        assert!(Title::parse("two\nlines").is_err());
        assert!(Title::parse("a bell\u{7}").is_err());
    }

    #[test]
    fn a_slug_comes_from_a_title() {
        let slug = |title| Slug::suggest(title).map(String::from);
        assert_eq!(
            slug("Election night: the count!").as_deref(),
            Some("election-night-the-count")
        );
        assert_eq!(slug("日本"), None);
    }

    proptest! {
        #[test]
        fn a_suggested_slug_is_a_slug(title in ".*") {
            if let Some(slug) = Slug::suggest(&title) {
                prop_assert_eq!(Slug::parse(slug.as_str()).unwrap(), slug);
            }
        }
    }
}
