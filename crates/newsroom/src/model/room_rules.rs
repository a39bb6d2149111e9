//! The rules of one room and of all rooms.

use domain::{Hold, RoomState, SlowMode};

/// The rules of all rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllRooms {
    /// The state that no room exceeds: with `read_only`, an open room is read-only, too.
    pub state: RoomState,
    /// Changes with the word filter.
    pub words_version: i64,
}

/// How messages of a room are moderated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomRules {
    /// How long a person waits between two messages.
    pub slow_mode: SlowMode,
    /// Which messages wait for a moderator.
    pub hold: Hold,
}

impl RoomRules {
    /// The rules of a new room.
    pub const NONE: Self = Self {
        slow_mode: match SlowMode::new(0) {
            Some(off) => off,
            None => unreachable!(),
        },
        hold: Hold::Nothing,
    };
}
