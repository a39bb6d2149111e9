//! The table of messages that are held for a moderator.

use domain::{
    HeldId, HoldReason, LogId, MessageId, MessageText, Nick, OpId, RoomId, RoomName, Timestamp,
};
use sqlx::{Row, any::AnyRow};

use super::{
    Counter, MessageToStore, Revision, Snapshot, Store,
    messages::{columns, person},
    row::{Record, decodable},
    row_count::one_row,
};
use crate::{
    Result,
    model::{
        moderation::{HeldMessage, HeldState},
        room::{Origin, PersonId},
    },
};

/// Selects held messages; `$rest` is the rest of the statement.
macro_rules! select_held {
    ($rest:literal) => {
        concat!(
            "SELECT h.id, h.room_id, h.account_id, h.guest, h.origin, h.network, h.nick, h.text, h.reason, h.state, h.held_at, h.after_message, h.op_id, h.request_hash
             FROM held_messages h ",
            $rest
        )
    };
}

const HELD: &str = select_held!("WHERE h.id = $1");
const HELD_OF_ACCOUNT: &str = select_held!("WHERE h.account_id = $1 AND h.op_id = $2");
const HELD_OF_GUEST: &str = select_held!("WHERE h.guest = $1 AND h.op_id = $2");
const WAITING: &str = select_held!("WHERE h.state = 'waiting' ORDER BY h.id LIMIT $1");
const WAITING_IN_ROOM: &str = select_held!(
    "JOIN rooms r ON r.id = h.room_id
     WHERE h.state = 'waiting' AND r.name = $2 ORDER BY h.id LIMIT $1"
);

impl Snapshot {
    /// Returns a held message.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn held_message(&mut self, id: HeldId) -> Result<Option<HeldMessage>> {
        let query = sqlx::query(HELD).bind(id.0);
        let row = query.fetch_optional(&mut *self.tx).await?;
        row.map(|row| held(&row)).transpose()
    }

    /// Returns the held message that `person` sent with the operation id `op_id`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn held_message_of_operation(
        &mut self,
        person: &PersonId,
        op_id: &OpId,
    ) -> Result<Option<HeldMessage>> {
        let query = match person {
            PersonId::Account(account) => sqlx::query(HELD_OF_ACCOUNT).bind(account.0),
            PersonId::Guest(guest) => sqlx::query(HELD_OF_GUEST).bind(guest.as_str()),
        };
        let query = query.bind(op_id.as_str());
        let row = query.fetch_optional(&mut *self.tx).await?;
        row.map(|row| held(&row)).transpose()
    }

    /// Returns the `limit` messages that wait the longest, in a room or in all rooms.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn waiting_messages(
        &mut self,
        room: Option<RoomName>,
        limit: i64,
    ) -> Result<Vec<HeldMessage>> {
        let query = match &room {
            Some(room) => sqlx::query(WAITING_IN_ROOM).bind(limit).bind(room.as_str()),
            None => sqlx::query(WAITING).bind(limit),
        };
        let rows = query.fetch_all(&mut *self.tx).await?;
        Ok(decodable(&rows, held))
    }

    /// Returns how many messages wait, up to `limit`, and how many of them by a person.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn count_waiting(
        &mut self,
        person: Option<&PersonId>,
        limit: i64,
    ) -> Result<(i64, i64)> {
        let (account, guest) = person.map(columns).unwrap_or_default();
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM (SELECT 1 AS one FROM held_messages WHERE state = 'waiting' LIMIT $3) AS held) AS of_all,
                    (SELECT COUNT(*) FROM held_messages WHERE state = 'waiting' AND (account_id = $1 OR guest = $2)) AS of_person",
        )
        .bind(account)
        .bind(guest)
        .bind(limit)
        .fetch_one(&mut *self.tx)
        .await?;
        Ok((row.try_get("of_all")?, row.try_get("of_person")?))
    }
}

impl Revision {
    /// Adds a message that waits for a moderator. It takes no revision, since no reader sees it.
    ///
    /// # Errors
    /// Returns an error if its operation id was used before, or the database can't be reached.
    pub async fn hold_message(
        &mut self,
        new: &MessageToStore<'_>,
        reason: HoldReason,
    ) -> Result<()> {
        let (account, guest) = columns(new.author);
        let (op_id, hash) = new.operation.unzip();
        let result = sqlx::query(
            "INSERT INTO held_messages (room_id, account_id, guest, origin, network, nick, text, reason, state, held_at, after_message, op_id, request_hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $9, (SELECT COALESCE(MAX(id), 0) FROM messages), $10, $11)",
        )
        .bind(new.room.0)
        .bind(account)
        .bind(guest)
        .bind(new.origin.address.as_str())
        .bind(new.origin.network.as_str())
        .bind(new.nick.as_str())
        .bind(new.text.as_str())
        .bind(reason.as_str())
        .bind(new.sent_at.0)
        .bind(op_id.map(OpId::as_str))
        .bind(hash)
        .execute(self.writing())
        .await?;
        one_row(&result)
    }

