//! Use cases of readers: updates' pages, and lists of updates for clients that don't use the feed.

use domain::{EntryId, Slug, UpdateId};

use crate::{Entry, Error, LiveUpdate, Newsroom, Result, permissions::check_public};

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
    /// Returns one update of a public entry and its neighbors.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there never was such an update in that entry, and an error if
    /// the database can't be reached.
    pub async fn update_page(&self, slug: &Slug, id: UpdateId) -> Result<UpdatePage> {
        let mut snapshot = self.store.snapshot().await?;
        let entry = check_public(snapshot.entry_by_slug(slug).await?)?;
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
        let entry = check_public(snapshot.entry(entry).await?)?;
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
        let entry = check_public(snapshot.entry(entry).await?)?;
        snapshot.update_ids(entry.id).await
    }
}
