//! Statements for updates whose HTML was rendered by another version of the sanitizer.

use domain::UpdateId;
use sqlx::{Row as _, any::AnyRow};

use super::{Revision, Snapshot, row::Record, row_count::one_row};
use crate::{LiveUpdate, MARKUP_VERSION, Result, SafeHtml};

/// The condition for updates to render again. The text of erased updates is gone.
macro_rules! outdated {
    () => {
        "markup_version <> $1 AND source <> ''"
    };
}

impl Snapshot {
    /// Returns the number of updates rendered by another version of the sanitizer.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn count_outdated(&mut self) -> Result<i64> {
        let row = sqlx::query(concat!(
            "SELECT COUNT(*) AS updates FROM updates WHERE ",
            outdated!()
        ))
        .bind(MARKUP_VERSION)
        .fetch_one(&mut *self.tx)
        .await?;
        Ok(row.try_get("updates")?)
    }

    /// Returns the first `limit` of these updates with ids greater than `after`, and their sources.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn outdated(
        &mut self,
        after: UpdateId,
        limit: i64,
    ) -> Result<Vec<(UpdateId, String)>> {
        let rows = sqlx::query(concat!(
            "SELECT id, source FROM updates WHERE id > $2 AND ",
            outdated!(),
            " ORDER BY id LIMIT $3"
        ))
        .bind(MARKUP_VERSION)
        .bind(after.0)
        .bind(limit)
        .fetch_all(&mut *self.tx)
        .await?;
        rows.iter().map(source).collect()
    }
}

fn source(row: &AnyRow) -> Result<(UpdateId, String)> {
    let record = Record::new("updates", row)?;
    Ok((UpdateId(record.id()), record.get("source")?))
}

impl Revision {
    /// Stores HTML that was rendered again, and returns whether it or its excerpt differs. If it
    /// does, an update that is not deleted takes a revision.
    ///
    /// # Errors
    /// Returns an error if there is no such update, or the database can't be reached.
    pub async fn store_rerendered(&mut self, update: &LiveUpdate, html: &SafeHtml) -> Result<bool> {
        let differs = *html != update.html;
        let is_visible = differs && update.deleted_at.is_none();
        let rev = if is_visible {
            self.take_rev()?
        } else {
            update.rev
        };
        let result = sqlx::query(
            "UPDATE updates SET html = $2, excerpt = $3, markup_version = $4, rev = $5 WHERE id = $1",
        )
        .bind(update.id.0)
        .bind(html.as_str())
        .bind(html.stored_excerpt())
        .bind(MARKUP_VERSION)
        .bind(rev)
        .execute(self.writing())
        .await?;
        one_row(&result)?;
        if is_visible {
            self.record_change_of(update).await?;
        }
        Ok(differs)
    }
}
