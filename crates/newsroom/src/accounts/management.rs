//! Use cases of accounts: creating, changing and disabling them.
//!
//! Every request reads the account, its role and whether it is disabled from the database, on every
//! server that shares it. So each change here takes effect with the next request.

use domain::{Caller, Password, Role, Username};

use crate::{
    Account, Error, Newsroom, Result, Session,
    accounts::passwords::reject_weak,
    accounts::usernames::reject_confusable,
    storage::{AccountChange, StoredAccount},
};

/// What ended with a change of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The username, in its original spelling.
    pub username: Username,
    /// The number of sessions that ended.
    pub sessions: u64,
    /// The number of tokens that were revoked.
    pub tokens: u64,
}

impl Newsroom {
    /// Adds an account.
    ///
    /// # Errors
    /// Returns [`Error::Invalid`] if the name is taken or mixes scripts, or the password is easily
    /// guessed; [`Error::Busy`] if too many passwords wait to be hashed, and an error if the
    /// database can't be reached.
    pub async fn create_account(
        &self,
        username: &Username,
        role: Role,
        password: &Password,
    ) -> Result<Caller> {
        reject_confusable(username)?;
        reject_weak(password, username)?;
        let hash = self.passwords.hash(password).await?;
        let mut change = self.store.change_accounts().await?;
        let account = self.add_account(&mut change, username, role, &hash).await?;
        change.commit().await?;
        Ok(account)
    }

    /// Adds the first owner, and begins a session.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if an owner exists, [`Error::Invalid`] if the name is taken or
    /// mixes scripts, or the password is easily guessed; [`Error::Busy`] if too many passwords wait
    /// to be hashed, and an error if the database can't be reached.
    pub async fn set_up(&self, username: &Username, password: &Password) -> Result<Session> {
        reject_confusable(username)?;
        reject_weak(password, username)?;
        let hash = self.passwords.hash(password).await?;
        let mut change = self.store.change_accounts().await?;
        if change.snapshot().has_owner().await? {
            return Err(Error::Forbidden(
                "Ringside is already set up. Log in instead.",
            ));
        }
        let owner = self
            .add_account(&mut change, username, Role::Owner, &hash)
            .await?;
        change.commit().await?;
        self.begin_session(owner, &hash, None).await
    }

    /// Adds an account, whose name must be free.
    pub(super) async fn add_account(
        &self,
        change: &mut AccountChange,
        username: &Username,
        role: Role,
        hash: &str,
    ) -> Result<Caller> {
        change
            .add_account(username, role, hash, self.clock.now())
            .await?
            .ok_or_else(|| {
                Error::Invalid(domain::Invalid::new(
                    "username",
                    "Another account already has this username. Choose a different one.",
                ))
            })
    }

