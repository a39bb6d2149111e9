//! Entries, as those who run them see them.

use domain::{Caller, EntryId, EntryState, Language, OpId, Slug, Timestamp, ZoneName};

use crate::{
    Entry, EntryEdit, EntryPatch, Error, LiveUpdate, NewEntry, Newsroom, Result, UNDO_WINDOW,
    idempotency::NamedRequest,
    posting::{may_edit, may_post, may_restore},
    slugs,
    storage::{Outcome, Revision, Snapshot},
};

/// An entry among all that are on the desk.
#[derive(Clone, Debug)]
pub struct DeskEntrySummary {
    /// The entry.
    pub entry: Entry,
    /// How many updates it has.
    pub updates: usize,
}

/// An entry's own page on the desk, read in one moment.
#[derive(Clone, Debug)]
pub struct DeskEntryDetail {
    /// The entry.
    pub entry: Entry,
    /// Its updates, oldest first.
    pub updates: Vec<LiveUpdate>,
    /// The deleted updates that the caller can still restore, oldest first.
    pub deleted: Vec<LiveUpdate>,
}

impl Newsroom {
    /// Creates an entry that starts now. `caller` is `None` for whoever runs the server.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the caller may not, [`Error::Invalid`] if the slug that somebody wrote is
    /// taken, or if the database can't be reached.
    pub async fn create_entry(&self, caller: Option<&Caller>, new: &NewEntry) -> Result<Entry> {
        if let Some(caller) = caller {
            may_run_entries(caller)?;
        }
        self.change(async {
            let mut revision = self.store.revise().await?;
            let entry = add_entry(&mut revision, new, self.clock.now()).await?;
            self.publish(revision).await?;
            Ok(entry)
        })
        .await
    }

    /// Creates an entry that starts now. The same `op_id` with the same entry again returns what it did
    /// the first time, and creates nothing.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the caller may not, [`Error::Invalid`] if the slug that somebody wrote is
    /// taken, [`Error::IdempotencyConflict`] if the `op_id` stands for another request, or if the database can't be
    /// reached.
    pub async fn create_entry_once(
        &self,
        caller: &Caller,
        op_id: &OpId,
        new: &NewEntry,
    ) -> Result<Entry> {
        may_run_entries(caller)?;
        let parts = [
            new.slug.as_ref().map_or("", Slug::as_str),
            new.title.as_str(),
            new.summary.as_str(),
            new.state.as_str(),
            new.time_zone.as_str(),
            new.default_order.as_str(),
            new.language.as_ref().map_or("", Language::as_str),
        ];
        let request = NamedRequest::new(caller, Some(op_id), parts);
        self.change(async {
            let mut revision = self.store.revise().await?;
            match request.earlier_outcome(revision.snapshot()).await? {
                Some(Outcome::Created(id)) => return existing(revision.snapshot(), id).await,
                Some(_) => return Err(Error::IdempotencyConflict),
                None => {}
            }
            let now = self.clock.now();
            let entry = add_entry(&mut revision, new, now).await?;
            self.publish_outcome(revision, request, Outcome::Created(entry.id), now)
                .await?;
            Ok(entry)
        })
        .await
    }

    /// Starts an entry, or starts it again. One that is live stays so.
    ///
    /// # Errors
    /// As [`Newsroom::patch_entry`].
    pub async fn start_entry(
        &self,
        caller: &Caller,
        slug: &Slug,
        op_id: Option<&OpId>,
    ) -> Result<()> {
        let patch = EntryPatch::state(EntryState::Live);
        self.patch_entry(caller, slug, &patch, op_id)
            .await
            .map(drop)
    }

    /// Ends an entry. One that has ended stays so.
    ///
    /// # Errors
    /// As [`Newsroom::patch_entry`].
    pub async fn end_entry(
        &self,
        caller: &Caller,
        slug: &Slug,
        op_id: Option<&OpId>,
    ) -> Result<()> {
        let patch = EntryPatch::state(EntryState::Ended);
        self.patch_entry(caller, slug, &patch, op_id)
            .await
            .map(drop)
    }

    /// Makes an entry what `edit` says. Its old slug redirects to the new one. The same again changes
    /// nothing.
    ///
    /// # Errors
    /// As [`Newsroom::patch_entry`].
    pub async fn edit_entry(
        &self,
        caller: &Caller,
        slug: &Slug,
        edit: &EntryEdit,
        op_id: Option<&OpId>,
    ) -> Result<()> {
        let patch = EntryPatch::edit(edit);
        self.patch_entry(caller, slug, &patch, op_id)
            .await
            .map(drop)
    }

