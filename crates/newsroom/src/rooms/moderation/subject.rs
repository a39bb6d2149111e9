//! The message that an action is about, and the person who wrote it.

use domain::{Caller, LogAction, MessageId, Nick, Reason};

use crate::{
    Error, Result,
    model::{
        moderation::{ModeratedMessage, NewLogEntry},
        room::{Message, Origin, PersonId, Room},
    },
    storage::Snapshot,
};

/// A message that a moderator acts on.
#[derive(Debug)]
pub struct Subject {
    /// Its room.
    pub room: Room,
    /// Its id; `None` if it is held.
    pub message: Option<MessageId>,
    /// The person who wrote it; `None` if the account was deleted.
    pub author: Option<PersonId>,
    /// Where it came from.
    pub origin: Origin,
    /// The name under which it was written.
    pub nick: Nick,
}

impl Subject {
    /// Reads the subject of an action.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such message, and an error if the database can't
    /// be reached.
    pub async fn load(snapshot: &mut Snapshot, message: ModeratedMessage) -> Result<Self> {
        let no_room = Error::NotFound("room");
        match message {
            ModeratedMessage::Sent(id) => {
                let message = load_message(snapshot, id).await?;
                Ok(Self {
                    room: snapshot.room(message.room_id).await?.ok_or(no_room)?,
                    message: Some(id),
                    author: message.author,
                    origin: snapshot.origin_of_message(id).await?,
                    nick: message.nick,
                })
            }
            ModeratedMessage::Held(id) => {
                let held = snapshot.held_message(id).await?;
                let held = held.ok_or(Error::NotFound("held message"))?;
                Ok(Self {
                    room: snapshot.room(held.room_id).await?.ok_or(no_room)?,
                    message: None,
                    author: Some(held.author),
                    origin: held.origin,
                    nick: held.nick,
                })
            }
        }
    }

    /// Returns the person who wrote the message, if `caller` may act against them.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if they have the caller's rank or a higher one, or no longer an
    /// account, and an error if the database can't be reached.
    pub async fn author_below(&self, snapshot: &mut Snapshot, caller: &Caller) -> Result<PersonId> {
        let author = self.author.clone().ok_or(Error::Forbidden(
            "The account that wrote this message was deleted.",
        ))?;
        if let PersonId::Account(account) = &author
            && let Some(role) = snapshot.role_of(*account).await?
            && !caller.role.may_sanction(role)
        {
            return Err(Error::Forbidden(
                "This account has your rank or a higher one. Only accounts of a lower rank can be muted or banned, or have all of their messages removed.",
            ));
        }
        Ok(author)
    }

    /// Returns the entry of the log for an action about the message.
    pub fn log_entry(&self, action: LogAction, reason: &Reason) -> NewLogEntry {
        NewLogEntry {
            action,
            room: Some(self.room.name),
            message: self.message,
            nick: Some(self.nick.clone()),
            reason: reason.clone(),
            detail: String::new(),
        }
    }
}

/// Returns a message, which may be deleted.
///
/// # Errors
/// Returns [`Error::NotFound`] if there is none, and an error if the database can't be reached.
pub async fn load_message(snapshot: &mut Snapshot, id: MessageId) -> Result<Message> {
    let message = snapshot.message(id).await?;
    message.ok_or(Error::NotFound("message"))
}
