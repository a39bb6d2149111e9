//! Rooms, in which readers chat: their names and states, messages, and the names of people.

use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::{
    EntryId, Invalid,
    text::{
        Lines, id_type, parsed_text, reject_invisible, reject_other_chars, text_type, validated,
        word_enum,
    },
};

id_type!(
    /// The id of a room.
    RoomId
);

id_type!(
    /// The id of a message.
    MessageId
);

text_type!(
    /// The text of a message: plain text of one or more lines.
    MessageText, "text", "The message", 1..=2000, Many
);

/// The beginning of the names of entries' rooms. No other room may have such a name.
const OF_ENTRIES: &str = "entry-";

/// The part of a URL that names a room: 1 to 64 of `a-z`, `0-9`, `-` and `_`.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoomName {
    length: u8,
    /// The name, and then zeros.
    bytes: [u8; Self::MAX],
}

impl RoomName {
    /// The maximum length, in characters.
    pub const MAX: usize = 64;

    /// Returns the name `text`; `None` if it is no name of a room. Unlike [`RoomName::parse`] it
    /// needs no messages, which the browser's code would have to contain.
    pub fn new(text: &str) -> Option<Self> {
        let is_valid = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
        };
        let mut bytes = [0; Self::MAX];
        let name = bytes.get_mut(..text.len())?;
        if text.is_empty() || !text.bytes().all(is_valid) {
            return None;
        }
        name.copy_from_slice(text.as_bytes());
        let length = u8::try_from(text.len()).ok()?;
        Some(Self { length, bytes })
    }

    /// Parses a name. Nothing is trimmed or replaced, since a name has one spelling in URLs.
    ///
    /// # Errors
    /// Returns a message for the person who entered it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const RULE: &str = "The name of a room can contain only lowercase letters a to z, digits, hyphens and underscores.";
        if text.is_empty() {
            return Err(Invalid::new("name", "The name is missing."));
        }
        reject_other_chars("name", text, RULE, |c| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_')
        })?;
        Self::new(text).ok_or_else(|| {
            Invalid::new(
                "name",
                format!(
                    "The name has {} characters; the maximum is {}.",
                    text.len(),
                    Self::MAX
                ),
            )
        })
    }

    /// Returns the name of the room of an entry.
    ///
    /// # Panics
    /// Never: the longest number has 20 characters.
    pub fn of_entry(entry: EntryId) -> Self {
        Self::new(&format!("{OF_ENTRIES}{entry}")).expect("the name is short")
    }

    /// Returns the entry whose room has this name; `None` if it is no such name.
    pub fn entry(&self) -> Option<EntryId> {
        let id = self.as_str().strip_prefix(OF_ENTRIES)?.parse().ok()?;
        (Self::of_entry(id) == *self).then_some(id)
    }

    /// Returns whether only rooms of entries have such names.
    pub fn is_reserved(&self) -> bool {
        self.as_str().starts_with(OF_ENTRIES)
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        let name = self.bytes.get(..self.length.into()).unwrap_or_default();
        str::from_utf8(name).unwrap_or_default()
    }
}

