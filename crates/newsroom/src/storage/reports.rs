//! The table of reports of messages.

use domain::{MessageId, Reason, RoomName, Timestamp};
use sqlx::{Row, any::AnyRow};

use super::{
    Counter, Revision, Snapshot, Store,
    row::{Record, decodable},
};
use crate::{Result, model::moderation::Report};

impl Snapshot {
    /// Returns whether `reporter` has reported a message, and the number of its reports.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn count_reports(
        &mut self,
        message: MessageId,
        reporter: &str,
    ) -> Result<(bool, i64)> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS reports,
                 (SELECT COUNT(*) FROM reports WHERE message_id = $1 AND reporter = $2) AS own
             FROM reports WHERE message_id = $1",
        )
        .bind(message.0)
        .bind(reporter)
        .fetch_one(&mut *self.tx)
        .await?;
        let own: i64 = row.try_get("own")?;
        Ok((own > 0, row.try_get("reports")?))
    }

    /// Returns the `limit` messages with open reports that were reported first, in a room or in all
    /// rooms. Deleted messages are left out.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn reported_messages(
        &mut self,
        room: Option<RoomName>,
        limit: i64,
    ) -> Result<Vec<MessageId>> {
        let rows = sqlx::query(
            "SELECT p.message_id FROM reports p
             JOIN messages m ON m.id = p.message_id
             JOIN rooms r ON r.id = m.room_id
             WHERE p.closed_at IS NULL AND m.deleted_at IS NULL AND r.name = COALESCE($1, r.name)
             GROUP BY p.message_id ORDER BY MIN(p.reported_at), p.message_id LIMIT $2",
        )
        .bind(room.as_ref().map(RoomName::as_str))
        .bind(limit)
        .fetch_all(&mut *self.tx)
        .await?;
        let id = |row: &AnyRow| Ok(MessageId(row.try_get("message_id")?));
        rows.iter().map(id).collect()
    }

    /// Returns the first `limit` open reports of a message.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn reports_of(&mut self, message: MessageId, limit: i64) -> Result<Vec<Report>> {
        let rows = sqlx::query(
            "SELECT reported_at, reason FROM reports
             WHERE message_id = $1 AND closed_at IS NULL ORDER BY reported_at LIMIT $2",
        )
        .bind(message.0)
        .bind(limit)
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(decodable(&rows, |row| {
            let record = Record::without_id("reports", row);
            Ok(Report {
                at: record.time("reported_at")?,
                reason: record.text("reason", Reason::from_stored)?,
            })
        }))
    }
}

impl Revision {
    /// Adds a report of a message.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn add_report(
        &mut self,
        message: MessageId,
        reporter: &str,
        reason: &Reason,
        now: Timestamp,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO reports (message_id, reporter, reason, reported_at)
             VALUES ($1, $2, $3, $4) ON CONFLICT (message_id, reporter) DO NOTHING",
        )
        .bind(message.0)
        .bind(reporter)
        .bind(reason.as_str())
        .bind(now.0)
        .execute(self.writing())
        .await?;
        Ok(())
    }

    /// Closes the open reports of a message.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn close_reports(&mut self, message: MessageId, now: Timestamp) -> Result<()> {
        sqlx::query(
            "UPDATE reports SET closed_at = $2 WHERE message_id = $1 AND closed_at IS NULL",
        )
        .bind(message.0)
        .bind(now.0)
        .execute(self.writing())
        .await?;
        Ok(())
    }
}

impl Store {
    /// Deletes the reports that were made before `before`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_reports(&self, before: Timestamp) -> Result<()> {
        let due = "SELECT 1 AS one FROM reports WHERE reported_at < $1 LIMIT 1";
        let delete = "DELETE FROM reports WHERE reported_at < $1";
        self.clean_up(Counter::ROOMS, due, delete, before)
            .await
            .map(drop)
    }
}
