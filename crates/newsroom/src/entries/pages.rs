//! Use cases of readers: the front page, the page of all live entries, and entries' pages.

use std::cmp::Reverse;

use domain::{Cursor, EntryId, EntryState, Slug, Timestamp};

use crate::{
    Entry, EntryPage, ListPage, LiveUpdate, Newsroom, Result, permissions::check_public,
    storage::Snapshot,
};

/// The content of the front page, read in one snapshot.
#[derive(Clone, Debug)]
pub struct FrontPage {
    /// All live and upcoming entries and the latest ended ones, each with its latest update if it
    /// has one. The latest start is first.
    pub entries: Vec<(Entry, Option<LiveUpdate>)>,
    /// The last ended entry, if there are earlier ones: see [`Newsroom::ended_page`].
    pub next: Option<EntryId>,
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

impl FrontPage {
    /// The maximum number of ended entries on one page. With their latest updates, a page that
    /// loads within a second on a phone.
    pub const MAX_ENDED: u8 = 100;
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

impl Newsroom {
    /// Returns the live and upcoming entries, and the latest ended ones.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn front_page(&self) -> Result<FrontPage> {
        self.front_page_before(None).await
    }

    /// Returns the ended entries that follow the entry `before` on the front page.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn ended_page(&self, before: EntryId) -> Result<FrontPage> {
        self.front_page_before(Some(before)).await
    }

    async fn front_page_before(&self, before: Option<EntryId>) -> Result<FrontPage> {
        let limit = i64::from(FrontPage::MAX_ENDED) + 1;
        let mut snapshot = self.store.snapshot().await?;
        let cursor = public_cursor(&mut snapshot).await?;
        let mut latest = snapshot.latest_of_public_entries(before, limit).await?;
        let entries = snapshot.public_entries(before, limit).await?;
        let (ended, mut entries): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .map(|entry| {
                let latest = latest.remove(&entry.id);
                (entry, latest)
            })
            .partition(|(entry, _)| entry.state == EntryState::Ended);
        let ended = ListPage::new(ended, FrontPage::MAX_ENDED.into(), |(entry, _)| entry.id);
        entries.extend(ended.items);
        entries.sort_by_key(|(entry, _)| Reverse((entry.starts_at, entry.id)));
        Ok(FrontPage {
            entries,
            next: ended.next,
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
        let max = LivePage::MAX_UPDATES.into();
        Ok(LivePage {
            entries: snapshot.live_entries().await?,
            updates: snapshot.latest_of_live_entries(max).await?,
            cursor,
        })
    }

    /// Returns a public entry, its updates and its cursor.
    ///
    /// # Errors
    /// Returns [`NotFound`](crate::Error::NotFound) if there is no such public entry, and an error
    /// if the database can't be reached.
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
        let entry = check_public(entry)?;
        Ok(EntryPage {
            article: snapshot.article_html(entry.id).await?,
            updates: self.update_cache.read(&mut snapshot, &entry).await?,
            cursor: Cursor::new(entry.epoch, entry.head),
            entry,
        })
    }

    /// Returns the current slug of the public entry that once had `slug`; `None` if none had.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn current_slug(&self, slug: &Slug) -> Result<Option<Slug>> {
        let entry = self.store.entry_by_previous_slug(slug).await?;
        Ok(entry
            .filter(|entry| entry.state.is_public())
            .map(|entry| entry.slug))
    }
}

/// Returns the cursor of the feed of all entries.
async fn public_cursor(snapshot: &mut Snapshot) -> Result<Cursor> {
    let epoch = snapshot.feed().await?.epoch;
    Ok(Cursor::new(epoch, snapshot.public_head().await?))
}
