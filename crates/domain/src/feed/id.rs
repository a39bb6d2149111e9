//! The ids of feeds.

use std::{fmt, str::FromStr};

use crate::{EntryId, Invalid};

/// The identifier of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FeedId {
    /// The feed of one entry.
    Entry(EntryId),
    /// The feed of all public entries, used by the front page and `/live`.
    All,
}

impl fmt::Display for FeedId {
    /// Formats the feed as in URLs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(id) => id.fmt(f),
            Self::All => f.write_str("all"),
        }
    }
}

impl FromStr for FeedId {
    type Err = Invalid;

    /// Parses the feed of a URL. A number must have its canonical spelling: other spellings would
    /// be separate keys in caches.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "all" => Ok(Self::All),
            text => match text.parse::<EntryId>() {
                Ok(id) if id.to_string() == text => Ok(Self::Entry(id)),
                _ => Err(Invalid::new("feed", "There is no such feed.")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feed_is_parsed_from_its_canonical_spelling_only() {
        for text in ["all", "12", "-3"] {
            assert_eq!(text.parse::<FeedId>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "ALL",
            "012",
            "+12",
            "12 ",
            "room",
            "9223372036854775808",
        ] {
            assert!(text.parse::<FeedId>().is_err(), "{text:?}");
        }
    }
}
