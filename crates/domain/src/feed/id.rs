//! The ids of feeds.

use std::{fmt, str::FromStr};

use crate::{EntryId, Invalid, RoomName};

/// The beginning of the ids of rooms' feeds.
const ROOM: &str = "room-";

/// The identifier of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FeedId {
    /// The feed of one entry.
    Entry(EntryId),
    /// The feed of all public entries, used by the front page and `/live`.
    All,
    /// The feed of one room.
    Room(RoomName),
}

impl fmt::Display for FeedId {
    /// Formats the feed as in URLs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(id) => id.fmt(f),
            Self::All => f.write_str("all"),
            Self::Room(name) => write!(f, "{ROOM}{name}"),
        }
    }
}

impl FromStr for FeedId {
    type Err = Invalid;

    /// Parses the feed of a URL. A number must have its canonical spelling: other spellings would
    /// be separate keys in caches.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let unknown = || Invalid::new("feed", "There is no such feed.");
        if text == "all" {
            return Ok(Self::All);
        }
        if let Some(room) = text.strip_prefix(ROOM) {
            return RoomName::new(room).map(Self::Room).ok_or_else(unknown);
        }
        match text.parse::<EntryId>() {
            Ok(id) if id.to_string() == text => Ok(Self::Entry(id)),
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feed_is_parsed_from_its_canonical_spelling_only() {
        for text in ["all", "12", "-3", "room-lobby", "room-entry-12"] {
            assert_eq!(text.parse::<FeedId>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "ALL",
            "012",
            "+12",
            "12 ",
            "room",
            "room-",
            "room-Lobby",
            "ROOM-lobby",
            "9223372036854775808",
        ] {
            assert!(text.parse::<FeedId>().is_err(), "{text:?}");
        }
    }
}
