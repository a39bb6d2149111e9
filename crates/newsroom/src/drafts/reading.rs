//! Use cases of drafts: reading them. Every account may read its own, whatever its role.

use std::collections::HashMap;

use domain::{Caller, DraftId, DraftSummary, EntryId, Slug, UpdateDraft, hygiene};

use crate::{
    Entry, Error, Newsroom, Result,
    markup::cut,
    storage::{ListedDraft, Snapshot},
};

/// The maximum length of an excerpt, in characters: two lines on a phone.
const EXCERPT: usize = 120;

/// A draft in the list of an account, with its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryDraft {
    /// The entry.
    pub entry: Entry,
    /// The draft.
    pub draft: DraftSummary,
}

impl Newsroom {
    /// Returns the caller's drafts for the entry with the slug `slug`, the last changed first.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such entry, or the caller may not know of it; and
    /// an error if the database can't be reached.
    pub async fn entry_drafts(&self, caller: &Caller, slug: &Slug) -> Result<Vec<DraftSummary>> {
        let mut snapshot = self.store.snapshot().await?;
        let entry = snapshot.entry_by_any_slug(slug).await?;
        let entry = entry.ok_or(Error::NotFound("live blog"))?;
        let drafts = snapshot.drafts_of_entry(entry.id, caller.id).await?;
        if drafts.is_empty() {
            check_may_know(caller, &entry)?;
        }
        Ok(drafts.into_iter().map(summary).collect())
    }

    /// Returns the caller's drafts for all entries, the last changed first.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn drafts(&self, caller: &Caller) -> Result<Vec<EntryDraft>> {
        let mut snapshot = self.store.snapshot().await?;
        let drafts = snapshot.drafts_of_account(caller.id).await?;
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        let entries = snapshot.entries_with_drafts(caller.id).await?.into_iter();
        let entries: HashMap<EntryId, Entry> = entries.map(|entry| (entry.id, entry)).collect();
        let with_entry = |draft: ListedDraft| {
            let entry = entries.get(&draft.entry_id)?.clone();
            let draft = summary(draft);
            Some(EntryDraft { entry, draft })
        };
        Ok(drafts.into_iter().filter_map(with_entry).collect())
    }

    /// Returns a draft of the caller for the entry with the slug `slug`, and the entry.
    ///
    /// # Errors
    /// Returns [`Error::DraftGone`] if there is no such draft, or it belongs to another account;
    /// [`Error::NotFound`] if there is no such entry, or the caller may not know of it; and an
    /// error if the database can't be reached.
    pub async fn draft(
        &self,
        caller: &Caller,
        slug: &Slug,
        id: DraftId,
    ) -> Result<(Entry, UpdateDraft)> {
        let mut snapshot = self.store.snapshot().await?;
        let entry = snapshot.entry_by_any_slug(slug).await?;
        let entry = entry.ok_or(Error::NotFound("live blog"))?;
        match own_draft(&mut snapshot, caller, entry.id, id).await {
            Ok(draft) => Ok((entry, draft)),
            Err(Error::DraftGone) => {
                check_may_know(caller, &entry)?;
                Err(Error::DraftGone)
            }
            Err(error) => Err(error),
        }
    }
}

/// Returns the draft `id` of the caller for `entry`.
pub(super) async fn own_draft(
    snapshot: &mut Snapshot,
    caller: &Caller,
    entry: EntryId,
    id: DraftId,
) -> Result<UpdateDraft> {
    match snapshot.draft(id, caller.id).await? {
        Some((of, draft)) if of == entry => Ok(draft),
        _ => Err(Error::DraftGone),
    }
}

/// Checks whether the caller may know that `entry` exists, without having a draft for it.
fn check_may_know(caller: &Caller, entry: &Entry) -> Result<()> {
    if caller.role.may_post() || entry.state.is_public() {
        Ok(())
    } else {
        Err(Error::NotFound("live blog"))
    }
}

fn summary(draft: ListedDraft) -> DraftSummary {
    DraftSummary {
        id: draft.id,
        headline: draft.headline,
        excerpt: excerpt(&draft.beginning),
        version: draft.version,
        changed_at: draft.changed_at,
    }
}

/// Returns the first words of a draft on one line; empty if nothing of it is visible.
fn excerpt(source: &str) -> String {
    let words: Vec<_> = source.split_whitespace().collect();
    let line = words.join(" ");
    if hygiene::has_visible_char(&line) {
        hygiene::close_directions(&cut(&line, EXCERPT))
    } else {
        String::new()
    }
}
