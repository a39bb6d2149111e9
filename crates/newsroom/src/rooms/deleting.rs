//! Use cases of rooms: deleting messages, and undoing that.

use domain::{Caller, LogAction, MessageId, Reason, RoomName, Timestamp};

use super::visibility::visible_room;
use crate::{
    Error, Newsroom, Result, UNDO_WINDOW,
    model::{
        moderation::NewLogEntry,
        room::{GuestId, Message, Origin, PersonId, Visitor},
    },
    permissions::check_may_undo,
    rooms::rules::{check_may_write, sender::Sender},
    storage::{Counter, Revision, Snapshot},
    writes::write::Write,
};

impl Newsroom {
    /// Deletes a message. Its text is readable to nobody, and can be restored for ten minutes. Does
    /// nothing if it is deleted.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if the visitor can see no such room or message,
    /// [`Error::Forbidden`] if they neither wrote the message nor may moderate, and an error if the
    /// database can't be reached.
    pub async fn delete_message(
        &self,
        room: RoomName,
        id: MessageId,
        visitor: &Visitor,
    ) -> Result<()> {
        self.change_message(room, id, visitor, true).await.map(drop)
    }

    /// Restores a message that was deleted less than ten minutes ago, and returns it. Does nothing
    /// if it is not deleted.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if the visitor can see no such room or message,
    /// [`Error::Forbidden`] if somebody else deleted it and they may not moderate, or the time is
    /// over, and an error if the database can't be reached.
    pub async fn restore_message(
        &self,
        room: RoomName,
        id: MessageId,
        visitor: &Visitor,
    ) -> Result<Message> {
        self.change_message(room, id, visitor, false).await
    }

    async fn change_message(
        &self,
        room: RoomName,
        id: MessageId,
        visitor: &Visitor,
        delete: bool,
    ) -> Result<Message> {
        self.write(SetDeleted {
            room,
            id,
            caller: visitor.caller.clone(),
            guest: visitor.guest.clone(),
            origin: self.origin_of(visitor.address).await?,
            delete,
            open_rooms: self.open_rooms,
        })
        .await
    }
}

/// A message to delete or to restore.
#[derive(Debug)]
struct SetDeleted {
    room: RoomName,
    id: MessageId,
    caller: Option<Caller>,
    guest: Option<GuestId>,
    /// Where the request came from.
    origin: Origin,
    /// Whether to delete it.
    delete: bool,
    open_rooms: bool,
}

impl Write for SetDeleted {
    type Output = Message;

    fn counter(&self) -> Counter {
        Counter::ROOMS
    }

    async fn apply(&self, revision: &mut Revision, now: Timestamp) -> Result<Message> {
        let snapshot = revision.snapshot();
        let caller = self.caller.as_ref();
        let (room, state) = visible_room(snapshot, self.room, caller, self.open_rooms).await?;
        let message = snapshot.message(self.id).await?;
        let message = message.filter(|message| Some(message.room_id) == room.id);
        let message = message.ok_or(Error::NotFound("message"))?;
        if self.delete {
            self.check_may_delete(&message)?;
        } else {
            self.check_may_restore(snapshot, &message, now).await?;
            if !self.may_moderate()
                && let Some(person) = &message.author
            {
                // The message is published again.
                let sender = Sender {
                    caller,
                    person,
                    origin: &self.origin,
                };
                check_may_write(snapshot, (&room, state), sender, now).await?;
            }
        }
        if message.deleted_at.is_some() == self.delete {
            return Ok(message);
        }
        let by = self.caller.as_ref().map(|caller| caller.id);
        let deleted = self.delete.then_some((now, by));
        revision.set_message_deleted(&message, deleted).await?;
        if let Some(moderator) = self.caller.as_ref().filter(|_| !self.is_author(&message)) {
            let entry = NewLogEntry {
                action: if self.delete {
                    LogAction::Delete
                } else {
                    LogAction::Restore
                },
                room: Some(room.name),
                message: Some(message.id),
                nick: Some(message.nick.clone()),
                reason: Reason::from_stored(String::new()),
                detail: String::new(),
            };
            revision.add_log_entry(moderator, &entry, now).await?;
        }
        Ok(Message {
            rev: revision.last_rev(),
            deleted_at: deleted.map(|(at, _)| at),
            deleted_by: deleted.and_then(|(_, by)| by),
            ..message
        })
    }
}

impl SetDeleted {
    fn may_moderate(&self) -> bool {
        let mut caller = self.caller.iter();
        caller.any(|caller| caller.role.may_moderate())
    }

    /// Returns whether the person wrote the message.
    fn is_author(&self, message: &Message) -> bool {
        match &message.author {
            Some(PersonId::Account(account)) => {
                let mut caller = self.caller.iter();
                caller.any(|caller| caller.id == *account)
            }
            Some(PersonId::Guest(guest)) => self.guest.as_ref() == Some(guest),
            None => false,
        }
    }

    fn check_may_delete(&self, message: &Message) -> Result<()> {
        if self.is_author(message) || self.may_moderate() {
            Ok(())
        } else {
            Err(Error::Forbidden(
                "Only the person who wrote a message, and editors, can delete it.",
            ))
        }
    }

    async fn check_may_restore(
        &self,
        snapshot: &mut Snapshot,
        message: &Message,
        now: Timestamp,
    ) -> Result<()> {
        let Some(deleted_at) = message.deleted_at else {
            return self.check_may_delete(message);
        };
        let own = self.caller.as_ref().map(|caller| caller.id);
        let has_deleted = match message.deleted_by {
            Some(by) => own == Some(by),
            // Its author did, a guest.
            None => self.is_author(message),
        };
        if !has_deleted && !self.may_moderate() {
            return Err(Error::Forbidden(
                "Only the person who deleted a message, and editors, can restore it.",
            ));
        }
        if let (Some(caller), Some(by)) = (&self.caller, message.deleted_by)
            && self.is_author(message)
        {
            check_may_undo(snapshot, caller, by).await?;
        }
        if deleted_at < now.plus_micros(-UNDO_WINDOW) || message.text.as_str().is_empty() {
            return Err(Error::Forbidden(
                "This message was deleted more than ten minutes ago and can't be restored.",
            ));
        }
        Ok(())
    }
}
