//! Ringside's engine, without HTTP: what is stored, how it reaches open pages, and what people may
//! do. [`Newsroom`] has a method for each use case.
//!
//! # How to add a use case
//! Write the SQL as a method of [`storage::Snapshot`] or [`storage::Revision`], with a test in
//! `tests/contract`; add a method to [`Newsroom`] in the file of its capability that checks the
//! caller's permission, begins the transaction, and commits it with `publish`. A change that readers'
//! pages must show is written in a [`storage::Revision`]; the feed then carries it.

mod accounts;
mod card;
mod clock;
mod desk;
mod entry;
mod error;
mod group_commit;
mod idempotency;
mod kept_updates;
pub mod language;
mod last_seen;
mod list_part;
pub mod live;
mod log_limit;
mod markup;
mod newsroom;
mod passwords;
mod patch;
mod posting;
mod readiness;
mod reading;
mod rendering;
mod repair;
mod rerender;
mod secret;
mod sessions;
mod slugs;
pub mod storage;
mod tasks;
mod tokens;
mod usernames;
mod write_health;
pub mod zone;

pub use accounts::{Account, Ended};
pub use card::{Cards, EntryRenderer, Renderer, Renderers, SummaryRenderer};
pub use clock::{Clock, Hand};
pub use desk::{DeskEntryDetail, DeskEntrySummary};
pub use entry::{Entry, EntryEdit, EntryPage, LiveUpdate, NewEntry, SincePart};
pub use error::{Error, Result};
pub use list_part::{ListForm, ListPart, ListParts};
pub use markup::{MARKUP_VERSION, Rendered, SafeHtml, markdown_options, to_safe_html};
pub use newsroom::{FeedPolicy, Newsroom, Options};
pub use passwords::refuse_weak;
pub use patch::{EntryPatch, UpdatePatch};
pub use posting::{EditedUpdate, UNDO_WINDOW};
pub use readiness::NotReady;
pub use reading::{FrontPage, LivePage, ShownUpdate, UpdatePage};
pub use rerender::RerenderedBatch;
pub use secret::Secret;
pub use sessions::{CurrentSession, OpenSession, SESSION_IDLE_LIFE, SESSION_LIFE, Session};
pub use tokens::Token;
