//! The feed in memory: the tailer reads changes from the database and assembles frames, the hub
//! keeps the state and the replay buffer of each feed, and subscriptions deliver the frames to
//! connections.
//!
//! Nothing here has to survive a crash: a connection that misses something reads the database once
//! and continues.
//!
//! - `source`: [`FeedSource`], what the feed in memory needs of the feeds of a capability.
//! - `entry_source`: the feeds of entries, and the feed of all entries.
//! - `event`, `frame`: events and batches in the bytes of every transport.
//! - `hub`: the state of all feeds.
//! - `policy`: the settings that open pages receive.
//! - `replay_buffer`: the latest frames of one feed; `recent_counts`: its latest counts.
//! - `requests`: the requests of clients.
//! - `subscription`: one connection's position in a feed.
//! - `tap`: follows all feeds, for push proxies and other publishers; `tap_queue`: what it has to
//!   read.
//! - `tailer`: publishes changes from the database; `counts_tailer`: publishes counts.
//! - `pg_notify`: change notifications between servers on one PostgreSQL database.
//! - `high_water_mark`: detects a database that was restored from a backup.

mod counts_tailer;
mod entry_source;
mod event;
mod frame;
mod high_water_mark;
mod hub;
pub(crate) mod pg_notify;
mod policy;
mod recent_counts;
mod replay_buffer;
mod requests;
mod source;
mod subscription;
mod tailer;
mod tap;
mod tap_queue;

pub use counts_tailer::CountsTailer;
pub use entry_source::{EntrySource, change};
pub use event::Event;
pub use frame::{Coding, Frame, RoomMessage};
pub use high_water_mark::HighWaterMark;
pub use hub::{FeedHead, Hub};
pub use policy::FeedPolicy;
pub use recent_counts::{LikeCount, ReaderCount};
pub use source::{FeedSource, SourceHead, Sources, check_cursor, read_changes};
pub use subscription::{StreamEvent, Subscription};
pub use tailer::Tailer;
pub use tap::{FeedTap, TapEvent};
