//! Use cases of rooms: the chats of live blogs. An entry's chat setting is stored as the state of
//! its room. Whether its pages lead to the chat is stored with the entry (`Entry::has_chat`), since
//! it changes them.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{Caller, ChatSetting, EntryId, OpId, RoomName, Timestamp};
use sha2::{Digest, Sha256};

use crate::{
    Error, Newsroom, Result,
    permissions::check_may_manage_entries,
    storage::{Counter, Outcome, Revision, Snapshot},
    writes::{idempotency::IdempotentWrite, write::Write},
};

impl Newsroom {
    /// Returns whether an entry has a chat, and the state of its room.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not manage entries, and an error if the
    /// database can't be reached.
    pub async fn chat(&self, caller: &Caller, entry: EntryId) -> Result<ChatSetting> {
        check_may_manage_entries(caller)?;
        let mut snapshot = self.store.snapshot().await?;
        let room = snapshot.room_by_name(RoomName::of_entry(entry)).await?;
        Ok(room.map_or(ChatSetting::Off, |room| room.setting))
    }

    /// Opens, closes, restricts or hides the chat of an entry, for a request with the operation id
    /// `op_id` that has changed the entry before. Does nothing if the setting is the same.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such entry, and an error if the database can't be
    /// reached.
    pub(crate) async fn set_chat(
        &self,
        caller: &Caller,
        entry: EntryId,
        setting: ChatSetting,
        op_id: Option<&OpId>,
    ) -> Result<()> {
        self.write(SetChatOnce {
            caller: caller.clone(),
            op_id: op_id.map(chat_op_id).transpose()?,
            change: SetChat { entry, setting },
        })
        .await
    }

    /// Does the same without an account, for the command line.
    ///
    /// # Errors
    /// See [`Newsroom::set_chat`].
    pub(crate) async fn set_chat_unasked(
        &self,
        entry: EntryId,
        setting: ChatSetting,
    ) -> Result<()> {
        self.write(SetChat { entry, setting }).await
    }
}

/// Returns the operation id of the change to the room, which is another operation than the change
/// to the entry.
fn chat_op_id(op_id: &OpId) -> Result<OpId> {
    let hash = Sha256::digest(format!("chat {op_id}"));
    Ok(OpId::parse(&BASE64_URL_SAFE_NO_PAD.encode(hash))?)
}

/// A change of an entry's chat.
#[derive(Debug)]
struct SetChat {
    entry: EntryId,
    setting: ChatSetting,
}

impl SetChat {
    async fn change(&self, revision: &mut Revision, now: Timestamp) -> Result<()> {
        let name = RoomName::of_entry(self.entry);
        let snapshot = revision.snapshot();
        if snapshot.entry(self.entry).await?.is_none() {
            return Err(Error::NotFound("live blog"));
        }
        let room = snapshot.room_by_name(name).await?;
        match room.and_then(|room| Some((room.id?, room.setting))) {
            Some((_, before)) if before == self.setting => Ok(()),
            Some((id, _)) => revision.rewrite_room(id, None, self.setting).await,
            None if self.setting == ChatSetting::Off => Ok(()),
            None => revision
                .add_room(name, None, Some(self.entry), self.setting, now)
                .await
                .map(drop),
        }
    }
}

impl Write for SetChat {
    type Output = ();

    fn counter(&self) -> Counter {
        Counter::ROOMS
    }

    async fn apply(&self, revision: &mut Revision, now: Timestamp) -> Result<()> {
        self.change(revision, now).await
    }
}

/// The write of [`Newsroom::set_chat`].
#[derive(Debug)]
struct SetChatOnce {
    caller: Caller,
    op_id: Option<OpId>,
    change: SetChat,
}

impl IdempotentWrite for SetChatOnce {
    type Target = ();
    type Output = ();

    fn counter(&self) -> Counter {
        Counter::ROOMS
    }

    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn op_id(&self) -> Option<&OpId> {
        self.op_id.as_ref()
    }

    async fn target(&self, _: &mut Snapshot) -> Result<()> {
        Ok(())
    }

    fn parts(&self, (): &()) -> Vec<String> {
        let SetChat { entry, setting } = &self.change;
        vec!["chat".to_owned(), entry.to_string(), setting.to_string()]
    }

    async fn repeat(&self, _: &mut Snapshot, (): (), outcome: Outcome) -> Result<()> {
        match outcome {
            Outcome::ChatSet(_) => Ok(()),
            _ => Err(Error::IdempotencyConflict),
        }
    }

    async fn change(
        &self,
        revision: &mut Revision,
        (): (),
        now: Timestamp,
    ) -> Result<(Outcome, ())> {
        self.change.change(revision, now).await?;
        Ok((Outcome::ChatSet(self.change.entry), ()))
    }
}
