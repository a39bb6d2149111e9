//! An account.

use domain::{Caller, Timestamp};

/// An account, as shown to the server's operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id, username and role.
    pub caller: Caller,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was disabled, if it was.
    pub disabled_at: Option<Timestamp>,
}
