//! Positions in a feed: epochs, revisions and cursors.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// A revision: the number of a change. One counter numbers all changes of a database.
pub type Rev = i64;

/// The highest revision. JavaScript represents integers exactly only below 2^53.
pub const MAX_REV: Rev = (1 << 53) - 1;

/// The longest epoch, in characters.
const MAX_EPOCH: usize = 16;

/// One life of a database; revisions of different epochs can't be compared. One to sixteen
/// lowercase letters and digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Epoch {
    /// The characters, filled up with zeros.
    text: [u8; MAX_EPOCH],
}

impl Epoch {
    /// Returns the epoch `text`; `None` if it is none. Unlike [`Epoch::parse`] it needs no message,
    /// which the browser's code would have to contain.
    pub fn new(text: &str) -> Option<Self> {
        let is_valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let mut epoch = [0; MAX_EPOCH];
        let start = epoch.get_mut(..text.len())?;
        if text.is_empty() || !text.bytes().all(is_valid) {
            return None;
        }
        start.copy_from_slice(text.as_bytes());
        Some(Self { text: epoch })
    }

    /// Parses an epoch.
    ///
    /// # Errors
    /// Returns an error if `text` is empty, longer than sixteen characters, or contains a character
    /// other than `a-z` and `0-9`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::new(text).ok_or_else(malformed)
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        let text = self.text.split(|byte| *byte == 0).next();
        // Always UTF-8: `parse` accepts only ASCII.
        text.and_then(|text| str::from_utf8(text).ok())
            .unwrap_or_default()
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Epoch {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Epoch {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<Epoch> for String {
    fn from(epoch: Epoch) -> Self {
        epoch.as_str().to_owned()
    }
}

/// How far a client has applied a feed: all changes up to `rev` of `epoch`. Displayed as
/// `epoch.rev`, such as `k3f9.1207`; opaque to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor {
    /// The epoch of the revision.
    pub epoch: Epoch,
    /// The last applied revision; never negative.
    pub rev: Rev,
}

impl Cursor {
    /// The base of an edit by a client that has seen none of an update's texts, or an unknown one.
    /// No text has the revision 0, so such an edit conflicts with every other text.
    pub const NO_TEXT: Self = Self {
        epoch: Epoch {
            text: {
                let mut zero = [0; MAX_EPOCH];
                zero[0] = b'0';
                zero
            },
        },
        rev: 0,
    };

    /// Creates the cursor after `rev` of `epoch`.
    pub const fn new(epoch: Epoch, rev: Rev) -> Self {
        Self { epoch, rev }
    }

    /// Returns the cursor `text`; `None` if it is malformed. Unlike parsing it needs no message.
    pub fn read(text: &str) -> Option<Self> {
        let (epoch, rev) = text.split_once('.')?;
        // Digits only: `parse` would accept a sign, and caches need one spelling for each cursor.
        let plain =
            rev.bytes().all(|b| b.is_ascii_digit()) && (rev == "0" || !rev.starts_with('0'));
        let rev = rev.parse().ok().filter(|_| plain)?;
        Some(Self::new(Epoch::new(epoch)?, rev))
    }

    /// Parses the base of an edit: the revision up to which its author has seen the update. A
    /// malformed one is [`Cursor::NO_TEXT`], so that the author is shown the current text and loses
    /// nothing.
    pub fn parse_base(text: &str) -> Self {
        text.parse().unwrap_or(Self::NO_TEXT)
    }
}

impl TryFrom<String> for Cursor {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.to_string()
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.rev)
    }
}

impl FromStr for Cursor {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::read(text).ok_or_else(malformed)
    }
}

fn malformed() -> Invalid {
    Invalid::new(
        "since",
        "The cursor is malformed; take one from data-cursor, head or a batch.",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn malformed_cursors_are_rejected() {
        for text in [
            "",
            "abc",
            "-1",
            "k3f9",
            "k3f9.",
            ".1",
            "k3f9.-1",
            "k3f9.+1",
            "k3f9.01",
            "K3.1",
            "k3f9.1.2",
            "k3f9.99999999999999999999",
            "k3f9.1 ",
            "abcdefghijklmnopq.1",
        ] {
            assert!(text.parse::<Cursor>().is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn malformed_base_is_that_of_no_text() {
        for text in ["", "abc", "k3f9.-1", "0.0"] {
            assert_eq!(Cursor::parse_base(text), Cursor::NO_TEXT, "{text:?}");
        }
        let base = Cursor::parse_base("k3f9.7");
        assert_eq!(base, Cursor::new(Epoch::parse("k3f9").unwrap(), 7));
        assert_eq!(Cursor::NO_TEXT.to_string(), "0.0");
    }

    proptest! {
        #[test]
        fn displayed_cursor_parses_back(epoch in "[a-z0-9]{1,16}", rev in 0..=Rev::MAX) {
            let cursor = Cursor::new(Epoch::parse(&epoch).unwrap(), rev);
            prop_assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        }

        #[test]
        fn parsing_never_panics(text in ".*") {
            let _ = text.parse::<Cursor>();
        }
    }
}
