//! Accounts and authentication.
//!
//! - `management`: creating, changing and disabling accounts.
//! - `names`: display names, and the names below updates.
//! - `sessions`, `last_seen`: logins, and when sessions and tokens were last used.
//! - `tokens`: API tokens.
//! - `passwords`, `usernames`: hashing, weak passwords, names that look alike.

pub mod last_seen;
pub mod management;
pub mod names;
pub mod passwords;
pub mod sessions;
pub mod tokens;
pub mod usernames;
