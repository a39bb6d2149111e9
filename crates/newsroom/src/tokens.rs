//! Tokens: programs act by them as an account does.

use domain::{Timestamp, TokenId, TokenName, Username, Viewer};

use crate::{Error, Newsroom, Result, Secret};

/// A token, but for what its holder shows: that was told once, and is known to nobody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub id: TokenId,
    /// What it is for.
    pub name: TokenName,
    /// The account it acts as.
    pub account: Username,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Newsroom {
    /// Makes a token that acts as the account named `account`, and answers what its holder shows.
    ///
    /// # Errors
    /// [`Error::Unknown`] if there is no such account, or if the database can't be reached.
    pub async fn create_token(&self, account: &Username, name: &TokenName) -> Result<Secret> {
        let account = self
            .store
            .snapshot()
            .await?
            .account_by_name(account)
            .await?;
        let account = account.ok_or(Error::Unknown("account"))?;
        let token = Secret::new_token();
        self.store
            .add_token(&token, account.viewer.id, name, self.clock.now())
            .await?;
        Ok(token)
    }

    /// Every token, in the order they were made.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn tokens(&self) -> Result<Vec<Token>> {
        self.store.snapshot().await?.tokens().await
    }

    /// Revokes a token: from now on it opens nothing.
    ///
    /// # Errors
    /// [`Error::Unknown`] if there is no such token (any more), or if the database can't be reached.
    pub async fn revoke_token(&self, id: TokenId) -> Result<()> {
        if self.store.delete_token(id).await? {
            Ok(())
        } else {
            Err(Error::Unknown("token"))
        }
    }

    /// Whom `token` acts as, if it opens anything.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn token_holder(&self, token: &Secret) -> Result<Option<Viewer>> {
        self.store.snapshot().await?.token(token).await
    }
}
