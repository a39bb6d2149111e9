//! Use cases of drafts: saving.

use domain::{
    Caller, DraftHeadline, DraftId, DraftSource, Invalid, OpId, SavedDraft, Slug, Timestamp,
    UpdateDraft,
};

use super::reading::own_draft;
use crate::{
    Entry, Error, Newsroom, Result,
    permissions::check_may_post,
    storage::{Counter, Outcome, Revision, Snapshot},
    writes::idempotency::IdempotentWrite,
};

/// The maximum number of drafts of an account for one entry.
const MAX_PER_ENTRY: i64 = 100;
/// The maximum number of drafts of an account.
const MAX_PER_ACCOUNT: i64 = 1_000;

/// The changes to a draft. Omitted fields keep their values, which are empty in a new draft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftPatch {
    /// The text.
    pub source: Option<DraftSource>,
    /// The headline; empty for none.
    pub headline: Option<DraftHeadline>,
}

impl DraftPatch {
    /// Parses the changes.
    ///
    /// # Errors
    /// Returns a message for the person who entered them, if one is too long.
    pub fn parse(source: Option<&str>, headline: Option<&str>) -> Result<Self, Invalid> {
        Ok(Self {
            source: source.map(DraftSource::parse).transpose()?,
            headline: headline.map(DraftHeadline::parse).transpose()?,
        })
    }
}

impl Newsroom {
    /// Saves a new draft of an update, whose text may be incomplete. A repeated request returns the
    /// first result, and saves nothing.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not post or has too many drafts,
    /// [`Error::NotFound`] if there is no such entry, [`Error::Invalid`] if there is neither a text
    /// nor a headline, [`Error::IdempotencyConflict`] if the `op_id` was used for a different
    /// request, and an error if the database can't be reached.
    pub async fn create_draft(
        &self,
        caller: &Caller,
        slug: &Slug,
        op_id: &OpId,
        text: &DraftPatch,
    ) -> Result<SavedDraft> {
        self.save(caller, slug, None, Some(op_id), text).await
    }

    /// Changes a draft if its version is still `base`, or in any case if `base` is missing. A
    /// request that repeats an `op_id` returns the first result, and changes nothing. Neither does
    /// one whose text is the current one, whatever its base.
    ///
    /// # Errors
    /// Returns [`Error::DraftGone`] if there is no such draft, or it belongs to another account or
    /// another entry; [`Error::DraftConflict`] if its version is not `base`; and the errors of
    /// [`Newsroom::create_draft`].
    pub async fn change_draft(
        &self,
        caller: &Caller,
        slug: &Slug,
        id: DraftId,
        base: Option<i64>,
        patch: &DraftPatch,
        op_id: Option<&OpId>,
    ) -> Result<SavedDraft> {
        self.save(caller, slug, Some((id, base)), op_id, patch)
            .await
    }

    async fn save(
        &self,
        caller: &Caller,
        slug: &Slug,
        draft: Option<(DraftId, Option<i64>)>,
        op_id: Option<&OpId>,
        patch: &DraftPatch,
    ) -> Result<SavedDraft> {
        check_may_post(caller)?;
        let save = SaveDraft {
            caller: caller.clone(),
            slug: slug.clone(),
            op_id: op_id.cloned(),
            draft,
            patch: patch.clone(),
        };
        // Not `Newsroom::write`: no feed publishes it.
        Ok(self.writer.write(save).await?.output)
    }
}

/// A draft to save.
#[derive(Debug)]
struct SaveDraft {
    caller: Caller,
    slug: Slug,
    op_id: Option<OpId>,
    /// The draft to change and the version that the change is based on; `None` for a new one.
    draft: Option<(DraftId, Option<i64>)>,
    patch: DraftPatch,
}

impl IdempotentWrite for SaveDraft {
    type Target = Entry;
    type Output = SavedDraft;

    fn counter(&self) -> Counter {
        Counter::DRAFTS
    }

    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn op_id(&self) -> Option<&OpId> {
        self.op_id.as_ref()
    }

    async fn target(&self, snapshot: &mut Snapshot) -> Result<Entry> {
        let entry = snapshot.entry_by_any_slug(&self.slug).await?;
        entry.ok_or(Error::NotFound("live blog"))
    }

