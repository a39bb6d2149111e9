//! Accounts, in the database.

use domain::{AccountId, Role, Timestamp, Username, Viewer};
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{Snapshot, Store, feed, row::Record};
use crate::{Error, Result};

/// An account and the hash of its password.
#[derive(Debug)]
pub struct StoredAccount {
    /// The account.
    pub viewer: Viewer,
    /// Its password's hash, as a PHC string.
    pub password_hash: String,
}

impl Store {
    /// Adds an account. With `only_first`, only if there is no owner yet.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the name is taken, [`Error::Forbidden`] if there is an owner, or if the
    /// database can't be reached.
    pub async fn add_account(
        &self,
        username: &Username,
        role: Role,
        password_hash: &str,
        created_at: Timestamp,
        only_first: bool,
    ) -> Result<Viewer> {
        let mut tx = self.begin_write().await?;
        feed::lock(&mut tx).await?;
        if only_first && has_owner(&mut tx).await? {
            return Err(Error::Forbidden(
                "Ringside is already set up; log in instead.",
            ));
        }
        let row = sqlx::query(
            "INSERT INTO accounts (username, username_folded, role, password_hash, created_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (username_folded) DO NOTHING
             RETURNING id",
        )
        .bind(username.as_str())
        .bind(username.folded())
        .bind(role.as_str())
        .bind(password_hash)
        .bind(created_at.0)
        .fetch_optional(&mut *tx)
        .await?
        .ok_or_else(|| {
            Error::Invalid(domain::Invalid::new(
                "username",
                "Another account has this username already; choose another.",
            ))
        })?;
        tx.commit().await?;
        Ok(Viewer {
            id: AccountId(row.try_get("id")?),
            username: username.clone(),
            role,
        })
    }
}

impl Snapshot {
    /// The account that logs in as `username`, capitals aside.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn account_by_name(&mut self, username: &Username) -> Result<Option<StoredAccount>> {
        sqlx::query(
            "SELECT id, username, role, password_hash FROM accounts WHERE username_folded = $1",
        )
        .bind(username.folded())
        .fetch_optional(&mut *self.tx)
        .await?
        .map(|row| {
            Ok(StoredAccount {
                viewer: viewer(&row)?,
                password_hash: row.try_get("password_hash")?,
            })
        })
        .transpose()
    }

    /// Whether there is anybody who may do everything.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn has_owner(&mut self) -> Result<bool> {
        has_owner(&mut self.tx).await
    }
}

async fn has_owner(connection: &mut AnyConnection) -> Result<bool> {
    let owner = sqlx::query("SELECT 1 AS one FROM accounts WHERE role = 'owner' LIMIT 1")
        .fetch_optional(connection)
        .await?;
    Ok(owner.is_some())
}

/// The account in a row with `id`, `username` and `role`.
pub(super) fn viewer(row: &AnyRow) -> Result<Viewer> {
    let record = Record::new("accounts", row)?;
    Ok(Viewer {
        id: AccountId(record.id()),
        username: record.text("username", Username::from_stored)?,
        role: record.word("role")?,
    })
}
