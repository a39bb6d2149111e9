//! The feed, on its way to open pages: frames that all connections share, the hub that keeps them,
//! and the tailer that makes them from the database. Any of it may be lost at any moment: a
//! connection then reads the database once, and goes on.

mod batches;
mod event;
mod frame;
mod high_water_mark;
mod hub;
pub(crate) mod pg_notify;
mod replay_buffer;
mod subscription;
mod tailer;

pub use batches::{assemble, change};
pub use event::Event;
pub use frame::{Coding, Frame};
pub use high_water_mark::HighWaterMark;
pub use hub::{FeedHead, FeedId, Hub};
pub use subscription::{Signal, Subscription};
pub use tailer::Tailer;
