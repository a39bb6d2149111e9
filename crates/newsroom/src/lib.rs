//! Ringside's engine, without HTTP: it stores live blogs, publishes their changes to open pages,
//! and checks permissions. [`Newsroom`] has one method for each use case.
//!
//! # Where to find what
//! Capabilities, a folder each, whose files add use cases to `impl Newsroom`: `entries`, `updates`,
//! `drafts`, `rooms`, `likes`, `readers`, `accounts`. The type itself is in `newsroom`: opening,
//! following the database, maintenance, publishing; its doc lists the use cases. `repair` is a
//! command for operators.
//!
//! What the capabilities share:
//!
//! - `permissions`: what callers may do.
//! - `writes`: changes that share transactions ([`Write`]), requests with an operation id.
//! - `render`: what pages and the feed show, as HTML; `markup`: Markdown and HTML to safe HTML.
//! - `site`: the site's settings.
//! - `clock`, `tasks`, `readiness`, `log_limit`: time, background tasks, health, logging.
//! - `error`: [`Error`], with the messages that people see.
//!
//! Layers below:
//!
//! - [`feed`]: the feed in memory: sources, hub, tailer, replay buffers, frames; and its requests.
//! - [`storage`]: all SQL.
//! - `model`: live blogs, updates and accounts as values.
//!
//! # How a change goes through the engine
//! 1. A method of [`Newsroom`] checks the caller's permission and renders Markdown.
//! 2. It passes a [`Write`] to [`Newsroom::write`]. The group-commit writer opens a
//!    [`storage::Revision`], a transaction that locks the revision counter, and applies all writes
//!    that wait, each at the next revision.
//! 3. The writer commits, and notifies the [`feed::Hub`]. `Newsroom::write` waits until the change
//!    is visible.
//! 4. The [`feed::Tailer`] reads from each [`feed::FeedSource`] which feeds changed. Of those with
//!    readers, or of all if there is a [`feed::FeedTap`], it reads one batch each, and pushes it as
//!    a [`feed::Frame`] to the feed's replay buffer.
//! 5. Every [`feed::Subscription`] of the feed wakes up and returns the frame to its connection.
//!
//! # How to add a use case
//! 1. Write the SQL as a method of [`storage::Snapshot`] or [`storage::Revision`].
//! 2. Add a method to [`Newsroom`], in the file of its capability. It checks the caller's
//!    permission. A change that is visible to readers is a [`Write`], so that the feed carries it.
//! 3. Test it in `tests/contract`, which runs on both databases.

mod accounts;
mod clock;
mod drafts;
mod entries;
mod error;
pub mod feed;
mod likes;
mod log_limit;
mod markup;
mod model;
mod newsroom;
mod permissions;
mod readers;
mod readiness;
mod render;
mod repair;
mod rooms;
mod site;
pub mod storage;
mod tasks;
mod updates;
mod writes;

pub use accounts::{
    administration::RESET_LIFE,
    invitations::INVITATION_LIFE,
    management::Ended,
    passwords::reject_weak,
    sessions::{CurrentSession, SESSION_IDLE_LIFE, SESSION_LIFE, Session},
};
pub use clock::{Clock, ManualClock};
pub use drafts::{reading::EntryDraft, saving::DraftPatch};
pub use entries::{
    desk::{DeskEntryDetail, DeskEntrySummary},
    pages::{FrontPage, LivePage},
    patch::{EntryPatch, UpdatePatch},
};
pub use error::{DatabaseFailure, Error, Result};
pub use feed::FeedPolicy;
pub use likes::{Liked, MAX_COUNTS_AGE};
pub use markup::{
    MARKUP_VERSION, Rendered, SafeHtml, article_to_safe_html, markdown_options, to_safe_html,
};
pub use model::{
    account::Account,
    article::{EditableArticle, RenderedArticle},
    entry::{Entry, EntryEdit, EntryPage, NewEntry, SincePart},
    invitation::{Invitation, OneTimeLink},
    language,
    limit::{Allowance, Limit, MessageLimits},
    list_page::ListPage,
    moderation::{LogEntry, ModeratedMessage, NewSanction, Queue, QueueItem, Report, Sanction},
    room::{
        GuestId, Message, NewMessage, NewRoom, PersonId, Room, RoomEntry, RoomPage, SentMessage,
        Visitor,
    },
    room_rules::{AllRooms, RoomRules},
    secret::Secret,
    session::OpenSession,
    site::SiteSettings,
    token::Token,
    update::{EditableUpdate, LiveUpdate, TextEditor, UNDO_WINDOW},
    zone,
};
pub use newsroom::{Newsroom, Options};
pub use readiness::NotReady;
pub use render::{
    card::{Cards, Render},
    list_part::{ListForm, ListPart, ListParts},
};
pub use rooms::{
    managing::RoomPatch,
    moderation::acting::ModerationAction,
    reading::{MAX_MESSAGES, MESSAGES_PER_PAGE},
};
pub use updates::{
    editing::EditedUpdate,
    pages::{ShownUpdate, UpdatePage},
    rerender::{ArticleResult, RerenderedArticle, RerenderedBatch},
};
pub use writes::write::{Priority, Write};
