//! The token of the set-up page, which the server prints when it starts.

use newsroom::Secret;

use crate::public_url::PublicUrl;

/// The token of the set-up page; none if there is an owner account.
#[derive(Debug)]
pub struct SetupToken(Option<Secret>);

impl SetupToken {
    /// Creates a new token, if the server `needs_set_up`.
    pub fn new(needs_set_up: bool) -> Self {
        Self(needs_set_up.then(Secret::new_random))
    }

    /// Returns the URL of the set-up page on the site at `base`, if there is a token.
    pub fn url(&self, base: &PublicUrl) -> Option<String> {
        let token = self.0.as_ref()?;
        Some(format!("{base}/setup?token={}", token.reveal()))
    }

    /// Returns whether `token` is right. Hashes are compared, so that the duration does not reveal
    /// how much of a guess is right.
    pub fn accepts(&self, token: &str) -> bool {
        let given = Secret::from_presented(token).hash();
        self.0.as_ref().is_some_and(|own| own.hash() == given)
    }
}
