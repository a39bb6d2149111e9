//! Use cases of display names: an account's own one, and the names below updates.
//!
//! A card has the name that is stored with its update, so that it depends on the update's revision
//! alone. After a change, a task stores the new name with each update of the account, a hundred in
//! a transaction, the newest first.

use std::time::Duration;

use domain::{Caller, DisplayName, Invalid, Timestamp, UpdateId, Username};
use tokio::time::timeout;

use crate::{
    Error, Newsroom, Result,
    log_limit::LogLimit,
    model::nick::folded,
    storage::{RenamedAccount, Revision},
    writes::write::{Priority, Write},
};

/// The number of updates in one transaction: small, so that a concurrent post isn't delayed
/// noticeably.
const BATCH: i64 = 100;
/// How often the task looks for names that another server has changed.
const INTERVAL: Duration = Duration::from_secs(5);

impl Newsroom {
    /// Returns the caller's display name, if there is one.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn display_name(&self, caller: &Caller) -> Result<Option<DisplayName>> {
        self.store.snapshot().await?.display_name(caller.id).await
    }

    /// Sets or removes the caller's display name. Cards show it soon, if the site shows display
    /// names.
    ///
    /// # Errors
    /// Returns [`Error::Invalid`] if the name looks like that of another account, and an error if
    /// the database can't be reached.
    pub async fn set_display_name(
        &self,
        caller: &Caller,
        name: Option<&DisplayName>,
    ) -> Result<()> {
        self.write(SetDisplayName {
            caller: caller.clone(),
            name: name.map(|name| (name.clone(), folded(name.as_str()))),
        })
        .await?;
        self.renamed.notify_one();
        Ok(())
    }

    /// Sets or removes the display name of the account `username`. Returns the username, in its
    /// original spelling.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such account, and the errors of
    /// [`Newsroom::set_display_name`].
    pub async fn rename_account(
        &self,
        username: &Username,
        name: Option<&DisplayName>,
    ) -> Result<Username> {
        let account = self.stored_account(username).await?;
        let account = account.ok_or(Error::NotFound("account"))?.caller;
        self.set_display_name(&account, name).await?;
        Ok(account.username)
    }

    /// Stores the names of all accounts that were renamed with their updates. Returns the number of
    /// updates that have another name now.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached. Those that were stored stay stored.
    pub async fn rename_authors(&self) -> Result<usize> {
        let mut renamed = 0;
        // The account of the last batch, with the version of its name, and the oldest update.
        let mut last = None;
        loop {
            let mut snapshot = self.store.snapshot().await?;
            let Some(account) = snapshot.renamed_account().await? else {
                return Ok(renamed);
            };
            let current = (account.id, account.version);
            let before = match last {
                Some((of, oldest)) if of == current => oldest,
                // Another account, or another name: begins at its newest update.
                _ => UpdateId(i64::MAX),
            };
            let updates = snapshot.updates_to_rename(&account, before, BATCH).await?;
            drop(snapshot);
            last = updates.last().map(|oldest| (current, *oldest));
            renamed += self.write(RenameUpdates { account, updates }).await?;
        }
    }

    /// Stores changed names with the updates, now and whenever some change.
    pub(crate) async fn keep_author_names(&self) {
        let failures = LogLimit::new();
        loop {
            if let Err(error) = self.rename_authors().await
                && failures.allows(())
            {
                error.log_failure("could not rename authors; retrying in a few seconds");
            }
            // Either a name was changed here, or perhaps elsewhere.
            let _ = timeout(INTERVAL, self.renamed.notified()).await;
        }
    }
}

/// The write of [`Newsroom::set_display_name`].
#[derive(Debug)]
struct SetDisplayName {
    caller: Caller,
    /// The name, and its folded form.
    name: Option<(DisplayName, String)>,
}

impl Write for SetDisplayName {
    type Output = ();

    async fn apply(&self, revision: &mut Revision, _: Timestamp) -> Result<()> {
        let (name, account) = (self.name.as_ref(), self.caller.id);
        if let Some((_, folded)) = name {
            if folded.is_empty() {
                return Err(refused("This name can't be used. Choose a different one."));
            }
            let other = revision.snapshot().account_by_nick(folded).await?;
            if other.is_some_and(|other| other != account) {
                return Err(refused(
                    "This name, or one that looks like it, belongs to another account. Choose a different one.",
                ));
            }
        }
        if revision.snapshot().display_name(account).await?.as_ref() == name.map(|(name, _)| name) {
            return Ok(());
        }
        let name = name.map(|(name, folded)| (name, folded.as_str()));
        revision.set_display_name(account, name).await
    }
}

fn refused(sentence: &'static str) -> Error {
    Error::Invalid(Invalid::new("display_name", sentence))
}

/// Stores the name of an account with some of its updates. Without updates, they all have it.
#[derive(Debug)]
struct RenameUpdates {
    account: RenamedAccount,
    updates: Vec<UpdateId>,
}

impl Write for RenameUpdates {
    /// The number of updates that have another name now.
    type Output = usize;

    fn priority(&self) -> Priority {
        Priority::Other
    }

    async fn apply(&self, revision: &mut Revision, _: Timestamp) -> Result<usize> {
        let current = revision.snapshot().renamed_account().await?;
        let is_current = current.is_some_and(|current| {
            (current.id, current.version) == (self.account.id, self.account.version)
        });
        // Otherwise another server has renamed them, or the account has yet another name.
        if !is_current {
            return Ok(0);
        }
        if self.updates.is_empty() {
            revision.finish_renaming(&self.account).await?;
            return Ok(0);
        }
        let mut renamed = 0;
        for id in &self.updates {
            let update = revision.snapshot().update(*id).await?;
            if let Some(update) = update.filter(|it| it.shown_author != self.account.name) {
                let name = self.account.name.as_ref();
                revision.set_shown_author(&update, name).await?;
                renamed += 1;
            }
        }
        Ok(renamed)
    }
}
