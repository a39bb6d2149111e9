//! The moderation log. Rows are only added, and deleted when they are old.

use domain::{Caller, LogId, MessageId, Nick, Reason, RoomName, Timestamp};
use sqlx::{Row, any::AnyRow};

use super::{
    Counter, Revision, Snapshot, Store,
    row::{Record, decodable},
};
use crate::{
    Result,
    model::moderation::{LogEntry, NewLogEntry},
};

/// Selects entries; `$rest` is the rest of the statement.
macro_rules! select_log {
    ($rest:literal) => {
        concat!(
            "SELECT id, at, username, action, room, message_id, nick, reason, detail FROM moderation_log ",
            $rest
        )
    };
}

impl Snapshot {
    /// Returns the last `limit` entries before `before`, the latest first.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn moderation_log(
        &mut self,
        before: Option<LogId>,
        limit: i64,
    ) -> Result<Vec<LogEntry>> {
        let rows = sqlx::query(select_log!("WHERE id < $1 ORDER BY id DESC LIMIT $2"))
            .bind(before.map_or(i64::MAX, |before| before.0))
            .bind(limit)
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(decodable(&rows, entry))
    }

    /// Returns an entry.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn log_entry(&mut self, id: LogId) -> Result<Option<LogEntry>> {
        let query = sqlx::query(select_log!("WHERE id = $1")).bind(id.0);
        let row = query.fetch_optional(&mut *self.tx).await?;
        row.map(|row| entry(&row)).transpose()
    }

    /// Returns the removals of all messages of a person since `since` that can be undone, the
    /// latest first.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn recent_removals(&mut self, since: Timestamp, limit: i64) -> Result<Vec<LogEntry>> {
        let rows = sqlx::query(select_log!(
            "WHERE at > $1 AND (
                 (action = 'remove_all'
                     AND (id IN (SELECT removal FROM messages WHERE removal IS NOT NULL)
                          OR id IN (SELECT removal FROM held_messages WHERE removal IS NOT NULL)))
                 OR (action = 'delete' AND message_id IN (
                     SELECT id FROM messages
                     WHERE deleted_at > $1 AND deleted_at IS NOT NULL AND text <> ''
                         AND removal IS NULL)))
             ORDER BY id DESC LIMIT $2"
        ))
        .bind(since.0)
        .bind(limit)
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(decodable(&rows, entry))
    }
}

impl Revision {
    /// Adds an entry of what `caller` did at `now`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn add_log_entry(
        &mut self,
        caller: &Caller,
        new: &NewLogEntry,
        now: Timestamp,
    ) -> Result<LogId> {
        let row = sqlx::query(
            "INSERT INTO moderation_log (at, account_id, username, action, room, message_id, nick, reason, detail)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
        )
        .bind(now.0)
        .bind(caller.id.0)
        .bind(caller.username.as_str())
        .bind(new.action.as_str())
        .bind(new.room.as_ref().map(RoomName::as_str))
        .bind(new.message.map(|message| message.0))
        .bind(new.nick.as_ref().map(Nick::as_str))
        .bind(new.reason.as_str())
        .bind(new.detail.as_str())
        .fetch_one(self.writing())
        .await?;
        Ok(LogId(row.try_get("id")?))
    }
}

impl Store {
    /// Deletes the entries before `before`, and those beyond the last 100,000.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_log_entries(&self, before: Timestamp) -> Result<()> {
        let due = "SELECT 1 AS one FROM moderation_log
             WHERE at < $1 OR id <= (SELECT MAX(id) - 100000 FROM moderation_log) LIMIT 1";
        let delete = "DELETE FROM moderation_log
             WHERE at < $1 OR id <= (SELECT MAX(id) - 100000 FROM moderation_log)";
        self.clean_up(Counter::ROOMS, due, delete, before)
            .await
            .map(drop)
    }
}

fn entry(row: &AnyRow) -> Result<LogEntry> {
    let record = Record::new("moderation_log", row)?;
    Ok(LogEntry {
        id: LogId(record.id()),
        at: record.time("at")?,
        by: record.get("username")?,
        action: record.word("action")?,
        room: record.get("room")?,
        message: record.get::<Option<i64>>("message_id")?.map(MessageId),
        nick: record.get("nick")?,
        reason: record.text("reason", Reason::from_stored)?,
        detail: record.get("detail")?,
    })
}
