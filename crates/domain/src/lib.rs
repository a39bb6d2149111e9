//! The plain types and pure rules of Ringside: no I/O, no clock, no randomness. The server, the
//! engine and the browser's wasm all speak in these.
//!
//! A value of one of these types can't be wrong: text from outside goes through a constructor that
//! trims, measures and refuses. What a live page does with what it hears is here too, as two plain
//! state machines: [`FeedFollower`] decides what a batch changes, [`Connection`] which transport to take. A
//! third, [`Submission`], decides how a post is sent until it is published once.

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
