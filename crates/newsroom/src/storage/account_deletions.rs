//! Deleting accounts. The row of an account stays, because updates refer to it.

use domain::{AccountId, DeletedMessages, Timestamp, Username};

use super::{AccountChange, Revision, Snapshot, row::Record, row_count::one_row};
use crate::{Result, model::nick::folded};

/// The name of deleted accounts in rooms.
const NICK: &str = "Deleted account";

impl Snapshot {
    /// Returns a deleted account that still has messages, and what is to be done with them.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn account_to_clear(&mut self) -> Result<Option<(AccountId, DeletedMessages)>> {
        let row = sqlx::query(
            "SELECT id, messages_to_clear FROM accounts
             WHERE messages_to_clear IS NOT NULL ORDER BY id LIMIT 1",
        )
        .fetch_optional(&mut *self.tx)
        .await?;
        row.map(|row| {
            let record = Record::new("accounts", &row)?;
            Ok((AccountId(record.id()), record.word("messages_to_clear")?))
        })
        .transpose()
    }
}

impl AccountChange {
    /// Marks `account` as deleted, and erases what identifies it, except for the username if
    /// updates or articles bear it. Deletes its drafts, invitations and links. Its messages are
    /// cleared later.
    ///
    /// # Errors
    /// Returns an error if there is no such account, or the database can't be reached.
    pub async fn delete_account(
        &mut self,
        account: AccountId,
        replacement: &Username,
        messages: DeletedMessages,
        now: Timestamp,
    ) -> Result<()> {
        let result = sqlx::query(
            "UPDATE accounts SET deleted_at = $2, disabled_at = $2, role = 'reader',
                 password_hash = '', messages_to_clear = $3, display_name = NULL,
                 display_folded = NULL,
                 name_version = name_version + CASE WHEN display_name IS NULL THEN 0 ELSE 1 END
             WHERE id = $1",
        )
        .bind(account.0)
        .bind(now.0)
        .bind(messages.as_str())
        .execute(self.tx())
        .await?;
        one_row(&result)?;
        sqlx::query(
            "UPDATE accounts SET username = $2, username_folded = $3, nick_folded = $4
             WHERE id = $1
               AND NOT EXISTS (SELECT 1 FROM updates WHERE author_id = $1)
               AND NOT EXISTS (SELECT 1 FROM entries WHERE body_edited_by = $1)",
        )
        .bind(account.0)
        .bind(replacement.as_str())
        .bind(replacement.folded())
        .bind(folded(replacement.as_str()))
        .execute(self.tx())
        .await?;
        for delete in [
            "DELETE FROM update_drafts WHERE account_id = $1",
            "DELETE FROM invitations WHERE invited_by = $1",
            "DELETE FROM password_resets WHERE account_id = $1",
        ] {
            sqlx::query(delete)
                .bind(account.0)
                .execute(self.tx())
                .await?;
        }
        Ok(())
    }
}

impl Revision {
    /// Removes the name of a deleted account from up to `limit` of its messages. With `deleted_at`,
    /// the messages are deleted since then, too. Each takes a revision, so that open pages show it.
    /// Returns their number.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn clear_messages_of(
        &mut self,
        account: AccountId,
        deleted_at: Option<Timestamp>,
        limit: i64,
    ) -> Result<u64> {
        let before = self.last_rev();
        let result = sqlx::query(
            "UPDATE messages SET account_id = NULL, nick = $2, origin = '', network = '',
                 op_id = NULL, request_hash = NULL, removal = NULL, rev = $3 + n.place,
                 deleted_at = COALESCE($4, deleted_at)
             FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place
                   FROM (SELECT id FROM messages WHERE account_id = $1
                         ORDER BY id DESC LIMIT $5) AS latest) AS n
             WHERE messages.id = n.id",
        )
        .bind(account.0)
        .bind(NICK)
        .bind(before)
        .bind(deleted_at.map(|at| at.0))
        .bind(limit)
        .execute(self.writing())
        .await?;
        let count = result.rows_affected();
        self.take_revs(count)?;
        self.move_heads_of_changed_rooms(before).await?;
        Ok(count)
    }

    /// Deletes what else rooms have of a deleted account, and records that nothing is left to do.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn finish_clearing(&mut self, account: AccountId) -> Result<()> {
        for delete in [
            "DELETE FROM held_messages WHERE account_id = $1",
            "DELETE FROM room_nicks WHERE account_id = $1",
            "DELETE FROM sanctions WHERE account_id = $1",
        ] {
            sqlx::query(delete)
                .bind(account.0)
                .execute(self.writing())
                .await?;
        }
        let result = sqlx::query("UPDATE accounts SET messages_to_clear = NULL WHERE id = $1")
            .bind(account.0)
            .execute(self.writing())
            .await?;
        one_row(&result)
    }
}
