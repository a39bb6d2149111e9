//! The table of accounts.

use domain::{AccountId, Caller, Role, Timestamp, Username};
use sqlx::{Row, any::AnyRow};

use super::{
    BoundedTransaction, Snapshot, Store, counter,
    row::{Record, decodable},
    row_count::one_row,
};
use crate::{Account, Result, model::nick::folded};

/// An account and the hash of its password.
#[derive(Debug)]
pub struct StoredAccount {
    /// The account.
    pub caller: Caller,
    /// Its password's hash, as a PHC string.
    pub password_hash: String,
    /// When it was disabled, if it is.
    pub disabled_at: Option<Timestamp>,
}

/// A transaction that changes accounts. It is the only writer until its end, so what it has read
/// stays true. Dropped without a commit, it changes nothing.
#[derive(Debug)]
pub struct AccountChange {
    snapshot: Snapshot,
}

const ACCOUNT_BY_NAME: &str = "SELECT id, username, role, password_hash, disabled_at FROM accounts
     WHERE username_folded = $1 AND deleted_at IS NULL";

impl Store {
    /// Returns the account with the username `username`, ignoring case.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn account_by_name(&self, username: &Username) -> Result<Option<StoredAccount>> {
        let query = sqlx::query(ACCOUNT_BY_NAME).bind(username.folded());
        let row = self.look_up(query).await?;
        row.map(|row| stored_account(&row)).transpose()
    }

    /// Begins a transaction that changes accounts, after waiting for other writers.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn change_accounts(&self) -> Result<AccountChange> {
        let mut tx = self.begin_write().await?;
        counter::take_write_lock(&mut tx).await?;
        let language = self.language.clone();
        Ok(AccountChange {
            snapshot: Snapshot { tx, language },
        })
    }
}

impl AccountChange {
    /// Returns the transaction as a snapshot, which includes its own changes.
    pub const fn snapshot(&mut self) -> &mut Snapshot {
        &mut self.snapshot
    }

    /// Returns the transaction's connection.
    pub(super) fn tx(&mut self) -> &mut BoundedTransaction {
        &mut self.snapshot.tx
    }

    /// Adds an account, and returns it; `None` if the name is taken, ignoring case.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn add_account(
        &mut self,
        username: &Username,
        role: Role,
        password_hash: &str,
        created_at: Timestamp,
    ) -> Result<Option<Caller>> {
        let row = sqlx::query(
            "INSERT INTO accounts (username, username_folded, role, password_hash, created_at, nick_folded)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (username_folded) DO NOTHING
             RETURNING id",
        )
        .bind(username.as_str())
        .bind(username.folded())
        .bind(role.as_str())
        .bind(password_hash)
        .bind(created_at.0)
        .bind(folded(username.as_str()))
        .fetch_optional(self.tx())
        .await?;
        row.map(|row| {
            Ok(Caller {
                id: AccountId(row.try_get("id")?),
                username: username.clone(),
                role,
            })
        })
        .transpose()
    }

    /// Returns whether an enabled owner other than `account` exists.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn has_other_owner(&mut self, account: AccountId) -> Result<bool> {
        let owner = sqlx::query(
            "SELECT 1 AS one FROM accounts
             WHERE role = 'owner' AND disabled_at IS NULL AND id <> $1 LIMIT 1",
        )
        .bind(account.0)
        .fetch_optional(self.tx())
        .await?;
        Ok(owner.is_some())
    }

    /// Changes the role of `account`.
    ///
    /// # Errors
    /// Returns an error if there is no such account, or the database can't be reached.
    pub async fn set_role(&mut self, account: AccountId, role: Role) -> Result<()> {
        let result = sqlx::query("UPDATE accounts SET role = $1 WHERE id = $2")
            .bind(role.as_str())
            .bind(account.0)
            .execute(self.tx())
            .await?;
        one_row(&result)
    }

    /// Disables `account` since the given time; `None` enables it.
    ///
    /// # Errors
    /// Returns an error if there is no such account, or the database can't be reached.
    pub async fn set_disabled(
        &mut self,
        account: AccountId,
        disabled_at: Option<Timestamp>,
    ) -> Result<()> {
        let result = sqlx::query("UPDATE accounts SET disabled_at = $1 WHERE id = $2")
            .bind(disabled_at.map(|at| at.0))
            .bind(account.0)
            .execute(self.tx())
            .await?;
        one_row(&result)
    }

    /// Replaces the hash of `account`'s password, and deletes the link to reset it.
    ///
    /// # Errors
    /// Returns an error if there is no such account, or the database can't be reached.
    pub async fn set_password_hash(&mut self, account: AccountId, hash: &str) -> Result<()> {
        let result = sqlx::query("UPDATE accounts SET password_hash = $1 WHERE id = $2")
            .bind(hash)
            .bind(account.0)
            .execute(self.tx())
            .await?;
        one_row(&result)?;
        self.delete_password_reset(account).await
    }

    /// Commits the changes.
    ///
    /// # Errors
    /// Returns [`OutcomeUnknown`](crate::Error::OutcomeUnknown) if the database doesn't confirm the
    /// commit.
    pub async fn commit(self) -> Result<()> {
        self.snapshot.tx.commit().await
    }
}

impl Snapshot {
    /// Returns the first `limit` accounts after the folded username `after`, sorted by name: those
    /// whose folded usernames begin with `prefix`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn accounts(
        &mut self,
        prefix: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Account>> {
        let rows = sqlx::query(
            "SELECT id, username, role, created_at, disabled_at FROM accounts
             WHERE username_folded > $1 AND SUBSTR(username_folded, 1, LENGTH($2)) = $2
                 AND deleted_at IS NULL
             ORDER BY username_folded LIMIT $3",
        )
        .bind(after)
        .bind(prefix)
        .bind(limit)
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(decodable(&rows, |row| {
            let record = Record::new("accounts", row)?;
            Ok(Account {
                caller: caller(row)?,
                created_at: record.time("created_at")?,
                disabled_at: record.maybe_time("disabled_at")?,
            })
        }))
    }

    /// Returns whether an owner exists, disabled or not.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn has_owner(&mut self) -> Result<bool> {
        let owner = sqlx::query("SELECT 1 AS one FROM accounts WHERE role = 'owner' LIMIT 1")
            .fetch_optional(&mut *self.tx)
            .await?;
        Ok(owner.is_some())
    }

    /// Returns the account with the username `username`, ignoring case.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn account_by_name(&mut self, username: &Username) -> Result<Option<StoredAccount>> {
        let query = sqlx::query(ACCOUNT_BY_NAME).bind(username.folded());
        let row = query.fetch_optional(&mut *self.tx).await?;
        row.map(|row| stored_account(&row)).transpose()
    }
}

/// Decodes an account and the hash of its password.
pub(super) fn stored_account(row: &AnyRow) -> Result<StoredAccount> {
    let record = Record::new("accounts", row)?;
    Ok(StoredAccount {
        caller: caller(row)?,
        password_hash: record.get("password_hash")?,
        disabled_at: record.maybe_time("disabled_at")?,
    })
}

/// Decodes the account in a row with `id`, `username` and `role`.
pub(super) fn caller(row: &AnyRow) -> Result<Caller> {
    let record = Record::new("accounts", row)?;
    Ok(Caller {
        id: AccountId(record.id()),
        username: record.text("username", Username::from_stored)?,
        role: record.word("role")?,
    })
}
