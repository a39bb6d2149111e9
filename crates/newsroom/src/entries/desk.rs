//! Use cases of the desk, where authors manage live blogs.

use domain::{
    Caller, ChatSetting, EntryId, EntryState, Invalid, Language, OpId, Slug, Timestamp, ZoneName,
};

use super::{articles::check_article_base, slugs};
use crate::{
    Entry, EntryEdit, EntryPatch, Error, ListPage, LiveUpdate, NewEntry, Newsroom, RenderedArticle,
    Result, UNDO_WINDOW,
    permissions::{check_may_manage_entries, check_may_post},
    storage::{Outcome, Revision, SlugConflict, Snapshot},
    writes::{idempotency::IdempotentWrite, write::Write},
};

/// The maximum number of entries on a page of the desk's list.
const DESK_PAGE: u8 = 100;

/// An entry in the desk's list.
#[derive(Clone, Debug)]
pub struct DeskEntrySummary {
    /// The entry.
    pub entry: Entry,
    /// The number of its updates.
    pub updates: usize,
}

/// An entry's page on the desk, read in one snapshot.
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
    /// Creates an entry that starts now. `caller` is `None` on the command line.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not create entries, [`Error::Invalid`] if the
    /// given slug is taken, and an error if the database can't be reached.
    pub async fn create_entry(&self, caller: Option<&Caller>, new: &NewEntry) -> Result<Entry> {
        if let Some(caller) = caller {
            check_may_manage_entries(caller)?;
        }
        let entry = self.write(CreateEntry(new.clone())).await?;
        if new.chat != ChatSetting::Off {
            self.set_chat_unasked(entry.id, new.chat).await?;
        }
        Ok(entry)
    }

    /// Creates an entry that starts now. A request that repeats an `op_id` returns the first
    /// result, and creates nothing.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not create entries, [`Error::Invalid`] if the
    /// given slug is taken, [`Error::IdempotencyConflict`] if the `op_id` was used for a different
    /// request, and an error if the database can't be reached.
    pub async fn create_entry_once(
        &self,
        caller: &Caller,
        op_id: &OpId,
        new: &NewEntry,
    ) -> Result<Entry> {
        check_may_manage_entries(caller)?;
        let create = CreateEntryOnce {
            caller: caller.clone(),
            op_id: op_id.clone(),
            new: new.clone(),
        };
        let entry = self.write(create).await?;
        if new.chat != ChatSetting::Off {
            self.set_chat(caller, entry.id, new.chat, Some(op_id))
                .await?;
        }
        Ok(entry)
    }

    /// Starts or reopens an entry. Does nothing if it is live.
    ///
    /// # Errors
    /// See [`Newsroom::patch_entry`].
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

    /// Ends an entry. Does nothing if it has ended.
    ///
    /// # Errors
    /// See [`Newsroom::patch_entry`].
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

    /// Replaces the details of an entry. If the slug changes, the previous one redirects to it.
    /// Does nothing if the details are unchanged.
    ///
    /// # Errors
    /// See [`Newsroom::patch_entry`].
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

    /// Changes the given fields of an entry, all of them or none, and returns the changed entry. A
    /// repeated `op_id` changes nothing. The chat is changed last, in a transaction of its own: if
    /// the database fails between the two, repeating the request completes it.
    ///
    /// # Errors
    /// Returns [`Error::Conflict`] if the article is not the one that the patch is based on, unless
    /// the patch leaves it as it is; [`Error::Forbidden`] if the caller may not manage entries, or
    /// the entry is to end but never started; [`Error::NotFound`] if there is no such entry,
    /// [`Error::Invalid`] if the new slug is taken or the state can't be reached,
    /// [`Error::IdempotencyConflict`] if the `op_id` was used for a different request, and an error
    /// if the database can't be reached.
    pub async fn patch_entry(
        &self,
        caller: &Caller,
        slug: &Slug,
        patch: &EntryPatch,
        op_id: Option<&OpId>,
    ) -> Result<Entry> {
        check_may_manage_entries(caller)?;
        let change = PatchEntry {
            caller: caller.clone(),
            op_id: op_id.cloned(),
            slug: slug.clone(),
            patch: patch.clone(),
            site_language: self.store.language().clone(),
        };
        let entry = match self.write(change).await {
            Ok(entry) => entry,
            Err(error) => {
                let article = patch.article.as_ref().map(|it| it.source.as_str());
                return Err(self.compared(error, article, None).await);
            }
        };
        if let Some(chat) = patch.chat {
            self.set_chat(caller, entry.id, chat, op_id).await?;
        }
        Ok(entry)
    }

    /// Returns a page of the desk's list of entries, drafts included, the latest start first: the
    /// first page, or the one after the entry `before`.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not use the desk, and an error if the
    /// database can't be reached.
    pub async fn desk(
        &self,
        caller: &Caller,
        before: Option<EntryId>,
    ) -> Result<ListPage<DeskEntrySummary>> {
        check_may_post(caller)?;
        let mut snapshot = self.store.snapshot().await?;
        let limit = i64::from(DESK_PAGE) + 1;
        let entries = snapshot.counted_entries(before, limit).await?.into_iter();
        let entries = entries.map(|(entry, updates)| DeskEntrySummary { entry, updates });
        Ok(ListPage::new(
            entries.collect(),
            DESK_PAGE.into(),
            |listed| listed.entry.id,
        ))
    }

    /// Returns at most `limit` entries of the same list, without the numbers of their updates.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not use the desk, and an error if the
    /// database can't be reached.
    pub async fn entries(
        &self,
        caller: &Caller,
        before: Option<EntryId>,
        limit: u16,
    ) -> Result<ListPage<Entry>> {
        check_may_post(caller)?;
        let mut snapshot = self.store.snapshot().await?;
        let entries = snapshot.entries(before, i64::from(limit) + 1).await?;
        Ok(ListPage::new(entries, limit.into(), |entry| entry.id))
    }

    /// Returns an entry, drafts included, and its updates. Accepts an earlier slug.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not use the desk, [`Error::NotFound`] if
    /// there is no such entry, and an error if the database can't be reached.
    pub async fn desk_entry(&self, caller: &Caller, slug: &Slug) -> Result<DeskEntryDetail> {
        check_may_post(caller)?;
        let undo_limit = self.clock.now().plus_micros(-UNDO_WINDOW);
        let mut snapshot = self.store.snapshot().await?;
        let entry = snapshot
            .entry_by_any_slug(slug)
            .await?
            .ok_or(Error::NotFound("live blog"))?;
        Ok(DeskEntryDetail {
            updates: snapshot.updates(entry.id).await?,
            deleted: snapshot
                .updates_deleted_since(entry.id, undo_limit)
                .await?
                .into_iter()
                .filter(|update| caller.may_restore(update.author_id, update.deleted_by))
                .collect(),
            entry,
        })
    }

    /// Returns the entry with the id `id`, drafts included, without its updates.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not use the desk, [`Error::NotFound`] if
    /// there is no such entry, and an error if the database can't be reached.
    pub async fn entry(&self, caller: &Caller, id: EntryId) -> Result<Entry> {
        check_may_post(caller)?;
        let entry = self.store.entry(id).await?;
        entry.ok_or(Error::NotFound("live blog"))
    }

    /// Returns the entry with the slug `slug`, drafts included, without its updates. Accepts an
    /// earlier slug.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not use the desk, [`Error::NotFound`] if
    /// there is no such entry, and an error if the database can't be reached.
    pub async fn entry_by_slug(&self, caller: &Caller, slug: &Slug) -> Result<Entry> {
        check_may_post(caller)?;
        let entry = self.store.entry_by_any_slug(slug).await?;
        entry.ok_or(Error::NotFound("live blog"))
    }
}

