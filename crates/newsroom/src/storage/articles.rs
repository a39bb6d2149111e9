//! The articles of entries: columns of the table of entries, which only these statements read,
//! because an article may be long.

use domain::{AccountId, Article, EntryId, Rev, Timestamp, Username};
use sqlx::Row as _;

use super::{Revision, Snapshot, row::Record, row_count::one_row};
use crate::{EditableArticle, MARKUP_VERSION, RenderedArticle, Result, SafeHtml};

pub(super) const ARTICLE_CHANGED_SINCE: &str =
    "SELECT id, body_html, body_excerpt FROM entries WHERE id = $1 AND body_rev > $2";

/// The condition for articles to render again.
macro_rules! outdated {
    () => {
        "body_markup_version <> $1 AND body <> ''"
    };
}

/// An article that another version of the sanitizer rendered.
#[derive(Debug)]
pub struct OutdatedArticle {
    /// Its entry.
    pub entry: EntryId,
    /// Its text as the author wrote it.
    pub source: Article,
}

impl Snapshot {
    /// Returns the HTML of an entry's article; empty if it has none.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn article_html(&mut self, entry: EntryId) -> Result<SafeHtml> {
        // No revision is below 0.
        let html = self.article_changed_since(entry, -1).await?;
        Ok(html.unwrap_or_else(SafeHtml::empty))
    }

    /// Returns the same if the article changed after `since`, and `None` otherwise.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn article_changed_since(
        &mut self,
        entry: EntryId,
        since: Rev,
    ) -> Result<Option<SafeHtml>> {
        let row = sqlx::query(ARTICLE_CHANGED_SINCE)
            .bind(entry.0)
            .bind(since)
            .fetch_optional(&mut *self.tx)
            .await?;
        row.map(|row| {
            let record = Record::new("entries", &row)?;
            let (html, excerpt) = (record.get("body_html")?, record.get("body_excerpt")?);
            Ok(SafeHtml::stored(html, excerpt))
        })
        .transpose()
    }

    /// Returns an entry's article as its author wrote it; empty if it has none. `None` if there is
    /// no such entry.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn article(&mut self, entry: EntryId) -> Result<Option<EditableArticle>> {
        let row = sqlx::query(
            "SELECT entries.id, body, body_text_rev, body_edited_at, username FROM entries
             LEFT JOIN accounts ON accounts.id = body_edited_by WHERE entries.id = $1",
        )
        .bind(entry.0)
        .fetch_optional(&mut *self.tx)
        .await?;
        row.map(|row| {
            let record = Record::new("entries", &row)?;
            Ok(EditableArticle {
                source: record.text("body", Article::from_stored)?,
                text_rev: record.get("body_text_rev")?,
                edited_by: record.maybe_text("username", Username::from_stored)?,
                edited_at: record.maybe_time("body_edited_at")?,
            })
        })
        .transpose()
    }

    /// Returns the number of articles that another version of the sanitizer rendered.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn count_outdated_articles(&mut self) -> Result<i64> {
        let row = sqlx::query(concat!(
            "SELECT COUNT(*) AS articles FROM entries WHERE ",
            outdated!()
        ))
        .bind(MARKUP_VERSION)
        .fetch_one(&mut *self.tx)
        .await?;
        Ok(row.try_get("articles")?)
    }

    /// Returns the first of these articles, of an entry with an id greater than `after`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn outdated_article(&mut self, after: EntryId) -> Result<Option<OutdatedArticle>> {
        let row = sqlx::query(concat!(
            "SELECT id, body FROM entries WHERE id > $2 AND ",
            outdated!(),
            " ORDER BY id LIMIT 1"
        ))
        .bind(MARKUP_VERSION)
        .bind(after.0)
        .fetch_optional(&mut *self.tx)
        .await?;
        row.map(|row| {
            let record = Record::new("entries", &row)?;
            Ok(OutdatedArticle {
                entry: EntryId(record.id()),
                source: record.text("body", Article::from_stored)?,
            })
        })
        .transpose()
    }
}

impl Revision {
    /// Stores an entry's article at the last revision taken, which must be the entry's own.
    /// `edited` is who changed it and when; `None` if it is stored with its entry.
    ///
    /// # Errors
    /// Returns an error if there is no such entry, or the database can't be reached.
    pub async fn store_article(
        &mut self,
        entry: EntryId,
        article: &RenderedArticle,
        edited: Option<(AccountId, Timestamp)>,
    ) -> Result<()> {
        let rev = self.last_rev();
        let result = sqlx::query(
            "UPDATE entries SET body = $2, body_html = $3, body_excerpt = $4,
             body_markup_version = $5, body_rev = $6, body_text_rev = $6, body_edited_by = $7,
             body_edited_at = $8 WHERE id = $1",
        )
        .bind(entry.0)
        .bind(article.source.as_str())
        .bind(article.html.as_str())
        .bind(article.html.stored_excerpt())
        .bind(MARKUP_VERSION)
        .bind(rev)
        .bind(edited.map(|(account, _)| account.0))
        .bind(edited.map(|(_, at)| at.0))
        .execute(self.writing())
        .await?;
        one_row(&result)
    }

    /// Records that an entry's article is rendered differently from the last revision taken on,
    /// because the entry's language changed.
    ///
    /// # Errors
    /// Returns an error if there is no such entry, or the database can't be reached.
    pub async fn revise_article(&mut self, entry: EntryId) -> Result<()> {
        let rev = self.last_rev();
        let result = sqlx::query("UPDATE entries SET body_rev = $2 WHERE id = $1")
            .bind(entry.0)
            .bind(rev)
            .execute(self.writing())
            .await?;
        one_row(&result)
    }

    /// Stores HTML of an article that was rendered again, and returns whether it or its excerpt
    /// differs. If it does, the entry takes a revision.
    ///
    /// # Errors
    /// Returns an error if there is no such entry, or the database can't be reached.
    pub async fn store_rerendered_article(
        &mut self,
        entry: EntryId,
        html: &SafeHtml,
    ) -> Result<bool> {
        let differs = self.snapshot.article_html(entry).await? != *html;
        if differs {
            self.take_rev()?;
            self.change_entry(entry).await?;
            self.revise_article(entry).await?;
        }
        let result = sqlx::query(
            "UPDATE entries SET body_html = $2, body_excerpt = $3, body_markup_version = $4
             WHERE id = $1",
        )
        .bind(entry.0)
        .bind(html.as_str())
        .bind(html.stored_excerpt())
        .bind(MARKUP_VERSION)
        .execute(self.writing())
        .await?;
        one_row(&result)?;
        Ok(differs)
    }
}
