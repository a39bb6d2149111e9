//! The table of entries, and the slugs that redirect to them.

use domain::{
    AccountId, ChatSetting, EntryId, EntryState, Language, Rev, Slug, Summary, Timestamp, Title,
    ZoneName,
};
use sqlx::{Row, any::AnyRow};

use super::{
    Revision, Snapshot, Store,
    row::{Record, decodable},
    row_count::one_row,
};
use crate::{Entry, NewEntry, Result};

/// The reason why an entry can't have a slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlugConflict {
    /// Another entry has it.
    Taken,
    /// It redirects to another entry, which had it before.
    Redirects,
}

/// Selects entries; `$rest` is the rest of the statement. Names the columns, because PostgreSQL's
/// prepared statements with `*` fail if a newer server adds columns while this one runs.
macro_rules! select_entries {
    ($rest:literal) => {
        concat!(
            "SELECT id, slug, title, summary, state, time_zone, language, starts_at, ended_at, default_order, has_chat, rev, head, (SELECT epoch FROM feed) AS epoch FROM entries ",
            $rest
        )
    };
}

/// Selects entries with the number of their updates.
macro_rules! select_counted_entries {
    ($rest:literal) => {
        concat!(
            "SELECT id, slug, title, summary, state, time_zone, language, starts_at, ended_at, default_order, has_chat, rev, head, (SELECT epoch FROM feed) AS epoch, \
             (SELECT COUNT(*) FROM updates u WHERE u.entry_id = entries.id AND u.deleted_at IS NULL) AS updates FROM entries ",
            $rest
        )
    };
}

/// The ids of the front page's entries: all live and upcoming ones, and the latest $1 ended ones.
macro_rules! public_ids {
    () => {
        "SELECT id FROM entries WHERE state IN ('live', 'upcoming')
         UNION ALL SELECT id FROM (
             SELECT id FROM entries WHERE state = 'ended'
             ORDER BY starts_at DESC, id DESC LIMIT $1) AS ended"
    };
}
pub(super) use public_ids;

/// The condition, the order and the limit of the first $1 ended entries after the entry $2.
macro_rules! ended_before {
    () => {
        "WHERE state = 'ended'
           AND (starts_at, id) < (SELECT b.starts_at, b.id FROM entries b WHERE b.id = $2)
         ORDER BY starts_at DESC, id DESC LIMIT $1"
    };
}
pub(super) use ended_before;

pub(super) const ENTRY_BY_SLUG: &str = select_entries!("WHERE slug = $1");
const ENTRY_BY_PREVIOUS_SLUG: &str =
    select_entries!("WHERE id = (SELECT entry_id FROM old_addresses WHERE slug = $1)");
/// A slug that an entry has is no redirect.
pub(super) const ENTRY_BY_ANY_SLUG: &str = select_entries!(
    "WHERE id = COALESCE((SELECT e.id FROM entries e WHERE e.slug = $1),
                         (SELECT entry_id FROM old_addresses WHERE slug = $1))"
);
const ENTRY: &str = select_entries!("WHERE id = $1");
const ENTRIES: &str = select_entries!("ORDER BY starts_at DESC, id DESC LIMIT $1");
pub(super) const ENTRIES_BEFORE: &str = select_entries!(
    "WHERE (starts_at, id) < (SELECT b.starts_at, b.id FROM entries b WHERE b.id = $2)
     ORDER BY starts_at DESC, id DESC LIMIT $1"
);
const COUNTED_ENTRIES: &str = select_counted_entries!("ORDER BY starts_at DESC, id DESC LIMIT $1");
pub(super) const COUNTED_ENTRIES_BEFORE: &str = select_counted_entries!(
    "WHERE (starts_at, id) < (SELECT b.starts_at, b.id FROM entries b WHERE b.id = $2)
     ORDER BY starts_at DESC, id DESC LIMIT $1"
);
pub(super) const ENTRIES_WITH_DRAFTS: &str =
    select_entries!("WHERE id IN (SELECT entry_id FROM update_drafts WHERE account_id = $1)");
pub(super) const LIVE_ENTRIES: &str =
    select_entries!("WHERE state = 'live' ORDER BY starts_at DESC, id DESC");
pub(super) const PUBLIC_ENTRIES: &str = concat!(
    select_entries!("WHERE id IN ("),
    public_ids!(),
    ") ORDER BY starts_at DESC, id DESC"
);
pub(super) const ENDED_ENTRIES_BEFORE: &str = concat!(select_entries!(""), ended_before!());
pub(super) const PUBLIC_HEAD: &str =
    "SELECT COALESCE(MAX(head), 0) AS head FROM entries WHERE state <> 'draft'";