    /// Marks a held message as approved or rejected. The text of an approved one is erased, because
    /// the message has it.
    ///
    /// # Errors
    /// Returns an error if there is no such message, or the database can't be reached.
    pub async fn decide_held_message(
        &mut self,
        id: HeldId,
        state: HeldState,
        now: Timestamp,
    ) -> Result<()> {
        let result = sqlx::query(
            "UPDATE held_messages SET state = $2, decided_at = $3,
                 text = CASE WHEN $2 = 'approved' THEN '' ELSE text END
             WHERE id = $1",
        )
        .bind(id.0)
        .bind(state.as_str())
        .bind(now.0)
        .execute(self.writing())
        .await?;
        one_row(&result)
    }

    /// Rejects all waiting messages of a person, in a room or in all rooms, under the entry
    /// `removal` of the log.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn reject_held_messages_of(
        &mut self,
        person: &PersonId,
        room: Option<RoomId>,
        removal: LogId,
        now: Timestamp,
    ) -> Result<u64> {
        let (account, guest) = columns(person);
        let result = sqlx::query(
            "UPDATE held_messages SET state = 'rejected', decided_at = $5, removal = $4
             WHERE state = 'waiting' AND (account_id = $1 OR guest = $2)
                 AND room_id = COALESCE($3, room_id)",
        )
        .bind(account)
        .bind(guest)
        .bind(room.map(|room| room.0))
        .bind(removal.0)
        .bind(now.0)
        .execute(self.writing())
        .await?;
        Ok(result.rows_affected())
    }

    /// Undoes [`Revision::reject_held_messages_of`].
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn restore_held_messages(&mut self, removal: LogId) -> Result<()> {
        sqlx::query(
            "UPDATE held_messages SET state = 'waiting', decided_at = NULL, removal = NULL
             WHERE removal = $1 AND text <> ''",
        )
        .bind(removal.0)
        .execute(self.writing())
        .await?;
        Ok(())
    }
}

impl Store {
    /// Erases the text of messages that were rejected before `before`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn erase_rejected_messages(&self, before: Timestamp) -> Result<()> {
        let due = "SELECT 1 AS one FROM held_messages
             WHERE decided_at < $1 AND decided_at IS NOT NULL AND text <> '' LIMIT 1";
        let erase = "UPDATE held_messages SET text = ''
             WHERE decided_at < $1 AND decided_at IS NOT NULL AND text <> ''";
        if self.clean_up(Counter::ROOMS, due, erase, before).await? {
            self.truncate_log().await?;
        }
        Ok(())
    }

    /// Deletes the held messages that were sent before `before`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_held_messages(&self, before: Timestamp) -> Result<()> {
        let due = "SELECT 1 AS one FROM held_messages WHERE held_at < $1 LIMIT 1";
        let delete = "DELETE FROM held_messages WHERE held_at < $1";
        self.clean_up(Counter::ROOMS, due, delete, before)
            .await
            .map(drop)
    }
}

fn held(row: &AnyRow) -> Result<HeldMessage> {
    let record = Record::new("held_messages", row)?;
    let op_id: Option<String> = record.get("op_id")?;
    let hash: Option<Vec<u8>> = record.get("request_hash")?;
    let op_id = op_id.map(|id| OpId::parse(&id)).transpose();
    let op_id = op_id.map_err(|_| record.corrupt("op_id"))?;
    Ok(HeldMessage {
        id: HeldId(record.id()),
        room_id: RoomId(record.get("room_id")?),
        author: person(&record)?.ok_or_else(|| record.corrupt("guest"))?,
        origin: Origin {
            address: record.get("origin")?,
            network: record.get("network")?,
        },
        nick: record.text("nick", Nick::from_stored)?,
        text: record.text("text", MessageText::from_stored)?,
        reason: record.word("reason")?,
        state: record.word("state")?,
        held_at: record.time("held_at")?,
        after: MessageId(record.get("after_message")?),
        operation: op_id.map(|id| (id, hash.unwrap_or_default())),
    })
}
