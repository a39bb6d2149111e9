//! Renders stored updates again after an upgrade whose sanitizer produces different HTML.

use domain::{Source, UpdateId};

use crate::{Error, Newsroom, Result};

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
        self.change(async {
            let mut revision = self.store.revise().await?;
            for (id, source, html) in &rendered {
                let update = revision.snapshot().update(*id).await?;
                // Its author may have edited it since.
                let Some(update) = update.filter(|update| update.source == *source) else {
                    continue;
                };
                batch.changed += usize::from(revision.store_rerendered(&update, html).await?);
                batch.rendered += 1;
            }
            self.publish(revision).await
        })
        .await?;
        Ok(Some(batch))
    }
}
