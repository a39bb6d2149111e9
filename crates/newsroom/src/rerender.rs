//! Makes stored HTML anew, after a release that makes another one of the same text.

use domain::{Source, UpdateId};

use crate::{Error, Newsroom, Result};

/// How many updates are made anew in one transaction: few enough that an author who posts meanwhile
/// waits no longer than for another author.
const BATCH: i64 = 100;

/// What became of one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RerenderedBatch {
    /// The last update of the batch: the next one begins after it.
    pub last: UpdateId,
    /// How many updates were made anew.
    pub rendered: usize,
    /// How many of them readers get other HTML of.
    pub changed: usize,
    /// Those that today's limits refuse. They stay as they were.
    pub refused: Vec<UpdateId>,
}

impl Newsroom {
    /// How many updates another version of the sanitiser made.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn count_outdated_updates(&self) -> Result<i64> {
        self.store.snapshot().await?.count_outdated().await
    }

    /// Makes the HTML of the next updates with numbers above `after` anew, if another version of the
    /// sanitiser made it; `None` if there are none. What is done is done: whoever stops between two batches
    /// can begin again from 0.
    ///
    /// # Errors
    /// If the database can't be reached.
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
                // Its author may have edited it meanwhile.
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
