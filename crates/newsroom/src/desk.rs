//! Entries, as those who run them see them.

use domain::{EntryId, EntryState, OpId, Slug, Viewer};

use crate::{
    Entry, EntryEdit, EntryPatch, Error, LiveUpdate, NewEntry, Newsroom, Result, UNDO_WINDOW,
    posting::{may_post, request_hash},
    storage::{Operation, Outcome},
};

/// An entry among all that are on the desk.
#[derive(Clone, Debug)]
pub struct DeskEntry {
    /// The entry.
    pub entry: Entry,
    /// How many updates it has.
    pub updates: usize,
}

/// An entry's own page on the desk, read in one moment.
#[derive(Clone, Debug)]
pub struct EntryAtDesk {
    /// The entry.
    pub entry: Entry,
    /// Its updates, oldest first.
    pub updates: Vec<LiveUpdate>,
    /// The updates that were deleted so lately that it can be undone, oldest first.
    pub deleted: Vec<LiveUpdate>,
}

impl Newsroom {
    /// Creates an entry that starts now. `viewer` is `None` for whoever runs the server.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the viewer may not, [`Error::Invalid`] if its address is taken, or if
    /// the database can't be reached.
    pub async fn create_entry(&self, viewer: Option<&Viewer>, new: &NewEntry) -> Result<EntryId> {
        if let Some(viewer) = viewer {
            may_run_entries(viewer)?;
        }
        let mut revision = self.store.revise().await?;
        let id = revision.add_entry(new, self.clock.now()).await?;
        self.publish(revision).await?;
        Ok(id)
    }

    /// Creates an entry that starts now. The same `op_id` with the same entry again answers what it did
    /// the first time, and creates nothing.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the viewer may not, [`Error::Invalid`] if its address is taken,
    /// [`Error::Repeated`] if the `op_id` stood for something else, or if the database can't be reached.
    pub async fn create_entry_once(
        &self,
        viewer: &Viewer,
        op_id: &OpId,
        new: &NewEntry,
    ) -> Result<EntryId> {
        may_run_entries(viewer)?;
        let mut revision = self.store.revise().await?;
        let request_hash = request_hash([
            new.slug.as_str(),
            new.title.as_str(),
            new.summary.as_str(),
            new.state.as_str(),
            new.time_zone.as_str(),
            new.default_order.as_str(),
        ]);
        if let Some(done) = revision.snapshot().operation(viewer.id, op_id).await? {
            return match done.outcome {
                Outcome::Created(id) if done.request_hash == request_hash => Ok(id),
                _ => Err(Error::Repeated),
            };
        }
        let id = revision.add_entry(new, self.clock.now()).await?;
        let operation = Operation {
            request_hash,
            outcome: Outcome::Created(id),
        };
        revision.add_operation(viewer.id, op_id, &operation).await?;
        self.publish(revision).await?;
        Ok(id)
    }

    /// Starts an entry, or starts it again. One that is live stays so.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the viewer may not, [`Error::Unknown`] if there is no such entry, or
    /// if the database can't be reached.
    pub async fn start_entry(&self, viewer: &Viewer, slug: &Slug) -> Result<()> {
        let patch = EntryPatch::state(EntryState::Live);
        self.patch_entry(viewer, slug, &patch).await.map(drop)
    }

    /// Ends an entry. One that has ended stays so.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the viewer may not or it never started, [`Error::Unknown`] if there is
    /// no such entry, or if the database can't be reached.
    pub async fn end_entry(&self, viewer: &Viewer, slug: &Slug) -> Result<()> {
        let patch = EntryPatch::state(EntryState::Ended);
        self.patch_entry(viewer, slug, &patch).await.map(drop)
    }

    /// Makes an entry what `edit` says. The address it had leads to the new one. The same again changes
    /// nothing.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the viewer may not, [`Error::Unknown`] if there is no such entry,
    /// [`Error::Invalid`] if the new address is taken, or if the database can't be reached.
    pub async fn edit_entry(&self, viewer: &Viewer, slug: &Slug, edit: &EntryEdit) -> Result<()> {
        let patch = EntryPatch::edit(edit);
        self.patch_entry(viewer, slug, &patch).await.map(drop)
    }

