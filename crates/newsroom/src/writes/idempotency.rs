//! Requests with an operation id, chosen by the client. A repeated request returns the stored
//! outcome and changes nothing, so a late retry never undoes a later change.

use domain::{Caller, OpId, Timestamp};
use sha2::{Digest, Sha256};

use super::write::{Priority, Write};
use crate::{
    Error, Result,
    storage::{Counter, Operation, Outcome, Revision, Snapshot},
};

/// A write that a caller requests, perhaps with an operation id. It is applied once; a repeated
/// request returns the first outcome.
pub trait IdempotentWrite: Send + Sync + 'static {
    /// What the request identifies in another way than by id, such as an entry by its slug.
    type Target: Send + Sync;
    /// The result.
    type Output: Send;

    /// See [`Write::counter`].
    fn counter(&self) -> Counter {
        Counter::ENTRIES
    }

    /// See [`Write::priority`].
    fn priority(&self) -> Priority {
        Priority::of(self.counter())
    }

    /// Returns the caller.
    fn caller(&self) -> &Caller;

    /// Returns the operation id, unique for the caller.
    fn op_id(&self) -> Option<&OpId>;

    /// Reads the target.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is none, and an error if the database can't be reached.
    fn target(&self, snapshot: &mut Snapshot) -> impl Future<Output = Result<Self::Target>> + Send;

    /// Returns what distinguishes the request from all others with the same operation id. It must
    /// stay the same in later releases, because a request may be repeated after an upgrade.
    fn parts(&self, target: &Self::Target) -> Vec<String>;

    /// Returns the result of an earlier request with the `outcome`.
    ///
    /// # Errors
    /// Returns [`Error::IdempotencyConflict`] if that was a different request, and an error if the
    /// database can't be reached.
    fn repeat(
        &self,
        snapshot: &mut Snapshot,
        target: Self::Target,
        outcome: Outcome,
    ) -> impl Future<Output = Result<Self::Output>> + Send;

    /// Changes the database at `now`, and returns the outcome to store and the result. Everything
    /// that can be refused is checked before the first statement that writes.
    ///
    /// # Errors
    /// Returns why the change is refused, or an error if the database can't be reached.
    fn change(
        &self,
        revision: &mut Revision,
        target: Self::Target,
        now: Timestamp,
    ) -> impl Future<Output = Result<(Outcome, Self::Output)>> + Send;
}

impl<W: IdempotentWrite> Write for W {
    type Output = W::Output;

    fn counter(&self) -> Counter {
        IdempotentWrite::counter(self)
    }

    fn priority(&self) -> Priority {
        IdempotentWrite::priority(self)
    }

    async fn apply(&self, revision: &mut Revision, now: Timestamp) -> Result<W::Output> {
        let target = self.target(revision.snapshot()).await?;
        let request = IdempotentRequest::new(self.caller(), self.op_id(), &self.parts(&target));
        if let Some(outcome) = request.earlier_outcome(revision.snapshot()).await? {
            return self.repeat(revision.snapshot(), target, outcome).await;
        }
        let (outcome, output) = self.change(revision, target, now).await?;
        request.store_outcome(revision, outcome, now).await?;
        Ok(output)
    }
}

/// A request, with its operation id if it has one.
#[derive(Debug)]
pub struct IdempotentRequest<'a> {
    caller: &'a Caller,
    op_id: Option<&'a OpId>,
    hash: Vec<u8>,
}

impl<'a> IdempotentRequest<'a> {
    /// Creates the request of `caller` that consists of `parts`.
    pub fn new(caller: &'a Caller, op_id: Option<&'a OpId>, parts: &[String]) -> Self {
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
pub fn request_hash(parts: &[String]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        // Each part is prefixed with its length, so that different requests hash different bytes.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}
