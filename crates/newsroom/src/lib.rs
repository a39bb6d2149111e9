//! Ringside's engine, without HTTP: it stores live blogs, publishes their changes to open pages,
//! and checks permissions. [`Newsroom`] has one method for each use case.
//!
//! # Where to find what
//! Use cases, each file an `impl Newsroom`:
//!
//! - `newsroom`: opening, following the database, maintenance, publishing. Its doc lists the
//!   others.
//! - `accounts`, `sessions`, `tokens`: accounts and passwords, logins, API tokens.
//! - `desk`: authors' pages: creating, editing, starting and ending live blogs.
//! - `posting`: posting updates.
//! - `editing`: editing, deleting, restoring and highlighting updates.
//! - `reading`: readers' pages and the feed's requests.
//! - `repair`, `rerender`: commands for operators.
//!
//! Helpers of the use cases:
//!
//! - `entry`, `patch`: live blogs and updates as values, and partial edits.
//! - `permissions`: what callers may do.
//! - `language`, `zone`, `slugs`, `usernames`: parsing of language tags and time zones, unused
//!   slugs, and names that look alike.
//! - `card`: caches the HTML that the `app` crate renders for updates and highlights.
//! - `markup`: Markdown and HTML to safe HTML; `rendering` runs it on a bounded number of threads.
//! - `passwords`, `secret`: hashing, weak passwords, random tokens.
//! - `group_commit`: commits several posts in one transaction.
//! - `idempotency`: detects repeated requests by their operation id.
//! - `update_cache`, `list_part`: caches of updates and of rendered parts of lists.
//! - `last_seen`: when sessions and tokens were last used.
//! - `clock`, `tasks`, `readiness`, `write_health`, `log_limit`: time, background tasks, health,
//!   logging.
//! - `error`: [`Error`], with the messages that people see.
//!
//! Layers below:
//!
//! - [`storage`]: all SQL.
//! - [`live`]: the feed in memory: hub, tailer, replay buffers, frames.
//!
//! # How a change goes through the engine
//! 1. A method of [`Newsroom`] checks the caller's permission and renders Markdown.
//! 2. It opens a [`storage::Revision`], a transaction that locks the revision counter, and writes
//!    rows at the next revision. Posts take a queue instead, `group_commit`.
//! 3. `Newsroom::publish` commits, notifies the [`live::Hub`], and waits until the change is
//!    visible.
//! 4. The [`live::Tailer`] reads the changed entries from the database, assembles one batch for
//!    each feed with readers ([`live::assemble`]), and pushes it as a [`live::Frame`] to the feed's
//!    replay buffer.
//! 5. Every [`live::Subscription`] of the feed wakes up and returns the frame to its connection.
//!
//! # How to add a use case
//! 1. Write the SQL as a method of [`storage::Snapshot`] or [`storage::Revision`].
//! 2. Add a method to [`Newsroom`], in the file of its capability. It checks the caller's
//!    permission, opens the transaction, and commits it with `publish`. A change that is visible to
//!    readers must be written in a [`storage::Revision`], so that the feed carries it.
//! 3. Test it in `tests/contract`, which runs on both databases.

mod accounts;
mod card;
mod clock;
mod desk;
mod editing;
mod entry;
mod error;
mod group_commit;
mod idempotency;
pub mod language;
mod last_seen;
mod list_part;
pub mod live;
mod log_limit;
mod markup;
mod newsroom;
mod passwords;
mod patch;
mod permissions;
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
mod update_cache;
mod usernames;
mod write_health;
pub mod zone;

pub use accounts::{Account, Ended};
pub use card::{Cards, EntryRenderer, Renderer, Renderers, SummaryRenderer};
pub use clock::{Clock, ManualClock};
pub use desk::{DeskEntryDetail, DeskEntrySummary};
pub use editing::{EditedUpdate, UNDO_WINDOW};
pub use entry::{Entry, EntryEdit, EntryPage, LiveUpdate, NewEntry, SincePart};
pub use error::{Error, Result};
pub use list_part::{ListForm, ListPart, ListParts};
pub use markup::{MARKUP_VERSION, Rendered, SafeHtml, markdown_options, to_safe_html};
pub use newsroom::{FeedPolicy, Newsroom, Options};
pub use passwords::reject_weak;
pub use patch::{EntryPatch, UpdatePatch};
pub use readiness::NotReady;
pub use reading::{FrontPage, LivePage, ShownUpdate, UpdatePage};
pub use rerender::RerenderedBatch;
pub use secret::Secret;
pub use sessions::{CurrentSession, OpenSession, SESSION_IDLE_LIFE, SESSION_LIFE, Session};
pub use tokens::Token;