/// The write of [`Newsroom::create_entry`].
#[derive(Debug)]
struct CreateEntry(NewEntry);

impl Write for CreateEntry {
    type Output = Entry;

    async fn apply(&self, revision: &mut Revision, now: Timestamp) -> Result<Entry> {
        add_entry(revision, &self.0, now).await
    }
}

/// The write of [`Newsroom::create_entry_once`].
#[derive(Debug)]
struct CreateEntryOnce {
    caller: Caller,
    op_id: OpId,
    new: NewEntry,
}

impl IdempotentWrite for CreateEntryOnce {
    type Target = ();
    type Output = Entry;

    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn op_id(&self) -> Option<&OpId> {
        Some(&self.op_id)
    }

    async fn target(&self, _: &mut Snapshot) -> Result<()> {
        Ok(())
    }

    fn parts(&self, (): &()) -> Vec<String> {
        let new = &self.new;
        let parts = [
            new.slug.as_ref().map_or("", Slug::as_str),
            new.title.as_str(),
            new.summary.as_str(),
            new.state.as_str(),
            new.time_zone.as_str(),
            new.default_order.as_str(),
            new.language.as_ref().map_or("", Language::as_str),
        ];
        let article = new.article.as_ref().map(|it| it.source.as_str());
        let parts = parts.into_iter().chain(article.filter(|it| !it.is_empty()));
        let chat = (new.chat != ChatSetting::Off).then(|| ["chat", new.chat.as_str()]);
        let parts = parts.chain(chat.into_iter().flatten());
        parts.map(str::to_owned).collect()
    }

    async fn repeat(&self, snapshot: &mut Snapshot, (): (), outcome: Outcome) -> Result<Entry> {
        match outcome {
            Outcome::Created(id) => load_entry(snapshot, id).await,
            _ => Err(Error::IdempotencyConflict),
        }
    }

    async fn change(
        &self,
        revision: &mut Revision,
        (): (),
        now: Timestamp,
    ) -> Result<(Outcome, Entry)> {
        let entry = add_entry(revision, &self.new, now).await?;
        Ok((Outcome::Created(entry.id), entry))
    }
}

/// The write of [`Newsroom::patch_entry`].
#[derive(Debug)]
struct PatchEntry {
    caller: Caller,
    op_id: Option<OpId>,
    slug: Slug,
    patch: EntryPatch,
    site_language: Language,
}

