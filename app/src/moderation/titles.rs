//! The titles of rooms.

use std::collections::HashMap;

use newsroom::Room;

use crate::isolate::isolated;

/// The titles of rooms, by their names.
#[derive(Clone)]
pub struct Titles(HashMap<String, String>);

impl Titles {
    /// Returns the titles of `rooms`.
    pub fn new(rooms: &[Room]) -> Self {
        let title = |room: &Room| (room.name.to_string(), room.title.to_string());
        Self(rooms.iter().map(title).collect())
    }

    /// Returns the title of a room within a sentence; its name, if it is not one of these.
    pub fn of(&self, name: &str) -> String {
        isolated(self.0.get(name).map_or(name, String::as_str))
    }
}
