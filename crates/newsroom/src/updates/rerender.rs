//! Renders stored updates again after an upgrade whose sanitizer produces different HTML.

use domain::{Source, Timestamp, UpdateId};

use crate::{
    EditableUpdate, Error, Newsroom, Result, SafeHtml,
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
