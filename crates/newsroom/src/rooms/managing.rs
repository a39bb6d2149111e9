//! Use cases of rooms: creating, opening and closing them.

use domain::{
    Caller, ChatSetting, Hold, Invalid, LogAction, OpId, RoomId, RoomName, RoomState, SlowMode,
    Timestamp, Title,
};

use crate::{
    Error, Newsroom, Result,
    model::{
        moderation::NewLogEntry,
        room::{NewRoom, Room},
        room_rules::RoomRules,
    },
    permissions::{check_may_manage_entries, check_may_manage_rooms, check_may_moderate},
    storage::{Counter, Outcome, Revision, Snapshot},
    writes::{idempotency::IdempotentWrite, write::Write},
};

/// The maximum number of rooms: each is known to all servers.
const MAX_ROOMS: i64 = 10_000;

/// The changes to a room. Omitted fields keep their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomPatch {
    /// The new title. The room of an entry has that of the entry.
    pub title: Option<Title>,
    /// The new state.
    pub state: Option<RoomState>,
    /// How long a person waits between two messages.
    pub slow_mode: Option<SlowMode>,
    /// Which messages wait for a moderator.
    pub hold: Option<Hold>,
}

impl RoomPatch {
    /// Returns whether only the rules of moderation are to change.
    const fn is_moderation(&self) -> bool {
        self.title.is_none() && self.state.is_none()
    }

    fn rules(&self, before: RoomRules) -> RoomRules {
        RoomRules {
            slow_mode: self.slow_mode.unwrap_or(before.slow_mode),
            hold: self.hold.unwrap_or(before.hold),
        }
    }

    /// Describes the changes for the log.
    fn description(&self) -> String {
        let state = self.state.map(|state| format!("state {state}"));
        let slow_mode = self.slow_mode.map(SlowMode::seconds);
        let slow_mode = slow_mode.map(|seconds| format!("slow mode {seconds} s"));
        let hold = self.hold.map(|hold| format!("hold {hold}"));
        let changes: Vec<_> = [state, slow_mode, hold].into_iter().flatten().collect();
        changes.join(", ")
    }
}

impl Newsroom {
    /// Creates a room that belongs to no entry. `caller` is `None` on the command line.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not create rooms or there are too many,
    /// [`Error::Invalid`] if the name is taken, and an error if the database can't be reached.
    pub async fn create_room(&self, caller: Option<&Caller>, new: &NewRoom) -> Result<Room> {
        if let Some(caller) = caller {
            check_may_manage_rooms(caller)?;
        }
        self.write(CreateRoom(new.clone())).await
    }

    /// Creates a room. A request that repeats an `op_id` returns the first result, and creates
    /// nothing.
    ///
    /// # Errors
    /// See [`Newsroom::create_room`]; also [`Error::IdempotencyConflict`] if the `op_id` was used
    /// for a different request.
    pub async fn create_room_once(
        &self,
        caller: &Caller,
        op_id: &OpId,
        new: &NewRoom,
    ) -> Result<Room> {
        check_may_manage_rooms(caller)?;
        self.write(CreateRoomOnce {
            caller: caller.clone(),
            op_id: op_id.clone(),
            new: new.clone(),
        })
        .await
    }

    /// Changes the given fields of a room, and returns it. Opens, closes or restricts the chat of
    /// an entry, too, unless that is off. Moderators may change the rules of all rooms.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not manage the room, [`Error::NotFound`] if
    /// there is no such room, [`Error::Invalid`] if an entry's room is to get a title,
    /// [`Error::IdempotencyConflict`] if the `op_id` was used for a different request, and an error
    /// if the database can't be reached.
    pub async fn patch_room(
        &self,
        caller: &Caller,
        name: RoomName,
        patch: &RoomPatch,
        op_id: Option<&OpId>,
    ) -> Result<Room> {
        if name.entry().is_some() {
            check_may_manage_entries(caller)?;
        } else if patch.is_moderation() {
            check_may_moderate(caller)?;
        } else {
            check_may_manage_rooms(caller)?;
        }
        self.write(PatchRoom {
            caller: caller.clone(),
            op_id: op_id.cloned(),
            name,
            patch: patch.clone(),
        })
        .await
    }
}

/// Checks that another room may be added.
pub(super) async fn check_room_limit(snapshot: &mut Snapshot) -> Result<()> {
    if snapshot.count_rooms().await? < MAX_ROOMS {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "There are 10000 rooms, the maximum. Use one of them.",
        ))
    }
}

async fn add_room(revision: &mut Revision, new: &NewRoom, now: Timestamp) -> Result<Room> {
    if revision.snapshot().room_by_name(new.name).await?.is_some() {
        return Err(Error::Invalid(Invalid::new(
            "name",
            "Another room already has this name. Choose a different one.",
        )));
    }
    check_room_limit(revision.snapshot()).await?;
    let id = revision
        .add_room(new.name, Some(&new.title), None, ChatSetting::Open, now)
        .await?;
    load_room(revision.snapshot(), id).await
}

