//! Tokens, in the database: by the hash of what their holder shows.

use domain::{AccountId, Timestamp, TokenId, TokenName, Username, Viewer};
use sqlx::any::AnyRow;

use super::{
    Snapshot, Store, accounts, one_row,
    row::{Record, decodable},
};
use crate::{Result, Token, secret::Secret};

impl Store {
    /// Adds a token that acts as `account`.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn add_token(
        &self,
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
        .execute(&self.writer)
        .await?;
        one_row(&result)
    }

    /// Takes a token away, and answers whether there was one.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn delete_token(&self, id: TokenId) -> Result<bool> {
        let result = sqlx::query("DELETE FROM tokens WHERE id = $1")
            .bind(id.0)
            .execute(&self.writer)
            .await?;
        Ok(result.rows_affected() > 0)
    }
}

impl Snapshot {
    /// Whom `token` acts as.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn token(&mut self, token: &Secret) -> Result<Option<Viewer>> {
        sqlx::query(
            "SELECT a.id, a.username, a.role FROM tokens t JOIN accounts a ON a.id = t.account_id
             WHERE t.token_hash = $1",
        )
        .bind(token.hash())
        .fetch_optional(&mut *self.tx)
        .await?
        .map(|row| accounts::viewer(&row))
        .transpose()
    }

    /// Every token, in the order they were made.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn tokens(&mut self) -> Result<Vec<Token>> {
        let rows = sqlx::query(
            "SELECT t.id, t.name, t.created_at, a.username
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
    })
}
