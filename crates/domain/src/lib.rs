//! Types and rules that all parts of Ringside share: no I/O, no clock, no randomness. Compiled
//! natively for the server and to WebAssembly for the browser.
//!
//! Text from outside becomes one of these types through a `parse` function, which cleans it and
//! checks its length and characters. A value of such a type is therefore valid, and the rest of the
//! code doesn't check again.
//!
//! Types:
//!
//! - `account`: accounts, roles and their permissions, usernames, passwords.
//! - `batch`: the feed's messages: [`Batch`], [`Head`] and [`Reset`].
//! - `cursor`: positions in a feed: [`Cursor`], [`Epoch`] and [`Rev`].
//! - `entry`: the parts of a live blog: [`Title`], [`Slug`], [`EntryState`] and others.
//! - `language`: [`Language`] tags and their writing direction.
//! - `timestamp`: [`Timestamp`], in microseconds.
//! - `token`: the ids and names of API tokens.
//! - `update`: the parts of an update: [`Draft`], [`Headline`], [`Mark`], [`OpId`].
//!
//! State machines:
//!
//! - `connection`: [`Connection`] decides when a page streams, polls and retries.
//! - `follower`: [`FeedFollower`] selects from each batch the changes that are new to a page.
//! - `retry`: [`Submission`] decides how a post is resent until it is published exactly once.
//! - `stream_slots`: [`StreamSlots`] limits the streams that the pages of one browser hold.
//!
//! Text:
//!
//! - [`hygiene`]: removes control characters and closes directional formatting.
//! - `text`: [`Invalid`], the error of every `parse`, and the macros that declare text types.

mod account;
mod batch;
mod connection;
mod cursor;
mod entry;
mod follower;
pub mod hygiene;
mod language;
mod retry;
mod stream_slots;
mod text;
mod timestamp;
mod token;
mod update;

pub use account::{AccountId, Caller, Password, Role, SessionId, Username};
pub use batch::{Batch, Change, Deleted, EntryChange, Head, Reset, Upserted};
pub use connection::{Command, Connection, ConnectionStatus, FETCH_DEADLINE_MS, Input, Transport};
pub use cursor::{Cursor, Epoch, MAX_REV, Rev};
pub use entry::{EntryId, EntryState, Order, Slug, Summary, Title, ZoneName};
pub use follower::{Applied, FeedFollower};
pub use language::Language;
pub use retry::{ATTEMPT_DEADLINE_MS, Attempt, AttemptResult, Next, Submission};
pub use stream_slots::{Claim, StreamSlots};
pub use text::Invalid;
pub use timestamp::Timestamp;
pub use token::{TokenId, TokenName};
pub use update::{
    Draft, Headline, Mark, OpId, PostResult, PostedUpdate, Source, UpdateId, not_shown,
};
