//! The table of API tokens, identified by the hash of the token.

use domain::{AccountId, Caller, Timestamp, TokenId, TokenName, Username};
use sqlx::any::AnyRow;

use super::{
    AccountChange, Snapshot, Store, accounts,
    row::{Record, decodable},
    row_count::one_row,
};
use crate::{Result, Secret, Token};

/// The stored token that a program sent.
#[derive(Debug)]
pub struct StoredToken {
    /// Its id.
    pub id: TokenId,
    /// The account that it acts for, with the current role.
    pub caller: Caller,
    /// When it was last used, to the precision stored.
    pub last_used_at: Option<Timestamp>,
}

pub(super) const TOKEN: &str = "SELECT t.id AS token_id, t.last_used_at, a.id, a.username, a.role
     FROM tokens t JOIN accounts a ON a.id = t.account_id
     WHERE t.token_hash = $1 AND a.disabled_at IS NULL";

impl Store {
    /// Returns the stored token of `token`, if its account is enabled.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn token(&self, token: &Secret) -> Result<Option<StoredToken>> {
        let row = self.look_up(sqlx::query(TOKEN).bind(token.hash())).await?;
        row.map(|row| {
            let record = Record::without_id("tokens", &row);
            Ok(StoredToken {
                id: TokenId(record.get("token_id")?),
                caller: accounts::caller(&row)?,
                last_used_at: record.maybe_time("last_used_at")?,
            })
        })
        .transpose()
    }

    /// Deletes a token, and returns whether it existed.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_token(&self, id: TokenId) -> Result<bool> {
        let result = sqlx::query("DELETE FROM tokens WHERE id = $1")
            .bind(id.0)
            .execute(&self.writer)
            .await?;
        Ok(result.rows_affected() > 0)
    }

    /// Stores when a token was last used, unless it was revoked or a later time is stored.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn set_token_used(&self, id: TokenId, at: Timestamp) -> Result<()> {
        sqlx::query(
            "UPDATE tokens SET last_used_at = $1
             WHERE id = $2 AND (last_used_at IS NULL OR last_used_at < $1)",
        )
        .bind(at.0)
        .bind(id.0)
        .execute(&self.sessions)
        .await?;
        Ok(())
    }
}

impl AccountChange {
    /// Revokes all tokens of `account`. Returns their number.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_tokens(&mut self, account: AccountId) -> Result<u64> {
        let result = sqlx::query("DELETE FROM tokens WHERE account_id = $1")
            .bind(account.0)
            .execute(self.tx())
            .await?;
        Ok(result.rows_affected())
    }

    /// Adds a token that acts for `account`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn add_token(
        &mut self,
        token: &Secret,
        account: AccountId,
        name: &TokenName,
        created_at: Timestamp,
    ) -> Result<()> {
        let result = sqlx::query(
            "INSERT INTO tokens (account_id, token_hash, name, created_at)
             VALUES ($1, $2, $3, $4)",
        )
        .bind(account.0)
        .bind(token.hash())
        .bind(name.as_str())
        .bind(created_at.0)
        .execute(self.tx())
        .await?;
        one_row(&result)
    }
}

impl Snapshot {
    /// Returns all tokens, in the order of creation.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn tokens(&mut self) -> Result<Vec<Token>> {
        let rows = sqlx::query(
            "SELECT t.id, t.name, t.created_at, t.last_used_at, a.username
             FROM tokens t JOIN accounts a ON a.id = t.account_id ORDER BY t.id",
        )
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(decodable(&rows, token))
    }
}

fn token(row: &AnyRow) -> Result<Token> {
    let record = Record::new("tokens", row)?;
    Ok(Token {
        id: TokenId(record.id()),
        name: record.text("name", TokenName::from_stored)?,
        account: record.text("username", Username::from_stored)?,
        created_at: record.time("created_at")?,
        last_used_at: record.maybe_time("last_used_at")?,
    })
}
