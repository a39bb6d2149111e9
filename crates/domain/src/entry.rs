//! A live blog: what its parts may be.

use serde::{Deserialize, Serialize};

use crate::{
    Invalid,
    text::{Lines, id_type, measured, parsed_text, refuse_others, text_type, word_enum},
};

id_type!(
    /// The number of an entry.
    EntryId
);

text_type!(
    /// An entry's title, on one line.
    Title, "title", "The title", 1..=200, One
);

text_type!(
    /// What an entry is about, in a few sentences; may be empty.
    Summary, "summary", "The summary", 0..=2000, Many
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
        const RULE: &str = "The address can hold lowercase letters a to z, digits, and single hyphens between them.";
        let text = measured("slug", "The address", text, 1, Self::MAX, Lines::One)?;
        refuse_others("slug", &text, RULE, |c| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
        })?;
        if text.starts_with('-') || text.ends_with('-') || text.contains("--") {
            return Err(Invalid::new("slug", RULE));
        }
        Ok(Self(text))
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
        assert_eq!(
            Title::parse("two\nlines, a bell\u{7}").unwrap().as_str(),
            "two lines, a bell"
        );
    }

    #[test]
    fn a_title_that_shows_nothing_is_refused() {
        for title in ["\u{200b}", "\u{3164}", " \u{2800} "] {
            let refused = Title::parse(title).unwrap_err();
            assert!(
                refused.message.starts_with("The title shows nothing"),
                "{refused}"
            );
        }
        assert_eq!(
            Title::parse("\u{3164}").unwrap_err().message,
            "The title shows nothing: it holds only invisible characters, U+3164 at character 1."
        );
        assert!(Summary::parse("").is_ok());
        assert!(Summary::parse("\u{200b}").is_err());
    }

    #[test]
    fn a_slug_that_is_refused_names_the_character() {
        for (slug, message) in [
            (
                "élection",
                "The address can hold lowercase letters a to z, digits, and single hyphens between them. It holds “é” at character 1.",
            ),
            (
                "the final",
                "The address can hold lowercase letters a to z, digits, and single hyphens between them. It holds a blank at character 4.",
            ),
            (
                "the--final",
                "The address can hold lowercase letters a to z, digits, and single hyphens between them.",
            ),
        ] {
            assert_eq!(Slug::parse(slug).unwrap_err().message, message);
        }
    }
}