/// The condition of [`Snapshot::entries_changed_between`] for an entry `e`: $1 is `since`, $2 is
/// `to`, $3 the limit.
macro_rules! changed_between {
    () => {
        "e.state <> 'draft' AND (
             e.id IN (SELECT id FROM entries WHERE head > $1 AND state <> 'draft' ORDER BY head LIMIT $3)
             OR e.id IN (SELECT entry_id FROM updates WHERE rev > $1 AND rev <= $2))"
    };
}
pub(super) use changed_between;

impl Store {
    /// Returns the entry with the id `id`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn entry(&self, id: EntryId) -> Result<Option<Entry>> {
        let row = self.look_up(sqlx::query(ENTRY).bind(id.0)).await?;
        row.map(|row| entry(&row, &self.language)).transpose()
    }

    /// Returns the entry that has, or previously had, `slug`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn entry_by_any_slug(&self, slug: &Slug) -> Result<Option<Entry>> {
        let query = sqlx::query(ENTRY_BY_ANY_SLUG).bind(slug.as_str());
        let row = self.look_up(query).await?;
        row.map(|row| entry(&row, &self.language)).transpose()
    }

    /// Returns the entry that previously had `slug`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn entry_by_previous_slug(&self, slug: &Slug) -> Result<Option<Entry>> {
        let query = sqlx::query(ENTRY_BY_PREVIOUS_SLUG).bind(slug.as_str());
        let row = self.look_up(query).await?;
        row.map(|row| entry(&row, &self.language)).transpose()
    }
}

impl Snapshot {
    /// Returns the entry with the current slug `slug`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn entry_by_slug(&mut self, slug: &Slug) -> Result<Option<Entry>> {
        sqlx::query(ENTRY_BY_SLUG)
            .bind(slug.as_str())
            .fetch_optional(&mut *self.tx)
            .await?
            .map(|row| entry(&row, &self.language))
            .transpose()
    }

    /// Returns the entry with the id `id`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn entry(&mut self, id: EntryId) -> Result<Option<Entry>> {
        sqlx::query(ENTRY)
            .bind(id.0)
            .fetch_optional(&mut *self.tx)
            .await?
            .map(|row| entry(&row, &self.language))
            .transpose()
    }

    /// Returns the entry that previously had `slug`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn entry_by_previous_slug(&mut self, slug: &Slug) -> Result<Option<Entry>> {
        sqlx::query(ENTRY_BY_PREVIOUS_SLUG)
            .bind(slug.as_str())
            .fetch_optional(&mut *self.tx)
            .await?
            .map(|row| entry(&row, &self.language))
            .transpose()
    }

    /// Returns the entry that has, or previously had, `slug`. A page may have been open since
    /// before a change of the slug.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn entry_by_any_slug(&mut self, slug: &Slug) -> Result<Option<Entry>> {
        sqlx::query(ENTRY_BY_ANY_SLUG)
            .bind(slug.as_str())
            .fetch_optional(&mut *self.tx)
            .await?
            .map(|row| entry(&row, &self.language))
            .transpose()
    }

    /// Returns the entries for which `account` has drafts of updates.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn entries_with_drafts(&mut self, account: AccountId) -> Result<Vec<Entry>> {
        let rows = sqlx::query(ENTRIES_WITH_DRAFTS)
            .bind(account.0)
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(decodable(&rows, |row| entry(row, &self.language)))
    }

    /// Returns entries, the latest start first, at most `limit`: the first ones, or those after the
    /// entry `before`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn entries(&mut self, before: Option<EntryId>, limit: i64) -> Result<Vec<Entry>> {
        let rows = self.rows(ENTRIES, ENTRIES_BEFORE, before, limit).await?;
        Ok(decodable(&rows, |row| entry(row, &self.language)))
    }

    /// Returns the same entries, each with the number of its updates, without deleted ones.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn counted_entries(
        &mut self,
        before: Option<EntryId>,
        limit: i64,
    ) -> Result<Vec<(Entry, usize)>> {
        let (first, older) = (COUNTED_ENTRIES, COUNTED_ENTRIES_BEFORE);
        let rows = self.rows(first, older, before, limit).await?;
        Ok(decodable(&rows, |row| {
            let updates: i64 = Record::new("entries", row)?.get("updates")?;
            let entry = entry(row, &self.language)?;
            Ok((entry, usize::try_from(updates).unwrap_or(0)))
        }))
    }

    /// Returns the live entries, the latest start first.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn live_entries(&mut self) -> Result<Vec<Entry>> {
        let rows = sqlx::query(LIVE_ENTRIES).fetch_all(&mut *self.tx).await?;
        Ok(decodable(&rows, |row| entry(row, &self.language)))
    }

    /// Returns public entries, the latest start first: all live and upcoming ones and the first
    /// `limit` ended ones, or the first `limit` ended ones after the entry `before`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn public_entries(
        &mut self,
        before: Option<EntryId>,
        limit: i64,
    ) -> Result<Vec<Entry>> {
        let (first, older) = (PUBLIC_ENTRIES, ENDED_ENTRIES_BEFORE);
        let rows = self.rows(first, older, before, limit).await?;
        Ok(decodable(&rows, |row| entry(row, &self.language)))
    }

    /// Returns the rows of the query `first`, or of `older` if the list continues after the entry
    /// `before`. $1 is the limit, $2 that entry.
    pub(super) async fn rows(
        &mut self,
        first: &'static str,
        older: &'static str,
        before: Option<EntryId>,
        limit: i64,
    ) -> Result<Vec<AnyRow>> {
        let query = match before {
            None => sqlx::query(first).bind(limit),
            Some(before) => sqlx::query(older).bind(limit).bind(before.0),
        };
        Ok(query.fetch_all(&mut *self.tx).await?)
    }

    /// Returns the public entries that changed after `since`, in the order of their heads: at most
    /// `limit`, and also the entries of the updates with revisions after `since` up to `to`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn entries_changed_between(
        &mut self,
        since: Rev,
        to: Rev,
        limit: i64,
    ) -> Result<Vec<Entry>> {
        let rows = sqlx::query(concat!(
            select_entries!("AS e WHERE "),
            changed_between!(),
            " ORDER BY head"
        ))
        .bind(since)
        .bind(to)
        .bind(limit)
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(decodable(&rows, |row| entry(row, &self.language)))
    }

    /// Returns the current and previous slugs that begin with `stem`, which may contain only
    /// letters, digits and hyphens.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn slugs_beginning_with(&mut self, stem: &str) -> Result<Vec<String>> {
        let slugs = sqlx::query_scalar(
            "SELECT slug FROM entries WHERE slug LIKE $1
             UNION SELECT slug FROM old_addresses WHERE slug LIKE $1",
        )
        .bind(format!("{stem}%"))
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(slugs)
    }

    /// Returns the heads of the public entries that changed after `since`, ascending, at most
    /// `limit`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn heads_after(&mut self, since: Rev, limit: i64) -> Result<Vec<Rev>> {
        let rows = sqlx::query(
            "SELECT head FROM entries WHERE head > $1 AND state <> 'draft' ORDER BY head LIMIT $2",
        )
        .bind(since)
        .bind(limit)
        .fetch_all(&mut *self.tx)
        .await?;
        rows.iter().map(|row| Ok(row.try_get("head")?)).collect()
    }

    /// Returns the revision of the last change to any public entry.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn public_head(&mut self) -> Result<Rev> {
        let row = sqlx::query(PUBLIC_HEAD).fetch_one(&mut *self.tx).await?;
        Ok(row.try_get("head")?)
    }
}

