//! The table of messages.

use domain::{AccountId, MessageId, MessageText, Nick, OpId, Rev, RoomId, Timestamp};
use sqlx::{Row, any::AnyRow};

use super::{
    Counter, Revision, Snapshot, Store,
    row::{Record, decodable},
    row_count::one_row,
};
use crate::{
    Result,
    model::room::{GuestId, Message, Origin, PersonId},
};

/// Selects messages; `$rest` is the rest of the statement.
macro_rules! select_messages {
    ($rest:literal) => {
        concat!(
            "SELECT id, room_id, rev, sent_rev, account_id, guest, nick, text, sent_at, deleted_at, deleted_by, op_id, request_hash FROM messages ",
            $rest
        )
    };
}

pub(super) const MESSAGES_BEFORE: &str = select_messages!(
    "WHERE room_id = $1 AND id < $2 AND deleted_at IS NULL ORDER BY id DESC LIMIT $3"
);
pub(super) const MESSAGES_CHANGED_SINCE: &str =
    select_messages!("WHERE room_id = $1 AND rev > $2 ORDER BY rev LIMIT $3");
const MESSAGES_AFTER: &str =
    select_messages!("WHERE room_id = $1 AND id > $2 AND deleted_at IS NULL ORDER BY id LIMIT $3");
const MESSAGE: &str = select_messages!("WHERE id = $1");
const SENT_BY_ACCOUNT: &str = select_messages!("WHERE account_id = $1 AND op_id = $2");
const SENT_BY_GUEST: &str = select_messages!("WHERE guest = $1 AND op_id = $2");

/// The condition for messages whose text is to be erased; $1 is the end of the undo window.
macro_rules! erasable {
    () => {
        "deleted_at < $1 AND deleted_at IS NOT NULL AND text <> ''"
    };
}

const ERASABLE: &str = concat!(
    "SELECT 1 AS one FROM messages WHERE ",
    erasable!(),
    " LIMIT 1"
);
pub(super) const ERASE_MESSAGES: &str =
    concat!("UPDATE messages SET text = '' WHERE ", erasable!());

/// A message to store.
#[derive(Debug)]
pub struct MessageToStore<'a> {
    /// The room.
    pub room: RoomId,
    /// Who wrote it.
    pub author: &'a PersonId,
    /// The name under which it was written.
    pub nick: &'a Nick,
    /// The text.
    pub text: &'a MessageText,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// Where it came from.
    pub origin: &'a Origin,
    /// The operation id, and the hash of its request.
    pub operation: Option<(&'a OpId, &'a [u8])>,
}

impl Snapshot {
    /// Returns the last `limit` messages of a room before `before`, the latest first. Deleted
    /// messages are left out.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn messages_before(
        &mut self,
        room: RoomId,
        before: Option<MessageId>,
        limit: i64,
    ) -> Result<Vec<Message>> {
        let rows = sqlx::query(MESSAGES_BEFORE)
            .bind(room.0)
            .bind(before.map_or(i64::MAX, |before| before.0))
            .bind(limit)
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(decodable(&rows, message))
    }

    /// Returns the first `limit` messages of a room that changed after `since`, tombstones
    /// included, in the order of their revisions.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn messages_changed_since(
        &mut self,
        room: RoomId,
        since: Rev,
        limit: i64,
    ) -> Result<Vec<Message>> {
        let rows = sqlx::query(MESSAGES_CHANGED_SINCE)
            .bind(room.0)
            .bind(since)
            .bind(limit)
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(decodable(&rows, message))
    }

    /// Returns whether more than `limit` messages of a room changed after `since`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn has_more_messages_since(
        &mut self,
        room: RoomId,
        since: Rev,
        limit: i64,
    ) -> Result<bool> {
        let row = sqlx::query(
            "SELECT id FROM messages WHERE room_id = $1 AND rev > $2 ORDER BY rev LIMIT 1 OFFSET $3",
        )
        .bind(room.0)
        .bind(since)
        .bind(limit)
        .fetch_optional(&mut *self.tx)
        .await?;
        Ok(row.is_some())
    }

    /// Returns the message with the id `id`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn message(&mut self, id: MessageId) -> Result<Option<Message>> {
        let query = sqlx::query(MESSAGE).bind(id.0);
        let row = query.fetch_optional(&mut *self.tx).await?;
        row.map(|row| message(&row)).transpose()
    }

    /// Returns the first `limit` messages of a room after `after`. Deleted messages are left out.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn messages_after(
        &mut self,
        room: RoomId,
        after: MessageId,
        limit: i64,
    ) -> Result<Vec<Message>> {
        let rows = sqlx::query(MESSAGES_AFTER)
            .bind(room.0)
            .bind(after.0)
            .bind(limit)
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(decodable(&rows, message))
    }

    /// Returns where a message came from.
    ///
    /// # Errors
    /// Returns an error if there is no such message, or the database can't be reached.
    pub async fn origin_of_message(&mut self, id: MessageId) -> Result<Origin> {
        let row = sqlx::query("SELECT id, origin, network FROM messages WHERE id = $1")
            .bind(id.0)
            .fetch_one(&mut *self.tx)
            .await?;
        let record = Record::new("messages", &row)?;
        Ok(Origin {
            address: record.get("origin")?,
            network: record.get("network")?,
        })
    }

    /// Returns whether a room has a message of a guest.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn has_message_of(&mut self, room: RoomId, guest: &GuestId) -> Result<bool> {
        let row = sqlx::query(
            "SELECT 1 AS one FROM messages
             WHERE guest = $1 AND room_id = $2 AND deleted_at IS NULL LIMIT 1",
        )
        .bind(guest.as_str())
        .bind(room.0)
        .fetch_optional(&mut *self.tx)
        .await?;
        Ok(row.is_some())
    }

    /// Returns the message that `person` sent with the operation id `op_id`, and the hash of that
    /// request.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn message_of_operation(
        &mut self,
        person: &PersonId,
        op_id: &OpId,
    ) -> Result<Option<(Message, Vec<u8>)>> {
        let query = match person {
            PersonId::Account(account) => sqlx::query(SENT_BY_ACCOUNT).bind(account.0),
            PersonId::Guest(guest) => sqlx::query(SENT_BY_GUEST).bind(guest.as_str()),
        };
        let row = query
            .bind(op_id.as_str())
            .fetch_optional(&mut *self.tx)
            .await?;
        row.map(|row| {
            let record = Record::new("messages", &row)?;
            let hash: Option<Vec<u8>> = record.get("request_hash")?;
            Ok((message(&row)?, hash.unwrap_or_default()))
        })
        .transpose()
    }
}

