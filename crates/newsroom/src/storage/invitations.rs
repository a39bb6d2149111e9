//! The table of invitations, identified by the hash of the secret in their link.

use domain::{AccountId, Caller, InvitationId, Role, Timestamp, Username};
use sqlx::{Row, any::AnyRow};

use super::{
    AccountChange, Snapshot, Store, accounts,
    row::{Record, decodable},
    row_count::one_row,
};
use crate::{Invitation, Result, Secret};

/// A stored invitation, and the account that invites.
#[derive(Debug)]
pub struct StoredInvitation {
    /// Its id.
    pub id: InvitationId,
    /// The role of the new account.
    pub role: Role,
    /// The account that invites; `None` for the server's operator.
    pub inviter: Option<Caller>,
}

impl Snapshot {
    /// Returns the invitation of `token`, if it has not expired at `now` and the account that
    /// invites is enabled.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn invitation(
        &mut self,
        token: &Secret,
        now: Timestamp,
    ) -> Result<Option<StoredInvitation>> {
        let row = sqlx::query(
            "SELECT i.id, i.role, i.invited_by FROM invitations i
             LEFT JOIN accounts a ON a.id = i.invited_by
             WHERE i.token_hash = $1 AND i.expires_at > $2 AND a.disabled_at IS NULL",
        )
        .bind(token.hash())
        .bind(now.0)
        .fetch_optional(&mut *self.tx)
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let record = Record::new("invitations", &row)?;
        let inviter = match record.get::<Option<i64>>("invited_by")? {
            Some(id) => self.account(AccountId(id)).await?,
            None => None,
        };
        Ok(Some(StoredInvitation {
            id: InvitationId(record.id()),
            role: record.word("role")?,
            inviter,
        }))
    }

    /// Returns the invitations that have not expired at `now`, the latest first: those of the
    /// account `invited_by`, or all.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn invitations(
        &mut self,
        invited_by: Option<AccountId>,
        now: Timestamp,
    ) -> Result<Vec<Invitation>> {
        let rows = sqlx::query(
            "SELECT i.id, i.role, i.expires_at, a.username FROM invitations i
             LEFT JOIN accounts a ON a.id = i.invited_by
             WHERE i.expires_at > $1 AND COALESCE(i.invited_by, 0) = COALESCE($2, i.invited_by, 0)
             ORDER BY i.id DESC",
        )
        .bind(now.0)
        .bind(invited_by.map(|account| account.0))
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(decodable(&rows, invitation))
    }

    /// Returns the number of invitations that have not expired at `now`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn count_invitations(&mut self, now: Timestamp) -> Result<i64> {
        let row = sqlx::query("SELECT COUNT(*) AS open FROM invitations WHERE expires_at > $1")
            .bind(now.0)
            .fetch_one(&mut *self.tx)
            .await?;
        Ok(row.try_get("open")?)
    }

    /// Returns the account with the id `id`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn account(&mut self, id: AccountId) -> Result<Option<Caller>> {
        let row = sqlx::query(
            "SELECT id, username, role FROM accounts WHERE id = $1 AND deleted_at IS NULL",
        )
        .bind(id.0)
        .fetch_optional(&mut *self.tx)
        .await?;
        row.map(|row| accounts::caller(&row)).transpose()
    }
}

impl AccountChange {
    /// Adds an invitation to `role`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn add_invitation(
        &mut self,
        token: &Secret,
        role: Role,
        invited_by: Option<AccountId>,
        (created_at, expires_at): (Timestamp, Timestamp),
    ) -> Result<()> {
        let result = sqlx::query(
            "INSERT INTO invitations (token_hash, role, invited_by, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(token.hash())
        .bind(role.as_str())
        .bind(invited_by.map(|account| account.0))
        .bind(created_at.0)
        .bind(expires_at.0)
        .execute(self.tx())
        .await?;
        one_row(&result)
    }

    /// Deletes the invitation `id`: of the account `invited_by`, or of anybody. Returns whether it
    /// existed.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_invitation(
        &mut self,
        id: InvitationId,
        invited_by: Option<AccountId>,
    ) -> Result<bool> {
        let result = sqlx::query(
            "DELETE FROM invitations
             WHERE id = $1 AND COALESCE(invited_by, 0) = COALESCE($2, invited_by, 0)",
        )
        .bind(id.0)
        .bind(invited_by.map(|account| account.0))
        .execute(self.tx())
        .await?;
        Ok(result.rows_affected() > 0)
    }
}

impl Store {
    /// Deletes the invitations and the links to reset passwords that expired before `now`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_expired_links(&self, now: Timestamp) -> Result<()> {
        for delete in [
            "DELETE FROM invitations WHERE expires_at < $1",
            "DELETE FROM password_resets WHERE expires_at < $1",
        ] {
            sqlx::query(delete)
                .bind(now.0)
                .execute(&self.sessions)
                .await?;
        }
        Ok(())
    }
}

fn invitation(row: &AnyRow) -> Result<Invitation> {
    let record = Record::new("invitations", row)?;
    Ok(Invitation {
        id: InvitationId(record.id()),
        role: record.word("role")?,
        invited_by: record.maybe_text("username", Username::from_stored)?,
        expires_at: record.time("expires_at")?,
    })
}
