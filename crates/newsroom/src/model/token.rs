//! An API token.

use domain::{Timestamp, TokenId, TokenName, Username};

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
