//! Requests that their callers named by an operation id, so that a retry is answered and not done
//! again. A late retry therefore never undoes a later change.

use domain::{Caller, OpId, Timestamp};
use sha2::{Digest, Sha256};

use crate::{
    Error, Result,
    storage::{Operation, Outcome, Revision, Snapshot},
};

/// A request, with the operation id that its caller gave it, if any.
#[derive(Debug)]
pub struct NamedRequest<'a> {
    caller: &'a Caller,
    op_id: Option<&'a OpId>,
    hash: Vec<u8>,
}

impl<'a> NamedRequest<'a> {
    /// The request of `caller` that consists of `parts`.
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

    /// The outcome of the request, if it was done before.
    ///
    /// # Errors
    /// [`Error::IdempotencyConflict`] if the operation id was used for a different request, or if the database
    /// can't be reached.
    pub async fn earlier_outcome(&self, snapshot: &mut Snapshot) -> Result<Option<Outcome>> {
        let Some(op_id) = self.op_id else {
            return Ok(None);
        };
        match snapshot.operation(self.caller.id, op_id).await? {
            None => Ok(None),
            Some(done) if done.request_hash == self.hash => Ok(Some(done.outcome)),
            Some(_) => Err(Error::IdempotencyConflict),
        }
    }

    /// Stores the outcome of the request, done at `now`, if it has an operation id. Also for a request
    /// that changed nothing: its retry must not change what others changed in between.
    ///
    /// # Errors
    /// If the database can't be reached.
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

/// Hash that identifies a request, to detect an operation id reused for a different one.
fn request_hash<'a>(parts: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        // Each part's length comes first, so that no two requests hash the same bytes.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}
