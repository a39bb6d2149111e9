//! Use cases of articles, the texts above an entry's updates.

use domain::{Article, Caller, EntryId, Invalid, Slug};

use crate::{
    Entry, Error, Newsroom, RenderedArticle, Result, article_to_safe_html,
    permissions::{check_may_manage_entries, check_may_post},
    updates::posting::check_visible,
};

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
        let article = snapshot.article_source(entry).await?;
        article.ok_or(Error::NotFound("live blog"))
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
        let not_found = Error::NotFound("live blog");
        let entry = snapshot.entry_by_any_slug(slug).await?;
        let entry = entry.ok_or(not_found.clone())?;
        let article = snapshot.article_source(entry.id).await?;
        Ok((entry, article.ok_or(not_found)?))
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
