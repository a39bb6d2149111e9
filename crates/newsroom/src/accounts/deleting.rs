//! Use cases of deleting accounts. The account is closed at once. A task then clears its messages
//! in rooms, a thousand in a transaction, so that no other message waits for long.

use std::time::Duration;

use domain::{AccountId, Caller, DeletedMessages, Timestamp, Username};
use tokio::time::timeout;

use crate::{
    Error, Newsroom, Result, UNDO_WINDOW,
    accounts::management::{keep_an_owner, wrong_current_password},
    log_limit::LogLimit,
    storage::{Counter, Revision},
    writes::write::Write,
};

/// The number of messages in one transaction.
const BATCH: i64 = 1_000;
/// How often the task looks for accounts that another server has deleted.
const INTERVAL: Duration = Duration::from_secs(5);

impl Newsroom {
    /// Returns what happens to the messages of an account that is deleted.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn deleted_messages(&self) -> Result<DeletedMessages> {
        let settings = self.store.snapshot().await?.site_settings().await?;
        Ok(settings.deleted_messages)
    }

    /// Deletes the caller's account, after verifying its password.
    ///
    /// # Errors
    /// Returns [`Error::Invalid`] if the password is wrong, [`Error::Forbidden`] if it is the last
    /// enabled owner, [`Error::Unauthenticated`] if the account was changed meanwhile,
    /// [`Error::Busy`] if too many passwords wait to be verified, and an error if the database
    /// can't be reached.
    pub async fn delete_own_account(&self, caller: &Caller, password: &str) -> Result<()> {
        let stored = self.stored_account(&caller.username).await?;
        let hash = stored.ok_or(Error::Unauthenticated)?.password_hash;
        if !self.passwords.verify(password, Some(hash.clone())).await? {
            return Err(wrong_current_password());
        }
        self.delete(&caller.username, Some(&hash)).await.map(drop)
    }

    /// Deletes the account `username`. Returns the username, in its original spelling.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such account, [`Error::Forbidden`] if it is the
    /// last enabled owner, and an error if the database can't be reached.
    pub async fn delete_account(&self, username: &Username) -> Result<Username> {
        self.delete(username, None).await
    }

    /// Deletes an account, whose password hash must still be `verified` if that is given.
    async fn delete(&self, username: &Username, verified: Option<&str>) -> Result<Username> {
        let replacement = Username::from_stored(format!("deleted-{:016x}", rand::random::<u64>()));
        let deleted = self.change(async {
            let (mut change, account) = self.change_account(username).await?;
            if verified.is_some_and(|verified| account.password_hash != verified) {
                return Err(Error::Unauthenticated);
            }
            keep_an_owner(&mut change, &account).await?;
            let id = account.caller.id;
            let messages = change.snapshot().site_settings().await?.deleted_messages;
            change.delete_sessions(id).await?;
            change.delete_tokens(id).await?;
            let now = self.clock.now();
            change
                .delete_account(id, &replacement, messages, now)
                .await?;
            change.commit().await?;
            Ok(account.caller.username)
        });
        let username = deleted.await?;
        self.deleted.notify_one();
        self.renamed.notify_one();
        Ok(username)
    }

    /// Clears the messages of all deleted accounts. Returns the number of messages.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached. Those that were cleared stay cleared.
    pub async fn clear_messages(&self) -> Result<u64> {
        let mut cleared = 0;
        loop {
            let account = self.store.snapshot().await?.account_to_clear().await?;
            let Some((account, messages)) = account else {
                return Ok(cleared);
            };
            cleared += self.write(ClearMessages { account, messages }).await?;
        }
    }

    /// Clears the messages of deleted accounts, now and whenever one is deleted.
    pub(crate) async fn keep_clearing_messages(&self) {
        let failures = LogLimit::new();
        loop {
            if let Err(error) = self.clear_messages().await
                && failures.allows(())
            {
                error.log_failure("could not clear messages; retrying in a few seconds");
            }
            // Either an account was deleted here, or perhaps elsewhere.
            let _ = timeout(INTERVAL, self.deleted.notified()).await;
        }
    }
}

/// Clears some messages of a deleted account.
#[derive(Debug)]
struct ClearMessages {
    account: AccountId,
    messages: DeletedMessages,
}

impl Write for ClearMessages {
    /// The number of messages.
    type Output = u64;

    fn counter(&self) -> Counter {
        Counter::ROOMS
    }

    async fn apply(&self, revision: &mut Revision, now: Timestamp) -> Result<u64> {
        let deleted_at = match self.messages {
            DeletedMessages::Anonymize => None,
            // Too long ago to be restored, so that their texts are erased soon.
            DeletedMessages::Remove => Some(now.plus_micros(-UNDO_WINDOW - 1)),
        };
        let cleared = revision
            .clear_messages_of(self.account, deleted_at, BATCH)
            .await?;
        if cleared < BATCH.unsigned_abs() {
            revision.finish_clearing(self.account).await?;
        }
        Ok(cleared)
    }
}
