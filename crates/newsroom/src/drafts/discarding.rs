//! Use cases of drafts: discarding.

use domain::{Caller, DraftId, Timestamp};

use super::saving::check_base;
use crate::{
    Error, Newsroom, Result,
    storage::{Counter, Revision},
    writes::write::Write,
};

impl Newsroom {
    /// Deletes a draft of the caller if its version is still `base`, or in any case if `base` is
    /// missing. Every account may discard its own drafts, whatever its role.
    ///
    /// # Errors
    /// Returns [`Error::DraftGone`] if there is no such draft, or no longer, or it belongs to
    /// another account; [`Error::DraftConflict`] if its version is not `base`, and an error if the
    /// database can't be reached.
    pub async fn discard_draft(
        &self,
        caller: &Caller,
        id: DraftId,
        base: Option<i64>,
    ) -> Result<()> {
        let discard = DiscardDraft {
            caller: caller.clone(),
            id,
            base,
        };
        // Not `Newsroom::write`: no feed publishes it.
        self.writer
            .write(discard)
            .await
            .map(|written| written.output)
    }
}

/// A draft to discard.
#[derive(Debug)]
struct DiscardDraft {
    caller: Caller,
    id: DraftId,
    /// The version that the request is based on.
    base: Option<i64>,
}

impl Write for DiscardDraft {
    type Output = ();

    fn counter(&self) -> Counter {
        Counter::DRAFTS
    }

    async fn apply(&self, revision: &mut Revision, _: Timestamp) -> Result<()> {
        let account = self.caller.id;
        let draft = revision.snapshot().draft(self.id, account).await?;
        let (entry, current) = draft.ok_or(Error::DraftGone)?;
        check_base(&current, self.base)?;
        revision.delete_draft(self.id, entry, account).await
    }
}
