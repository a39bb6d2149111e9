//! The moderation of rooms: what waits for a moderator, sanctions, and the words of the log.

use crate::{
    Invalid,
    text::{id_type, text_type, word_enum},
};

id_type!(
    /// The id of a message that is held for a moderator.
    HeldId
);

id_type!(
    /// The id of a mute or a ban.
    SanctionId
);

id_type!(
    /// The id of an entry of the moderation log.
    LogId
);

text_type!(
    /// Why a moderator acts, or a reader reports a message: one line; may be empty.
    Reason, "reason", "The reason", 0..=300, One
);

text_type!(
    /// A word or a phrase of the word filter.
    FilteredWord, "words", "A word", 1..=100, One
);

word_enum!(
    /// Which messages of a room wait for a moderator, besides those with a filtered word.
    Hold as "hold" {
        /// None.
        Nothing = "none",
        /// Those of readers without an account of whom the room has no message yet.
        NewGuests = "new_guests",
        /// All.
        All = "all",
    }
);

word_enum!(
    /// Why a message is held.
    HoldReason as "reason" {
        /// It contains a filtered word.
        Words = "words",
        /// It is the first message of a reader without an account.
        NewGuest = "new_guest",
        /// The room holds every message.
        Room = "room",
    }
);

word_enum!(
    /// The kind of a sanction.
    SanctionKind as "kind" {
        /// May read, and may not write in one room.
        Mute = "mute",
        /// May read, and may not write or report messages in any room.
        Ban = "ban",
    }
);

word_enum!(
    /// Whom a sanction applies to.
    Reach as "reach" {
        /// The account, or the reader without an account.
        Person = "person",
        /// The person, and all readers without an account at the same address.
        Address = "address",
        /// The person, and all readers without an account in the same network.
        Network = "network",
    }
);

word_enum!(
    /// An action of a moderator, in the log.
    LogAction as "action" {
        /// A held message was published.
        Approve = "approve",
        /// A held message was rejected.
        Reject = "reject",
        /// A message was deleted.
        Delete = "delete",
        /// A message was restored.
        Restore = "restore",
        /// All messages of a person were removed.
        RemoveAll = "remove_all",
        /// That was undone.
        UndoRemoveAll = "undo_remove_all",
        /// The reports of a message were dismissed.
        Dismiss = "dismiss",
        /// A person was muted.
        Mute = "mute",
        /// A person was banned.
        Ban = "ban",
        /// A sanction was ended.
        EndSanction = "end_sanction",
        /// The word filter was changed.
        ChangeWords = "change_words",
        /// All rooms were opened, closed or made read-only.
        SetAllRooms = "set_all_rooms",
        /// A room was changed.
        ChangeRoom = "change_room",
    }
);

impl From<SanctionKind> for LogAction {
    fn from(kind: SanctionKind) -> Self {
        match kind {
            SanctionKind::Mute => Self::Mute,
            SanctionKind::Ban => Self::Ban,
        }
    }
}

/// How long a person waits between two messages in a room, in seconds: 0 (off) to 3600.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlowMode(u16);

impl SlowMode {
    /// The longest time, in seconds.
    pub const MAX: u16 = 3_600;

    /// Returns the time; `None` if it is too long.
    pub const fn new(seconds: u16) -> Option<Self> {
        if seconds <= Self::MAX {
            Some(Self(seconds))
        } else {
            None
        }
    }

    /// Parses a number of seconds. Nothing means off.
    ///
    /// # Errors
    /// Returns a message for the person who entered it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let seconds = match text.trim() {
            "" => Some(0),
            text => text.parse().ok(),
        };
        seconds
            .and_then(Self::new)
            .ok_or_else(|| Invalid::new("slow_mode", "Slow mode must be 0 (off) to 3600 seconds."))
    }

    /// Returns the seconds; 0 if it is off.
    pub const fn seconds(self) -> u16 {
        self.0
    }
}

/// How long a sanction lasts, in minutes: 1 to 525,600 (a year).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SanctionLength(u32);

impl SanctionLength {
    /// The longest time, in minutes.
    pub const MAX: u32 = 525_600;

    /// Returns the length.
    ///
    /// # Errors
    /// Returns a message for the person who entered it, if it is zero or too long.
    pub fn new(minutes: u32) -> Result<Self, Invalid> {
        if (1..=Self::MAX).contains(&minutes) {
            Ok(Self(minutes))
        } else {
            Err(Invalid::new(
                "minutes",
                "A mute or ban lasts 1 to 525600 minutes (a year).",
            ))
        }
    }

    /// Parses a number of minutes.
    ///
    /// # Errors
    /// See [`SanctionLength::new`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::new(text.trim().parse().unwrap_or(0))
    }

    /// Returns the minutes.
    pub const fn minutes(self) -> u32 {
        self.0
    }

    /// Returns the length in microseconds.
    pub const fn micros(self) -> i64 {
        self.0 as i64 * 60_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_mode_is_bounded() {
        for (text, seconds) in [("", Some(0)), ("0", Some(0)), (" 3600 ", Some(3_600))] {
            assert_eq!(SlowMode::parse(text).ok().map(SlowMode::seconds), seconds);
        }
        for text in ["3601", "-1", "1.5", "x", "99999999999"] {
            assert!(SlowMode::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sanction_has_an_end() {
        assert_eq!(SanctionLength::parse("10").unwrap().micros(), 600_000_000);
        for text in ["", "0", "-1", "525601", "x"] {
            assert!(SanctionLength::parse(text).is_err(), "{text}");
        }
    }
}
