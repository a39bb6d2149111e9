//! What was asked for by name, in the database.

use domain::{AccountId, EntryId, OpId, PostedUpdate, UpdateId};
use sqlx::Row;

use super::{Revision, Snapshot, one_row};
use crate::Result;

/// The number that stands where an operation posted no update.
const NO_UPDATE: i64 = 0;

/// An operation that was done.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// The SHA-256 of what was asked.
    pub request_hash: Vec<u8>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An update was posted.
    Posted(PostedUpdate),
    /// An entry was created.
    Created(EntryId),
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
            "SELECT request_hash, update_id, entry_id, rev FROM operations
             WHERE account_id = $1 AND op_id = $2",
        )
        .bind(account.0)
        .bind(op_id.as_str())
        .fetch_optional(&mut *self.tx)
        .await?;
        row.map(|row| {
            let entry: Option<i64> = row.try_get("entry_id")?;
            let outcome = match entry {
                Some(id) => Outcome::Created(EntryId(id)),
                None => Outcome::Posted(PostedUpdate {
                    id: UpdateId(row.try_get("update_id")?),
                    rev: row.try_get("rev")?,
                }),
            };
            Ok(Operation {
                request_hash: row.try_get("request_hash")?,
                outcome,
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
        let (update, entry, rev) = match operation.outcome {
            Outcome::Posted(posted) => (posted.id.0, None, posted.rev),
            Outcome::Created(entry) => (NO_UPDATE, Some(entry.0), self.rev),
        };
        let result = sqlx::query(
            "INSERT INTO operations (account_id, op_id, request_hash, update_id, entry_id, rev)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(account.0)
        .bind(op_id.as_str())
        .bind(operation.request_hash.as_slice())
        .bind(update)
        .bind(entry)
        .bind(rev)
        .execute(&mut *self.snapshot.tx)
        .await?;
        one_row(&result)
    }
}
