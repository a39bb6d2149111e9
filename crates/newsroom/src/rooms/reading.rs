//! Use cases of rooms: reading.

use domain::{Caller, MessageId, Rev, RoomName};

use super::visibility::visible_room;
use crate::{
    Error, Newsroom, Result,
    model::room::{Room, RoomPage},
    permissions::check_may_manage_rooms,
    storage::Counter,
};

/// The number of messages on a page.
pub const MESSAGES_PER_PAGE: u8 = 50;
/// The maximum number of messages in a response.
pub const MAX_MESSAGES: u8 = 100;
/// The maximum number of rooms in the desk's list.
const DESK_ROOMS: i64 = 500;

impl Newsroom {
    /// Returns the last `limit` messages of a room, or those before the message `before`. At most
    /// [`MAX_MESSAGES`]. `caller` is the account that is logged in: one that may use the desk sees
    /// the rooms of drafts.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if the caller can see no such room, and an error if the database
    /// can't be reached.
    pub async fn room_page(
        &self,
        name: RoomName,
        caller: Option<&Caller>,
        before: Option<MessageId>,
        limit: u8,
    ) -> Result<RoomPage> {
        let limit = i64::from(limit.min(MAX_MESSAGES));
        let mut snapshot = self.store.snapshot().await?;
        let (room, state) = visible_room(&mut snapshot, name, caller, self.open_rooms).await?;
        let mut messages = match room.id {
            Some(id) => snapshot.messages_before(id, before, limit + 1).await?,
            None => Vec::new(),
        };
        let has_older = usize::try_from(limit).is_ok_and(|limit| messages.len() > limit);
        if has_older {
            messages.pop();
        }
        messages.reverse();
        Ok(RoomPage {
            room,
            state,
            messages,
            has_older,
        })
    }

    /// Returns whether more than `limit` messages of a public room changed after `since`, or
    /// `since` is a revision that the room has not reached.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such room, and an error if the database can't be
    /// reached.
    pub async fn is_behind_room(&self, name: RoomName, since: Rev, limit: u16) -> Result<bool> {
        let mut snapshot = self.store.snapshot().await?;
        let (room, _) = visible_room(&mut snapshot, name, None, self.open_rooms).await?;
        if since > room.head {
            return Ok(true);
        }
        // Another server may have published it before this one.
        self.wait_until_published(Counter::ROOMS, since).await;
        match room.id {
            Some(id) => {
                let limit = i64::from(limit);
                snapshot.has_more_messages_since(id, since, limit).await
            }
            None => Ok(false),
        }
    }

    /// Returns the latest rooms that belong to no entry, for the desk.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not manage rooms, and an error if the
    /// database can't be reached.
    pub async fn rooms(&self, caller: &Caller) -> Result<Vec<Room>> {
        check_may_manage_rooms(caller)?;
        let mut snapshot = self.store.snapshot().await?;
        snapshot.rooms_without_entry(DESK_ROOMS).await
    }

    /// Returns a room, for those who manage it.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not manage rooms, [`Error::NotFound`] if
    /// there is no such room, and an error if the database can't be reached.
    pub async fn managed_room(&self, caller: &Caller, name: RoomName) -> Result<Room> {
        check_may_manage_rooms(caller)?;
        let room = self.store.snapshot().await?.room_by_name(name).await?;
        room.ok_or(Error::NotFound("room"))
    }
}
