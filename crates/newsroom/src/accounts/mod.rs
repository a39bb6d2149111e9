//! Accounts and authentication.
//!
//! - `management`: creating, changing and disabling accounts.
//! - `signing_up`, `invitations`: accounts that people create themselves.
//! - `administration`: what owners do with accounts, and links to reset passwords.
//! - `deleting`: deleting accounts, and clearing their messages.
//! - `names`: display names, and the names below updates.
//! - `sessions`, `last_seen`: logins, and when sessions and tokens were last used.
//! - `tokens`: API tokens.
//! - `passwords`, `usernames`: hashing, weak passwords, names that look alike.

pub mod administration;
pub mod deleting;
pub mod invitations;
pub mod last_seen;
pub mod management;
pub mod names;
pub mod passwords;
pub mod sessions;
pub mod signing_up;
pub mod tokens;
pub mod usernames;
