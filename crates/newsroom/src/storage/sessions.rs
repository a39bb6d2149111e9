//! The table of sessions, identified by the hash of the client's token.

use domain::{AccountId, Caller, SessionId, Timestamp, Username};
use sqlx::any::AnyRow;
use tokio::time::Instant;

use super::{
    AccountChange, BoundedTransaction, Snapshot, Store, accounts, in_time,
    row::{Record, decodable},
    row_count::one_row,
};
use crate::{OpenSession, Result, Secret};

/// The maximum number of sessions of one account. A login beyond it ends the one that was not used
/// for the longest time.
const MAX_SESSIONS: i64 = 100;

/// A session to store.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// The secret that the client sends with each request.
    pub token: &'a Secret,
    /// The account.
    pub account: AccountId,
    /// When it begins.
    pub created_at: Timestamp,
    /// When it expires, even if it is used.
    pub expires_at: Timestamp,
}

/// The stored session of a token.
#[derive(Debug)]
pub struct StoredSession {
    /// Its id.
    pub id: SessionId,
    /// The account that it authenticates, with the current role.
    pub caller: Caller,
    /// When it was last used, to the precision stored.
    pub last_seen_at: Timestamp,
}

pub(super) const SESSION: &str =
    "SELECT s.id AS session_id, s.last_seen_at, a.id, a.username, a.role
     FROM sessions s JOIN accounts a ON a.id = s.account_id
     WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.last_seen_at > $3
       AND a.disabled_at IS NULL";

impl Store {
    /// Returns the session of `token`, if it has not expired at `now`, was used after `idle_since`,
    /// and its account is enabled.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn session(
        &self,
        token: &Secret,
        now: Timestamp,
        idle_since: Timestamp,
    ) -> Result<Option<StoredSession>> {
        let query = sqlx::query(SESSION)
            .bind(token.hash())
            .bind(now.0)
            .bind(idle_since.0);
        let row = self.look_up(query).await?;
        row.map(|row| {
            let record = Record::without_id("sessions", &row);
            Ok(StoredSession {
                id: SessionId(record.get("session_id")?),
                caller: accounts::caller(&row)?,
                last_seen_at: record.time("last_seen_at")?,
            })
        })
        .transpose()
    }

    /// Stores the session of a login, and ends the session of `replaced`, in one transaction.
    /// Returns whether it did: it doesn't if the account's password hash is no longer
    /// `password_hash`, or the account is disabled.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn add_session_of_login(
        &self,
        new: NewSession<'_>,
        password_hash: &str,
        replaced: Option<&Secret>,
    ) -> Result<bool> {
        let begin = self.begin(&self.sessions, self.kind.begin_write());
        let mut tx = in_time(Instant::now() + self.deadline, begin).await?;
        // The account's row is locked until the commit. Otherwise a session could begin during a
        // transaction that disables the account or changes its password, and outlive it.
        let account = sqlx::query(
            "UPDATE accounts SET password_hash = password_hash
             WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL",
        )
        .bind(new.account.0)
        .bind(password_hash)
        .execute(&mut *tx)
        .await?;
        if account.rows_affected() == 0 {
            return Ok(false);
        }
        if let Some(replaced) = replaced {
            sqlx::query("DELETE FROM sessions WHERE token_hash = $1")
                .bind(replaced.hash())
                .execute(&mut *tx)
                .await?;
        }
        insert(&mut tx, new).await?;
        sqlx::query(
            "DELETE FROM sessions WHERE id IN (
                 SELECT id FROM sessions WHERE account_id = $1
                 ORDER BY last_seen_at DESC, id DESC LIMIT $2 OFFSET $2)",
        )
        .bind(new.account.0)
        .bind(MAX_SESSIONS)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends the session of `token`, if it exists.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_session(&self, token: &Secret) -> Result<()> {
        sqlx::query("DELETE FROM sessions WHERE token_hash = $1")
            .bind(token.hash())
            .execute(&self.sessions)
            .await?;
        Ok(())
    }

    /// Ends the session with this id, if it exists and belongs to `account` (or any account, with
    /// `None`). Returns whether it did.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_session_by_id(
        &self,
        id: SessionId,
        account: Option<AccountId>,
    ) -> Result<bool> {
        let result = sqlx::query(
            "DELETE FROM sessions WHERE id = $1 AND account_id = COALESCE($2, account_id)",
        )
        .bind(id.0)
        .bind(account.map(|account| account.0))
        .execute(&self.sessions)
        .await?;
        Ok(result.rows_affected() > 0)
    }

    /// Ends the sessions of `account`, except for `kept`. Returns their number.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_sessions_of(
        &self,
        account: AccountId,
        kept: Option<SessionId>,
    ) -> Result<u64> {
        let result = sqlx::query("DELETE FROM sessions WHERE account_id = $1 AND id <> $2")
            .bind(account.0)
            // No session has the id 0.
            .bind(kept.map_or(0, |id| id.0))
            .execute(&self.sessions)
            .await?;
        Ok(result.rows_affected())
    }

    /// Deletes the sessions that expired before `now`, or were last used before `idle_since`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_expired_sessions(
        &self,
        now: Timestamp,
        idle_since: Timestamp,
    ) -> Result<()> {
        sqlx::query("DELETE FROM sessions WHERE expires_at < $1 OR last_seen_at < $2")
            .bind(now.0)
            .bind(idle_since.0)
            .execute(&self.sessions)
            .await?;
        Ok(())
    }

    /// Stores when a session was last used, unless it has ended or a later time is stored.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn set_session_seen(&self, id: SessionId, at: Timestamp) -> Result<()> {
        sqlx::query("UPDATE sessions SET last_seen_at = $1 WHERE id = $2 AND last_seen_at < $1")
            .bind(at.0)
            .bind(id.0)
            .execute(&self.sessions)
            .await?;
        Ok(())
    }
}

