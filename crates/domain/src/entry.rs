//! The parts of a live blog.

use serde::{Deserialize, Serialize};

use crate::{
    Invalid,
    text::{Lines, id_type, parsed_text, reject_other_chars, text_type, validated, word_enum},
};

id_type!(
    /// The id of an entry.
    EntryId
);

text_type!(
    /// An entry's title: one line.
    Title, "title", "The title", 1..=200, One
);

text_type!(
    /// An entry's description in a few sentences; may be empty.
    Summary, "summary", "The summary", 0..=2000, Many
);

text_type!(
    /// The article above an entry's updates, as its author writes it: Markdown with HTML, not
    /// sanitized; may be empty.
    Article, "body", "The article", 0..=100_000, Many
);

word_enum!(
    /// The state of an entry.
    EntryState as "state" {
        /// Visible to its authors only.
        Draft = "draft",
        /// Announced. Updates can already be posted.
        Upcoming = "upcoming",
        /// In progress.
        Live = "live",
        /// Over. It stays readable and can be reopened.
        Ended = "ended",
    }
);

impl EntryState {
    /// Returns whether readers can see the entry.
    pub const fn is_public(self) -> bool {
        !matches!(self, Self::Draft)
    }
}

word_enum!(
    /// The order in which a page lists updates.
    Order as "order" {
        /// Oldest first: new updates appear at the bottom.
        Oldest = "oldest",
        /// Latest first: new updates appear at the top.
        Latest = "latest",
    }
);

impl Order {
    /// Returns the other order.
    #[must_use]
    pub const fn flipped(self) -> Self {
        match self {
            Self::Oldest => Self::Latest,
            Self::Latest => Self::Oldest,
        }
    }
}

/// The part of a URL that names an entry: 1 to 80 of `a-z`, `0-9` and single inner hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

impl Slug {
    /// The maximum length, in characters.
    pub const MAX: usize = 80;

    /// Parses a slug.
    ///
    /// # Errors
    /// Returns a message for the person who entered it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const RULE: &str = "The slug can contain only lowercase letters a to z, digits, and single hyphens between them.";
        let text = validated("slug", "The slug", text, 1, Self::MAX, Lines::One)?;
        reject_other_chars("slug", &text, RULE, |c| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
        })?;
        if text.starts_with('-') || text.ends_with('-') || text.contains("--") {
            return Err(Invalid::new("slug", RULE));
        }
        Ok(Self(text))
    }
}

parsed_text!(Slug);

/// The name of a time zone in the IANA database, such as `Europe/Paris`. The engine checks that the
/// zone exists, since only the engine contains the database.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ZoneName(String);

impl ZoneName {
    /// Creates a name that was found in the time zone database.
    pub fn new_unchecked(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Returns the zone's name.
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
    fn title_length_is_counted_in_characters() {
        assert!(Title::parse(&"é".repeat(200)).is_ok());
        let refused = Title::parse(&"é".repeat(10_000)).unwrap_err();
        assert_eq!(
            refused.message,
            "The title has 10000 characters; the maximum is 200."
        );
        assert_eq!(
            Title::parse("  ").unwrap_err().message,
            "The title is missing."
        );
        assert_eq!(
            Title::parse("two\nlines, a beep\u{7}").unwrap().as_str(),
            "two lines, a beep"
        );
    }

    #[test]
    fn invisible_title_is_rejected() {
        for title in ["\u{200b}", "\u{3164}", " \u{2800} "] {
            let refused = Title::parse(title).unwrap_err();
            assert!(
                refused
                    .message
                    .starts_with("The title contains only invisible"),
                "{refused}"
            );
        }
        assert_eq!(
            Title::parse("\u{3164}").unwrap_err().message,
            "The title contains only invisible characters, such as U+3164 at character 1."
        );
        assert!(Summary::parse("").is_ok());
        assert!(Summary::parse("\u{200b}").is_err());
    }

    #[test]
    fn rejected_slug_names_the_first_bad_character() {
        for (slug, message) in [
            (
                "élection",
                "The slug can contain only lowercase letters a to z, digits, and single hyphens between them. It contains “é” at character 1.",
            ),
            (
                "the final",
                "The slug can contain only lowercase letters a to z, digits, and single hyphens between them. It contains a space at character 4.",
            ),
            (
                "the--final",
                "The slug can contain only lowercase letters a to z, digits, and single hyphens between them.",
            ),
        ] {
            assert_eq!(Slug::parse(slug).unwrap_err().message, message);
        }
    }
}
