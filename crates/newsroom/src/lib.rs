//! Ringside's engine, without HTTP: what is stored, how it reaches open pages, and what people may
//! do. [`Newsroom`] has a method for each use case.
//!
//! # How to add a use case
//! Write the SQL as a method of [`storage::Snapshot`] or [`storage::Revision`], with a test in
//! `tests/contract.rs`; add a method to [`Newsroom`] in the file of its capability that checks who
//! asks, opens the transaction, and after a commit calls `settle`. If readers' pages must show what
//! changed, it happens in a `Revision`, and the feed carries it by itself.

mod accounts;
mod card;
mod clock;
mod desk;
mod entry;
mod error;
pub mod live;
mod markup;
mod newsroom;
mod patch;
mod post_queue;
mod posting;
mod reading;
mod secret;
pub mod storage;
mod tokens;
pub mod zone;

pub use accounts::{SESSION_LIFE, Session};
pub use card::{Cards, LineRenderer, Renderer, Renderers};
pub use clock::{Clock, Hand};
pub use desk::{DeskEntry, EntryAtDesk};
pub use entry::{Entry, EntryEdit, EntryPage, LiveUpdate, NewEntry};
pub use error::{Error, Result};
pub use markup::{SafeHtml, to_safe_html};
pub use newsroom::{FeedPolicy, Newsroom, Options};
pub use patch::{EntryPatch, UpdatePatch};
pub use posting::UNDO_WINDOW;
pub use reading::{FrontPage, LivePage};
pub use secret::Secret;
pub use tokens::Token;
