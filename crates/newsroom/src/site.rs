//! Use cases of the site's settings.

use domain::{Caller, Timestamp};

use crate::{
    Newsroom, Result, SiteSettings, permissions::check_may_change_site, storage::Revision,
    writes::write::Write,
};

impl Newsroom {
    /// Returns the settings of the site, for the page on which they are changed.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`](crate::Error::Forbidden) if the caller is no owner, and an
    /// error if the database can't be reached.
    pub async fn site_settings(&self, caller: &Caller) -> Result<SiteSettings> {
        check_may_change_site(caller)?;
        self.store.snapshot().await?.site_settings().await
    }

    /// Changes the settings of the site. If other names are to be shown, cards show them soon.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`](crate::Error::Forbidden) if the caller is no owner, and an
    /// error if the database can't be reached.
    pub async fn change_site(&self, caller: &Caller, settings: SiteSettings) -> Result<()> {
        check_may_change_site(caller)?;
        self.write(ChangeSite(settings)).await?;
        self.renamed.notify_one();
        Ok(())
    }
}

/// The write of [`Newsroom::change_site`].
#[derive(Debug)]
struct ChangeSite(SiteSettings);

impl Write for ChangeSite {
    type Output = ();

    async fn apply(&self, revision: &mut Revision, _: Timestamp) -> Result<()> {
        let before = revision.snapshot().site_settings().await?;
        if before == self.0 {
            return Ok(());
        }
        revision.store_site_settings(self.0).await?;
        if before.display_names != self.0.display_names {
            revision.rename_all_authors().await?;
        }
        Ok(())
    }
}
