//! Positions in a feed: epochs, revisions and cursors.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Invalid, text::parsed_text};

/// A revision: the number of a change. One counter numbers all changes of a database.
pub type Rev = i64;

/// The highest revision. JavaScript represents integers exactly only below 2^53.
pub const MAX_REV: Rev = (1 << 53) - 1;

/// One life of a database; revisions of different epochs can't be compared. One to sixteen
/// lowercase letters and digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Epoch(String);

impl Epoch {
    /// Parses an epoch.
    ///
    /// # Errors
    /// Returns an error if `text` is empty, longer than sixteen characters, or contains a character
    /// other than `a-z` and `0-9`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let fits = (1..=16).contains(&text.len());
        if fits
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(malformed())
        }
    }
}

parsed_text!(Epoch);

/// How far a client has applied a feed: all changes up to `rev` of `epoch`. Displayed as
/// `epoch.rev`, such as `k3f9.1207`; opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The epoch of the revision.
    pub epoch: Epoch,
    /// The last applied revision; never negative.
    pub rev: Rev,
}

impl Cursor {
    /// Creates the cursor after `rev` of `epoch`.
    pub const fn new(epoch: Epoch, rev: Rev) -> Self {
        Self { epoch, rev }
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
        let (epoch, rev) = text.split_once('.').ok_or_else(malformed)?;
        // Digits only: `parse` would accept a sign, and caches need one spelling for each cursor.
        let plain =
            rev.bytes().all(|b| b.is_ascii_digit()) && (rev == "0" || !rev.starts_with('0'));
        let rev = rev.parse().ok().filter(|_| plain).ok_or_else(malformed)?;
        Ok(Self::new(Epoch::parse(epoch)?, rev))
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
