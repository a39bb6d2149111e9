//! Removing all messages of a person, and undoing that.

use domain::{AccountId, LogId, Rev, RoomId, Timestamp};

use super::{Revision, Snapshot, counter, messages::columns, row::Record};
use crate::{Result, model::room::PersonId};

/// The number of messages that one statement removes.
const BATCH: i64 = 1_000;

impl Snapshot {
    /// Returns the account that removed messages of `account` under the entry `removal` of the log,
    /// if there are any.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn remover_of(
        &mut self,
        removal: LogId,
        account: AccountId,
    ) -> Result<Option<AccountId>> {
        let row = sqlx::query(
            "SELECT id, deleted_by FROM messages
             WHERE removal = $1 AND account_id = $2 AND deleted_by IS NOT NULL LIMIT 1",
        )
        .bind(removal.0)
        .bind(account.0)
        .fetch_optional(&mut *self.tx)
        .await?;
        row.map(|row| {
            let record = Record::new("messages", &row)?;
            Ok(AccountId(record.get("deleted_by")?))
        })
        .transpose()
    }
}

impl Revision {
    /// Marks up to `limit` messages of a person, in a room or in all rooms, as deleted under the
    /// entry `removal` of the log. Returns their number.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn remove_messages_of(
        &mut self,
        person: &PersonId,
        room: Option<RoomId>,
        removal: LogId,
        (now, by): (Timestamp, AccountId),
        limit: u64,
    ) -> Result<u64> {
        let (account, guest) = columns(person);
        let before = self.last_rev();
        let mut removed = 0;
        while removed < limit {
            let last = self.last_rev();
            let result = sqlx::query(
                "UPDATE messages SET deleted_at = $5, deleted_by = $6, removal = $4, rev = $7 + n.place
                 FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place
                       FROM (SELECT id FROM messages
                             WHERE (account_id = $1 OR guest = $2) AND deleted_at IS NULL
                                 AND room_id = COALESCE($3, room_id)
                             ORDER BY id DESC LIMIT $8) AS latest) AS n
                 WHERE messages.id = n.id",
            )
            .bind(account)
            .bind(guest)
            .bind(room.map(|room| room.0))
            .bind(removal.0)
            .bind(now.0)
            .bind(by.0)
            .bind(last)
            .bind(BATCH)
            .execute(self.writing())
            .await?;
            let count = result.rows_affected();
            self.take_revs(count)?;
            removed += count;
            if count < BATCH.unsigned_abs() {
                break;
            }
        }
        // The person can't restore what they deleted before. Undoing the removal doesn't, either.
        sqlx::query(
            "UPDATE messages SET deleted_by = $4
             WHERE (account_id = $1 OR guest = $2) AND deleted_at IS NOT NULL AND text <> ''
                 AND room_id = COALESCE($3, room_id) AND removal IS NULL",
        )
        .bind(account)
        .bind(guest)
        .bind(room.map(|room| room.0))
        .bind(by.0)
        .execute(self.writing())
        .await?;
        self.move_heads_of_changed_rooms(before).await?;
        Ok(removed)
    }

    /// Restores the messages that were removed under the entry `removal` of the log and are not
    /// erased. Returns their number.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn restore_removed_messages(&mut self, removal: LogId) -> Result<u64> {
        let before = self.last_rev();
        let result = sqlx::query(
            "UPDATE messages SET deleted_at = NULL, deleted_by = NULL, removal = NULL, rev = $2 + n.place
             FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place
                   FROM messages WHERE removal = $1 AND text <> '') AS n
             WHERE messages.id = n.id",
        )
        .bind(removal.0)
        .bind(before)
        .execute(self.writing())
        .await?;
        let count = result.rows_affected();
        self.take_revs(count)?;
        self.move_heads_of_changed_rooms(before).await?;
        Ok(count)
    }

    /// Counts revisions that a statement has assigned to rows.
    pub(super) fn take_revs(&mut self, count: u64) -> Result<()> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.continue_at(counter::after(self.last_rev(), count)?);
        Ok(())
    }

    /// Moves the head of each room to its last message, if that changed after `before`.
    pub(super) async fn move_heads_of_changed_rooms(&mut self, before: Rev) -> Result<()> {
        sqlx::query(
            "UPDATE rooms SET head = (SELECT MAX(m.rev) FROM messages m WHERE m.room_id = rooms.id)
             WHERE id IN (SELECT room_id FROM messages WHERE rev > $1)",
        )
        .bind(before)
        .execute(self.writing())
        .await?;
        Ok(())
    }
}
