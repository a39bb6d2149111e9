//! What readers get: pages, and the feed.

use domain::{Cursor, EntryId, EntryState, Head, Rev, Slug, Timestamp, UpdateId};

use crate::{
    Cards, Entry, EntryPage, Error, LiveUpdate, Newsroom, Result,
    live::{FeedHead, FeedId, Frame, assemble},
    storage::Snapshot,
};

/// The public entries, read in one moment.
#[derive(Clone, Debug)]
pub struct FrontPage {
    /// Every public entry with its latest update, if it has any; the latest start first.
    pub entries: Vec<(Entry, Option<LiveUpdate>)>,
    /// The place in the feed of all entries that this is the state of.
    pub cursor: Cursor,
}

/// What is live, read in one moment.
#[derive(Clone, Debug)]
pub struct LivePage {
    /// The live entries, the latest start first.
    pub entries: Vec<Entry>,
    /// Their latest updates, oldest first; [`LivePage::LONGEST`] at most.
    pub updates: Vec<LiveUpdate>,
    /// The place in the feed of all entries that this is the state of.
    pub cursor: Cursor,
}

impl LivePage {
    /// How many updates it holds at most: more than anybody reads of several entries at once, and still a
    /// small page.
    pub const LONGEST: u8 = 200;

    /// When the oldest update was posted that it has room for.
    pub fn oldest(&self) -> Timestamp {
        match self.updates.first() {
            Some(first) if self.updates.len() >= Self::LONGEST.into() => first.posted_at,
            _ => Timestamp::default(),
        }
    }
}

/// The page of one update, read in one moment.
#[derive(Clone, Debug)]
pub enum UpdatePage {
    /// The update, which can be read.
    Shown(Box<ShownUpdate>),
    /// The update was deleted from this entry.
    Removed(Box<Entry>),
}

/// An update that can be read, and those beside it.
#[derive(Clone, Debug)]
pub struct ShownUpdate {
    /// Its entry.
    pub entry: Entry,
    /// The update itself.
    pub update: LiveUpdate,
    /// The update that was posted before it, if there is one.
    pub before: Option<LiveUpdate>,
    /// The update that was posted after it, if there is one.
    pub after: Option<LiveUpdate>,
}

