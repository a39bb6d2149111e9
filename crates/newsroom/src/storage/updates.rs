//! Queries of updates.

use std::collections::HashMap;

use domain::{AccountId, DisplayName, EntryId, Headline, Rev, Timestamp, UpdateId, Username};
use futures::{TryStreamExt, stream::BoxStream};
use sqlx::{Row, any::AnyRow};

use super::{
    Snapshot,
    entries::{changed_between, ended_before, public_ids},
    row::{Record, decodable, log_skipped},
};
use crate::{EditableUpdate, LiveUpdate, Result, SafeHtml, TextEditor};

/// The columns of an update with its author's name. They are named for the same reason as in
/// `select_entries!`.
macro_rules! columns {
    () => {
        "u.id, u.entry_id, u.author_id, u.rev, u.headline, u.html, u.excerpt, u.is_key, u.is_pinned, u.posted_at, u.published_at, u.edited_at, u.deleted_at, u.deleted_by, u.shown_author, a.username"
    };
}

/// Selects updates without their sources, which are long and which readers don't see; `$rest` is
/// the rest of the statement.
macro_rules! select_updates {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM updates u JOIN accounts a ON a.id = u.author_id ",
            $rest
        )
    };
}

/// The id of the latest update of an entry `listed`.
macro_rules! latest_id {
    () => {
        "SELECT l.id FROM updates l WHERE l.entry_id = listed.id AND l.deleted_at IS NULL
         ORDER BY l.posted_at DESC, l.id DESC LIMIT 1"
    };
}

pub(super) const UPDATES: &str =
    select_updates!("WHERE u.entry_id = $1 AND u.deleted_at IS NULL ORDER BY u.posted_at, u.id");
/// The plus sign prevents the use of an index of entries: without statistics, SQLite would read all
/// updates of the entry. The index of texts to erase is small.
pub(super) const DELETED_SINCE: &str = select_updates!(
    "WHERE +u.entry_id = $1 AND u.deleted_at >= $2 AND u.source <> '' ORDER BY u.posted_at, u.id"
);
pub(super) const CHANGED_SINCE: &str =
    select_updates!("WHERE u.entry_id = $1 AND u.rev > $2 ORDER BY u.rev LIMIT $3");
pub(super) const PUBLIC_CHANGED_SINCE: &str = select_updates!(
    "JOIN entries e ON e.id = u.entry_id
     WHERE u.rev > $1 AND e.state <> 'draft' ORDER BY u.rev LIMIT $2"
);
pub(super) const HIGHLIGHTS: &str = select_updates!(
    "WHERE u.entry_id = $1 AND (u.is_key <> 0 OR u.is_pinned <> 0)
     AND u.deleted_at IS NULL ORDER BY u.posted_at, u.id"
);
/// Sorts ids, which are in an index, and reads only the rows within the limit.
pub(super) const LATEST_OF_LIVE_ENTRIES: &str = select_updates!(
    "WHERE u.id IN (
         SELECT l.id FROM entries e JOIN updates l ON l.entry_id = e.id
         WHERE e.state = 'live' AND l.deleted_at IS NULL
         ORDER BY l.posted_at DESC, l.id DESC LIMIT $1)
     ORDER BY u.posted_at, u.id"
);
pub(super) const LATEST_OF_PUBLIC_ENTRIES: &str = concat!(
    select_updates!("WHERE u.id IN (SELECT ("),
    latest_id!(),
    ") FROM entries listed WHERE listed.id IN (",
    public_ids!(),
    "))"
);
pub(super) const LATEST_OF_ENDED_ENTRIES_BEFORE: &str = concat!(
    select_updates!("WHERE u.id IN (SELECT ("),
    latest_id!(),
    ") FROM (SELECT id FROM entries ",
    ended_before!(),
    ") AS listed)"
);

