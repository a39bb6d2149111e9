//! Which rooms exist, and who sees them.

use domain::{Caller, RoomName, RoomState};

use crate::{Error, Result, model::room::Room, storage::Snapshot};

/// Returns the room `name`. With `open_rooms`, a room that is not in the database is one that its
/// first message creates.
pub(super) async fn find_room(
    snapshot: &mut Snapshot,
    name: RoomName,
    open_rooms: bool,
) -> Result<Option<Room>> {
    if let Some(room) = snapshot.room_by_name(name).await? {
        return Ok(Some(room));
    }
    if !open_rooms || name.is_reserved() {
        return Ok(None);
    }
    let epoch = snapshot.feed().await?.epoch;
    let all = snapshot.all_rooms().await?;
    Ok(Some(Room::unused(epoch, name, all)))
}

/// Returns a room that `caller` sees, and its state.
///
/// # Errors
/// Returns [`Error::NotFound`] if there is none. The error doesn't reveal whether it is hidden.
pub(super) async fn visible_room(
    snapshot: &mut Snapshot,
    name: RoomName,
    caller: Option<&Caller>,
    open_rooms: bool,
) -> Result<(Room, RoomState)> {
    let room = find_room(snapshot, name, open_rooms).await?;
    let visible = room.and_then(|room| {
        let state = room.state_for(caller)?;
        Some((room, state))
    });
    visible.ok_or(Error::NotFound("room"))
}