impl Newsroom {
    /// The public entries.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn front_page(&self) -> Result<FrontPage> {
        let mut snapshot = self.store.snapshot().await?;
        let cursor = public_cursor(&mut snapshot).await?;
        let mut latest = snapshot.latest_of_each().await?;
        let entries = snapshot.entries().await?.into_iter();
        Ok(FrontPage {
            entries: entries
                .filter(|entry| entry.state.is_public())
                .map(|entry| {
                    let latest = latest.remove(&entry.id);
                    (entry, latest)
                })
                .collect(),
            cursor,
        })
    }

    /// The latest updates of all live entries.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn live_page(&self) -> Result<LivePage> {
        let mut snapshot = self.store.snapshot().await?;
        let cursor = public_cursor(&mut snapshot).await?;
        let mut entries = snapshot.entries().await?;
        entries.retain(|entry| entry.state == EntryState::Live);
        let mut updates = Vec::new();
        for entry in &entries {
            let latest = snapshot.latest_updates(entry.id, LivePage::LONGEST.into());
            updates.extend(latest.await?);
        }
        updates.sort_unstable_by_key(|update| (update.posted_at, update.id));
        updates.drain(..updates.len().saturating_sub(LivePage::LONGEST.into()));
        Ok(LivePage {
            entries,
            updates,
            cursor,
        })
    }

    /// A public entry, its updates and its place in the feed.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such public entry, or if the database can't be reached.
    pub async fn entry_page(&self, slug: &Slug) -> Result<EntryPage> {
        let mut snapshot = self.store.snapshot().await?;
        let entry = snapshot.entry_by_slug(slug).await?;
        self.page_of(snapshot, entry).await
    }

    /// The same for the entry numbered `id`.
    ///
    /// # Errors
    /// As [`Newsroom::entry_page`].
    pub async fn entry_page_by_id(&self, id: EntryId) -> Result<EntryPage> {
        let mut snapshot = self.store.snapshot().await?;
        let entry = snapshot.entry(id).await?;
        self.page_of(snapshot, entry).await
    }

    async fn page_of(&self, mut snapshot: Snapshot, entry: Option<Entry>) -> Result<EntryPage> {
        let entry = public(entry)?;
        Ok(EntryPage {
            updates: self.kept_updates.read(&mut snapshot, &entry).await?,
            cursor: Cursor::new(entry.epoch.clone(), entry.head),
            entry,
        })
    }

    /// The address now of the public entry that once had `slug`; `None` if none had.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn address_now(&self, slug: &Slug) -> Result<Option<Slug>> {
        let mut snapshot = self.store.snapshot().await?;
        let entry = snapshot.entry_by_old_slug(slug).await?;
        Ok(entry
            .filter(|entry| entry.state.is_public())
            .map(|entry| entry.slug))
    }

    /// The page of one update of a public entry.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there never was such an update in that entry, or if the database can't be
    /// reached.
    pub async fn update_page(&self, slug: &Slug, id: UpdateId) -> Result<UpdatePage> {
        let mut snapshot = self.store.snapshot().await?;
        let entry = public(snapshot.entry_by_slug(slug).await?)?;
        let update = snapshot
            .update(id)
            .await?
            .ok_or(Error::NotFound("update"))?;
        if update.entry_id != entry.id {
            return Err(Error::NotFound("update"));
        }
        if update.deleted_at.is_some() {
            return Ok(UpdatePage::Removed(Box::new(entry)));
        }
        Ok(UpdatePage::Shown(Box::new(ShownUpdate {
            before: snapshot.update_before(&update).await?,
            after: snapshot.update_after(&update).await?,
            entry,
            update,
        })))
    }

    /// The updates of a public entry with numbers above `after`, in order of number: for clients
    /// that know nothing of the feed.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such public entry, or if the database can't be reached.
    pub async fn updates_after(
        &self,
        entry: EntryId,
        after: UpdateId,
    ) -> Result<(Entry, Vec<LiveUpdate>)> {
        let mut snapshot = self.store.snapshot().await?;
        let entry = public(snapshot.entry(entry).await?)?;
        let updates = snapshot.updates_numbered_above(entry.id, after).await?;
        Ok((entry, updates))
    }

    /// Returns the numbers of a public entry's updates, without those of deleted ones, in ascending
    /// order.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such public entry, or if the database can't be reached.
    pub async fn update_numbers(&self, entry: EntryId) -> Result<Vec<UpdateId>> {
        let mut snapshot = self.store.snapshot().await?;
        let entry = public(snapshot.entry(entry).await?)?;
        snapshot.update_numbers(entry.id).await
    }

    /// The finished cards.
    pub const fn cards(&self) -> &Cards {
        &self.cards
    }

    /// Where a feed stands, and how to stay in touch with it.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such public entry, or if the database can't be reached.
    pub async fn head(&self, feed: FeedId) -> Result<Head> {
        let head = self.known(feed).await?;
        Ok(self.policy.head(&head, self.clock.now()))
    }

    /// All that changed in a feed after `since`, or everything. Whoever asks the same within a few
    /// seconds, while nothing moved, gets the same bytes.
    ///
    /// # Errors
    /// [`Error::Reset`] if `since` can't be continued from, [`Error::NotFound`] if there is no such
    /// public entry, or if the database can't be reached.
    pub async fn changes(&self, feed: FeedId, since: Option<Cursor>) -> Result<Frame> {
        let known = self.known(feed).await?;
        let since = since.unwrap_or_else(|| Cursor::new(known.epoch.clone(), 0));
        let make = assemble(&self.store, &self.cards, feed, &since);
        if since.epoch != known.epoch {
            // What was kept is of that epoch, and it may be over.
            return make.await;
        }
        let key = (feed, since.clone(), known.head);
        self.catch_ups
            .try_get_with(key, make)
            .await
            .map_err(|error| (*error).clone())
    }

    /// Whether a stream can begin at `since`: without asking the database unless it looks wrong.
    ///
    /// # Errors
    /// [`Error::Reset`] if it can't, [`Error::NotFound`] if there is no such public entry, or if the
    /// database can't be reached.
    pub async fn check_cursor(&self, feed: FeedId, since: &Cursor) -> Result<Rev> {
        let known = self.known(feed).await?;
        if since.epoch != known.epoch || since.rev > known.head {
            let _: Frame = assemble(&self.store, &self.cards, feed, since).await?;
        }
        Ok(since.rev)
    }

    /// Where a feed stands, as far as the hub knows. The database is asked before it is said that there
    /// is no such entry: another process may just have made it.
    async fn known(&self, feed: FeedId) -> Result<FeedHead> {
        let unknown = Error::NotFound("entry");
        if let Some(head) = self.hub.head(feed) {
            return Ok(head);
        }
        let FeedId::Entry(id) = feed else {
            return Err(unknown);
        };
        let entry = public(self.store.snapshot().await?.entry(id).await?)?;
        self.hub.wake();
        self.wait_until_published(entry.head).await;
        self.hub.head(feed).ok_or(unknown)
    }
}

/// Where the feed of all entries stands.
async fn public_cursor(snapshot: &mut Snapshot) -> Result<Cursor> {
    let epoch = snapshot.feed().await?.epoch;
    Ok(Cursor::new(epoch, snapshot.public_head().await?))
}

/// The entry, if anybody may read it; nobody is told that a draft exists.
fn public(entry: Option<Entry>) -> Result<Entry> {
    entry
        .filter(|entry| entry.state.is_public())
        .ok_or(Error::NotFound("entry"))
}
