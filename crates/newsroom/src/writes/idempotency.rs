//! Requests with an operation id, chosen by the client. A repeated request returns the stored
//! outcome and changes nothing, so a late retry never undoes a later change.

use domain::{Caller, OpId, Timestamp};
use sha2::{Digest, Sha256};

use crate::{
    Error, Result,
    storage::{Operation, Outcome, Revision, Snapshot},
};

/// A request, with its operation id if it has one.
#[derive(Debug)]
pub struct IdempotentRequest<'a> {
    caller: &'a Caller,
    op_id: Option<&'a OpId>,
    hash: Vec<u8>,
}

impl<'a> IdempotentRequest<'a> {
    /// Creates the request of `caller` that consists of `parts`.
    pub fn new<'p>(
        caller: &'a Caller,
        op_id: Option<&'a OpId>,
        parts: impl IntoIterator<Item = &'p str>,
    ) -> Self {
        Self {
            caller,
            op_id,
            hash: request_hash(parts),
        }
    }

    /// Returns the outcome of an earlier request with the same operation id.
    ///
    /// # Errors
    /// Returns [`Error::IdempotencyConflict`] if that was a different request, and an error if the
    /// database can't be reached.
    pub async fn earlier_outcome(&self, snapshot: &mut Snapshot) -> Result<Option<Outcome>> {
        let Some(op_id) = self.op_id else {
            return Ok(None);
        };
        match snapshot.operation(self.caller.id, op_id).await? {
            None => Ok(None),
            Some(earlier) if earlier.request_hash == self.hash => Ok(Some(earlier.outcome)),
            Some(_) => Err(Error::IdempotencyConflict),
        }
    }

    /// Stores the outcome of the request at `now`, if it has an operation id. Called also for a
    /// request that changed nothing, so that its retry doesn't overwrite later changes by others.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn store_outcome(
        self,
        revision: &mut Revision,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<()> {
        let Some(op_id) = self.op_id else {
            return Ok(());
        };
        let operation = Operation {
            request_hash: self.hash,
            outcome,
        };
        revision
            .add_operation(self.caller.id, op_id, &operation, now)
            .await
    }
}

/// Returns the hash that identifies a request, to detect an operation id that is reused for a
/// different one.
fn request_hash<'a>(parts: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        // Each part is prefixed with its length, so that different requests hash different bytes.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}
