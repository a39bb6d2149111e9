//! The table of rooms.

use domain::{
    ChatSetting, EntryId, EntryState, Rev, RoomId, RoomName, SlowMode, Timestamp, Title, ZoneName,
};
use sqlx::{Row, any::AnyRow};

use super::{
    Revision, Snapshot,
    chat_rules::all_rooms,
    row::{Record, decodable},
    row_count::one_row,
};
use crate::{
    Result,
    model::{
        room::{Room, RoomEntry},
        room_rules::RoomRules,
    },
};

/// Selects rooms with what they take from their entries; `$rest` is the rest of the statement.
macro_rules! select_rooms {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, r.name, COALESCE(e.title, r.title) AS title, r.entry_id, r.state, r.slow_mode, r.hold, r.rev, r.head,
                    e.slug, e.time_zone, e.state AS entry_state, (SELECT epoch FROM feed) AS epoch,
                    (SELECT state FROM chat_rules WHERE id = 1) AS all_state,
                    (SELECT words_version FROM chat_rules WHERE id = 1) AS words_version
             FROM rooms r LEFT JOIN entries e ON e.id = r.entry_id ",
            $rest
        )
    };
}

pub(super) const ROOM_BY_NAME: &str = select_rooms!("WHERE r.name = $1");
pub(super) const ROOMS_CHANGED_SINCE: &str = select_rooms!("WHERE r.head > $1 ORDER BY r.head");
const ROOM: &str = select_rooms!("WHERE r.id = $1");
const LATEST_ROOMS: &str = select_rooms!("WHERE r.state <> 'off' ORDER BY r.head DESC LIMIT $1");
const ROOMS_WITHOUT_ENTRY: &str =
    select_rooms!("WHERE r.entry_id IS NULL ORDER BY r.id DESC LIMIT $1");

impl Snapshot {
    /// Returns the room with the name `name`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn room_by_name(&mut self, name: RoomName) -> Result<Option<Room>> {
        let query = sqlx::query(ROOM_BY_NAME).bind(name.as_str());
        let row = query.fetch_optional(&mut *self.tx).await?;
        row.map(|row| room(&row)).transpose()
    }

    /// Returns the room with the id `id`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn room(&mut self, id: RoomId) -> Result<Option<Room>> {
        let query = sqlx::query(ROOM).bind(id.0);
        let row = query.fetch_optional(&mut *self.tx).await?;
        row.map(|row| room(&row)).transpose()
    }

    /// Returns the rooms that changed after `since`, in the order of their last changes.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn rooms_changed_since(&mut self, since: Rev) -> Result<Vec<Room>> {
        let query = sqlx::query(ROOMS_CHANGED_SINCE).bind(since);
        let rows = query.fetch_all(&mut *self.tx).await?;
        Ok(decodable(&rows, room))
    }

    /// Returns the latest `limit` rooms that belong to no entry.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn rooms_without_entry(&mut self, limit: i64) -> Result<Vec<Room>> {
        let query = sqlx::query(ROOMS_WITHOUT_ENTRY).bind(limit);
        let rows = query.fetch_all(&mut *self.tx).await?;
        Ok(decodable(&rows, room))
    }

    /// Returns the `limit` rooms that changed last, without chats that are off.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn latest_rooms(&mut self, limit: i64) -> Result<Vec<Room>> {
        let query = sqlx::query(LATEST_ROOMS).bind(limit);
        let rows = query.fetch_all(&mut *self.tx).await?;
        Ok(decodable(&rows, room))
    }

    /// Returns the number of rooms.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn count_rooms(&mut self) -> Result<i64> {
        let row = sqlx::query("SELECT COUNT(*) AS rooms FROM rooms")
            .fetch_one(&mut *self.tx)
            .await?;
        Ok(row.try_get("rooms")?)
    }
}

impl Revision {
    /// Adds a room at `now`. The room of an entry has no title of its own.
    ///
    /// # Errors
    /// Returns an error if the name is taken, or the database can't be reached.
    pub async fn add_room(
        &mut self,
        name: RoomName,
        title: Option<&Title>,
        entry: Option<EntryId>,
        setting: ChatSetting,
        now: Timestamp,
    ) -> Result<RoomId> {
        let rev = self.take_rev()?;
        let row = sqlx::query(
            "INSERT INTO rooms (name, title, entry_id, state, rev, head, created_at)
             VALUES ($1, $2, $3, $4, $5, $5, $6) RETURNING id",
        )
        .bind(name.as_str())
        .bind(title.map_or("", Title::as_str))
        .bind(entry.map(|entry| entry.0))
        .bind(setting.as_str())
        .bind(rev)
        .bind(now.0)
        .fetch_one(self.writing())
        .await?;
        Ok(RoomId(row.try_get("id")?))
    }

    /// Changes the rules of a room. Readers don't see them, so it takes no revision.
    ///
    /// # Errors
    /// Returns an error if there is no such room, or the database can't be reached.
    pub async fn set_room_rules(&mut self, id: RoomId, rules: RoomRules) -> Result<()> {
        let result = sqlx::query("UPDATE rooms SET slow_mode = $2, hold = $3 WHERE id = $1")
            .bind(id.0)
            .bind(i64::from(rules.slow_mode.seconds()))
            .bind(rules.hold.as_str())
            .execute(self.writing())
            .await?;
        one_row(&result)
    }

    /// Changes the title and the state of a room.
    ///
    /// # Errors
    /// Returns an error if there is no such room, or the database can't be reached.
    pub async fn rewrite_room(
        &mut self,
        id: RoomId,
        title: Option<&Title>,
        setting: ChatSetting,
    ) -> Result<()> {
        let rev = self.take_rev()?;
        let result = sqlx::query(
            "UPDATE rooms SET title = COALESCE($2, title), state = $3, rev = $4, head = $4
             WHERE id = $1",
        )
        .bind(id.0)
        .bind(title.map(Title::as_str))
        .bind(setting.as_str())
        .bind(rev)
        .execute(self.writing())
        .await?;
        one_row(&result)
    }

    /// Moves the head of a room to the last revision that was taken.
    pub(super) async fn move_room_head(&mut self, id: RoomId) -> Result<()> {
        let rev = self.last_rev();
        let result = sqlx::query("UPDATE rooms SET head = $2 WHERE id = $1")
            .bind(id.0)
            .bind(rev)
            .execute(self.writing())
            .await?;
        one_row(&result)
    }
}

fn room(row: &AnyRow) -> Result<Room> {
    let record = Record::new("rooms", row)?;
    let entry = match record.get::<Option<i64>>("entry_id")? {
        None => None,
        Some(id) => Some(RoomEntry {
            id: EntryId(id),
            slug: record.word("slug")?,
            time_zone: record.text("time_zone", ZoneName::new_unchecked)?,
            is_public: record.word::<EntryState>("entry_state")?.is_public(),
        }),
    };
    let slow_mode = u16::try_from(record.get::<i64>("slow_mode")?).ok();
    let slow_mode = slow_mode.and_then(SlowMode::new);
    Ok(Room {
        epoch: record.word("epoch")?,
        id: Some(RoomId(record.id())),
        name: record.word("name")?,
        title: record.text("title", Title::from_stored)?,
        entry,
        setting: record.word("state")?,
        rules: RoomRules {
            slow_mode: slow_mode.ok_or_else(|| record.corrupt("slow_mode"))?,
            hold: record.word("hold")?,
        },
        all: all_rooms(&record)?,
        rev: record.get("rev")?,
        head: record.get("head")?,
    })
}