impl Revision {
    /// Adds a message.
    ///
    /// # Errors
    /// Returns an error if its operation id was used before, or the database can't be reached.
    pub async fn add_message(&mut self, new: &MessageToStore<'_>) -> Result<Message> {
        let rev = self.take_rev()?;
        let (account, guest) = columns(new.author);
        let (op_id, hash) = new.operation.unzip();
        let row = sqlx::query(
            "INSERT INTO messages (room_id, rev, sent_rev, account_id, guest, nick, text, sent_at, op_id, request_hash, origin, network)
             VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
        )
        .bind(new.room.0)
        .bind(rev)
        .bind(account)
        .bind(guest)
        .bind(new.nick.as_str())
        .bind(new.text.as_str())
        .bind(new.sent_at.0)
        .bind(op_id.map(OpId::as_str))
        .bind(hash)
        .bind(new.origin.address.as_str())
        .bind(new.origin.network.as_str())
        .fetch_one(self.writing())
        .await?;
        self.move_room_head(new.room).await?;
        Ok(Message {
            id: MessageId(row.try_get("id")?),
            room_id: new.room,
            rev,
            sent_rev: rev,
            author: Some(new.author.clone()),
            nick: new.nick.clone(),
            text: new.text.clone(),
            sent_at: new.sent_at,
            deleted_at: None,
            deleted_by: None,
        })
    }

    /// Marks a message as deleted at a time, by an account or by the guest who wrote it; `None`
    /// restores it.
    ///
    /// # Errors
    /// Returns an error if there is no such message, or the database can't be reached.
    pub async fn set_message_deleted(
        &mut self,
        message: &Message,
        deleted: Option<(Timestamp, Option<AccountId>)>,
    ) -> Result<()> {
        let rev = self.take_rev()?;
        let result = sqlx::query(
            "UPDATE messages SET deleted_at = $2, deleted_by = $3, rev = $4, removal = NULL WHERE id = $1",
        )
        .bind(message.id.0)
        .bind(deleted.map(|(at, _)| at.0))
        .bind(deleted.and_then(|(_, by)| by).map(|by| by.0))
        .bind(rev)
        .execute(self.writing())
        .await?;
        one_row(&result)?;
        self.move_room_head(message.room_id).await
    }
}

impl Store {
    /// Erases the text of messages that were deleted before `before`. Their tombstones stay.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn erase_deleted_messages(&self, before: Timestamp) -> Result<()> {
        if self
            .clean_up(Counter::ROOMS, ERASABLE, ERASE_MESSAGES, before)
            .await?
        {
            self.truncate_log().await?;
        }
        Ok(())
    }
}

impl Store {
    /// Erases where messages came from that were sent before `before`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn erase_origins(&self, before: Timestamp) -> Result<()> {
        let due = "SELECT 1 AS one FROM messages WHERE sent_at < $1 AND origin <> '' LIMIT 1";
        let erase = "UPDATE messages SET origin = '', network = ''
             WHERE sent_at < $1 AND origin <> ''";
        self.clean_up(Counter::ROOMS, due, erase, before)
            .await
            .map(drop)
    }
}

/// Returns the columns of a person: an account, or a guest.
pub(super) fn columns(person: &PersonId) -> (Option<i64>, Option<&str>) {
    match person {
        PersonId::Account(account) => (Some(account.0), None),
        PersonId::Guest(guest) => (None, Some(guest.as_str())),
    }
}

/// Returns the person in the columns of a row.
pub(super) fn person(record: &Record<'_>) -> Result<Option<PersonId>> {
    if let Some(account) = record.get::<Option<i64>>("account_id")? {
        return Ok(Some(PersonId::Account(AccountId(account))));
    }
    let guest: Option<String> = record.get("guest")?;
    Ok(guest.map(|guest| PersonId::Guest(GuestId(guest))))
}

fn message(row: &AnyRow) -> Result<Message> {
    let record = Record::new("messages", row)?;
    Ok(Message {
        id: MessageId(record.id()),
        room_id: RoomId(record.get("room_id")?),
        rev: record.get("rev")?,
        sent_rev: record.get("sent_rev")?,
        author: person(&record)?,
        nick: record.text("nick", Nick::from_stored)?,
        text: record.text("text", MessageText::from_stored)?,
        sent_at: record.time("sent_at")?,
        deleted_at: record.maybe_time("deleted_at")?,
        deleted_by: record.get::<Option<i64>>("deleted_by")?.map(AccountId),
    })
}