    /// Returns whether no owner exists yet.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn needs_set_up(&self) -> Result<bool> {
        Ok(!self.store.snapshot().await?.has_owner().await?)
    }

    /// Returns all accounts, sorted by name.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        self.store
            .snapshot()
            .await?
            .accounts("", "", i64::MAX)
            .await
    }

    /// Replaces the password of the account `username`, and ends all of its sessions. Its tokens
    /// stay valid.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such account, [`Error::Invalid`] if the password
    /// is easily guessed, and an error if the database can't be reached.
    pub async fn set_password(&self, username: &Username, password: &Password) -> Result<Ended> {
        reject_weak(password, username)?;
        let hash = self.passwords.hash(password).await?;
        self.change(async {
            let (mut change, account) = self.change_account(username).await?;
            change.set_password_hash(account.caller.id, &hash).await?;
            let sessions = change.delete_sessions(account.caller.id).await?;
            change.commit().await?;
            Ok(Ended {
                username: account.caller.username,
                sessions,
                tokens: 0,
            })
        })
        .await
    }

    /// Replaces the password of `caller`, after verifying the current one. Ends all of the caller's
    /// sessions; the returned session replaces the one of the request.
    ///
    /// # Errors
    /// Returns [`Error::Invalid`] if the current password is wrong or the new one is easily
    /// guessed, [`Error::Unauthenticated`] if the account was changed meanwhile, [`Error::Busy`] if
    /// too many passwords wait to be hashed, and an error if the database can't be reached.
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: &str,
        password: &Password,
    ) -> Result<Session> {
        reject_weak(password, &caller.username)?;
        let stored = self.stored_account(&caller.username).await?;
        let verified = stored.ok_or(Error::Unauthenticated)?.password_hash;
        if !self
            .passwords
            .verify(current, Some(verified.clone()))
            .await?
        {
            return Err(wrong_current_password());
        }
        let hash = self.passwords.hash(password).await?;
        self.change(async {
            let (mut change, account) = self.change_account(&caller.username).await?;
            // Hashing takes a while. If an operator disabled the account or changed its password
            // meanwhile, that change wins.
            if account.password_hash != verified || account.disabled_at.is_some() {
                return Err(Error::Unauthenticated);
            }
            change.set_password_hash(caller.id, &hash).await?;
            change.delete_sessions(caller.id).await?;
            let session = self.new_session(account.caller);
            change.add_session(session.to_store(&self.clock)).await?;
            change.commit().await?;
            Ok(session)
        })
        .await
    }

    /// Changes the role of the account `username`. Returns the username, in its original spelling.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such account, [`Error::Forbidden`] if it is the
    /// last enabled owner, and an error if the database can't be reached.
    pub async fn set_role(&self, username: &Username, role: Role) -> Result<Username> {
        self.change(async {
            let (mut change, account) = self.change_account(username).await?;
            if role != Role::Owner {
                keep_an_owner(&mut change, &account).await?;
            }
            change.set_role(account.caller.id, role).await?;
            change.commit().await?;
            Ok(account.caller.username)
        })
        .await
    }

    /// Disables the account `username`: it can't log in, its sessions end, and its tokens are
    /// revoked. Its updates stay. Enabling it again restores neither sessions nor tokens.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such account, [`Error::Forbidden`] if it is the
    /// last enabled owner, and an error if the database can't be reached.
    pub async fn disable_account(&self, username: &Username) -> Result<Ended> {
        self.change(async {
            let (mut change, account) = self.change_account(username).await?;
            keep_an_owner(&mut change, &account).await?;
            let id = account.caller.id;
            let at = account.disabled_at.unwrap_or_else(|| self.clock.now());
            change.set_disabled(id, Some(at)).await?;
            change.delete_password_reset(id).await?;
            let ended = Ended {
                username: account.caller.username,
                sessions: change.delete_sessions(id).await?,
                tokens: change.delete_tokens(id).await?,
            };
            change.commit().await?;
            Ok(ended)
        })
        .await
    }

    /// Enables the account `username` again, with its previous password. Returns the username,
    /// in its original spelling.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such account, and an error if the database can't
    /// be reached.
    pub async fn enable_account(&self, username: &Username) -> Result<Username> {
        self.change(async {
            let (mut change, account) = self.change_account(username).await?;
            change.set_disabled(account.caller.id, None).await?;
            change.commit().await?;
            Ok(account.caller.username)
        })
        .await
    }

    /// Begins a transaction that changes the account `username`.
    pub(crate) async fn change_account(
        &self,
        username: &Username,
    ) -> Result<(AccountChange, StoredAccount)> {
        let mut change = self.store.change_accounts().await?;
        let account = change.snapshot().account_by_name(username).await?;
        Ok((change, account.ok_or(Error::NotFound("account"))?))
    }

    /// Returns the account `username`, if it exists.
    pub(crate) async fn stored_account(
        &self,
        username: &Username,
    ) -> Result<Option<StoredAccount>> {
        self.store.account_by_name(username).await
    }
}

/// Returns the error for a wrong current password.
pub(super) fn wrong_current_password() -> Error {
    Error::Invalid(domain::Invalid::new(
        "current_password",
        "The current password is wrong.",
    ))
}

/// Rejects a change after which no enabled owner would be left, since nobody could undo it in a
/// browser.
pub(super) async fn keep_an_owner(
    change: &mut AccountChange,
    account: &StoredAccount,
) -> Result<()> {
    let is_owner = account.caller.role == Role::Owner && account.disabled_at.is_none();
    if is_owner && !change.has_other_owner(account.caller.id).await? {
        return Err(Error::Forbidden(
            "This is the last enabled owner. Make another account an owner first.",
        ));
    }
    Ok(())
}
