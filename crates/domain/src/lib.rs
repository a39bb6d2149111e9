//! The plain types and pure rules of Ringside: no I/O, no clock, no randomness. The server, the
//! engine and the browser's wasm all speak in these.
//!
//! A value of one of these types can't be wrong: text from outside goes through a constructor that
//! trims, measures and refuses. What a live page does with what it hears is here too, as two plain
//! state machines: [`FeedReader`] decides what a batch changes, [`Connection`] which road to take. A
//! third, [`Submission`], decides how a post is sent until it is published once.

mod account;
mod batch;
mod connection;
mod cursor;
mod entry;
pub mod hygiene;
mod reader;
mod retry;
mod text;
mod timestamp;
mod token;
mod update;

pub use account::{AccountId, Password, Role, SessionId, Username, Viewer};
pub use batch::{Batch, Change, Deleted, EntryChange, Head, Presented, Reset};
pub use connection::{Chip, Command, Connection, FETCH_DEADLINE_MS, Input, Road};
pub use cursor::{Cursor, Epoch, MAX_REV, Rev};
pub use entry::{EntryId, EntryState, Order, Slug, Summary, Title, ZoneName};
pub use reader::{FeedReader, Taken};
pub use retry::{ATTEMPT_DEADLINE_MS, Attempt, AttemptResult, Next, Submission};
pub use text::Invalid;
pub use timestamp::Timestamp;
pub use token::{TokenId, TokenName};
pub use update::{
    Draft, Headline, Mark, OpId, PostResult, PostedUpdate, Source, UpdateId, not_shown,
};
