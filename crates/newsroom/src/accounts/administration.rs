//! Use cases of owners: the accounts of the site, their roles, and links to reset passwords.

use domain::{AccountId, Caller, Password, Role, Username};

use crate::{
    Account, Error, ListPage, Newsroom, OneTimeLink, Result, Secret, Session,
    accounts::passwords::reject_weak, permissions::check_may_manage_accounts,
};

/// How long a link to reset a password is valid, in microseconds: one day.
pub const RESET_LIFE: i64 = 24 * 60 * 60 * 1_000_000;
/// The maximum number of accounts on a page.
const ACCOUNTS_PER_PAGE: u8 = 50;

impl Newsroom {
    /// Returns a page of accounts, sorted by name: those after the username `after` whose names
    /// begin with `prefix`, ignoring case.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller is no owner, and an error if the database can't
    /// be reached.
    pub async fn accounts_page(
        &self,
        caller: &Caller,
        prefix: &str,
        after: &str,
    ) -> Result<ListPage<Account, Username>> {
        check_may_manage_accounts(caller)?;
        let (prefix, after) = (prefix.trim().to_lowercase(), after.to_lowercase());
        let limit = i64::from(ACCOUNTS_PER_PAGE) + 1;
        let mut snapshot = self.store.snapshot().await?;
        let accounts = snapshot.accounts(&prefix, &after, limit).await?;
        Ok(ListPage::new(
            accounts,
            ACCOUNTS_PER_PAGE.into(),
            |account| account.caller.username.clone(),
        ))
    }

    /// Returns the username of the account `id`, which an owner is about to change.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller is no owner, [`Error::NotFound`] if there is no
    /// such account, and an error if the database can't be reached.
    pub async fn managed_account(&self, caller: &Caller, id: AccountId) -> Result<Username> {
        check_may_manage_accounts(caller)?;
        let account = self.store.snapshot().await?.account(id).await?;
        Ok(account.ok_or(Error::NotFound("account"))?.username)
    }

    /// Creates a link with which the account `username` gets a new password. An earlier one becomes
    /// invalid. The current password stays valid until the link is used.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such account, [`Error::Forbidden`] if it is
    /// disabled, and an error if the database can't be reached.
    pub async fn create_reset_link(&self, username: &Username) -> Result<OneTimeLink> {
        let link = OneTimeLink {
            token: Secret::new_random(),
            expires_at: self.clock.now().plus_micros(RESET_LIFE),
        };
        self.change(async {
            let (mut change, account) = self.change_account(username).await?;
            if account.disabled_at.is_some() {
                return Err(Error::Forbidden(
                    "This account is disabled. Enable it before you reset its password.",
                ));
            }
            change
                .store_password_reset(account.caller.id, &link.token, link.expires_at)
                .await?;
            change.commit().await
        })
        .await?;
        Ok(link)
    }

    /// Returns the account whose password the link with the secret `token` resets.
    ///
    /// # Errors
    /// Returns [`Error::LinkExpired`] if the link is not valid, and an error if the database can't
    /// be reached.
    pub async fn account_to_reset(&self, token: &Secret) -> Result<Caller> {
        let mut snapshot = self.store.snapshot().await?;
        let account = snapshot.account_to_reset(token, self.clock.now()).await?;
        Ok(account.ok_or(Error::LinkExpired("link"))?.caller)
    }

    /// Replaces the password of the account to which the link with the secret `token` belongs, ends
    /// all of its sessions, and begins a new one. The link is used up.
    ///
    /// # Errors
    /// Returns [`Error::LinkExpired`] if the link is not valid, [`Error::Invalid`] if the password
    /// is easily guessed, [`Error::Busy`] if too many passwords wait to be hashed, and an error if
    /// the database can't be reached.
    pub async fn reset_password(&self, token: &Secret, password: &Password) -> Result<Session> {
        let account = self.account_to_reset(token).await?;
        reject_weak(password, &account.username)?;
        let hash = self.passwords.hash(password).await?;
        self.change(async {
            let mut change = self.store.change_accounts().await?;
            let now = self.clock.now();
            let account = change.snapshot().account_to_reset(token, now).await?;
            let account = account.ok_or(Error::LinkExpired("link"))?.caller;
            change.set_password_hash(account.id, &hash).await?;
            change.delete_sessions(account.id).await?;
            let session = self.new_session(account);
            change.add_session(session.to_store(&self.clock)).await?;
            change.commit().await?;
            Ok(session)
        })
        .await
    }

    /// Changes the role of the account `id`. Returns its username.
    ///
    /// # Errors
    /// Returns the errors of [`Newsroom::managed_account`] and [`Newsroom::set_role`].
    pub async fn change_role(
        &self,
        caller: &Caller,
        id: AccountId,
        role: Role,
    ) -> Result<Username> {
        let username = self.managed_account(caller, id).await?;
        self.set_role(&username, role).await
    }
}
