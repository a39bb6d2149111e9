//! Operations: requests with an operation id and their outcomes, so that a retry changes nothing.

use domain::{
    AccountId, EntryId, LogId, OpId, PostedUpdate, RoomId, SavedDraft, Timestamp, UpdateId,
};
use serde::{Deserialize, Serialize};

use super::{Revision, Snapshot, Store, row::Record, row_count::one_row};
use crate::{Error, Result};

/// The value of id columns that don't apply, for older versions that read them.
const NONE: i64 = 0;

/// A completed operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// The SHA-256 of the request.
    pub request_hash: Vec<u8>,
    /// Its result.
    pub outcome: Outcome,
}

/// The result of an operation. Stored as a `kind` and the JSON of its `result`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "result", rename_all = "kebab-case")]
pub enum Outcome {
    /// An update was posted.
    Posted(PostedUpdate),
    /// An entry was created.
    Created(EntryId),
    /// An update was edited or marked.
    UpdatePatched(UpdateId),
    /// An update was deleted.
    UpdateDeleted(UpdateId),
    /// An update was restored.
    UpdateRestored(UpdateId),
    /// An entry was edited, started or ended.
    EntryPatched(EntryId),
    /// An update draft was saved.
    DraftSaved(SavedDraft),
    /// A room was created.
    RoomCreated(RoomId),
    /// A room was changed.
    RoomPatched(RoomId),
    /// A moderator acted: the entry of the log.
    Moderated(LogId),
    /// The chat of an entry was opened, closed, restricted or hidden.
    ChatSet(EntryId),
}

/// The two columns of an [`Outcome`].
#[derive(Serialize, Deserialize)]
struct OutcomeColumns {
    kind: String,
    result: serde_json::Value,
}

impl Snapshot {
    /// Returns the operation of `account` with the id `op_id`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn operation(
        &mut self,
        account: AccountId,
        op_id: &OpId,
    ) -> Result<Option<Operation>> {
        let row = sqlx::query(
            "SELECT request_hash, update_id, entry_id, rev, kind, result FROM operations
             WHERE account_id = $1 AND op_id = $2",
        )
        .bind(account.0)
        .bind(op_id.as_str())
        .fetch_optional(&mut *self.tx)
        .await?;
        row.map(|row| {
            let record = Record::without_id("operations", &row);
            Ok(Operation {
                request_hash: record.get("request_hash")?,
                outcome: outcome(&record)?,
            })
        })
        .transpose()
    }
}

fn outcome(record: &Record<'_>) -> Result<Outcome> {
    let kind: String = record.get("kind")?;
    if !kind.is_empty() {
        let result: String = record.get("result")?;
        let stored = serde_json::from_str(&result)
            .and_then(|result| serde_json::to_value(OutcomeColumns { kind, result }))
            .and_then(serde_json::from_value);
        return stored.map_err(|_| record.corrupt("result"));
    }
    // Written by an older version.
    Ok(match record.get::<Option<i64>>("entry_id")? {
        Some(id) => Outcome::Created(EntryId(id)),
        None => Outcome::Posted(PostedUpdate {
            id: record.get("update_id").map(UpdateId)?,
            rev: record.get("rev")?,
        }),
    })
}

impl Revision {
    /// Stores an operation of `account` with the id `op_id`, completed at `now`.
    ///
    /// # Errors
    /// Returns an error if the operation id was used before, or the database can't be reached.
    pub async fn add_operation(
        &mut self,
        account: AccountId,
        op_id: &OpId,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<()> {
        let Operation {
            request_hash,
            outcome,
        } = operation;
        // Columns that older versions read while both run.
        let (update, entry) = match outcome {
            Outcome::Posted(posted) => (posted.id.0, None),
            Outcome::Created(id) | Outcome::EntryPatched(id) | Outcome::ChatSet(id) => {
                (NONE, Some(id.0))
            }
            Outcome::UpdatePatched(id)
            | Outcome::UpdateDeleted(id)
            | Outcome::UpdateRestored(id) => (id.0, None),
            Outcome::DraftSaved(_)
            | Outcome::RoomCreated(_)
            | Outcome::RoomPatched(_)
            | Outcome::Moderated(_) => (NONE, None),
        };
        let stored: OutcomeColumns = serde_json::to_value(outcome)
            .and_then(serde_json::from_value)
            .map_err(|_| Error::RESULT_NOT_STORED)?;
        let result = sqlx::query(
            "INSERT INTO operations (account_id, op_id, request_hash, update_id, entry_id, rev, kind, result, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(account.0)
        .bind(op_id.as_str())
        .bind(request_hash.as_slice())
        .bind(update)
        .bind(entry)
        .bind(self.rev)
        .bind(stored.kind)
        .bind(stored.result.to_string())
        .bind(now.0)
        .execute(self.writing())
        .await?;
        one_row(&result)
    }
}

impl Store {
    /// Deletes the operations that were completed before `before`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_operations(&self, before: Timestamp) -> Result<()> {
        sqlx::query("DELETE FROM operations WHERE created_at > 0 AND created_at < $1")
            .bind(before.0)
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}