    fn parts(&self, entry: &Entry) -> Vec<String> {
        let number = |number: Option<i64>| number.map(|number| number.to_string());
        let (id, base) = self.draft.unzip();
        let fields = [
            number(id.map(|id| id.0)),
            number(base.flatten()),
            self.patch.source.as_ref().map(DraftSource::to_string),
            self.patch.headline.as_ref().map(DraftHeadline::to_string),
        ];
        let mut parts = vec!["save-draft".to_owned(), entry.id.to_string()];
        for field in fields {
            // A missing field and an empty one are different requests.
            parts.push(field.is_some().to_string());
            parts.push(field.unwrap_or_default());
        }
        parts
    }

    async fn repeat(&self, _: &mut Snapshot, _: Entry, outcome: Outcome) -> Result<SavedDraft> {
        match outcome {
            Outcome::DraftSaved(saved) => Ok(saved),
            _ => Err(Error::IdempotencyConflict),
        }
    }

    async fn change(
        &self,
        revision: &mut Revision,
        entry: Entry,
        now: Timestamp,
    ) -> Result<(Outcome, SavedDraft)> {
        let saved = match self.draft {
            None => self.create(revision, &entry, now).await?,
            Some((id, base)) => {
                let current = own_draft(revision.snapshot(), &self.caller, entry.id, id).await?;
                self.rewrite(revision, current, base, now).await?
            }
        };
        Ok((Outcome::DraftSaved(saved), saved))
    }
}

impl SaveDraft {
    async fn create(
        &self,
        revision: &mut Revision,
        entry: &Entry,
        now: Timestamp,
    ) -> Result<SavedDraft> {
        let (source, headline) = self.patched(String::new(), String::new())?;
        let snapshot = revision.snapshot();
        let (of_entry, of_account) = snapshot.count_drafts(entry.id, self.caller.id).await?;
        if of_entry >= MAX_PER_ENTRY {
            return Err(Error::Forbidden(
                "You have 100 drafts for this live blog, the maximum. Post or discard one of them first.",
            ));
        }
        if of_account >= MAX_PER_ACCOUNT {
            return Err(Error::Forbidden(
                "You have 1000 drafts, the maximum. Post or discard one of them first.",
            ));
        }
        revision
            .add_draft(entry.id, self.caller.id, &source, &headline, now)
            .await
    }

    async fn rewrite(
        &self,
        revision: &mut Revision,
        current: UpdateDraft,
        base: Option<i64>,
        now: Timestamp,
    ) -> Result<SavedDraft> {
        let (source, headline) = self.patched(current.source.clone(), current.headline.clone())?;
        let is_same = source.as_str() == current.source && headline.as_str() == current.headline;
        let saved = SavedDraft {
            id: current.id,
            version: current.version,
            changed_at: current.changed_at,
        };
        if is_same {
            return Ok(saved);
        }
        check_base(&current, base)?;
        let saved = SavedDraft {
            version: current.version + 1,
            changed_at: now,
            ..saved
        };
        revision.rewrite_draft(saved, &source, &headline).await?;
        Ok(saved)
    }

    /// Returns the text and the headline after the change.
    ///
    /// # Errors
    /// Returns [`Error::Invalid`] if both are empty.
    fn patched(&self, source: String, headline: String) -> Result<(DraftSource, DraftHeadline)> {
        let patch = self.patch.clone();
        let source = patch.source.unwrap_or(DraftSource::from_stored(source));
        let headline = patch
            .headline
            .unwrap_or(DraftHeadline::from_stored(headline));
        if source.as_str().is_empty() && headline.as_str().is_empty() {
            return Err(Error::Invalid(Invalid::new(
                "source",
                "There is nothing to save. Enter a text or a headline.",
            )));
        }
        Ok((source, headline))
    }
}

/// Checks that the version of `current` is `base`, if that is given.
///
/// # Errors
/// Returns [`Error::DraftConflict`] if it is not.
pub(super) fn check_base(current: &UpdateDraft, base: Option<i64>) -> Result<()> {
    if base.is_none_or(|base| base == current.version) {
        Ok(())
    } else {
        Err(Error::DraftConflict(Box::new(current.clone())))
    }
}
