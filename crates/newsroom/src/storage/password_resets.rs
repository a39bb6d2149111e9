//! The table of links with which an account gets a new password, identified by the hash of their
//! secret.

use domain::{AccountId, Timestamp};

use super::{AccountChange, Snapshot, StoredAccount, accounts::stored_account, row_count::one_row};
use crate::{Result, Secret};

impl Snapshot {
    /// Returns the account whose password the link with `token` resets, if the link has not expired
    /// at `now` and the account is enabled.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn account_to_reset(
        &mut self,
        token: &Secret,
        now: Timestamp,
    ) -> Result<Option<StoredAccount>> {
        let row = sqlx::query(
            "SELECT a.id, a.username, a.role, a.password_hash, a.disabled_at
             FROM password_resets r JOIN accounts a ON a.id = r.account_id
             WHERE r.token_hash = $1 AND r.expires_at > $2 AND a.disabled_at IS NULL",
        )
        .bind(token.hash())
        .bind(now.0)
        .fetch_optional(&mut *self.tx)
        .await?;
        row.map(|row| stored_account(&row)).transpose()
    }
}

impl AccountChange {
    /// Stores the link to reset the password of `account`, in place of an earlier one.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn store_password_reset(
        &mut self,
        account: AccountId,
        token: &Secret,
        expires_at: Timestamp,
    ) -> Result<()> {
        let result = sqlx::query(
            "INSERT INTO password_resets (account_id, token_hash, expires_at) VALUES ($1, $2, $3)
             ON CONFLICT (account_id) DO UPDATE SET
                 token_hash = excluded.token_hash, expires_at = excluded.expires_at",
        )
        .bind(account.0)
        .bind(token.hash())
        .bind(expires_at.0)
        .execute(self.tx())
        .await?;
        one_row(&result)
    }

    /// Deletes the link to reset the password of `account`, if there is one.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_password_reset(&mut self, account: AccountId) -> Result<()> {
        sqlx::query("DELETE FROM password_resets WHERE account_id = $1")
            .bind(account.0)
            .execute(self.tx())
            .await?;
        Ok(())
    }
}
