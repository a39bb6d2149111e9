//! The feed's protocol, as every client and the server use it. docs/protocol.md describes it.
//!
//! - `id`: [`FeedId`], the ids of feeds.
//! - `cursor`: positions in a feed: [`Cursor`], [`Epoch`] and [`Rev`].
//! - `batch`: the messages: [`Batch`], [`Head`], [`Reset`] and [`Bye`]; `wire` decodes them without
//!   serde; `event` has the names of a stream's events.
//! - `counts`: [`Counts`], which are no changes.
//! - `follower`: [`FeedFollower`] selects from each batch the changes that are new to a page.
//! - `connection`: [`Connection`] decides when a page streams, polls and retries.
//! - `client`: [`Client`] is both of them, and everything that a client fetches.
//! - `stream_slots`: [`StreamSlots`] limits the streams that the pages of one browser hold.

mod batch;
mod client;
mod connection;
mod counts;
mod cursor;
mod event;
mod follower;
mod id;
#[cfg(test)]
mod model_server;
mod stream_slots;
pub mod wire;

pub use batch::{Batch, Bye, Change, Deleted, EntryChange, Head, Reset, RoomChange, Upserted};
pub use client::{Action, Client, ClientEvent, Fetched, PageScope, StreamEvent};
pub use connection::{Connection, ConnectionStatus, FETCH_DEADLINE_MS, Transport};
pub use counts::{Counts, shown_readers};
pub use cursor::{Cursor, Epoch, MAX_REV, Rev};
pub use event::EventName;
pub use follower::{Applied, FeedFollower};
pub use id::FeedId;
pub use stream_slots::{Claim, StreamSlots};