impl Revision {
    /// Inserts an entry that starts `now`, and ends now if its state is ended. Returns its id. The
    /// slug must be free: see [`Revision::slug_conflict`].
    ///
    /// # Errors
    /// Returns an error if the slug is taken, or the database can't be reached.
    pub async fn add_entry(
        &mut self,
        new: &NewEntry,
        slug: &Slug,
        now: Timestamp,
    ) -> Result<EntryId> {
        let ended_at = (new.state == EntryState::Ended).then_some(now.0);
        let rev = self.take_rev()?;
        let row = sqlx::query(
            "INSERT INTO entries (slug, title, summary, state, time_zone, starts_at, ended_at, default_order, rev, head, language, has_chat)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11)
             RETURNING id",
        )
        .bind(slug.as_str())
        .bind(new.title.as_str())
        .bind(new.summary.as_str())
        .bind(new.state.as_str())
        .bind(new.time_zone.as_str())
        .bind(now.0)
        .bind(ended_at)
        .bind(new.default_order.as_str())
        .bind(rev)
        .bind(new.language.as_ref().map(Language::as_str))
        .bind(i64::from(new.chat != ChatSetting::Off))
        .fetch_one(self.writing())
        .await?;
        Ok(EntryId(row.try_get("id")?))
    }

    /// Sets the slug of an entry that is not committed yet.
    ///
    /// # Errors
    /// Returns an error if there is no such entry, or the database can't be reached.
    pub async fn name_entry(&mut self, id: EntryId, slug: &Slug) -> Result<()> {
        let result = sqlx::query("UPDATE entries SET slug = $2 WHERE id = $1")
            .bind(id.0)
            .bind(slug.as_str())
            .execute(self.writing())
            .await?;
        one_row(&result)
    }