impl Snapshot {
    /// Returns the update with the id `id`, deleted or not.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn update(&mut self, id: UpdateId) -> Result<Option<LiveUpdate>> {
        sqlx::query(select_updates!("WHERE u.id = $1"))
            .bind(id.0)
            .fetch_optional(&mut *self.tx)
            .await?
            .map(|row| update(&row))
            .transpose()
    }

    /// Returns the update with the id `id`, deleted or not, with its source.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn editable_update(&mut self, id: UpdateId) -> Result<Option<EditableUpdate>> {
        sqlx::query(concat!(
            "SELECT ",
            columns!(),
            ", u.source, u.text_rev, u.edited_by, e.username AS editor
             FROM updates u JOIN accounts a ON a.id = u.author_id
             LEFT JOIN accounts e ON e.id = u.edited_by WHERE u.id = $1"
        ))
        .bind(id.0)
        .fetch_optional(&mut *self.tx)
        .await?
        .map(|row| editable_update(&row))
        .transpose()
    }

    /// Returns the updates of an entry, without deleted ones, oldest first.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn updates(&mut self, entry: EntryId) -> Result<Vec<LiveUpdate>> {
        let rows = sqlx::query(UPDATES)
            .bind(entry.0)
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(decodable(&rows, update))
    }

    /// Returns the updates of an entry that were deleted at or after `since` and can still be
    /// restored, oldest first.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn updates_deleted_since(
        &mut self,
        entry: EntryId,
        since: Timestamp,
    ) -> Result<Vec<LiveUpdate>> {
        let rows = sqlx::query(DELETED_SINCE)
            .bind(entry.0)
            .bind(since.0)
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(decodable(&rows, update))
    }

    /// Returns the updates of an entry with ids greater than `after`, without deleted ones, by id.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn updates_after_id(
        &mut self,
        entry: EntryId,
        after: UpdateId,
    ) -> Result<Vec<LiveUpdate>> {
        let rows = sqlx::query(select_updates!(
            "WHERE u.entry_id = $1 AND u.id > $2 AND u.deleted_at IS NULL ORDER BY u.id"
        ))
        .bind(entry.0)
        .bind(after.0)
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(decodable(&rows, update))
    }

    /// Returns the ids of an entry's updates, without deleted ones, in ascending order.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn update_ids(&mut self, entry: EntryId) -> Result<Vec<UpdateId>> {
        let select =
            "SELECT id FROM updates WHERE entry_id = $1 AND deleted_at IS NULL ORDER BY id";
        let ids = sqlx::query_scalar(select)
            .bind(entry.0)
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(ids.into_iter().map(UpdateId).collect())
    }

    /// Returns the first updates of an entry that changed after `since`, including tombstones.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn updates_changed_since(
        &mut self,
        entry: EntryId,
        since: Rev,
    ) -> Result<ChangedUpdates> {
        let query = sqlx::query(CHANGED_SINCE)
            .bind(entry.0)
            .bind(since)
            .bind(ChangedUpdates::MAX + 1);
        ChangedUpdates::read(query.fetch(&mut *self.tx)).await
    }

    /// Returns the first updates of all public entries that changed after `since`, including
    /// tombstones.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn public_updates_changed_since(&mut self, since: Rev) -> Result<ChangedUpdates> {
        let query = sqlx::query(PUBLIC_CHANGED_SINCE)
            .bind(since)
            .bind(ChangedUpdates::MAX + 1);
        ChangedUpdates::read(query.fetch(&mut *self.tx)).await
    }

    /// Returns the pinned and key updates of an entry, oldest first.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn highlights(&mut self, entry: EntryId) -> Result<Vec<LiveUpdate>> {
        let rows = sqlx::query(HIGHLIGHTS)
            .bind(entry.0)
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(decodable(&rows, update))
    }

    /// Returns the latest updates of all live entries, without deleted ones, oldest first, at most
    /// `limit`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn latest_of_live_entries(&mut self, limit: i64) -> Result<Vec<LiveUpdate>> {
        let query = sqlx::query(LATEST_OF_LIVE_ENTRIES).bind(limit);
        let rows = query.fetch_all(&mut *self.tx).await?;
        Ok(decodable(&rows, update))
    }

    /// Returns the update of the same entry that was posted before `update`, skipping deleted ones.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn update_before(&mut self, update: &LiveUpdate) -> Result<Option<LiveUpdate>> {
        let query = select_updates!(
            "WHERE u.entry_id = $1 AND u.deleted_at IS NULL AND (u.posted_at, u.id) < ($2, $3)
             ORDER BY u.posted_at DESC, u.id DESC LIMIT 1"
        );
        self.neighbor(query, update).await
    }

    /// Returns the update of the same entry that was posted after `update`, skipping deleted ones.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn update_after(&mut self, update: &LiveUpdate) -> Result<Option<LiveUpdate>> {
        let query = select_updates!(
            "WHERE u.entry_id = $1 AND u.deleted_at IS NULL AND (u.posted_at, u.id) > ($2, $3)
             ORDER BY u.posted_at, u.id LIMIT 1"
        );
        self.neighbor(query, update).await
    }

    async fn neighbor(
        &mut self,
        query: &'static str,
        of: &LiveUpdate,
    ) -> Result<Option<LiveUpdate>> {
        let row = sqlx::query(query)
            .bind(of.entry_id.0)
            .bind(of.posted_at.0)
            .bind(of.id.0)
            .fetch_optional(&mut *self.tx)
            .await?;
        row.map(|row| self::update(&row)).transpose()
    }

    /// Returns the latest update of each of the entries of [`Snapshot::public_entries`] that has
    /// one.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn latest_of_public_entries(
        &mut self,
        before: Option<EntryId>,
        limit: i64,
    ) -> Result<HashMap<EntryId, LiveUpdate>> {
        let (first, older) = (LATEST_OF_PUBLIC_ENTRIES, LATEST_OF_ENDED_ENTRIES_BEFORE);
        let rows = self.rows(first, older, before, limit).await?;
        Ok(by_entry(decodable(&rows, update)))
    }

    /// Returns the latest update of each of the entries of [`Snapshot::entries_changed_between`]
    /// that has one.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn latest_of_entries_changed_between(
        &mut self,
        since: Rev,
        to: Rev,
        limit: i64,
    ) -> Result<HashMap<EntryId, LiveUpdate>> {
        let rows = sqlx::query(concat!(
            select_updates!("WHERE u.id IN (SELECT ("),
            latest_id!(),
            ") FROM entries listed WHERE listed.id IN (SELECT e.id FROM entries e WHERE ",
            changed_between!(),
            "))"
        ))
        .bind(since)
        .bind(to)
        .bind(limit)
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(by_entry(decodable(&rows, update)))
    }
}

