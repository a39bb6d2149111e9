//! A session in a list.

use domain::{SessionId, Timestamp, Username};

/// A session in a list. It does not contain the token, which only its client has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// Its id.
    pub id: SessionId,
    /// The account's username.
    pub account: Username,
    /// When it began.
    pub created_at: Timestamp,
    /// When the last request was sent in it, to the hour.
    pub last_seen_at: Timestamp,
}