impl IdempotentWrite for PatchEntry {
    type Target = Entry;
    type Output = Entry;

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

    /// Contains the entry's id, since the slug may have changed when the request is repeated.
    fn parts(&self, entry: &Entry) -> Vec<String> {
        let mut parts = vec!["patch-entry".to_owned(), entry.id.to_string()];
        parts.extend(self.patch.parts());
        parts
    }

    async fn repeat(&self, _: &mut Snapshot, entry: Entry, outcome: Outcome) -> Result<Entry> {
        match outcome {
            Outcome::EntryPatched(_) => Ok(entry),
            _ => Err(Error::IdempotencyConflict),
        }
    }

    async fn change(
        &self,
        revision: &mut Revision,
        before: Entry,
        now: Timestamp,
    ) -> Result<(Outcome, Entry)> {
        let mut after = self.patch.applied_to(&before, &self.site_language, now)?;
        let article = self.changed_article(revision.snapshot(), &before).await?;
        if after != before || article.is_some() {
            if after.slug != before.slug {
                check_slug(revision, &after.slug, Some(before.id)).await?;
            }
            if card_data(&before) != card_data(&after) {
                revision.revise_updates(before.id).await?;
            }
            revision.rewrite_entry(&before, &after).await?;
            if let Some(article) = article {
                let edited = (self.caller.id, now);
                revision
                    .store_article(before.id, article, Some(edited))
                    .await?;
            } else if after.language != before.language {
                revision.revise_article(before.id).await?;
            }
            after.rev = revision.last_rev();
            after.head = after.rev;
        }
        Ok((Outcome::EntryPatched(before.id), after))
    }
}

impl PatchEntry {
    /// Returns the patch's article, if it differs from that of the entry.
    async fn changed_article(
        &self,
        snapshot: &mut Snapshot,
        entry: &Entry,
    ) -> Result<Option<&RenderedArticle>> {
        let Some(article) = &self.patch.article else {
            return Ok(None);
        };
        let current = snapshot.article(entry.id).await?;
        let current = current.ok_or(Error::NotFound("live blog"))?;
        if current.source == article.source {
            return Ok(None);
        }
        check_article_base(entry, &current, self.patch.article_base.as_ref())?;
        Ok(Some(article))
    }
}

/// Adds an entry that starts `now`. An entry without a slug gets one derived from its title, or
/// else from its id, with a number appended if that slug is taken.
async fn add_entry(revision: &mut Revision, new: &NewEntry, now: Timestamp) -> Result<Entry> {
    let id = match (&new.slug, slugs::suggested(new.title.as_str())) {
        (Some(slug), _) => {
            check_slug(revision, slug, None).await?;
            revision.add_entry(new, slug, now).await?
        }
        (None, Some(slug)) => {
            let free = free_slug(revision.snapshot(), &slug).await?;
            revision.add_entry(new, &free, now).await?
        }
        (None, None) => {
            // The id is not known before the row is inserted.
            let unnamed = Slug::from_stored(String::new());
            let id = revision.add_entry(new, &unnamed, now).await?;
            let slug = Slug::from_stored(format!("live-{id}"));
            let free = free_slug(revision.snapshot(), &slug).await?;
            revision.name_entry(id, &free).await?;
            id
        }
    };
    if let Some(article) = &new.article {
        revision.store_article(id, article, None).await?;
    }
    load_entry(revision.snapshot(), id).await
}

/// Rejects a slug that another entry than `own` has, or had before.
async fn check_slug(revision: &mut Revision, slug: &Slug, own: Option<EntryId>) -> Result<()> {
    let message = match revision.slug_conflict(slug, own).await? {
        None => return Ok(()),
        Some(SlugConflict::Taken) => {
            "Another live blog already has this slug. Choose a different one."
        }
        Some(SlugConflict::Redirects) => {
            "Another live blog had this slug before, and old links still redirect to it. \
             Choose a different one."
        }
    };
    Err(Error::Invalid(Invalid::new("slug", message)))
}

async fn free_slug(snapshot: &mut Snapshot, slug: &Slug) -> Result<Slug> {
    let taken = snapshot.slugs_beginning_with(slugs::stem(slug)).await?;
    Ok(slugs::first_free(slug, &taken))
}

async fn load_entry(snapshot: &mut Snapshot, id: EntryId) -> Result<Entry> {
    let entry = snapshot.entry(id).await?;
    entry.ok_or(Error::NotFound("live blog"))
}

/// Returns the data of an entry that its cards depend on. Cards contain links with the slug, the
/// language, and times in its zone (with the date unless it is the day on which the entry starts).
/// A draft's cards were in no feed, so publishing it is a change of its cards too.
fn card_data(entry: &Entry) -> (&Slug, &ZoneName, &Language, Timestamp, bool) {
    (
        &entry.slug,
        &entry.time_zone,
        &entry.language,
        entry.starts_at,
        entry.state.is_public(),
    )
}
