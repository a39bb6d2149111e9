//! Use cases of API tokens, with which programs act for an account.

use domain::{Caller, Timestamp, TokenId, TokenName, Username};

use crate::{Error, Newsroom, Result, Secret};

/// An API token in a list. It does not contain the secret, which is shown only once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// What it is used for.
    pub name: TokenName,
    /// The account it acts for.
    pub account: Username,
    /// When it was created.
    pub created_at: Timestamp,
    /// When a program last authenticated with it, to the hour; `None` if none did.
    pub last_used_at: Option<Timestamp>,
}

impl Newsroom {
    /// Creates a token that acts for the account `account`, and returns its secret.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such account, [`Error::Forbidden`] if it is
    /// disabled, and an error if the database can't be reached.
    pub async fn create_token(&self, account: &Username, name: &TokenName) -> Result<Secret> {
        let (mut change, account) = self.change_account(account).await?;
        if account.disabled_at.is_some() {
            return Err(Error::Forbidden(
                "This account is disabled. Enable it before you create a token for it.",
            ));
        }
        let token = Secret::new_token();
        change
            .add_token(&token, account.caller.id, name, self.clock.now())
            .await?;
        change.commit().await?;
        Ok(token)
    }

    /// Returns all tokens, in the order of creation.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn tokens(&self) -> Result<Vec<Token>> {
        self.store.snapshot().await?.tokens().await
    }

    /// Revokes a token, which is invalid from now on.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such token, and an error if the database can't be
    /// reached.
    pub async fn revoke_token(&self, id: TokenId) -> Result<()> {
        if self.store.delete_token(id).await? {
            Ok(())
        } else {
            Err(Error::NotFound("token"))
        }
    }

    /// Returns the account that `token` acts for, if it is valid. Records its use.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn token_caller(&self, token: &Secret) -> Result<Option<Caller>> {
        let token = self.store.snapshot().await?.token(token).await?;
        Ok(token.map(|token| {
            self.last_seen
                .record_token(token.id, token.last_used_at, self.clock.now());
            token.caller
        }))
    }
}
