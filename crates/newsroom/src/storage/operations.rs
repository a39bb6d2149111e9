//! What was asked for by name, in the database.

use domain::{AccountId, OpId, PostedUpdate, UpdateId};
use sqlx::Row;

use super::{Revision, Snapshot, one_row};
use crate::Result;

/// An operation that was done.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// The SHA-256 of what was asked.
    pub request_hash: Vec<u8>,
    /// What was answered.
    pub result: PostedUpdate,
}

impl Snapshot {
    /// What `account` did under the name `op_id`.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn operation(
        &mut self,
        account: AccountId,
        op_id: &OpId,
    ) -> Result<Option<Operation>> {
        let row = sqlx::query(
            "SELECT request_hash, update_id, rev FROM operations
             WHERE account_id = $1 AND op_id = $2",
        )
        .bind(account.0)
        .bind(op_id.as_str())
        .fetch_optional(&mut *self.tx)
        .await?;
        row.map(|row| {
            Ok(Operation {
                request_hash: row.try_get("request_hash")?,
                result: PostedUpdate {
                    id: UpdateId(row.try_get("update_id")?),
                    rev: row.try_get("rev")?,
                },
            })
        })
        .transpose()
    }
}

impl Revision {
    /// Notes what `account` did under the name `op_id`.
    ///
    /// # Errors
    /// If the name is used, or the database can't be reached.
    pub async fn add_operation(
        &mut self,
        account: AccountId,
        op_id: &OpId,
        operation: &Operation,
    ) -> Result<()> {
        let result = sqlx::query(
            "INSERT INTO operations (account_id, op_id, request_hash, update_id, rev)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(account.0)
        .bind(op_id.as_str())
        .bind(operation.request_hash.as_slice())
        .bind(operation.result.id.0)
        .bind(operation.result.rev)
        .execute(&mut *self.snapshot.tx)
        .await?;
        one_row(&result)
    }
}
