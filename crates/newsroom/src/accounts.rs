//! Accounts: creating them, changing them, and taking them back.
//!
//! Role, existence and "disabled" are read from the database with every request, by every server that shares it. So
//! each change here takes effect with the next request.

use domain::{Caller, Password, Role, Timestamp, Username};

use crate::{
    Error, Newsroom, Result, Session,
    passwords::refuse_weak,
    storage::{AccountChange, StoredAccount},
    usernames::refuse_confusable,
};

/// An account, as its server's operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number, name and role.
    pub caller: Caller,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was disabled, if it is.
    pub disabled_at: Option<Timestamp>,
}

/// What a change of an account ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The account, with its name as it was chosen.
    pub username: Username,
    /// How many sessions ended.
    pub sessions: u64,
    /// How many tokens were revoked.
    pub tokens: u64,
}

impl Newsroom {
    /// Adds an account.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the name is taken or mixes scripts, or the password is easily guessed, [`Error::Busy`] if too many
    /// passwords wait to be hashed, or if the database can't be reached.
    pub async fn create_account(
        &self,
        username: &Username,
        role: Role,
        password: &Password,
    ) -> Result<Caller> {
        refuse_confusable(username)?;
        refuse_weak(password, username)?;
        let hash = self.passwords.hash(password).await?;
        self.store
            .add_account(username, role, &hash, self.clock.now(), false)
            .await
    }

    /// Adds the first owner, and logs them in.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if there is an owner already, [`Error::Invalid`] if the name is taken or mixes scripts, or the password is
    /// easily guessed, [`Error::Busy`] if too many passwords wait to be hashed, or if the database can't be reached.
    pub async fn set_up(&self, username: &Username, password: &Password) -> Result<Session> {
        refuse_confusable(username)?;
        refuse_weak(password, username)?;
        let hash = self.passwords.hash(password).await?;
        let caller = self
            .store
            .add_account(username, Role::Owner, &hash, self.clock.now(), true)
            .await?;
        self.begin_session(caller, &hash, None).await
    }

    /// Whether somebody must be made owner first.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn needs_set_up(&self) -> Result<bool> {
        Ok(!self.store.snapshot().await?.has_owner().await?)
    }

    /// Every account, sorted by name.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        self.store.snapshot().await?.accounts().await
    }

    /// Replaces the password of the account named `username`, and ends all of its sessions. Its tokens stay valid.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such account, [`Error::Invalid`] if the password is easily guessed, or if the
    /// database can't be reached.
    pub async fn set_password(&self, username: &Username, password: &Password) -> Result<Ended> {
        refuse_weak(password, username)?;
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

    /// Replaces the password of `caller`, who sends the current one, too. All of their sessions end, also the one
    /// that this was requested in: the returned session replaces it, under another token.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the current password is wrong or the new one is easily guessed, [`Error::Unauthenticated`] if
    /// the account was changed meanwhile, [`Error::Busy`] if too many passwords wait to be hashed, or if the database
    /// can't be reached.
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: &str,
        password: &Password,
    ) -> Result<Session> {
        refuse_weak(password, &caller.username)?;
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
            // Hashing takes a while. An operator who disabled the account or changed its password meanwhile wins.
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

    /// Gives the account named `username` another role. Returns the account's name as it was chosen.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such account, [`Error::Forbidden`] if it is the last enabled owner, or if the
    /// database can't be reached.
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

    /// Disables the account named `username`: it can't log in, its sessions end, and its tokens are revoked. What it
    /// posted stays. Enabling the account again gives back neither sessions nor tokens.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such account, [`Error::Forbidden`] if it is the last enabled owner, or if the
    /// database can't be reached.
    pub async fn disable_account(&self, username: &Username) -> Result<Ended> {
        self.change(async {
            let (mut change, account) = self.change_account(username).await?;
            keep_an_owner(&mut change, &account).await?;
            let id = account.caller.id;
            let at = account.disabled_at.unwrap_or_else(|| self.clock.now());
            change.set_disabled(id, Some(at)).await?;
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

    /// Enables the account named `username` again, with the password that it had. Returns the account's name as it
    /// was chosen.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such account, or if the database can't be reached.
    pub async fn enable_account(&self, username: &Username) -> Result<Username> {
        self.change(async {
            let (mut change, account) = self.change_account(username).await?;
            change.set_disabled(account.caller.id, None).await?;
            change.commit().await?;
            Ok(account.caller.username)
        })
        .await
    }

    /// Begins a transaction that changes the account named `username`.
    pub(crate) async fn change_account(
        &self,
        username: &Username,
    ) -> Result<(AccountChange, StoredAccount)> {
        let mut change = self.store.change_accounts().await?;
        let account = change.account_by_name(username).await?;
        Ok((change, account.ok_or(Error::NotFound("account"))?))
    }

    /// The account named `username`, if there is one.
    pub(crate) async fn stored_account(
        &self,
        username: &Username,
    ) -> Result<Option<StoredAccount>> {
        self.store.snapshot().await?.account_by_name(username).await
    }
}

/// The refusal of a password change whose current password is wrong.
fn wrong_current_password() -> Error {
    Error::Invalid(domain::Invalid::new(
        "current_password",
        "The current password is wrong.",
    ))
}

/// Refuses a change after which no enabled owner would be left: nobody could undo it in a browser.
async fn keep_an_owner(change: &mut AccountChange, account: &StoredAccount) -> Result<()> {
    let is_owner = account.caller.role == Role::Owner && account.disabled_at.is_none();
    if is_owner && !change.has_other_owner(account.caller.id).await? {
        return Err(Error::Forbidden(
            "This is the last enabled owner. Make another account an owner first.",
        ));
    }
    Ok(())
}