    /// Stores the changed entry `after`. If the slug changed, the previous one redirects to it.
    /// Check a changed slug with [`Revision::slug_conflict`] first.
    ///
    /// # Errors
    /// Returns an error if the slug is taken, or the database can't be reached.
    pub async fn rewrite_entry(&mut self, before: &Entry, after: &Entry) -> Result<()> {
        if after.slug != before.slug {
            self.delete_redirect(&after.slug).await?;
            // There are no links to a draft.
            if before.state.is_public() {
                self.add_redirect(before).await?;
            }
        }
        let rev = self.take_rev()?;
        let result = sqlx::query(
            "UPDATE entries SET slug = $2, title = $3, summary = $4, time_zone = $5, default_order = $6,
             state = $7, starts_at = $8, ended_at = $9, rev = $10, head = $10, language = $11, has_chat = $12 WHERE id = $1",
        )
        .bind(before.id.0)
        .bind(after.slug.as_str())
        .bind(after.title.as_str())
        .bind(after.summary.as_str())
        .bind(after.time_zone.as_str())
        .bind(after.default_order.as_str())
        .bind(after.state.as_str())
        .bind(after.starts_at.0)
        .bind(after.ended_at.map(|at| at.0))
        .bind(rev)
        .bind(after.own_language.as_ref().map(Language::as_str))
        .bind(i64::from(after.has_chat))
        .execute(self.writing())
        .await?;
        one_row(&result)
    }

    /// Returns why the entry `own`, or a new one, can't have `slug`; `None` if it can.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn slug_conflict(
        &mut self,
        slug: &Slug,
        own: Option<EntryId>,
    ) -> Result<Option<SlugConflict>> {
        let is_other = |entry: Option<Entry>| entry.is_some_and(|entry| Some(entry.id) != own);
        Ok(if is_other(self.snapshot.entry_by_slug(slug).await?) {
            Some(SlugConflict::Taken)
        } else if is_other(self.snapshot.entry_by_previous_slug(slug).await?) {
            Some(SlugConflict::Redirects)
        } else {
            None
        })
    }

    /// Makes the current slug of an entry, which is about to change, redirect to it.
    async fn add_redirect(&mut self, entry: &Entry) -> Result<()> {
        let result = sqlx::query("INSERT INTO old_addresses (slug, entry_id) VALUES ($1, $2)")
            .bind(entry.slug.as_str())
            .bind(entry.id.0)
            .execute(self.writing())
            .await?;
        one_row(&result)
    }

    /// Deletes the redirect of a slug that becomes its entry's current one again.
    async fn delete_redirect(&mut self, slug: &Slug) -> Result<()> {
        sqlx::query("DELETE FROM old_addresses WHERE slug = $1")
            .bind(slug.as_str())
            .execute(self.writing())
            .await?;
        Ok(())
    }

    /// Records that an entry itself or its highlights changed at this revision.
    ///
    /// # Errors
    /// Returns an error if there is no such entry, or the database can't be reached.
    pub async fn change_entry(&mut self, id: EntryId) -> Result<()> {
        let result = sqlx::query("UPDATE entries SET rev = $2, head = $2 WHERE id = $1")
            .bind(id.0)
            .bind(self.rev)
            .execute(self.writing())
            .await?;
        one_row(&result)
    }

    /// Records that an update of an entry changed at this revision.
    pub(super) async fn move_head(&mut self, id: EntryId) -> Result<()> {
        let result = sqlx::query("UPDATE entries SET head = $2 WHERE id = $1")
            .bind(id.0)
            .bind(self.rev)
            .execute(self.writing())
            .await?;
        one_row(&result)
    }
}

/// Decodes an entry; `site_language` is used for an entry without a language of its own.
fn entry(row: &AnyRow, site_language: &Language) -> Result<Entry> {
    let record = Record::new("entries", row)?;
    let own_language = record.maybe_text("language", Language::new_unchecked)?;
    Ok(Entry {
        epoch: record.word("epoch")?,
        id: EntryId(record.id()),
        slug: record.text("slug", Slug::from_stored)?,
        title: record.text("title", Title::from_stored)?,
        summary: record.text("summary", Summary::from_stored)?,
        state: record.word("state")?,
        time_zone: record.text("time_zone", ZoneName::new_unchecked)?,
        language: own_language.as_ref().unwrap_or(site_language).clone(),
        own_language,
        starts_at: record.time("starts_at")?,
        ended_at: record.maybe_time("ended_at")?,
        default_order: record.word("default_order")?,
        has_chat: record.flag("has_chat")?,
        rev: record.get("rev")?,
        head: record.get("head")?,
    })
}