impl PartialEq for RoomName {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RoomName {}

impl Hash for RoomName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoomName({self})")
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RoomName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl TryFrom<String> for RoomName {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<RoomName> for String {
    fn from(name: RoomName) -> Self {
        name.as_str().to_owned()
    }
}

word_enum!(
    /// The state of a room that readers can see.
    RoomState as "state" {
        /// Everyone may write.
        Open = "open",
        /// Nobody may write for now. Streams stay open.
        ReadOnly = "read_only",
        /// Nobody may write. Its messages stay readable, and its streams end.
        Closed = "closed",
    }
);

impl RoomState {
    /// Returns the one of two states that permits less.
    #[must_use]
    pub const fn stricter(self, other: Self) -> Self {
        match (self, other) {
            (Self::Closed, _) | (_, Self::Closed) => Self::Closed,
            (Self::ReadOnly, _) | (_, Self::ReadOnly) => Self::ReadOnly,
            (Self::Open, Self::Open) => Self::Open,
        }
    }
}

word_enum!(
    /// Whether an entry has a chat, and the state of its room.
    ChatSetting as "chat" {
        /// No chat: the room is hidden.
        Off = "off",
        /// The room is open.
        Open = "open",
        /// The room is read-only.
        ReadOnly = "read_only",
        /// The room is closed.
        Closed = "closed",
    }
);

impl ChatSetting {
    /// Returns the state of the room; `None` if it is hidden.
    pub const fn room_state(self) -> Option<RoomState> {
        match self {
            Self::Off => None,
            Self::Open => Some(RoomState::Open),
            Self::ReadOnly => Some(RoomState::ReadOnly),
            Self::Closed => Some(RoomState::Closed),
        }
    }
}

impl From<RoomState> for ChatSetting {
    fn from(state: RoomState) -> Self {
        match state {
            RoomState::Open => Self::Open,
            RoomState::ReadOnly => Self::ReadOnly,
            RoomState::Closed => Self::Closed,
        }
    }
}

/// The name under which a person writes in a room: one line of 1 to 40 characters, all of which are
/// visible but for spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nick(String);

impl Nick {
    /// The maximum length, in characters.
    pub const MAX: usize = 40;

    /// Parses a name.
    ///
    /// # Errors
    /// Returns a message for the person who entered it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = validated("from", "The name", text, 1, Self::MAX, Lines::One)?;
        reject_invisible("from", "The name", &text)?;
        Ok(Self(text))
    }
}

parsed_text!(Nick);

/// A message, as programs receive it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// The message's id.
    pub id: MessageId,
    /// The name of the person who wrote it.
    pub from: String,
    /// When it was sent, in RFC 3339.
    pub date: String,
    /// The text.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_name_is_parsed_exactly() {
        let longest = "x".repeat(64);
        for name in ["a", "lobby", "room_2-x", "-", "0", &longest] {
            assert_eq!(RoomName::parse(name).unwrap().to_string(), name);
        }
        for (name, message) in [
            ("", "The name is missing."),
            (
                "Lobby",
                "The name of a room can contain only lowercase letters a to z, digits, hyphens and underscores. It contains “L” at character 1.",
            ),
            (
                "lobby ",
                "The name of a room can contain only lowercase letters a to z, digits, hyphens and underscores. It contains a space at character 6.",
            ),
            (
                "чат",
                "The name of a room can contain only lowercase letters a to z, digits, hyphens and underscores. It contains “ч” at character 1.",
            ),
            (
                &"x".repeat(65),
                "The name has 65 characters; the maximum is 64.",
            ),
            (
                &"x".repeat(300),
                "The name has 300 characters; the maximum is 64.",
            ),
        ] {
            assert_eq!(RoomName::parse(name).unwrap_err().message, message);
            assert_eq!(RoomName::new(name), None);
        }
    }

    #[test]
    fn room_of_an_entry_has_one_name() {
        assert_eq!(RoomName::of_entry(EntryId(12)).as_str(), "entry-12");
        for (name, entry) in [
            ("entry-12", Some(EntryId(12))),
            ("entry-012", None),
            ("entry-", None),
            ("entry-x", None),
            ("entry", None),
            ("12", None),
        ] {
            let name = RoomName::parse(name).unwrap();
            assert_eq!(name.entry(), entry, "{name}");
            assert_eq!(name.is_reserved(), name.as_str().contains('-'), "{name}");
        }
    }

    #[test]
    fn nick_is_one_visible_line() {
        for (text, nick) in [
            (" Ann \n Bee ", "Ann   Bee"),
            ("山田", "山田"),
            ("عمر", "عمر"),
            ("❤\u{fe0f}", "❤\u{fe0f}"),
            ("<b>", "<b>"),
        ] {
            assert_eq!(Nick::parse(text).unwrap().as_str(), nick);
        }
        for (text, message) in [
            ("", "The name is missing."),
            (" \n", "The name is missing."),
            (
                "\u{200b}",
                "The name contains only invisible characters, such as U+200B at character 1.",
            ),
            (
                "an\u{200d}n",
                "The name can't contain invisible characters. It contains U+200D at character 3.",
            ),
            (
                "\u{202e}nna",
                "The name can't contain invisible characters. It contains U+202E at character 1.",
            ),
            (
                &"x".repeat(1_000),
                "The name has 1000 characters; the maximum is 40.",
            ),
        ] {
            assert_eq!(Nick::parse(text).unwrap_err().message, message, "{text:?}");
        }
    }

    #[test]
    fn message_is_visible_and_bounded() {
        let text = MessageText::parse("Goal!\r\nWhat a shot\u{7}").unwrap();
        assert_eq!(text.as_str(), "Goal!\nWhat a shot");
        assert!(MessageText::parse(&"é".repeat(2_000)).is_ok());
        for text in ["", "\u{200b}\u{3164}", &"é".repeat(2_001)] {
            assert!(MessageText::parse(text).is_err());
        }
    }
}