    /// Changes what `patch` names of an entry, all of it or nothing, and answers the entry as it is then. The
    /// same again changes nothing.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the viewer may not or it is to end and never started, [`Error::Unknown`] if
    /// there is no such entry, [`Error::Invalid`] if the new address is taken or no entry comes to that
    /// state, or if the database can't be reached.
    pub async fn patch_entry(
        &self,
        viewer: &Viewer,
        slug: &Slug,
        patch: &EntryPatch,
    ) -> Result<Entry> {
        may_run_entries(viewer)?;
        let mut revision = self.store.revise().await?;
        let before = revision
            .snapshot()
            .entry_known_as(slug)
            .await?
            .ok_or(Error::Unknown("entry"))?;
        let mut after = patch.applied_to(&before, self.clock.now())?;
        if after == before {
            return Ok(before);
        }
        // A card holds its entry's address and prints its times, and its date unless it is of the day that
        // the entry starts; and a draft's cards were told to nobody.
        let of_cards = |entry: &Entry| {
            let zone = entry.time_zone.clone();
            (
                entry.slug.clone(),
                zone,
                entry.starts_at,
                entry.state.is_public(),
            )
        };
        if of_cards(&before) != of_cards(&after) {
            revision.revise_updates(before.id).await?;
        }
        revision.rewrite_entry(&before, &after).await?;
        let rev = self.publish(revision).await?;
        (after.rev, after.head) = (rev, rev);
        Ok(after)
    }

    /// Every entry, drafts too, the latest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the viewer has no desk, or if the database can't be reached.
    pub async fn desk(&self, viewer: &Viewer) -> Result<Vec<DeskEntry>> {
        may_post(viewer)?;
        let mut snapshot = self.store.snapshot().await?;
        let entries = snapshot.entries().await?;
        let counts = snapshot.update_counts().await?;
        Ok(entries
            .into_iter()
            .map(|entry| DeskEntry {
                updates: counts.get(&entry.id).copied().unwrap_or(0),
                entry,
            })
            .collect())
    }

    /// An entry and its updates, a draft too; under an old address as well.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the viewer has no desk, [`Error::Unknown`] if there is no such entry,
    /// or if the database can't be reached.
    pub async fn desk_entry(&self, viewer: &Viewer, slug: &Slug) -> Result<EntryAtDesk> {
        may_post(viewer)?;
        let undoable = self.clock.now().plus_micros(-UNDO_WINDOW);
        let mut snapshot = self.store.snapshot().await?;
        let entry = snapshot
            .entry_known_as(slug)
            .await?
            .ok_or(Error::Unknown("entry"))?;
        Ok(EntryAtDesk {
            updates: snapshot.updates(entry.id).await?,
            deleted: snapshot.updates_deleted_since(entry.id, undoable).await?,
            entry,
        })
    }

    /// The entry numbered `id` without its updates, a draft too.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the viewer has no desk, [`Error::Unknown`] if there is no such entry,
    /// or if the database can't be reached.
    pub async fn entry(&self, viewer: &Viewer, id: EntryId) -> Result<Entry> {
        may_post(viewer)?;
        let entry = self.store.snapshot().await?.entry(id).await?;
        entry.ok_or(Error::Unknown("entry"))
    }

    /// The entry named `slug` without its updates, a draft too; under an old address as well.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the viewer has no desk, [`Error::Unknown`] if there is no such entry,
    /// or if the database can't be reached.
    pub async fn entry_named(&self, viewer: &Viewer, slug: &Slug) -> Result<Entry> {
        may_post(viewer)?;
        let entry = self.store.snapshot().await?.entry_known_as(slug).await?;
        entry.ok_or(Error::Unknown("entry"))
    }
}

fn may_run_entries(viewer: &Viewer) -> Result<()> {
    if viewer.role.may_run_entries() {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "Your account may read, but not run entries.",
        ))
    }
}