    /// Changes the fields of an entry that `patch` names, all of them or none, and returns the entry as it
    /// is then. A request that was done before under `op_id` changes nothing.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the caller may not or it is to end and never started, [`Error::NotFound`] if
    /// there is no such entry, [`Error::Invalid`] if the new slug is taken or the entry can't come to that
    /// state, [`Error::IdempotencyConflict`] if the `op_id` stands for another request, or if the database can't be
    /// reached.
    pub async fn patch_entry(
        &self,
        caller: &Caller,
        slug: &Slug,
        patch: &EntryPatch,
        op_id: Option<&OpId>,
    ) -> Result<Entry> {
        may_run_entries(caller)?;
        let parts = patch.parts();
        self.change(async {
            let mut revision = self.store.revise().await?;
            let before = revision
                .snapshot()
                .entry_known_as(slug)
                .await?
                .ok_or(Error::NotFound("entry"))?;
            // By its number: its slug may be another one when the request is retried.
            let number = before.id.to_string();
            let parts = ["patch-entry", &number]
                .into_iter()
                .chain(parts.iter().map(|part| &**part));
            let request = NamedRequest::new(caller, op_id, parts);
            match request.earlier_outcome(revision.snapshot()).await? {
                Some(Outcome::EntryPatched(_)) => return Ok(before),
                Some(_) => return Err(Error::IdempotencyConflict),
                None => {}
            }
            let now = self.clock.now();
            let mut after = patch.applied_to(&before, self.store.language(), now)?;
            let changed = after != before;
            if changed {
                if of_cards(&before) != of_cards(&after) {
                    revision.revise_updates(before.id).await?;
                }
                revision.rewrite_entry(&before, &after).await?;
            }
            let outcome = Outcome::EntryPatched(before.id);
            let rev = self
                .publish_outcome(revision, request, outcome, now)
                .await?;
            if changed {
                (after.rev, after.head) = (rev, rev);
            }
            Ok(after)
        })
        .await
    }

    /// Every entry, drafts too, the latest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the caller has no desk, or if the database can't be reached.
    pub async fn desk(&self, caller: &Caller) -> Result<Vec<DeskEntrySummary>> {
        may_post(caller)?;
        let mut snapshot = self.store.snapshot().await?;
        let entries = snapshot.entries().await?;
        let counts = snapshot.update_counts().await?;
        Ok(entries
            .into_iter()
            .map(|entry| DeskEntrySummary {
                updates: counts.get(&entry.id).copied().unwrap_or(0),
                entry,
            })
            .collect())
    }

    /// An entry and its updates, a draft too; under an old address as well.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the caller has no desk, [`Error::NotFound`] if there is no such entry,
    /// or if the database can't be reached.
    pub async fn desk_entry(&self, caller: &Caller, slug: &Slug) -> Result<DeskEntryDetail> {
        may_post(caller)?;
        let undoable = self.clock.now().plus_micros(-UNDO_WINDOW);
        let mut snapshot = self.store.snapshot().await?;
        let entry = snapshot
            .entry_known_as(slug)
            .await?
            .ok_or(Error::NotFound("entry"))?;
        Ok(DeskEntryDetail {
            updates: snapshot.updates(entry.id).await?,
            deleted: snapshot
                .updates_deleted_since(entry.id, undoable)
                .await?
                .into_iter()
                .filter(|update| may_edit(caller, update) && may_restore(caller, update))
                .collect(),
            entry,
        })
    }

    /// The entry numbered `id` without its updates, a draft too.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the caller has no desk, [`Error::NotFound`] if there is no such entry,
    /// or if the database can't be reached.
    pub async fn entry(&self, caller: &Caller, id: EntryId) -> Result<Entry> {
        may_post(caller)?;
        let entry = self.store.snapshot().await?.entry(id).await?;
        entry.ok_or(Error::NotFound("entry"))
    }

    /// The entry named `slug` without its updates, a draft too; under an old address as well.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the caller has no desk, [`Error::NotFound`] if there is no such entry,
    /// or if the database can't be reached.
    pub async fn entry_named(&self, caller: &Caller, slug: &Slug) -> Result<Entry> {
        may_post(caller)?;
        let entry = self.store.snapshot().await?.entry_known_as(slug).await?;
        entry.ok_or(Error::NotFound("entry"))
    }
}

/// Adds an entry that starts `now`. Without a slug of its own it gets one made from its title, or from its
/// number, with another number behind it if that is taken.
async fn add_entry(revision: &mut Revision, new: &NewEntry, now: Timestamp) -> Result<Entry> {
    let id = match (&new.slug, slugs::suggested(new.title.as_str())) {
        (Some(slug), _) => revision.add_entry(new, slug, now).await?,
        (None, Some(slug)) => {
            let free = free_slug(revision.snapshot(), &slug).await?;
            revision.add_entry(new, &free, now).await?
        }
        (None, None) => {
            // Its number is not known before it is there.
            let unnamed = Slug::from_stored(String::new());
            let id = revision.add_entry(new, &unnamed, now).await?;
            let slug = Slug::from_stored(format!("live-{id}"));
            let free = free_slug(revision.snapshot(), &slug).await?;
            revision.name_entry(id, &free).await?;
            id
        }
    };
    existing(revision.snapshot(), id).await
}

async fn free_slug(snapshot: &mut Snapshot, slug: &Slug) -> Result<Slug> {
    let taken = snapshot.slugs_beginning_with(slugs::stem(slug)).await?;
    Ok(slugs::first_free(slug, &taken))
}

async fn existing(snapshot: &mut Snapshot, id: EntryId) -> Result<Entry> {
    let entry = snapshot.entry(id).await?;
    entry.ok_or(Error::NotFound("entry"))
}

/// What of an entry its cards are made of: they hold its slug and its language, and print times in its zone,
/// with the date unless it is of the day that the entry starts; and no feed carried a draft's cards.
fn of_cards(entry: &Entry) -> (&Slug, &ZoneName, &Language, Timestamp, bool) {
    (
        &entry.slug,
        &entry.time_zone,
        &entry.language,
        entry.starts_at,
        entry.state.is_public(),
    )
}

fn may_run_entries(caller: &Caller) -> Result<()> {
    if caller.role.may_run_entries() {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "Your account may read, but not run entries.",
        ))
    }
}