async fn load_room(snapshot: &mut Snapshot, id: RoomId) -> Result<Room> {
    let room = snapshot.room(id).await?;
    room.ok_or(Error::NotFound("room"))
}

/// The write of [`Newsroom::create_room`].
#[derive(Debug)]
struct CreateRoom(NewRoom);

impl Write for CreateRoom {
    type Output = Room;

    fn counter(&self) -> Counter {
        Counter::ROOMS
    }

    async fn apply(&self, revision: &mut Revision, now: Timestamp) -> Result<Room> {
        add_room(revision, &self.0, now).await
    }
}

/// The write of [`Newsroom::create_room_once`].
#[derive(Debug)]
struct CreateRoomOnce {
    caller: Caller,
    op_id: OpId,
    new: NewRoom,
}

impl IdempotentWrite for CreateRoomOnce {
    type Target = ();
    type Output = Room;

    fn counter(&self) -> Counter {
        Counter::ROOMS
    }

    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn op_id(&self) -> Option<&OpId> {
        Some(&self.op_id)
    }

    async fn target(&self, _: &mut Snapshot) -> Result<()> {
        Ok(())
    }

    fn parts(&self, (): &()) -> Vec<String> {
        let (name, title) = (self.new.name.to_string(), self.new.title.to_string());
        vec!["create-room".to_owned(), name, title]
    }

    async fn repeat(&self, snapshot: &mut Snapshot, (): (), outcome: Outcome) -> Result<Room> {
        match outcome {
            Outcome::RoomCreated(id) => load_room(snapshot, id).await,
            _ => Err(Error::IdempotencyConflict),
        }
    }

    async fn change(
        &self,
        revision: &mut Revision,
        (): (),
        now: Timestamp,
    ) -> Result<(Outcome, Room)> {
        let room = add_room(revision, &self.new, now).await?;
        let id = room.id.ok_or(Error::NotFound("room"))?;
        Ok((Outcome::RoomCreated(id), room))
    }
}

/// The write of [`Newsroom::patch_room`].
#[derive(Debug)]
struct PatchRoom {
    caller: Caller,
    op_id: Option<OpId>,
    name: RoomName,
    patch: RoomPatch,
}

impl IdempotentWrite for PatchRoom {
    /// The room and its id.
    type Target = (Room, RoomId);
    type Output = Room;

    fn counter(&self) -> Counter {
        Counter::ROOMS
    }

    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn op_id(&self) -> Option<&OpId> {
        self.op_id.as_ref()
    }

    async fn target(&self, snapshot: &mut Snapshot) -> Result<(Room, RoomId)> {
        let room = snapshot.room_by_name(self.name).await?;
        let room = room.filter(|room| room.setting != ChatSetting::Off);
        let target = room.and_then(|room| room.id.map(|id| (room, id)));
        target.ok_or(Error::NotFound("room"))
    }

    fn parts(&self, (_, id): &(Room, RoomId)) -> Vec<String> {
        let state = self.patch.state.map(|state| state.to_string());
        let title = self.patch.title.as_ref().map(Title::to_string);
        let mut parts = vec!["patch-room".to_owned(), id.to_string()];
        for field in [state, title] {
            // A missing field and an empty one are different requests.
            parts.push(field.is_some().to_string());
            parts.push(field.unwrap_or_default());
        }
        // Only if they are given, so that requests of earlier releases have the same hash.
        let slow_mode = self.patch.slow_mode.map(SlowMode::seconds);
        parts.extend(slow_mode.map(|seconds| format!("slow_mode {seconds}")));
        parts.extend(self.patch.hold.map(|hold| format!("hold {hold}")));
        parts
    }

    async fn repeat(
        &self,
        _: &mut Snapshot,
        (room, _): (Room, RoomId),
        outcome: Outcome,
    ) -> Result<Room> {
        match outcome {
            Outcome::RoomPatched(_) => Ok(room),
            _ => Err(Error::IdempotencyConflict),
        }
    }

    async fn change(
        &self,
        revision: &mut Revision,
        (room, id): (Room, RoomId),
        now: Timestamp,
    ) -> Result<(Outcome, Room)> {
        let title = self.patch.title.as_ref();
        if title.is_some() && room.entry.is_some() {
            return Err(Error::Invalid(Invalid::new(
                "title",
                "The chat of a live blog has the title of the live blog.",
            )));
        }
        let setting = self.patch.state.map_or(room.setting, ChatSetting::from);
        let rules = self.patch.rules(room.rules);
        let is_shown = setting != room.setting || title.is_some_and(|title| *title != room.title);
        if is_shown {
            revision.rewrite_room(id, title, setting).await?;
        }
        if rules != room.rules {
            revision.set_room_rules(id, rules).await?;
        }
        if setting != room.setting || rules != room.rules {
            let entry = NewLogEntry {
                room: Some(room.name),
                detail: self.patch.description(),
                ..NewLogEntry::new(LogAction::ChangeRoom)
            };
            revision.add_log_entry(&self.caller, &entry, now).await?;
        }
        let room = load_room(revision.snapshot(), id).await?;
        Ok((Outcome::RoomPatched(id), room))
    }
}
