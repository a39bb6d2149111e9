//! Use cases of readers: pages, and the requests of the feed.

use domain::{Cursor, EntryId, EntryState, Head, Rev, Slug, Timestamp, UpdateId};

use crate::{
    Cards, Entry, EntryPage, Error, LiveUpdate, Newsroom, Result,
    live::{FeedHead, FeedId, Frame, assemble},
    storage::Snapshot,
};

/// The content of the front page, read in one snapshot.
#[derive(Clone, Debug)]
pub struct FrontPage {
    /// All public entries, each with its latest update if it has one. The latest start is first.
    pub entries: Vec<(Entry, Option<LiveUpdate>)>,
    /// The cursor of the feed of all entries at the time of reading.
    pub cursor: Cursor,
}

/// The content of the page of all live entries, read in one snapshot.
#[derive(Clone, Debug)]
pub struct LivePage {
    /// The live entries; the latest start is first.
    pub entries: Vec<Entry>,
    /// Their latest updates, oldest first; at most [`LivePage::MAX_UPDATES`].
    pub updates: Vec<LiveUpdate>,
    /// The cursor of the feed of all entries at the time of reading.
    pub cursor: Cursor,
}

impl LivePage {
    /// The maximum number of updates. Enough to read of several entries at once, and still a small
    /// page.
    pub const MAX_UPDATES: u8 = 200;

    /// Returns the time of the oldest update that may be on the page: zero if all updates are.
    pub fn oldest(&self) -> Timestamp {
        match self.updates.first() {
            Some(first) if self.updates.len() >= Self::MAX_UPDATES.into() => first.posted_at,
            _ => Timestamp::default(),
        }
    }
}

/// The content of the page of one update, read in one snapshot.
#[derive(Clone, Debug)]
pub enum UpdatePage {
    /// The update exists.
    Shown(Box<ShownUpdate>),
    /// The update was deleted; this was its entry.
    Removed(Box<Entry>),
}

/// An update and its neighbors.
#[derive(Clone, Debug)]
pub struct ShownUpdate {
    /// The update's entry.
    pub entry: Entry,
    /// The update.
    pub update: LiveUpdate,
    /// The update posted before it, if there is one.
    pub before: Option<LiveUpdate>,
    /// The update posted after it, if there is one.
    pub after: Option<LiveUpdate>,
}

impl Newsroom {
    /// Returns the public entries.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
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

