//! Sessions, in the database: by the hash of the token their holder carries.

use domain::{AccountId, Timestamp, Viewer};

use super::{Snapshot, Store, accounts, one_row};
use crate::{Result, secret::Secret};

impl Store {
    /// Opens a session until `expires_at`.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn add_session(
        &self,
        token: &Secret,
        account: AccountId,
        expires_at: Timestamp,
    ) -> Result<()> {
        let result = sqlx::query(
            "INSERT INTO sessions (token_hash, account_id, expires_at) VALUES ($1, $2, $3)",
        )
        .bind(token.hash())
        .bind(account.0)
        .bind(expires_at.0)
        .execute(&self.sessions)
        .await?;
        one_row(&result)
    }

    /// Ends a session, if there is one.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn delete_session(&self, token: &Secret) -> Result<()> {
        sqlx::query("DELETE FROM sessions WHERE token_hash = $1")
            .bind(token.hash())
            .execute(&self.sessions)
            .await?;
        Ok(())
    }

    /// Takes away the sessions that were over before `now`.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn delete_expired_sessions(&self, now: Timestamp) -> Result<()> {
        sqlx::query("DELETE FROM sessions WHERE expires_at < $1")
            .bind(now.0)
            .execute(&self.sessions)
            .await?;
        Ok(())
    }
}

impl Snapshot {
    /// Whose session `token` opens at `now`.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn session(&mut self, token: &Secret, now: Timestamp) -> Result<Option<Viewer>> {
        sqlx::query(
            "SELECT a.id, a.username, a.role FROM sessions s JOIN accounts a ON a.id = s.account_id
             WHERE s.token_hash = $1 AND s.expires_at > $2",
        )
        .bind(token.hash())
        .bind(now.0)
        .fetch_optional(&mut *self.tx)
        .await?
        .map(|row| accounts::viewer(&row))
        .transpose()
    }
}
