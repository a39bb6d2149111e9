//! The settings of the site: one row.

use super::{Revision, Snapshot, row::Record, row_count::one_row};
use crate::{Result, SiteSettings};

impl Snapshot {
    /// Returns the settings of the site.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn site_settings(&mut self) -> Result<SiteSettings> {
        let row = sqlx::query(
            "SELECT display_names, open_sign_up, deleted_messages FROM site WHERE id = 1",
        )
        .fetch_one(&mut *self.tx)
        .await?;
        let record = Record::without_id("site", &row);
        Ok(SiteSettings {
            display_names: record.flag("display_names")?,
            open_sign_up: record.flag("open_sign_up")?,
            deleted_messages: record.word("deleted_messages")?,
        })
    }
}

impl Revision {
    /// Stores the settings of the site.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn store_site_settings(&mut self, settings: SiteSettings) -> Result<()> {
        let result = sqlx::query(
            "UPDATE site SET display_names = $1, open_sign_up = $2, deleted_messages = $3
             WHERE id = 1",
        )
        .bind(i64::from(settings.display_names))
        .bind(i64::from(settings.open_sign_up))
        .bind(settings.deleted_messages.as_str())
        .execute(self.writing())
        .await?;
        one_row(&result)
    }
}
