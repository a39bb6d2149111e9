//! Use cases of API tokens, with which programs act for an account.

use domain::{Caller, TokenId, TokenName, Username};

use crate::{Error, Newsroom, Result, Secret, Token};

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
        let token = self.store.token(token).await?;
        Ok(token.map(|token| {
            self.last_seen
                .record_token(token.id, token.last_used_at, self.clock.now());
            token.caller
        }))
    }
}
