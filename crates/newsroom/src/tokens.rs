//! Tokens: programs act by them as an account does.

use domain::{Caller, Timestamp, TokenId, TokenName, Username};

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
    /// When a program last authenticated with it, to the hour; `None` if none did.
    pub last_used_at: Option<Timestamp>,
}

impl Newsroom {
    /// Makes a token that acts as the account named `account`, and answers what its holder shows.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such account, [`Error::Forbidden`] if it is disabled, or if the database
    /// can't be reached.
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
    /// [`Error::NotFound`] if there is no such token (any more), or if the database can't be reached.
    pub async fn revoke_token(&self, id: TokenId) -> Result<()> {
        if self.store.delete_token(id).await? {
            Ok(())
        } else {
            Err(Error::NotFound("token"))
        }
    }

    /// Whom `token` acts as, if it opens anything. Notes that it was used.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn token_caller(&self, token: &Secret) -> Result<Option<Caller>> {
        let token = self.store.snapshot().await?.token(token).await?;
        Ok(token.map(|token| {
            self.last_seen
                .record_token(token.id, token.last_used_at, self.clock.now());
            token.caller
        }))
    }
}
