//! Entries, as those who run them see them.

use domain::{EntryId, EntryState, OpId, Slug, Timestamp, Viewer};

use crate::{
    Entry, EntryEdit, Error, LiveUpdate, NewEntry, Newsroom, Result, UNDO_WINDOW,
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
        let now = self.clock.now();
        self.change_state(viewer, slug, |entry| match entry.state {
            EntryState::Live => Ok(None),
            EntryState::Ended => Ok(Some((EntryState::Live, entry.starts_at, None))),
            EntryState::Draft | EntryState::Upcoming => Ok(Some((EntryState::Live, now, None))),
        })
        .await
    }

    /// Ends an entry. One that has ended stays so.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the viewer may not or it never started, [`Error::Unknown`] if there is
    /// no such entry, or if the database can't be reached.
    pub async fn end_entry(&self, viewer: &Viewer, slug: &Slug) -> Result<()> {
        let now = self.clock.now();
        self.change_state(viewer, slug, |entry| match entry.state {
            EntryState::Live => Ok(Some((EntryState::Ended, entry.starts_at, Some(now)))),
            EntryState::Ended => Ok(None),
            EntryState::Draft | EntryState::Upcoming => Err(Error::Forbidden(
                "This entry has not started, so it can't be ended.",
            )),
        })
        .await
    }

    /// Makes an entry what `edit` says, and answers its address. The address it had leads to the new one. The
    /// same again changes nothing.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the viewer may not, [`Error::Unknown`] if there is no such entry,
    /// [`Error::Invalid`] if the new address is taken, or if the database can't be reached.
    pub async fn edit_entry(&self, viewer: &Viewer, slug: &Slug, edit: &EntryEdit) -> Result<()> {
        may_run_entries(viewer)?;
        let mut revision = self.store.revise().await?;
        let entry = revision
            .snapshot()
            .entry_known_as(slug)
            .await?
            .ok_or(Error::Unknown("entry"))?;
        let before = EntryEdit::of(&entry);
        if before == *edit {
            return Ok(());
        }
        // A card holds its entry's address and prints its times.
        if (&before.slug, &before.time_zone) != (&edit.slug, &edit.time_zone) {
            revision.revise_updates(entry.id).await?;
        }
        revision.rewrite_entry(&entry, edit).await?;
        self.publish(revision).await?;
        Ok(())
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

    async fn change_state(
        &self,
        viewer: &Viewer,
        slug: &Slug,
        next: impl Fn(&Entry) -> Result<Option<(EntryState, Timestamp, Option<Timestamp>)>>,
    ) -> Result<()> {
        may_run_entries(viewer)?;
        let mut revision = self.store.revise().await?;
        let entry = revision
            .snapshot()
            .entry_known_as(slug)
            .await?
            .ok_or(Error::Unknown("entry"))?;
        let Some((state, starts_at, ended_at)) = next(&entry)? else {
            return Ok(());
        };
        // A draft's cards were told to nobody; and a card prints its date unless it is of the day that
        // the entry starts.
        if entry.state == EntryState::Draft || starts_at != entry.starts_at {
            revision.revise_updates(entry.id).await?;
        }
        revision
            .set_entry_state(entry.id, state, starts_at, ended_at)
            .await?;
        self.publish(revision).await?;
        Ok(())
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
