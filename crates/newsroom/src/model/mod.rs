//! Values that storage, use cases and pages share. Nothing here reads a database.
//!
//! - `entry`, `article`, `update`: live blogs and updates.
//! - `room`, `nick`: rooms, messages, and who writes them.
//! - `account`, `session`, `token`, `secret`: accounts, and what authenticates them.
//! - `language`, `zone`: parsing of language tags and time zones.

pub mod account;
pub mod article;
pub mod entry;
pub mod language;
pub mod list_page;
pub mod nick;
pub mod room;
pub mod secret;
pub mod session;
pub mod token;
pub mod update;
pub mod zone;
