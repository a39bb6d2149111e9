//! The message that an action is about, and the person who wrote it.

use domain::{Caller, HeldId, LogAction, MessageId, Nick, Reason};

use crate::{
    Error, Result,
    model::{
        moderation::{HeldMessage, ModeratedMessage, NewLogEntry},
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
        match message {
            ModeratedMessage::Sent(id) => {
                let message = load_message(snapshot, id).await?;
                let room = snapshot.room(message.room_id).await?;
                Ok(Self {
                    room: room.ok_or(Error::NotFound("room"))?,
                    message: Some(id),
                    author: message.author,
                    origin: snapshot.origin_of_message(id).await?,
                    nick: message.nick,
                })
            }
            ModeratedMessage::Held(id) => {
                let held = load_held(snapshot, id).await?;
                Self::of_held(snapshot, &held).await
            }
        }
    }

    /// Returns the subject of an action on a held message.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn of_held(snapshot: &mut Snapshot, held: &HeldMessage) -> Result<Self> {
        let room = snapshot.room(held.room_id).await?;
        Ok(Self {
            room: room.ok_or(Error::NotFound("room"))?,
            message: None,
            author: Some(held.author.clone()),
            origin: held.origin.clone(),
            nick: held.nick.clone(),
        })
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

/// Returns a held message, which may be decided.
///
/// # Errors
/// Returns [`Error::NotFound`] if there is none, and an error if the database can't be reached.
pub async fn load_held(snapshot: &mut Snapshot, id: HeldId) -> Result<HeldMessage> {
    let held = snapshot.held_message(id).await?;
    held.ok_or(Error::NotFound("held message"))
}
