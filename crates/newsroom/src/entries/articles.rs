//! Use cases of articles, the texts above an entry's updates.

use domain::{
    Article, ArticleSource, Caller, Cursor, EditConflict, EditResult, EntryId, Invalid, OpId, Slug,
};

use crate::{
    EditableArticle, Entry, EntryPatch, Error, Newsroom, RenderedArticle, Result,
    article_to_safe_html,
    permissions::{check_may_manage_entries, check_may_post},
    updates::{conflicts::conflict_reason, posting::check_visible},
};

const NO_ENTRY: Error = Error::NotFound("live blog");

impl Newsroom {
    /// Renders an article that `caller` submits, to create or to change an entry with it. An empty
    /// one removes the article.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not manage entries, [`Error::Invalid`] if the
    /// text nests too deeply, becomes too much HTML, or has no visible part, and [`Error::Busy`] if
    /// too many texts wait to be rendered.
    pub async fn render_article(
        &self,
        caller: &Caller,
        article: &Article,
    ) -> Result<RenderedArticle> {
        check_may_manage_entries(caller)?;
        let text = article.clone();
        let rendered = self.rendering.run(move || article_to_safe_html(&text));
        let of_body = |invalid: Invalid| Error::Invalid(Invalid::new("body", invalid.message));
        let rendered = rendered.await?.map_err(of_body)?;
        if !article.as_str().is_empty() {
            check_visible(&rendered, None).map_err(|error| match error {
                Error::Invalid(invalid) => of_body(invalid),
                other => other,
            })?;
        }
        Ok(RenderedArticle {
            source: article.clone(),
            html: rendered.html,
            removed: rendered.removed,
        })
    }

    /// Returns the article of an entry, drafts included, as its author wrote it; empty if it has
    /// none.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not use the desk, [`Error::NotFound`] if
    /// there is no such entry, and an error if the database can't be reached.
    pub async fn article(&self, caller: &Caller, entry: EntryId) -> Result<Article> {
        check_may_post(caller)?;
        let mut snapshot = self.store.snapshot().await?;
        let article = snapshot.article(entry).await?;
        Ok(article.ok_or(NO_ENTRY)?.source)
    }

    /// Returns the entry with the slug `slug`, drafts included, and its article as its author wrote
    /// it. Accepts an earlier slug.
    ///
    /// # Errors
    /// See [`Newsroom::article`].
    pub async fn entry_and_article(
        &self,
        caller: &Caller,
        slug: &Slug,
    ) -> Result<(Entry, Article)> {
        check_may_post(caller)?;
        let mut snapshot = self.store.snapshot().await?;
        let entry = snapshot.entry_by_any_slug(slug).await?.ok_or(NO_ENTRY)?;
        let article = snapshot.article(entry.id).await?.ok_or(NO_ENTRY)?;
        Ok((entry, article.source))
    }

    /// Returns the article of an entry, to edit it.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not manage entries, [`Error::NotFound`] if
    /// there is no such entry, and an error if the database can't be reached.
    pub async fn article_to_edit(&self, caller: &Caller, entry: EntryId) -> Result<ArticleSource> {
        check_may_manage_entries(caller)?;
        let mut snapshot = self.store.snapshot().await?;
        let entry = snapshot.entry(entry).await?.ok_or(NO_ENTRY)?;
        let article = snapshot.article(entry.id).await?.ok_or(NO_ENTRY)?;
        Ok(ArticleSource {
            source: article.source.to_string(),
            base: entry.article_base(),
        })
    }

    /// Replaces the article of an entry; an empty one removes it. Returns the base of the next edit
    /// of this text, and what was removed from it for safety.
    ///
    /// # Errors
    /// See [`Newsroom::render_article`] and [`Newsroom::patch_entry`].
    pub async fn edit_article(
        &self,
        caller: &Caller,
        entry: EntryId,
        article: &Article,
        op_id: Option<&OpId>,
        base: Option<&Cursor>,
    ) -> Result<EditResult> {
        let rendered = self.render_article(caller, article).await?;
        let removed = rendered.removed.clone();
        let slug = self.entry(caller, entry).await?.slug;
        let patch = EntryPatch {
            article: Some(rendered),
            article_base: base.copied(),
            ..EntryPatch::default()
        };
        let patched = self.patch_entry(caller, &slug, &patch, op_id).await?;
        // Somebody else may have changed it since, or since a request that is repeated. The next
        // edit must not replace a text that the caller has never received.
        let base = if self.article(caller, entry).await? == *article {
            patched.article_base()
        } else {
            Cursor::NO_TEXT
        };
        Ok(EditResult { base, removed })
    }

    /// Returns what is removed from an entry's article for safety when it is rendered.
    ///
    /// # Errors
    /// See [`Newsroom::article`] and [`Newsroom::render_article`].
    pub async fn removed_from_article(
        &self,
        caller: &Caller,
        entry: EntryId,
    ) -> Result<Vec<String>> {
        let article = self.article(caller, entry).await?;
        Ok(self.render_article(caller, &article).await?.removed)
    }
}

/// Checks whether an article based on `base` may replace the current one. Without a base it may.
///
/// # Errors
/// Returns [`Error::Conflict`] without differences, which [`compared`](Newsroom::compared) adds.
pub(super) fn check_article_base(
    entry: &Entry,
    current: &EditableArticle,
    base: Option<&Cursor>,
) -> Result<()> {
    let Some(reason) = conflict_reason(entry, current.text_rev, base) else {
        return Ok(());
    };
    Err(Error::Conflict(Box::new(EditConflict {
        reason,
        source: current.source.to_string(),
        headline: String::new(),
        base: entry.article_base(),
        edited_by: current.edited_by.as_ref().map(ToString::to_string),
        edited_at: current.edited_at.unwrap_or(entry.starts_at),
        source_diff: Vec::new(),
        headline_diff: Vec::new(),
    })))
}