/// The first updates after a revision, ordered by revision. Limited to one batch, by their number
/// and by the bytes of their HTML.
#[derive(Debug, Default)]
pub struct ChangedUpdates {
    /// The updates that could be decoded.
    pub updates: Vec<LiveUpdate>,
    /// If there are more: the revision of the last row that was read.
    pub cut_at: Option<Rev>,
    /// Whether a row was skipped because it could not be decoded.
    has_skipped: bool,
}

impl ChangedUpdates {
    /// The maximum number. A page applies this many without a visible pause.
    pub const MAX: i64 = 500;
    /// The maximum size of the HTML in bytes, except for a single larger update.
    const MAX_BYTES: usize = 1024 * 1024;

    async fn read(
        mut rows: BoxStream<'_, std::result::Result<AnyRow, sqlx::Error>>,
    ) -> Result<Self> {
        let mut read = Self::default();
        let (mut count, mut bytes, mut last) = (0, 0, None);
        while let Some(row) = rows.try_next().await? {
            let html: Option<&str> = row.try_get("html").ok();
            bytes += html.map_or(0, str::len);
            if count == Self::MAX || (bytes > Self::MAX_BYTES && last.is_some()) {
                read.cut_at = last;
                break;
            }
            count += 1;
            last = Some(Record::new("updates", &row)?.get("rev")?);
            match update(&row) {
                Ok(update) => read.updates.push(update),
                Err(error) => {
                    log_skipped(&error);
                    read.has_skipped = true;
                }
            }
        }
        Ok(read)
    }

    /// Returns whether these are all updates that changed.
    pub const fn is_whole(&self) -> bool {
        self.cut_at.is_none() && !self.has_skipped
    }
}

fn by_entry(updates: Vec<LiveUpdate>) -> HashMap<EntryId, LiveUpdate> {
    let updates = updates.into_iter();
    updates.map(|update| (update.entry_id, update)).collect()
}

fn editable_update(row: &AnyRow) -> Result<EditableUpdate> {
    let record = Record::new("updates", row)?;
    let editor = record.get::<Option<i64>>("edited_by")?.map(AccountId);
    let username = record.maybe_text("editor", Username::from_stored)?;
    Ok(EditableUpdate {
        update: update(row)?,
        source: record.get("source")?,
        text_rev: record.get("text_rev")?,
        edited_by: editor
            .zip(username)
            .map(|(id, username)| TextEditor { id, username }),
    })
}

fn update(row: &AnyRow) -> Result<LiveUpdate> {
    let record = Record::new("updates", row)?;
    let posted_at = record.time("posted_at")?;
    Ok(LiveUpdate {
        id: UpdateId(record.id()),
        entry_id: record.get("entry_id").map(EntryId)?,
        rev: record.get("rev")?,
        author_id: record.get("author_id").map(AccountId)?,
        author: record.text("username", Username::from_stored)?,
        shown_author: record.maybe_text("shown_author", DisplayName::from_stored)?,
        headline: record.maybe_text("headline", Headline::from_stored)?,
        html: SafeHtml::stored(record.get("html")?, record.get("excerpt")?),
        key: record.flag("is_key")?,
        pinned: record.flag("is_pinned")?,
        posted_at,
        published_at: record.maybe_time("published_at")?.unwrap_or(posted_at),
        edited_at: record.maybe_time("edited_at")?,
        deleted_at: record.maybe_time("deleted_at")?,
        deleted_by: record.get::<Option<i64>>("deleted_by")?.map(AccountId),
    })
}