    /// Returns the latest updates of all live entries.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn live_page(&self) -> Result<LivePage> {
        let mut snapshot = self.store.snapshot().await?;
        let cursor = public_cursor(&mut snapshot).await?;
        let mut entries = snapshot.entries().await?;
        entries.retain(|entry| entry.state == EntryState::Live);
        let mut updates = Vec::new();
        for entry in &entries {
            let latest = snapshot.latest_updates(entry.id, LivePage::MAX_UPDATES.into());
            updates.extend(latest.await?);
        }
        updates.sort_unstable_by_key(|update| (update.posted_at, update.id));
        updates.drain(..updates.len().saturating_sub(LivePage::MAX_UPDATES.into()));
        Ok(LivePage {
            entries,
            updates,
            cursor,
        })
    }

    /// Returns a public entry, its updates and its cursor.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such public entry, and an error if the database
    /// can't be reached.
    pub async fn entry_page(&self, slug: &Slug) -> Result<EntryPage> {
        let mut snapshot = self.store.snapshot().await?;
        let entry = snapshot.entry_by_slug(slug).await?;
        self.page_of(snapshot, entry).await
    }

    /// Returns the public entry with the id `id`, its updates and its cursor.
    ///
    /// # Errors
    /// See [`Newsroom::entry_page`].
    pub async fn entry_page_by_id(&self, id: EntryId) -> Result<EntryPage> {
        let mut snapshot = self.store.snapshot().await?;
        let entry = snapshot.entry(id).await?;
        self.page_of(snapshot, entry).await
    }

    async fn page_of(&self, mut snapshot: Snapshot, entry: Option<Entry>) -> Result<EntryPage> {
        let entry = public(entry)?;
        Ok(EntryPage {
            updates: self.update_cache.read(&mut snapshot, &entry).await?,
            cursor: Cursor::new(entry.epoch.clone(), entry.head),
            entry,
        })
    }

    /// Returns the current slug of the public entry that once had `slug`; `None` if none had.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn current_slug(&self, slug: &Slug) -> Result<Option<Slug>> {
        let mut snapshot = self.store.snapshot().await?;
        let entry = snapshot.entry_by_previous_slug(slug).await?;
        Ok(entry
            .filter(|entry| entry.state.is_public())
            .map(|entry| entry.slug))
    }

    /// Returns one update of a public entry and its neighbors.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there never was such an update in that entry, and an error if
    /// the database can't be reached.
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

    /// Returns the updates of a public entry with ids greater than `after`, in the order of their
    /// ids, for clients that don't use the feed.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such public entry, and an error if the database
    /// can't be reached.
    pub async fn updates_after(
        &self,
        entry: EntryId,
        after: UpdateId,
    ) -> Result<(Entry, Vec<LiveUpdate>)> {
        let mut snapshot = self.store.snapshot().await?;
        let entry = public(snapshot.entry(entry).await?)?;
        let updates = snapshot.updates_after_id(entry.id, after).await?;
        Ok((entry, updates))
    }

    /// Returns the ids of a public entry's updates, without deleted ones, in ascending order.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such public entry, and an error if the database
    /// can't be reached.
    pub async fn update_ids(&self, entry: EntryId) -> Result<Vec<UpdateId>> {
        let mut snapshot = self.store.snapshot().await?;
        let entry = public(snapshot.entry(entry).await?)?;
        snapshot.update_ids(entry.id).await
    }

    /// Returns the renderers and the cache of cards.
    pub const fn cards(&self) -> &Cards {
        &self.cards
    }

    /// Returns the response to a poll of a feed.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such public entry, and an error if the database
    /// can't be reached.
    pub async fn head(&self, feed: FeedId) -> Result<Head> {
        let head = self.feed_head(feed).await?;
        Ok(self.policy.head(&head, self.clock.now()))
    }

    /// Returns all changes of a feed after `since`, or from the start. The frame is cached for a
    /// few seconds, until the feed changes.
    ///
    /// # Errors
    /// Returns [`Error::Reset`] if `since` can't be continued, [`Error::NotFound`] if there is no
    /// such public entry, and an error if the database can't be reached.
    pub async fn changes(&self, feed: FeedId, since: Option<Cursor>) -> Result<Frame> {
        let current = self.feed_head(feed).await?;
        let since = since.unwrap_or_else(|| Cursor::new(current.epoch.clone(), 0));
        let assembled = assemble(&self.store, &self.cards, feed, &since);
        if since.epoch != current.epoch {
            // Cached frames belong to the hub's epoch, which may be outdated.
            return assembled.await;
        }
        let key = (feed, since.clone(), current.head);
        self.catch_ups
            .try_get_with(key, assembled)
            .await
            .map_err(|error| (*error).clone())
    }

    /// Checks whether a stream can begin at `since`, and returns its revision. Reads the database
    /// only if the hub doesn't know the cursor's epoch or revision.
    ///
    /// # Errors
    /// Returns [`Error::Reset`] if it can't, [`Error::NotFound`] if there is no such public entry,
    /// and an error if the database can't be reached.
    pub async fn check_cursor(&self, feed: FeedId, since: &Cursor) -> Result<Rev> {
        let current = self.feed_head(feed).await?;
        if since.epoch != current.epoch || since.rev > current.head {
            let _: Frame = assemble(&self.store, &self.cards, feed, since).await?;
        }
        Ok(since.rev)
    }

    /// Returns the state of a feed from the hub. Reads the database for an entry that the hub
    /// doesn't have, since another process may just have created it.
    async fn feed_head(&self, feed: FeedId) -> Result<FeedHead> {
        let not_found = Error::NotFound("live blog");
        if let Some(head) = self.hub.head(feed) {
            return Ok(head);
        }
        let FeedId::Entry(id) = feed else {
            return Err(not_found);
        };
        let entry = public(self.store.snapshot().await?.entry(id).await?)?;
        self.hub.wake();
        self.wait_until_published(entry.head).await;
        self.hub.head(feed).ok_or(not_found)
    }
}

/// Returns the cursor of the feed of all entries.
async fn public_cursor(snapshot: &mut Snapshot) -> Result<Cursor> {
    let epoch = snapshot.feed().await?.epoch;
    Ok(Cursor::new(epoch, snapshot.public_head().await?))
}

/// Returns the entry if it is public. For a draft, the error doesn't reveal that it exists.
fn public(entry: Option<Entry>) -> Result<Entry> {
    entry
        .filter(|entry| entry.state.is_public())
        .ok_or(Error::NotFound("live blog"))
}
