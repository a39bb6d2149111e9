//! Renders stored updates and articles again after an upgrade whose sanitizer produces different
//! HTML.

use domain::{Article, EntryId, Source, Timestamp, UpdateId};

use crate::{
    EditableUpdate, Error, Newsroom, Result, SafeHtml, article_to_safe_html,
    storage::Revision,
    writes::write::{Priority, Write},
};

/// The number of updates in one transaction: small, so that a concurrent post isn't delayed
/// noticeably.
const BATCH: i64 = 100;

/// The result of one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RerenderedBatch {
    /// The last update of the batch. The next batch begins after it.
    pub last: UpdateId,
    /// The number of updates that were rendered.
    pub rendered: usize,
    /// The number of updates whose HTML changed.
    pub changed: usize,
    /// The updates that exceed the current limits. They are unchanged.
    pub refused: Vec<UpdateId>,
}

/// The result for one article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RerenderedArticle {
    /// Its entry. The next article is that of a later entry.
    pub entry: EntryId,
    /// What happened to it.
    pub result: ArticleResult,
}

/// What happened to an article that was rendered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArticleResult {
    /// Its HTML changed.
    Changed,
    /// Its HTML is the same, or its author changed it meanwhile.
    Unchanged,
    /// It exceeds the current limits, and is unchanged.
    Refused,
}

impl Newsroom {
    /// Returns the number of updates that were rendered by another version of the sanitizer.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn count_outdated_updates(&self) -> Result<i64> {
        self.store.snapshot().await?.count_outdated().await
    }

    /// Renders the next updates with ids greater than `after`, if another version of the sanitizer
    /// rendered them; returns `None` if there are none. Each batch is committed, so a caller can
    /// stop between two batches and begin again from 0.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn rerender_after(&self, after: UpdateId) -> Result<Option<RerenderedBatch>> {
        let outdated = self.store.snapshot().await?.outdated(after, BATCH).await?;
        let Some(&(last, _)) = outdated.last() else {
            return Ok(None);
        };
        let mut batch = RerenderedBatch {
            last,
            rendered: 0,
            changed: 0,
            refused: Vec::new(),
        };
        let mut rendered = Vec::with_capacity(outdated.len());
        for (id, source) in outdated {
            let html = match Source::parse(&source) {
                Ok(source) => self.render_markdown(&source).await,
                Err(refused) => Err(refused.into()),
            };
            match html {
                Ok(made) => rendered.push((id, source, made.html)),
                Err(Error::Invalid(_)) => batch.refused.push(id),
                Err(error) => return Err(error),
            }
        }
        let stored = self.write(StoreRerendered(rendered)).await?;
        (batch.rendered, batch.changed) = (stored.rendered, stored.changed);
        Ok(Some(batch))
    }
}

impl Newsroom {
    /// Returns the number of articles that were rendered by another version of the sanitizer.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn count_outdated_articles(&self) -> Result<i64> {
        let mut snapshot = self.store.snapshot().await?;
        snapshot.count_outdated_articles().await
    }

    /// Renders the next article of an entry with an id greater than `after`, if another version of
    /// the sanitizer rendered it; returns `None` if there is none. An article may be long, so each
    /// has its own transaction.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn rerender_article_after(
        &self,
        after: EntryId,
    ) -> Result<Option<RerenderedArticle>> {
        let mut snapshot = self.store.snapshot().await?;
        let Some(outdated) = snapshot.outdated_article(after).await? else {
            return Ok(None);
        };
        drop(snapshot);
        let (entry, source) = (outdated.entry, outdated.source);
        let text = source.clone();
        let rendered = self.rendering.run(move || {
            let valid = Article::parse(text.as_str())?;
            article_to_safe_html(&valid)
        });
        let result = match rendered.await? {
            Ok(made) => {
                let html = made.html;
                let stored = self.write(StoreRerenderedArticle {
                    entry,
                    source,
                    html,
                });
                stored.await?
            }
            Err(_) => ArticleResult::Refused,
        };
        Ok(Some(RerenderedArticle { entry, result }))
    }
}

/// The write of [`Newsroom::rerender_article_after`].
#[derive(Debug)]
struct StoreRerenderedArticle {
    entry: EntryId,
    source: Article,
    html: SafeHtml,
}

impl Write for StoreRerenderedArticle {
    type Output = ArticleResult;

    fn priority(&self) -> Priority {
        Priority::Other
    }

    async fn apply(&self, revision: &mut Revision, _: Timestamp) -> Result<ArticleResult> {
        let current = revision.snapshot().article(self.entry).await?;
        let is_same = current.is_some_and(|current| current.source == self.source);
        if is_same
            && revision
                .store_rerendered_article(self.entry, &self.html)
                .await?
        {
            Ok(ArticleResult::Changed)
        } else {
            Ok(ArticleResult::Unchanged)
        }
    }
}

/// The write of [`Newsroom::rerender_after`]: updates, their sources and the new HTML.
#[derive(Debug)]
struct StoreRerendered(Vec<(UpdateId, String, SafeHtml)>);

/// The result of [`StoreRerendered`].
struct Stored {
    rendered: usize,
    changed: usize,
}

impl Write for StoreRerendered {
    type Output = Stored;

    fn priority(&self) -> Priority {
        Priority::Other
    }

    async fn apply(&self, revision: &mut Revision, _: Timestamp) -> Result<Stored> {
        let (mut rendered, mut changed) = (0, 0);
        for (id, source, html) in &self.0 {
            let update = revision.snapshot().editable_update(*id).await?;
            // Its author may have edited it since.
            let Some(EditableUpdate { update, .. }) = update.filter(|it| it.source == *source)
            else {
                continue;
            };
            changed += usize::from(revision.store_rerendered(&update, html).await?);
            rendered += 1;
        }
        Ok(Stored { rendered, changed })
    }
}