impl AccountChange {
    /// Stores a session of an account in this transaction.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn add_session(&mut self, new: NewSession<'_>) -> Result<()> {
        insert(self.tx(), new).await
    }

    /// Ends all sessions of `account`. Returns their number.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_sessions(&mut self, account: AccountId) -> Result<u64> {
        let result = sqlx::query("DELETE FROM sessions WHERE account_id = $1")
            .bind(account.0)
            .execute(self.tx())
            .await?;
        Ok(result.rows_affected())
    }
}

impl Snapshot {
    /// Returns the sessions that have not expired at `now` and were used after `idle_since`, of
    /// `account` or of all accounts. The last used one is first.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn sessions(
        &mut self,
        account: Option<AccountId>,
        now: Timestamp,
        idle_since: Timestamp,
    ) -> Result<Vec<OpenSession>> {
        let rows = sqlx::query(
            "SELECT s.id, s.created_at, s.last_seen_at, a.username
             FROM sessions s JOIN accounts a ON a.id = s.account_id
             WHERE s.account_id = COALESCE($1, s.account_id)
               AND s.expires_at > $2 AND s.last_seen_at > $3
             ORDER BY s.last_seen_at DESC, s.id DESC",
        )
        .bind(account.map(|account| account.0))
        .bind(now.0)
        .bind(idle_since.0)
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(decodable(&rows, open_session))
    }
}

async fn insert(connection: &mut BoundedTransaction, new: NewSession<'_>) -> Result<()> {
    let result = sqlx::query(
        "INSERT INTO sessions (token_hash, account_id, created_at, last_seen_at, expires_at)
         VALUES ($1, $2, $3, $3, $4)",
    )
    .bind(new.token.hash())
    .bind(new.account.0)
    .bind(new.created_at.0)
    .bind(new.expires_at.0)
    .execute(connection)
    .await?;
    one_row(&result)
}

fn open_session(row: &AnyRow) -> Result<OpenSession> {
    let record = Record::new("sessions", row)?;
    Ok(OpenSession {
        id: SessionId(record.id()),
        account: record.text("username", Username::from_stored)?,
        created_at: record.time("created_at")?,
        last_seen_at: record.time("last_seen_at")?,
    })
}
