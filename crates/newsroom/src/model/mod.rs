//! Values that storage, use cases and pages share. Nothing here reads a database.
//!
//! - `entry`, `article`, `update`: live blogs and updates.
//! - `room`, `nick`: rooms, messages, and who writes them.
//! - `room_rules`, `moderation`, `limit`, `word_filter`: the rules of rooms, and their moderation.
//! - `account`, `session`, `token`, `secret`, `invitation`: accounts, and what authenticates them.
//! - `site`: the settings of the site.
//! - `language`, `zone`: parsing of language tags and time zones.

pub mod account;
pub mod article;
pub mod entry;
pub mod invitation;
pub mod language;
pub mod limit;
pub mod list_page;
pub mod moderation;
pub mod nick;
pub mod room;
pub mod room_rules;
pub mod secret;
pub mod session;
pub mod site;
pub mod token;
pub mod update;
pub mod word_filter;
pub mod zone;
